from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import pytest

from lambdacli import manifest, triggers
from lambdacli.deploy.values import resolved
from lambdacli.errors import ManifestError
from lambdacli.resource import Grant, Joined, Key, Place, Ref, Resource

if TYPE_CHECKING:
    from pathlib import Path

ACCOUNT = "123456789012"
HTTP, SOCKET = Ref("http_api", "shop-dev", "id"), Ref("websocket_api", "shop-dev-websocket", "id")
ATTRIBUTES = {
    HTTP.key: {"id": "abcde12345", "endpoint": "https://abcde12345.example"},
    SOCKET.key: {"id": "zyxwv98765", "endpoint": "wss://zyxwv98765.example"},
}
EXECUTE = f"arn:aws:execute-api:eu-west-1:{ACCOUNT}"
JWT = {"jwt": {"issuer": "https://id.example.com", "audience": ["shop"], "scopes": ["write"]}}


def _place(folder: Path, functions: dict[str, list[Any]]) -> Place:
    (folder / "app.py").write_text("def handler(event, context):\n    return event\n")
    path = folder / "lambdacli.yaml"
    defaults = {"handler": "app.handler", "runtime": "python3.13"}
    made = {name: {"triggers": each} for name, each in functions.items()}
    path.write_text(json.dumps({"app": "shop", "region": "eu-west-1", "defaults": defaults, "functions": made}))
    return Place(manifest.load(path, environ={}), ACCOUNT, "eu-west-1")


def _declared(place: Place) -> list[Resource | Grant]:
    return [
        each
        for function in place.manifest.functions.values()
        for trigger in function.triggers
        for each in triggers.load(trigger.kind).deployment(trigger, function, place)
    ]


def _deployment(folder: Path, **functions: list[Any]) -> dict[Key, Resource]:
    declared = _declared(_place(folder, functions))
    found: dict[Key, Resource] = {}
    for each in declared:
        if isinstance(each, Resource):
            same = found.setdefault(each.key, each)
            assert same.properties == each.properties, each.key  # what triggers share they agree in
    return found


def _only(found: dict[Key, Resource], kind: str) -> Resource:
    (one,) = (each for each in found.values() if each.kind == kind)
    return one


def _sources(found: dict[Key, Resource]) -> list[str]:
    permissions = (each for each in found.values() if each.kind == "permission")
    return [resolved(each.properties["SourceArn"], ATTRIBUTES) for each in permissions]


def test_a_route_takes_an_api_a_stage_a_permission_and_an_integration(tmp_path: Path) -> None:
    found = _deployment(tmp_path, orders=[{"http": "GET /orders/{id}"}])
    assert [each.kind for each in found.values()] == ["http_api", "stage", "permission", "integration", "route"]
    api, stage, permission, integration, route = found.values()
    assert api.properties["Tags"] == {"lambdacli:app": "shop", "lambdacli:stage": "dev"}
    assert (stage.name, stage.properties["StageName"], stage.properties["AutoDeploy"]) == (
        "shop-dev/$default", "$default", True,
    )  # fmt: skip
    assert permission.properties["Principal"] == "apigateway.amazonaws.com"
    assert integration.properties == {
        "ApiId": HTTP,
        "IntegrationType": "AWS_PROXY",
        "IntegrationMethod": "POST",
        "IntegrationUri": Ref("alias", "orders"),
        "PayloadFormatVersion": "2.0",
        "TimeoutInMillis": 30_000,
    }
    assert route.properties["Target"] == Joined(("integrations/", Ref("integration", integration.name, "id")))
    assert {permission.key, stage.key} <= set(route.after)
    assert route.notes == ("anyone on the internet may call it",)
    assert (api.function, stage.function, route.function) == ("", "", "orders")


@pytest.mark.parametrize(
    ("route", "pattern", "invoked_as"),
    [
        ("GET /", "$default/GET/", "$default/GET/"),
        ("GET /orders/{id}", "$default/GET/orders/*", "$default/GET/orders/{id}"),
        ("ANY /orders/{id}/lines", "$default/*/orders/*/lines", "$default/PUT/orders/7/lines"),
        ("ANY /{proxy+}", "$default/*/*", "$default/DELETE/a/b/c"),
        ("$default", "$default/$default", "$default/$default"),
    ],
)
def test_only_its_own_route_may_invoke(tmp_path: Path, route: str, pattern: str, invoked_as: str) -> None:
    (source,) = _sources(_deployment(tmp_path, orders=[{"http": route}]))
    assert source == f"{EXECUTE}:abcde12345/{pattern}"
    assert fnmatchcase(f"{EXECUTE}:abcde12345/{invoked_as}", source)


