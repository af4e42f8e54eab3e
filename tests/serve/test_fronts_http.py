"""HTTP APIs: what functions get, and what clients get of their answers."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from aws_lambda_powertools.utilities.parser.models import APIGatewayProxyEventModel, APIGatewayProxyEventV2Model
from doors import until
from fronted import departures, project, run

if TYPE_CHECKING:
    from pathlib import Path

    from fronted import Fronted


def test_the_event_is_that_of_format_2(tmp_path: Path) -> None:
    async def test(here: Fronted) -> None:
        path = "/orders/a%20b?x=1&x=2&y=%C3%A9&empty="
        sent = {"X-Twice": "one", "Cookie": "a=1; b=2", "Content-Type": "application/json"}
        headers = [*sent.items(), ("x-twice", "two"), ("X-Forwarded-For", "192.0.2.7")]
        event = await here.event("POST", path, headers=headers, content='{"n": 1}')
        port = str(here.door.port)
        assert not departures(event, "apigateway-http-api-proxy")
        APIGatewayProxyEventV2Model.model_validate(event)
        assert (event["version"], event["routeKey"], event["rawPath"]) == ("2.0", "ANY /orders/{id}", "/orders/a b")
        assert event["rawQueryString"] == "x=1&x=2&y=%C3%A9&empty="
        assert event["queryStringParameters"] == {"x": "1,2", "y": "é", "empty": ""}
        assert event["pathParameters"] == {"id": "a b"}
        assert event["cookies"] == ["a=1", "b=2"]
        assert "cookie" not in event["headers"]
        assert event["headers"]["x-twice"] == "one,two"
        assert event["headers"]["x-forwarded-for"] == "192.0.2.7, 127.0.0.1"
        assert (event["headers"]["x-forwarded-port"], event["headers"]["x-forwarded-proto"]) == (port, "http")
        assert event["headers"]["x-amzn-trace-id"].startswith("Root=1-")
        assert (event["body"], event["isBase64Encoded"]) == ('{"n": 1}', False)
        context = event["requestContext"]
        assert (context["http"]["method"], context["http"]["path"]) == ("POST", "/orders/a b")
        assert (context["http"]["sourceIp"], context["http"]["userAgent"][:6]) == ("127.0.0.1", "python")
        assert (context["accountId"], context["stage"]) == ("123456789012", "$default")
        assert context["domainName"] == f"127.0.0.1:{port}"
        empty = await here.event("GET", "/orders/1")
        assert not {"body", "cookies", "queryStringParameters", "stageVariables"} & {*empty}
        assert empty["isBase64Encoded"] is False

    run(project(tmp_path, {"tell": [{"http": "ANY /orders/{id}"}]}), test)


def test_the_event_is_that_of_format_1(tmp_path: Path) -> None:
    async def test(here: Fronted) -> None:
        event = await here.event("POST", "/v1/orders/a%20b?x=1&x=2", headers={"X-Two": "b"}, json={"n": 1})
        assert not departures(event, "apigateway-http-api-proxy-v1")
        APIGatewayProxyEventModel.model_validate(event)
        assert (event["version"], event["resource"], event["path"]) == ("1.0", "/orders/{id}", "/v1/orders/a b")
        assert event["multiValueQueryStringParameters"] == {"x": ["1", "2"]}
        assert event["queryStringParameters"] == {"x": "2"}
        assert event["headers"]["X-Two"] == "b"
        assert event["pathParameters"] == {"id": "a b"}
        assert event["requestContext"]["stage"] == "v1"
        assert (await here.ask("GET", "/orders/2")).json()["event"][
            "path"
        ] == "/v1/orders/2"  # the stage may be left out

    trigger = {"route": "ANY /orders/{id}", "payload_format_version": "1.0", "stage": "v1"}
    run(project(tmp_path, {"tell": [{"http": trigger}]}), test)


@pytest.mark.parametrize(
    ("media", "text"),
    [
        ("application/json; charset=utf-8", True),
        ("text/csv", True),
        ("application/xml", True),
        ("application/x-www-form-urlencoded", False),
        ("image/png", False),
        ("", False),
    ],
)
def test_what_is_no_text_arrives_as_base64(tmp_path: Path, media: str, text: bool) -> None:  # noqa: FBT001 - a parameter
    async def test(here: Fronted) -> None:
        headers = {"content-type": media} if media else {}
        event = await here.event("POST", "/", headers=headers, content=b"a=1")
        assert event["isBase64Encoded"] is not text
        assert event["body"] == ("a=1" if text else base64.b64encode(b"a=1").decode())

    run(project(tmp_path, {"tell": [{"http": "$default"}]}), test)


ANSWERS: list[tuple[Any, int, str, dict[str, str]]] = [
    ({"hello": 1}, 200, '{"hello": 1}', {"content-type": "application/json"}),
    ("plain", 200, "plain", {"content-type": "application/json"}),
    (None, 200, "null", {"content-type": "application/json"}),
    ({"statusCode": 201, "body": "made"}, 201, "made", {"content-type": "text/plain;charset=UTF-8"}),
    ({"statusCode": "404"}, 404, "", {}),
    (
        {"statusCode": 200, "headers": {"X-N": 5, "X-Yes": True, "Content-Length": "99"}, "body": "x"},
        200, "x", {"x-n": "5", "x-yes": "true", "content-length": "1"},
    ),
    ({"statusCode": 200, "body": base64.b64encode(b"raw").decode(), "isBase64Encoded": True}, 200, "raw", {}),
]  # fmt: skip


def test_what_a_function_returns_becomes_the_response(tmp_path: Path) -> None:
    async def test(here: Fronted) -> None:
        for value, status, body, headers in ANSWERS:
            answer = await here.said("/", value)
            assert (answer.status_code, answer.text) == (status, body), value
            assert headers.items() <= dict(answer.headers).items(), value
            assert answer.headers["apigw-requestid"]
        answer = await here.said("/", {"statusCode": 200, "cookies": ["a=1", "b=2; Secure"]})
        assert answer.headers.get_list("set-cookie") == ["a=1", "b=2; Secure"]
        head = await here.ask("HEAD", "/")
        assert (head.status_code, head.content) == (200, b"")

    run(project(tmp_path, {"say": [{"http": "$default"}]}), test)


MALFORMED: list[tuple[Any, str]] = [
    ({"statusCode": "soon"}, "statusCode is no HTTP status but a text"),
    ({"statusCode": 99}, "statusCode is no HTTP status"),
    ({"statusCode": 200, "body": {"a": 1}}, "body is no text but an object"),
    ({"statusCode": 200, "headers": ["a"]}, "headers is no object but a list"),
    ({"statusCode": 200, "headers": {"a": {}}}, "the header a is no text"),
    ({"statusCode": 200, "headers": {"a": "b\r\nSet-Cookie: c"}}, "more than one line"),
    ({"statusCode": 200, "cookies": "a=1"}, "cookies is no list of texts"),
    ({"statusCode": 200, "body": "*", "isBase64Encoded": True}, "no base64"),
]  # fmt: skip


def test_a_malformed_answer_is_refused_with_its_reason(tmp_path: Path) -> None:
    async def test(here: Fronted) -> None:
        for value, reason in MALFORMED:
            answer = await here.said("/", value)
            assert (answer.status_code, answer.json()) == (500, {"message": "Internal Server Error"}), value
            assert reason in here.heard.warnings[-1], value
            assert here.heard.steps[-1].detail.startswith("500 "), value
            assert reason in here.heard.steps[-1].detail, value

    run(project(tmp_path, {"say": [{"http": "$default"}]}), test)


def test_format_1_is_strict(tmp_path: Path) -> None:
    async def test(here: Fronted) -> None:
        good = {"statusCode": 200, "headers": {"a": "1"}, "multiValueHeaders": {"A": ["2", "3"]}, "body": "x"}
        assert (await here.said("/", good)).headers.get_list("a") == ["2", "3"]
        for bad in ({"hello": 1}, "text", None, [1], {"statusCode": 200, "multiValueHeaders": {"a": "b"}}):
            assert (await here.said("/", bad)).status_code == 500, bad

    run(project(tmp_path, {"say": [{"http": {"route": "$default", "payload_format_version": "1.0"}}]}), test)


def test_a_failed_function_and_a_missing_route(tmp_path: Path) -> None:
    async def test(here: Fronted) -> None:
        answer = await here.ask("GET", "/fail")
        assert (answer.status_code, answer.json()) == (500, {"message": "Internal Server Error"})
        step = here.heard.steps[-1]
        assert (step.what, step.source, step.function) == ("answered", "GET /fail", "fail")
        assert step.detail == "500 ValueError: no such order"
        assert step.request_id
        assert step.milliseconds is not None
        assert [each.what for each in here.heard.steps] == ["failed", "answered"]
        for method, path in (("POST", "/fail"), ("GET", "/nowhere"), ("OPTIONS", "/fail")):
            missing = await here.ask(method, path)
            assert (missing.status_code, missing.json()) == (404, {"message": "Not Found"})

    run(project(tmp_path, {"fail": [{"http": "GET /fail"}]}), test)


def test_a_late_function_is_503_and_runs_on(tmp_path: Path) -> None:
    async def test(here: Fronted) -> None:
        await here.ask("GET", "/slow")  # starts the environment
        answer = await here.ask("GET", "/slow")
        assert (answer.status_code, answer.json()) == (503, {"message": "Service Unavailable"})
        await until(lambda: [each.what for each in here.heard.steps].count("discarded") == 2)
        told = [each.detail for each in here.heard.steps if each.what == "answered"]
        assert (tmp_path / "done.txt").read_text() == "done done "
        assert told == ["503 slow has not answered within 0.1 s"] * 2

    run(project(tmp_path, {"slow": [{"http": {"route": "GET /slow", "timeout": 100}}]}), test)


def test_no_free_concurrency_is_503(tmp_path: Path) -> None:
    async def test(here: Fronted) -> None:
        answer = await here.ask("GET", "/")
        assert (answer.status_code, answer.json()) == (503, {"message": "Service Unavailable"})
        assert here.heard.steps[0].what == "throttled"

    run(project(tmp_path, {"tell": {"reserved_concurrency": 0, "triggers": [{"http": "GET /"}]}}), test)


def test_limits_of_requests(tmp_path: Path) -> None:
    async def test(here: Fronted) -> None:
        text = {"content-type": "text/plain"}
        assert (await here.ask("POST", "/", content=b"x" * (5 << 20), headers=text)).status_code == 200
        large = await here.ask("POST", "/", content=b"x" * (7 << 20), headers=text)
        assert (large.status_code, large.json()) == (413, {"message": "Request Entity Too Large"})
        larger = await here.ask("POST", "/", content=_pieces(11), headers=text)  # without a length
        assert larger.status_code == 413
        headers = await here.ask("GET", "/", headers={"x-long": "x" * 10_240})
        assert (headers.status_code, headers.json()) == (431, {"message": "Request Header Fields Too Large"})

    source = "def say(event, context):\n    return len(event.get('body', ''))\n"
    run(project(tmp_path, {"say": [{"http": "ANY /"}]}, source), test)


async def _pieces(megabytes: int) -> Any:
    for _ in range(megabytes):
        yield b"x" * (1 << 20)


def test_a_client_that_leaves_in_the_middle_invokes_nothing(tmp_path: Path) -> None:
    async def test(here: Fronted) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", here.door.port)
        writer.write(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf")
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.close()
        await asyncio.sleep(0.05)
        assert here.heard.steps == []
        assert (await here.ask("POST", "/")).status_code == 200

    run(project(tmp_path, {"tell": [{"http": "ANY /"}]}), test)


CORS = {
    "allow_origins": ["https://good.example", "https://*.trusted.example"], "allow_methods": ["GET", "POST"],
    "allow_headers": ["X-Own"], "expose_headers": ["X-Shown"], "max_age": 60, "allow_credentials": True,
}  # fmt: skip


def test_cors_is_the_api_s(tmp_path: Path) -> None:
    async def test(here: Fronted) -> None:
        asks = {"origin": "https://good.example", "access-control-request-method": "POST"}
        preflight = await here.ask("OPTIONS", "/", headers=asks)
        assert (preflight.status_code, preflight.content) == (204, b"")
        assert {
            "access-control-allow-origin": "https://good.example", "access-control-allow-methods": "GET,POST",
            "access-control-allow-headers": "x-own", "access-control-max-age": "60",
            "access-control-allow-credentials": "true", "vary": "Origin",
        }.items() <= dict(preflight.headers).items()  # fmt: skip
        value = {"statusCode": 200, "headers": {"Access-Control-Allow-Origin": "*", "X-Shown": "1"}}
        answer = await here.said("/", value, headers={"origin": "https://a.trusted.example"})
        assert answer.headers["access-control-allow-origin"] == "https://a.trusted.example"
        assert answer.headers["access-control-expose-headers"] == "x-shown"
        plain = await here.said("/", value)
        assert "access-control-allow-origin" not in plain.headers
        foreign = await here.said("/", value, headers={"origin": "https://evil.example"})
        assert foreign.status_code == 403
        assert here.heard.steps[-1].function == "say"  # of the one before: the foreign page reached nothing

    run(project(tmp_path, {"say": [{"http": {"route": "POST /", "cors": CORS}}]}), test)


def test_the_trace_of_a_client_goes_on(tmp_path: Path) -> None:
    async def test(here: Fronted) -> None:
        trace = "Root=1-67891233-abcdef012345678912345678;Parent=463ac35c9f6413ad;Sampled=1"
        told = (await here.ask("GET", "/", headers={"X-Amzn-Trace-Id": trace})).json()
        assert told["event"]["headers"]["x-amzn-trace-id"] == told["trace"] == trace
        own = (await here.ask("GET", "/")).json()
        assert own["trace"].startswith(own["event"]["headers"]["x-amzn-trace-id"] + ";Parent=")
        assert json.loads(json.dumps(own))

    run(project(tmp_path, {"tell": [{"http": "GET /"}]}), test)
