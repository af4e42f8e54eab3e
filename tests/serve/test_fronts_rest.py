"""REST APIs: what functions get, and what clients get of their answers."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.parser.models import APIGatewayProxyEventModel
from fronted import departures, project, run

if TYPE_CHECKING:
    from pathlib import Path

    from fronted import Fronted

_PNG = b"\x89PNG\r\n\x1a\n"


def test_the_event_is_that_of_a_rest_api(tmp_path: Path) -> None:
    async def test(here: Fronted) -> None:
        headers = [
            ("X-Two", "a"),
            ("X-Two", "b"),
            ("x-ODD", "1"),
            ("User-Agent", "me/1"),
            ("Content-Type", "application/json"),
        ]
        event = await here.event("PUT", "/dev/orders/a%20b/?x=1&x=%C3%A9", headers=headers, content='{"n": 1}')
        assert not departures(event, "apigateway-aws-proxy")
        APIGatewayProxyEventModel.model_validate(event)
        assert (event["resource"], event["path"]) == ("/orders/{id}", "/orders/a%20b/")
        assert event["requestContext"]["path"] == "/dev/orders/a%20b/"
        assert event["requestContext"]["resourcePath"] == "/orders/{id}"
        assert (event["requestContext"]["stage"], event["stageVariables"]) == ("dev", None)
        assert event["pathParameters"] == {"id": "a%20b"}
        assert (event["headers"]["X-Two"], event["multiValueHeaders"]["X-Two"]) == ("b", ["a", "b"])
        assert event["headers"]["x-ODD"] == "1"  # as it was written
        assert {"Host", "X-Forwarded-For", "X-Amzn-Trace-Id"} <= {*event["headers"]}
        assert event["queryStringParameters"] == {"x": "é"}
        assert event["multiValueQueryStringParameters"] == {"x": ["1", "é"]}
        assert event["requestContext"]["identity"]["userAgent"] == "me/1"
        assert (event["body"], event["isBase64Encoded"]) == ('{"n": 1}', False)
        empty = await here.event("GET", "/orders/1")  # without the stage
        assert empty["requestContext"]["path"] == "/dev/orders/1"
        assert [empty[key] for key in ("body", "queryStringParameters", "multiValueQueryStringParameters")] == [
            None
        ] * 3

    run(project(tmp_path, {"tell": [{"rest": "ANY /orders/{id}"}]}), test)


def test_binary_media_types_decide_what_is_base64(tmp_path: Path) -> None:
    async def test(here: Fronted) -> None:
        event = await here.event("POST", "/tell", headers={"content-type": "image/png"}, content=_PNG)
        assert (event["body"], event["isBase64Encoded"]) == (base64.b64encode(_PNG).decode(), True)
        text = await here.event("POST", "/tell", headers={"content-type": "application/octet-stream"}, content=_PNG)
        assert (text["body"], text["isBase64Encoded"]) == (_PNG.decode("utf-8", "replace"), False)
        encoded = base64.b64encode(_PNG).decode()
        value = {"statusCode": 200, "headers": {"Content-Type": "image/png"}, "body": encoded, "isBase64Encoded": True}
        assert (await here.said("/say", value, headers={"accept": "image/png, */*"})).content == _PNG
        assert (await here.said("/say", value, headers={"accept": "text/html, image/png"})).text == encoded

    media = ["image/*"]
    triggers = {
        "tell": [{"rest": {"route": "POST /tell", "binary_media_types": media}}],
        "say": [{"rest": {"route": "POST /say", "binary_media_types": media}}],
    }
    run(project(tmp_path, triggers), test)


MALFORMED: list[tuple[Any, str]] = [
    (None, "it is no object but null"),
    ("text", "it is no object but a text"),
    ({"hello": 1}, "hello: no such keys"),
    ({"body": "x"}, "statusCode is missing"),
    ({"statusCode": 200, "body": {"a": 1}}, "body is no text but an object"),
    ({"statusCode": 200, "cookies": []}, "cookies: no such keys"),
]


def test_the_contract_is_strict(tmp_path: Path) -> None:
    async def test(here: Fronted) -> None:
        for value, reason in MALFORMED:
            answer = await here.said("/", value)
            assert (answer.status_code, answer.json()) == (502, {"message": "Internal server error"}), value
            assert answer.headers["x-amzn-errortype"] == "InternalServerErrorException"
            assert reason in here.heard.warnings[-1], value
        value = {
            "statusCode": "201", "headers": {"A": "1", "WWW-Authenticate": "Basic"},
            "multiValueHeaders": {"a": ["2", "3"]}, "body": "made",
        }  # fmt: skip
        answer = await here.said("/", value)
        assert (answer.status_code, answer.text, answer.headers["content-type"]) == (201, "made", "application/json")
        assert answer.headers.get_list("a") == ["2", "3"]
        assert answer.headers["x-amzn-remapped-www-authenticate"] == "Basic"
        assert answer.headers["x-amzn-requestid"]

    run(project(tmp_path, {"say": [{"rest": "POST /"}]}), test)


def test_what_the_service_itself_answers(tmp_path: Path) -> None:
    async def test(here: Fronted) -> None:
        for method, path in (("GET", "/nowhere"), ("POST", "/fail"), ("POST", "/dev/fail")):
            missing = await here.ask(method, path)
            assert (missing.status_code, missing.json()) == (403, {"message": "Missing Authentication Token"})
        failed = await here.ask("GET", "/dev/fail")
        assert (failed.status_code, failed.json()) == (502, {"message": "Internal server error"})
        late = await here.ask("GET", "/slow")
        assert (late.status_code, late.json()) == (504, {"message": "Endpoint request timed out"})
        throttled = await here.ask("GET", "/tell")
        assert (throttled.status_code, throttled.json()) == (500, {"message": "Internal server error"})
        large = await here.ask("GET", "/fail", content=b"x" * (11 << 20))
        assert (large.status_code, large.json()) == (413, {"message": "Request Too Long"})

    functions = {
        "fail": [{"rest": "GET /fail"}],
        "fail-others": [{"rest": "GET /dev/deeper"}],
        "slow": [{"rest": {"route": "GET /slow", "timeout": 100}}],
        "tell": {"reserved_concurrency": 0, "triggers": [{"rest": "GET /tell"}]},
    }
    run(project(tmp_path, functions), test)


def test_api_keys_and_required_parameters(tmp_path: Path) -> None:
    async def test(here: Fronted) -> None:
        refused = await here.ask("GET", "/key")
        assert (refused.status_code, refused.json()) == (403, {"message": "Forbidden"})
        event = await here.event("GET", "/key", headers={"x-api-key": "abcdef"})
        assert event["requestContext"]["identity"]["apiKey"] == "abcdef"
        lacking = await here.ask("GET", "/search")
        assert lacking.status_code == 400
        assert lacking.json() == {"message": "Missing required request parameters: [X-Own, q]"}
        assert (await here.ask("GET", "/search?q=1", headers={"x-own": "1"})).status_code == 200

    required = {
        "method.request.querystring.q": True,
        "method.request.header.X-Own": True,
        "method.request.header.Y": False,
    }
    triggers = [
        {"rest": {"route": "GET /key", "api_key_required": True}},
        {"rest": {"route": "GET /search", "request_parameters": required}},
    ]
    run(project(tmp_path, {"tell": triggers}), test)


def test_cors_is_what_the_deployment_makes(tmp_path: Path) -> None:
    async def test(here: Fronted) -> None:
        asks = {"access-control-request-method": "POST"}
        for origin in ("https://a.example", "https://b.example"):
            preflight = await here.ask("OPTIONS", "/many", headers={**asks, "origin": origin})
            assert preflight.status_code == 204
            assert preflight.headers["access-control-allow-origin"] == origin
            assert preflight.headers["access-control-allow-methods"] == "OPTIONS,POST"
        every = await here.ask("OPTIONS", "/dev/every", headers={**asks, "origin": "https://c.example"})
        assert (every.status_code, every.headers["access-control-allow-origin"]) == (204, "*")
        answer = await here.said("/every", {"statusCode": 200}, headers={"origin": "https://c.example"})
        assert "access-control-allow-origin" not in answer.headers  # that is the function's to say
        foreign = await here.ask("OPTIONS", "/many", headers={**asks, "origin": "https://c.example"})
        assert foreign.status_code == 403
        none = await here.ask("OPTIONS", "/none")
        assert none.json() == {"message": "Missing Authentication Token"}

    origins = {"allow_origins": ["https://a.example", "https://b.example"]}
    triggers = [
        {"rest": {"route": "POST /many", "cors": origins}},
        {"rest": {"route": "POST /every", "cors": True}},
        {"rest": {"route": "POST /none"}},
    ]
    run(project(tmp_path, {"say": triggers}), test)