def test_many_routes_of_a_function_share_a_statement(tmp_path: Path) -> None:
    found = _deployment(tmp_path, orders=[{"http": f"GET /{number}"} for number in range(21)])
    assert _sources(found) == [f"{EXECUTE}:abcde12345/$default/*"]


def test_routes_share_an_integration_unless_event_or_timeout_differ(tmp_path: Path) -> None:
    old = {"route": "GET /c", "payload_format_version": "1.0", "timeout": 5000}
    found = _deployment(tmp_path, orders=[{"http": "GET /a"}, {"http": "GET /b"}, {"http": old}])
    assert [each.name for each in found.values() if each.kind == "integration"] == [
        "orders/shop-dev/2.0/30000",
        "orders/shop-dev/1.0/5000",
    ]


def test_cors_is_put_together(tmp_path: Path) -> None:
    one = {"allow_origins": ["https://b.example"], "allow_methods": ["PUT"], "allow_headers": ["X-One"], "max_age": 60}
    two = {"allow_origins": ["https://a.example"], "allow_headers": ["x-one", "*"], "allow_credentials": False}
    routes = [
        {"http": {"route": "GET /a", "cors": one}},
        {"http": "GET /b"},
        {"http": {"route": "GET /c", "cors": two}},
    ]
    api = _only(_deployment(tmp_path, orders=routes[:2], parts=routes[2:]), "http_api")
    assert api.properties["CorsConfiguration"] == {
        "AllowHeaders": ["*"],
        "AllowMethods": ["PUT"],
        "AllowOrigins": ["https://a.example", "https://b.example"],
        "MaxAge": 60,
    }
    api = _only(_deployment(tmp_path, orders=[{"http": {"route": "GET /", "cors": True}}]), "http_api")
    assert api.properties["CorsConfiguration"] == {
        "AllowHeaders": ["*"], "AllowMethods": ["*"], "AllowOrigins": ["*"],
    }  # fmt: skip
    assert _only(_deployment(tmp_path, orders=[{"http": "GET /"}]), "http_api").properties["CorsConfiguration"] == {}


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ({"cors": {"max_age": 1}}, {"cors": {"max_age": 2}}, r"triggers\[1\].http.cors: MaxAge is 2 here and 1 in"),
        ({"cors": True}, {"cors": False}, "CORS is on in one trigger and off in another"),
        (
            {"cors": {"allow_origins": ["https://a.example"], "allow_credentials": True}},
            {"cors": True},
            "allow_credentials needs named origins",
        ),
        ({"api": "abcde12345", "cors": True}, {}, "abcde12345 is an API of somebody else's, and CORS is the API's"),
        ({"api": "abcde12345", "domain": "a.example"}, {}, "abcde12345 is an API of somebody else's"),
        ({"domain": "a.example"}, {"domain": "a.example", "stage": "x"}, "a.example leads to shop-dev, stage"),
        ({"route": "GET /b"}, {}, r"triggers\[1\].http.route: GET /b is a route of orders already"),
    ],
)
def test_triggers_that_contradict_each_other(
    tmp_path: Path, first: dict[str, Any], second: dict[str, Any], message: str
) -> None:
    routes = [{"http": {"route": "GET /a", **first}}, {"http": {"route": "GET /b", **second}}]
    with pytest.raises(ManifestError, match=message):
        _deployment(tmp_path, orders=routes)


def test_one_name_for_two_kinds_of_api(tmp_path: Path) -> None:
    clash = [{"http": {"route": "GET /", "api": "shop"}}, {"websocket": {"route": "$default", "api": "shop"}}]
    with pytest.raises(ManifestError, match="shop is the name of an HTTP API and of a WebSocket API"):
        _deployment(tmp_path, orders=clash)


def test_a_name_is_an_api_of_ours_and_an_id_somebody_elses(tmp_path: Path) -> None:
    ours = _only(_deployment(tmp_path, orders=[{"http": {"route": "GET /", "api": "front"}}]), "http_api")
    assert (ours.name, ours.properties["Name"], ours.owned) == ("front", "front", True)
    theirs = _deployment(tmp_path, orders=[{"http": {"route": "GET /", "api": "abcde12345", "stage": "prod"}}])
    api, stage = _only(theirs, "http_api"), _only(theirs, "stage")
    assert (api.name, api.owned, stage.name, stage.owned) == ("abcde12345", False, "abcde12345/prod", False)
    assert api.where == "functions.orders.triggers[0].http.api"
    assert _only(theirs, "route").owned


def test_limits_belong_to_the_route(tmp_path: Path) -> None:
    limited = {"route": "GET /", "throttling": {"rate_limit": 2.5, "burst_limit": 5}}
    route = _only(_deployment(tmp_path, orders=[{"http": limited}]), "route")
    assert route.properties["RouteSettings"] == {"ThrottlingRateLimit": 2.5, "ThrottlingBurstLimit": 5}


