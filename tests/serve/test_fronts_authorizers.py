"""Who may call: functions that judge, tokens, signatures."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from aws_lambda_powertools.utilities.parser.models import (
    ApiGatewayAuthorizerRequest,
    ApiGatewayAuthorizerRequestV2,
    ApiGatewayAuthorizerToken,
    APIGatewayProxyEventModel,
    APIGatewayProxyEventV2Model,
)
from fronted import departures, project, run, token

from lambdacli.serve.fronts.authorizers import policy

if TYPE_CHECKING:
    from pathlib import Path

    from fronted import Fronted

ARN = "arn:aws:execute-api:eu-west-1:123456789012:abc/dev/GET/orders/1"


def allowing(*resources: str, effect: str = "Allow", **more: Any) -> str:
    """What the authorizer answers, as the token that tells it."""
    statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": list(resources) or "*"}
    return json.dumps({"principalId": "me", "policyDocument": {"Statement": [statement]}, **more})


def asked(folder: Path) -> int:
    """How often the authorizer ran."""
    file = folder / "done.txt"
    return file.read_text().count("asked") if file.exists() else 0


def rest(**settings: Any) -> dict[str, Any]:
    return {"rest": {"route": "ANY /orders/{id}", "authorizer": {"lambda": {"function": "allow", **settings}}}}


def http(**settings: Any) -> dict[str, Any]:
    return {"http": {"route": "ANY /orders/{id}", "authorizer": {"lambda": {"function": "allow", **settings}}}}


def both(folder: Path, trigger: dict[str, Any]) -> Any:
    return project(folder, {"tell": [trigger], "allow": []})


def test_a_token_authorizer_of_a_rest_api(tmp_path: Path) -> None:
    async def test(here: Fronted) -> None:
        def ask(said: str) -> Any:
            return here.ask("GET", "/dev/orders/1", headers={"authorization": said})

        told = await here.event("GET", "/dev/orders/1", headers={"authorization": '"event"'})
        assert not departures(told, "apigateway-aws-proxy-lambda-authorizer")
        APIGatewayProxyEventModel.model_validate(told)
        assert told["requestContext"]["authorizer"]["principalId"] == "me"
        event = json.loads(told["requestContext"]["authorizer"]["event"])
        assert not departures(event, "apigateway-authorizer")
        ApiGatewayAuthorizerToken.model_validate(event)
        assert event["methodArn"].endswith("/dev/GET/orders/1")
        context = {"n": 1, "yes": True, "text": "a"}
        passed = (await ask(allowing(context=context))).json()["event"]["requestContext"]["authorizer"]
        assert (passed["n"], passed["yes"], passed["text"]) == ("1", "true", "a")
        for said, status, message in (
            ("", 401, {"message": "Unauthorized"}),
            ("unauthorized", 401, {"message": "Unauthorized"}),
            (allowing("arn:*/POST/*"), 403, {"Message": "User is not authorized to access this resource"}),
            (
                allowing(effect="Deny"), 403,
                {"Message": "User is not authorized to access this resource with an explicit deny"},
            ),
            ("no json", 500, {"message": None}),
            ("{}", 500, {"message": None}),
            ("[]", 500, {"message": None}),
            ('{"principalId": "me"}', 500, {"message": None}),
            (allowing(context={"deep": {}}), 500, {"message": None}),
        ):  # fmt: skip
            answer = await ask(said) if said else await here.ask("GET", "/orders/1")
            assert (answer.status_code, answer.json()) == (status, message), said
        assert any("gives no principalId" in each for each in here.heard.warnings)

    run(both(tmp_path, rest(result_ttl=0)), test)


def test_what_an_authorizer_said_is_kept(tmp_path: Path) -> None:
    async def test(here: Fronted) -> None:
        said = {"authorization": allowing("*/GET/orders/1")}
        for _ in range(3):
            assert (await here.ask("GET", "/orders/1", headers=said)).status_code == 200
        assert asked(tmp_path) == 1
        assert (await here.ask("GET", "/orders/2", headers=said)).status_code == 403  # the policy that was kept
        assert asked(tmp_path) == 1
        assert (await here.ask("GET", "/orders/1", headers={"authorization": allowing()})).status_code == 200
        assert asked(tmp_path) == 2

    run(both(tmp_path, rest()), test)


def test_a_request_authorizer_of_a_rest_api(tmp_path: Path) -> None:
    async def test(here: Fronted) -> None:
        answer = await here.ask("GET", "/orders/1?who=1", headers={"X-Kind": "b"})
        event = json.loads(answer.json()["event"]["requestContext"]["authorizer"]["event"])
        assert not departures(event, "apigateway-request-authorizer")
        ApiGatewayAuthorizerRequest.model_validate(event)
        assert event["queryStringParameters"] == {"who": "1"}
        assert event["pathParameters"] == {"id": "1"}
        assert (await here.ask("GET", "/orders/1?who=1")).status_code == 401
        assert (await here.ask("GET", "/orders/1", headers={"X-Kind": "b"})).status_code == 401

    sources = ["method.request.querystring.who", "method.request.header.X-Kind"]
    source = """
