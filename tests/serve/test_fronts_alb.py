"""Load balancers: which rule takes a request, what its function gets, what the client gets."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.parser.models import AlbModel
from fronted import departures, project, run

if TYPE_CHECKING:
    from pathlib import Path

    from fronted import Fronted

LISTENER = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/front/0123456789abcdef/0123456789abcdef"


def rule(priority: int, conditions: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A trigger."""
    return {"alb": {"listener": LISTENER, "priority": priority, "conditions": conditions, **more}}


def test_the_event_is_that_of_a_load_balancer(tmp_path: Path) -> None:
    async def test(here: Fronted) -> None:
        event = await here.event("POST", "/a%20b?x=%C3%A9&x=2", headers=[("X-Two", "a"), ("x-two", "b")], json={"n": 1})
        assert not departures(event, "alb-request")
        AlbModel.model_validate(event)
        assert (event["path"], event["queryStringParameters"]) == ("/a%20b", {"x": "2"})
        assert event["headers"]["x-two"] == "b"
        assert event["requestContext"]["elb"]["targetGroupArn"].split(":targetgroup/")[1].startswith("own/")
        assert (event["body"], event["isBase64Encoded"]) == ('{"n":1}', False)
        assert not {"multiValueHeaders", "multiValueQueryStringParameters"} & {*event}
        packed = await here.event(
            "POST", "/", headers={"content-type": "text/plain", "content-encoding": "gzip"}, content="x"
        )
        assert (packed["body"], packed["isBase64Encoded"]) == (base64.b64encode(b"x").decode(), True)
        empty = await here.event("GET", "/")
        assert (empty["body"], empty["isBase64Encoded"], empty["queryStringParameters"]) == ("", False, {})

    run(project(tmp_path, {"tell": [{"alb": {"listener": LISTENER, "target_group": "own"}}]}), test)


def test_lists_where_the_target_group_has_them(tmp_path: Path) -> None:
    async def test(here: Fronted) -> None:
        answer = await here.said(
            "/?x=%C3%A9&x=2", {"statusCode": 200, "multiValueHeaders": {"A": ["1", "2"]}, "headers": {"b": "3"}}
        )
        assert answer.headers.get_list("a") == ["1", "2"]
        assert "b" not in answer.headers

    async def shape(here: Fronted) -> None:
        answer = await here.ask("GET", "/?x=%C3%A9&x=2", headers=[("X-Two", "a"), ("x-two", "b")])
        event = answer.json()["event"]
        assert not departures(event, "alb-multi-value")
        assert event["multiValueQueryStringParameters"] == {"x": ["%C3%A9", "2"]}
        assert event["multiValueHeaders"]["x-two"] == ["a", "b"]
        assert not {"headers", "queryStringParameters"} & {*event}

    trigger = {"alb": {"listener": LISTENER, "multi_value_headers": True}}
    run(project(tmp_path, {"say": [trigger]}), test)
    run(project(tmp_path, {"tell": [trigger]}), shape)


CASES: list[tuple[str, str, dict[str, Any], str]] = [
    ("GET", "/images/a.png", {}, "images"),
    ("GET", "/images/a.gif", {}, "rest"),
    ("DELETE", "/x", {}, "delete"),
    ("GET", "/x?version=v2", {}, "query"),
    ("GET", "/x?version=w", {}, "rest"),
    ("GET", "/x", {"headers": {"X-Kind": "Beta-7"}}, "header"),
    ("GET", "/x", {"host": "api.example.com"}, "host"),
    ("GET", "/x", {}, "rest"),
    ("GET", "/x", {"host": "alb"}, "host"),  # no name of a host: here are all of them
]


def test_rules_by_priority_and_conditions(tmp_path: Path) -> None:
    async def test(here: Fronted) -> None:
        for method, path, more, function in CASES:
            await here.ask(method, path, **{"host": "www.example.com", **more})
            assert here.heard.steps[-1].function == f"fail-{function}", (method, path)

    functions = {
        "fail-rest": [{"alb": {"listener": LISTENER}}],
        "fail-images": [rule(10, {"path": ["/images/*.png"]})],
        "fail-delete": [rule(20, {"method": ["DELETE"], "source_ip": ["127.0.0.0/8", "::1/128"]})],
        "fail-query": [rule(30, {"query": {"version": "v?"}})],
        "fail-header": [rule(40, {"header": {"x-kind": ["beta-*"]}})],
        "fail-host": [
            rule(50, {"host": ["api.*.com"], "path": ["/x"], "source_ip": ["127.0.0.1/32"], "method": ["GET"]})
        ],
        "fail-never": [rule(1, {"source_ip": ["192.0.2.0/24"]})],
    }
    run(project(tmp_path, functions), test)


def test_what_the_load_balancer_itself_answers(tmp_path: Path) -> None:
    async def test(here: Fronted) -> None:
        none = await here.ask("GET", "/nowhere")
        assert (none.status_code, none.headers["server"]) == (404, "awselb/2.0")
        failed = await here.ask("GET", "/fail")
        assert (failed.status_code, failed.headers["content-type"]) == (502, "text/html")
        assert "<h1>502 Bad Gateway</h1>" in failed.text
        for bad in (None, "text", {"body": "x"}, {"statusCode": "200"}):
            assert (await here.said("/say", bad)).status_code == 502, bad
        large = await here.said("/say", {"statusCode": 200, "body": "x" * (1 << 19)})
        assert large.status_code == 200
        assert (await here.ask("POST", "/say", content=b"x" * ((1 << 20) + 1))).status_code == 413
        assert (await here.ask("GET", "/large")).status_code == 502
        assert "more than 1048576 bytes" in here.heard.warnings[-1]

    source = """
import json
def fail(event, context): raise ValueError("no")
def say(event, context): return json.loads(event["body"])
def large(event, context): return {"statusCode": 200, "body": "x" * (1 << 20)}
"""
    functions = {name: [rule(at, {"path": [f"/{name}"]})] for at, name in enumerate(("fail", "say", "large"), 1)}
    run(project(tmp_path, functions, source), test)