def test_a_domain_leads_to_the_stage(tmp_path: Path) -> None:
    found = _deployment(tmp_path, orders=[{"http": {"route": "GET /", "domain": "api.example.com", "stage": "v1"}}])
    mapping = _only(found, "api_mapping")
    assert (mapping.name, mapping.properties["Stage"], mapping.properties["ApiMappingKey"]) == (
        "api.example.com", "v1", "",
    )  # fmt: skip
    assert mapping.properties["DomainName"] == Ref("domain_name", "api.example.com", "name")
    assert "lambdacli:domain:api.example.com" in _only(found, "http_api").properties["Tags"]


def test_routes_share_a_jwt_authorizer(tmp_path: Path) -> None:
    routes = [{"http": {"route": f"GET /{each}", "authorizer": JWT}} for each in "ab"]
    found = _deployment(tmp_path, orders=routes[:1], parts=routes[1:])
    authorizer = _only(found, "authorizer")
    assert authorizer.function == ""
    assert {**authorizer.properties, "Name": ""} == {
        "ApiId": HTTP,
        "Name": "",
        "AuthorizerType": "JWT",
        "IdentitySource": ["$request.header.Authorization"],
        "JwtConfiguration": {"Audience": ["shop"], "Issuer": "https://id.example.com"},
    }
    for route in (each for each in found.values() if each.kind == "route"):
        assert route.properties["AuthorizationType"] == "JWT"
        assert route.properties["AuthorizerId"] == Ref(*authorizer.key, "id")
        assert route.properties["AuthorizationScopes"] == ["write"]
        assert route.notes == ()


def test_an_authorizer_of_another_kind_has_another_name(tmp_path: Path) -> None:
    issuer = {"jwt": {**JWT["jwt"], "issuer": "https://other.example.com"}}
    routes = [{"http": {"route": "GET /a", "authorizer": JWT}}, {"http": {"route": "GET /b", "authorizer": issuer}}]
    found = _deployment(tmp_path, orders=routes)
    assert len({each.properties["Name"] for each in found.values() if each.kind == "authorizer"}) == 2


def test_a_function_judges_and_lets_its_authorizer_invoke_it(tmp_path: Path) -> None:
    judged = {"function": "door", "simple_responses": True, "identity_source": ["$request.header.X"], "result_ttl": 60}
    route = {"http": {"route": "GET /", "authorizer": {"lambda": judged}}}
    found = _deployment(tmp_path, orders=[route], door=[])
    authorizer = _only(found, "authorizer")
    assert {**authorizer.properties, "Name": "", "AuthorizerUri": ""} == {
        "ApiId": HTTP,
        "Name": "",
        "AuthorizerType": "REQUEST",
        "AuthorizerUri": "",
        "AuthorizerPayloadFormatVersion": "2.0",
        "AuthorizerResultTtlInSeconds": 60,
        "EnableSimpleResponses": True,
        "IdentitySource": ["$request.header.X"],
    }
    assert Ref("alias", "door") in authorizer.properties["AuthorizerUri"].parts
    (allowed,) = (each for each in found.values() if each.kind == "permission" and each.function == "door")
    known = {**ATTRIBUTES, authorizer.key: {"id": "a1b2c3"}}
    assert resolved(allowed.properties["SourceArn"], known) == f"{EXECUTE}:abcde12345/authorizers/a1b2c3"
    assert allowed.key in _only(found, "route").after
    assert _only(found, "route").properties["AuthorizationType"] == "CUSTOM"


def test_a_judge_of_somebody_elses(tmp_path: Path) -> None:
    arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:door"
    found = _deployment(tmp_path, orders=[{"http": {"route": "GET /", "authorizer": {"lambda": {"function": arn}}}}])
    authorizer = _only(found, "authorizer")
    assert resolved(authorizer.properties["AuthorizerUri"], {}) == (
        f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"
    )
    assert authorizer.notes == (f"{arn} must permit API Gateway to invoke it",)
    assert [each.function for each in found.values() if each.kind == "permission"] == ["orders"]


def test_iam(tmp_path: Path) -> None:
    route = _only(_deployment(tmp_path, orders=[{"http": {"route": "GET /", "authorizer": "iam"}}]), "route")
    assert (route.properties["AuthorizationType"], route.notes) == ("AWS_IAM", ())


@pytest.mark.parametrize(
    "settings",
    [
        {"function": "door", "simple_responses": True, "payload_format_version": "1.0"},
        {"function": "door", "result_ttl": 300},
    ],
)
def test_what_aws_refuses_of_an_authorizer_is_told_at_once(tmp_path: Path, settings: dict[str, Any]) -> None:
    route = {"http": {"route": "GET /", "authorizer": {"lambda": settings}}}
    (problem,) = manifest.lint(_place(tmp_path, {"orders": [route], "door": []}).manifest)
    assert problem.path.startswith("functions.orders.triggers[0].http.authorizer.lambda.")