import json
def allow(event, context):
    return {"principalId": "me", "context": {"event": json.dumps(event)},
            "policyDocument": {"Statement": {"Effect": "Allow", "Action": "*", "Resource": event["methodArn"]}}}
def tell(event, context):
    return {"statusCode": 200, "body": json.dumps({"event": event})}
"""
    triggers = {"tell": [rest(type="REQUEST", identity_source=sources)], "allow": []}
    run(project(tmp_path, triggers, source), test)


def test_authorizers_of_an_http_api(tmp_path: Path) -> None:
    async def test(here: Fronted) -> None:
        event = await here.event("GET", "/orders/1?a=1", headers={"authorization": '"event"'})
        assert not departures(event, "apigateway-http-api-proxy-lambda-authorizer")
        APIGatewayProxyEventV2Model.model_validate(event)
        given = json.loads(event["requestContext"]["authorizer"]["lambda"]["event"])
        assert not departures(given, "apigateway-http-api-authorizer-v2")
        ApiGatewayAuthorizerRequestV2.model_validate(given)
        assert given["routeArn"].endswith("/$default/GET/orders/1")
        assert given["identitySource"] == ['"event"']
        for said, status, message in (
            (json.dumps({"isAuthorized": False}), 403, "Forbidden"),
            (json.dumps({"isAuthorized": "yes"}), 500, "Internal Server Error"),
            ("no json", 500, "Internal Server Error"),
        ):
            answer = await here.ask("GET", "/orders/1", headers={"authorization": said})
            assert (answer.status_code, answer.json()) == (status, {"message": message}), said
        nothing = await here.ask("GET", "/orders/1")
        assert (nothing.status_code, nothing.json()) == (401, {"message": "Unauthorized"})
        deep = json.dumps({"isAuthorized": True, "context": {"deep": {"n": [1]}}})
        event = await here.event("GET", "/orders/1", headers={"authorization": deep})
        assert event["requestContext"]["authorizer"] == {"lambda": {"deep": {"n": [1]}}}

    run(both(tmp_path, http(identity_source=["$request.header.Authorization"], simple_responses=True)), test)


def test_the_authorizer_of_format_1(tmp_path: Path) -> None:
    async def test(here: Fronted) -> None:
        event = await here.event("GET", "/orders/1?a=1", headers={"authorization": '"event"'})
        given = json.loads(event["requestContext"]["authorizer"]["lambda"]["event"])
        assert not departures(given, "apigateway-http-api-authorizer-v1")
        denied = await here.ask("GET", "/orders/1", headers={"authorization": allowing(effect="Deny")})
        assert (denied.status_code, denied.json()) == (403, {"message": "Forbidden"})

    settings = {"identity_source": ["$request.header.Authorization"], "payload_format_version": "1.0"}
    run(both(tmp_path, http(**settings)), test)


def test_an_authorizer_that_is_not_here_is_told(tmp_path: Path) -> None:
    async def test(here: Fronted) -> None:
        assert (await here.ask("GET", "/orders/1")).status_code == 500
        assert "is no function of this manifest" in here.heard.warnings[-1]

    elsewhere = "arn:aws:lambda:eu-west-1:123456789012:function:elsewhere"
    run(both(tmp_path, http(function=elsewhere)), test)


ISSUER = "https://issuer.example"


def test_the_claims_of_json_web_tokens(tmp_path: Path) -> None:
    async def test(here: Fronted) -> None:
        good = {
            "iss": ISSUER,
            "aud": ["me", "you"],
            "exp": int(time.time()) + 60,
            "scope": "read write",
            "n": 1,
            "yes": True,
        }

        def ask(route: str, text: str) -> Any:
            return here.ask("GET", route, headers={"authorization": text} if text else {})

        event = (await ask("/plain", f"Bearer {token(**good)}")).json()["event"]
        assert not departures(event, "apigateway-http-api-proxy-jwt")
        APIGatewayProxyEventV2Model.model_validate(event)
        jwt = event["requestContext"]["authorizer"]["jwt"]
        assert jwt["claims"]["aud"] == "[me you]"
        assert (jwt["claims"]["n"], jwt["claims"]["yes"], jwt["scopes"]) == ("1", "true", None)
        assert (await ask("/scoped", token(**good))).json()["event"]["requestContext"]["authorizer"]["jwt"][
            "scopes"
        ] == ["write"]
        for text, why in (
            ("", None),
            ("Bearer nonsense", "it is no JSON web token"),
            (token(**{**good, "iss": "https://other.example"}), "issued by https://other.example"),
            (token(**{**good, "aud": "other"}), "audience"),
            (token(**{**good, "exp": int(time.time()) - 1}), "expired"),
            (token(**{**good, "nbf": int(time.time()) + 60}), "not count yet"),
            ("a.b.c", "no JSON"),
        ):
            answer = await ask("/plain", text)
            assert (answer.status_code, answer.json()) == (401, {"message": "Unauthorized"}), text
            assert why is None or why in answer.headers["www-authenticate"], text
        narrow = await ask("/scoped", token(**{**good, "scope": "read"}))
        assert (narrow.status_code, narrow.json()) == (403, {"message": "Forbidden"})
        assert here.heard.warnings.count("the claims of tokens are checked here, their signatures are not") == 1

    jwt = {"issuer": ISSUER, "audience": ["me"]}
    triggers = [
        {"http": {"route": "GET /plain", "authorizer": {"jwt": jwt}}},
        {"http": {"route": "GET /scoped", "authorizer": {"jwt": {**jwt, "scopes": ["write"]}}}},
    ]
    run(project(tmp_path, {"tell": triggers}), test)


def test_user_pools_of_a_rest_api(tmp_path: Path) -> None:
    async def test(here: Fronted) -> None:
        issuer = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf"
        good = {"iss": issuer, "sub": "1", "exp": 2_000_000_000, "email_verified": True, "cognito:groups": ["a", "b"]}
        event = await here.event("GET", "/", headers={"authorization": token(**good)})
        claims = event["requestContext"]["authorizer"]["claims"]
        assert claims == {
            "iss": issuer, "sub": "1", "exp": "Wed May 18 03:33:20 UTC 2033", "email_verified": "true",
            "cognito:groups": "a,b",
        }  # fmt: skip
        for bad in ("", "x", token(**{**good, "iss": "https://other"}), token(**{**good, "exp": 1})):
            answer = await here.ask("GET", "/", headers={"authorization": bad} if bad else {})
            assert (answer.status_code, answer.json()) == (401, {"message": "Unauthorized"}), bad

    authorizer = {"cognito": {"user_pools": ["eu-west-1_AbCdEf"]}}
    run(project(tmp_path, {"tell": [{"rest": {"route": "GET /", "authorizer": authorizer}}]}), test)


def test_signed_requests(tmp_path: Path) -> None:
    async def test(here: Fronted) -> None:
        signed = {"authorization": "AWS4-HMAC-SHA256 Credential=AKIDME/20260101/eu-west-1/execute-api/aws4_request, "
                  "SignedHeaders=host, Signature=00ff"}  # fmt: skip
        event = await here.event("GET", "/http", headers=signed)
        assert not departures(event, "apigateway-http-api-proxy-iam")
        assert event["requestContext"]["authorizer"]["iam"]["accessKey"] == "AKIDME"
        event = await here.event("GET", "/rest", headers=signed)
        assert not departures(event, "apigateway-aws-proxy-iam")
        assert event["requestContext"]["identity"]["accessKey"] == "AKIDME"
        for path, message in (("/http", "Forbidden"), ("/rest", "Missing Authentication Token")):
            answer = await here.ask("GET", path)
            assert (answer.status_code, answer.json()) == (403, {"message": message})

    triggers = [
        {"http": {"route": "GET /http", "authorizer": "iam"}},
        {"rest": {"route": "GET /rest", "authorizer": "iam"}},
    ]
    run(project(tmp_path, {"tell": triggers}), test)


POLICIES: list[tuple[Any, str]] = [
    ({"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": ARN}, "allow"),
    ({"Effect": "Allow", "Action": "execute-api:*", "Resource": ["x", "arn:*:abc/dev/GET/*"]}, "allow"),
    ({"Effect": "Allow", "Action": "*", "Resource": "arn:aws:execute-api:*:*:abc/*/GET/orders/?"}, "allow"),
    ({"Effect": "Allow", "Action": ["EXECUTE-API:INVOKE"], "Resource": "*"}, "allow"),
    ({"Effect": "Allow", "Action": "s3:*", "Resource": "*"}, "nothing"),
    ({"Effect": "Allow", "Action": "*", "Resource": f"{ARN}0"}, "nothing"),
    ({"Effect": "Allow", "NotAction": "s3:*", "NotResource": "arn:aws:s3:::*"}, "allow"),
    ({"Effect": "Allow", "NotAction": "execute-api:*", "Resource": "*"}, "nothing"),
    (
        [{"Effect": "Allow", "Action": "*", "Resource": "*"}, {"Effect": "Deny", "Action": "*", "Resource": "*/GET/*"}],
        "deny",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "effect"), POLICIES)
def test_policies(statement: Any, effect: str) -> None:
    assert policy.effect({"Statement": statement}, ARN) == effect


@pytest.mark.parametrize(
    "document", [None, {}, {"Statement": []}, {"Statement": ["x"]}, {"Statement": {"Effect": "yes"}}]
)
def test_what_is_no_policy(document: Any) -> None:
    with pytest.raises(policy.Unusable):
        policy.effect(document, ARN)