def test_a_websocket_api_has_the_apps_stage_and_lets_the_function_answer(tmp_path: Path) -> None:
    place = _place(tmp_path, {"chat": [{"websocket": "$connect"}, {"websocket": {"route": "say"}}]})
    declared = _declared(place)
    found = {each.key: each for each in declared if isinstance(each, Resource)}
    assert _only(found, "stage").name == "shop-dev-websocket/dev"
    assert _only(found, "websocket_api").properties["RouteSelectionExpression"] == "$request.body.action"
    assert _sources(found) == [f"{EXECUTE}:zyxwv98765/dev/$connect", f"{EXECUTE}:zyxwv98765/dev/say"]
    integration = _only(found, "integration").properties
    assert (integration["PayloadFormatVersion"], integration["TimeoutInMillis"]) == ("1.0", 29_000)
    uri = resolved(integration["IntegrationUri"], {Key("alias", "chat"): {"arn": place.alias_arn("chat")}})
    assert uri == (
        "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/"
        f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:shop-dev-chat:live/invocations"
    )
    (grant, _) = (each for each in declared if isinstance(each, Grant))
    assert grant.actions == ("execute-api:ManageConnections",)
    assert resolved(list(grant.resources), ATTRIBUTES) == [f"{EXECUTE}:zyxwv98765/dev/*/@connections/*"]
    notes = {each.name: each.notes for each in found.values() if each.kind == "route"}
    assert notes["chat/shop-dev-websocket/$connect"] == ("anyone on the internet may connect",)
    assert notes["chat/shop-dev-websocket/say"] == ()


def test_a_route_that_answers(tmp_path: Path) -> None:
    found = _deployment(tmp_path, chat=[{"websocket": {"route": "say", "route_response": True}}])
    assert _only(found, "route").properties["RouteResponses"] == ["$default"]


def test_what_chooses_the_route_is_the_apis(tmp_path: Path) -> None:
    says = {"route": "a", "route_selection_expression": "$request.body.kind"}
    api = _only(_deployment(tmp_path, chat=[{"websocket": says}, {"websocket": "b"}]), "websocket_api")
    assert api.properties["RouteSelectionExpression"] == "$request.body.kind"
    other = {"route": "b", "route_selection_expression": "$request.body.type"}
    with pytest.raises(ManifestError, match="contradict each other"):
        _deployment(tmp_path, chat=[{"websocket": says}, {"websocket": other}])
    with pytest.raises(ManifestError, match="what chooses its routes is its own"):
        _deployment(tmp_path, chat=[{"websocket": {**says, "api": "abcde12345"}}])


def test_who_connects_is_judged_by_websocket_names(tmp_path: Path) -> None:
    judge = {"function": "door", "identity_source": ["$request.header.Auth", "route.request.querystring.q"]}
    found = _deployment(tmp_path, chat=[{"websocket": {"route": "$connect", "authorizer": {"lambda": judge}}}], door=[])
    authorizer = _only(found, "authorizer").properties
    assert authorizer["IdentitySource"] == ["route.request.header.Auth", "route.request.querystring.q"]
    assert "AuthorizerPayloadFormatVersion" not in authorizer
    assert _only(found, "route").notes == ()


def test_a_public_url_needs_two_statements(tmp_path: Path) -> None:
    cors = {"allow_origins": ["https://a.example"], "allow_methods": ["GET", "OPTIONS"], "max_age": 5}
    found = _deployment(tmp_path, orders=[{"url": {"auth_type": "NONE", "cors": cors}}])
    call, invoke, url = found.values()
    assert call.properties == {
        "Action": "lambda:InvokeFunctionUrl", "Principal": "*", "FunctionUrlAuthType": "NONE",
    }  # fmt: skip
    assert invoke.properties == {"Action": "lambda:InvokeFunction", "Principal": "*", "InvokedViaFunctionUrl": True}
    assert url.properties == {
        "AuthType": "NONE",
        "Cors": {"AllowMethods": ["GET"], "AllowOrigins": ["https://a.example"], "MaxAge": 5},
        "InvokeMode": "BUFFERED",
    }
    assert {call.key, invoke.key} <= set(url.after)
    assert url.notes == ("anyone on the internet may call it",)


def test_a_url_for_signed_requests_needs_none(tmp_path: Path) -> None:
    found = _deployment(tmp_path, orders=[{"url": {"auth_type": "AWS_IAM", "invoke_mode": "RESPONSE_STREAM"}}])
    (url,) = found.values()
    assert url.properties == {"AuthType": "AWS_IAM", "Cors": {}, "InvokeMode": "RESPONSE_STREAM"}
    assert url.notes == ()
