"""HTTP APIs, WebSocket APIs and function URLs: deployed with the real command line, and really called."""

from __future__ import annotations

import base64
import json
import os
import socket
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest
from pushed import Pushed, alias
from rules import Lost, each_once

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from emulator import Emulator
    from forked import Forker
    from rules import Call, Proxy

HANDLER = """
import json

def handler(event, context):
    print("GOT", json.dumps(event))
    if event.get("type") == "REQUEST":
        return {"isAuthorized": event["headers"].get("x-key") == "right"}
    told = {"function": context.function_name, "route": event["requestContext"].get("routeKey")}
    return {"statusCode": 200, "body": json.dumps(told)}
"""
FOREIGN = "theirs1234"


@pytest.fixture
def project(tmp_path: Path, forker: Forker, aws: Proxy) -> Pushed:
    made = Pushed(tmp_path, forker, aws)
    (tmp_path / "code" / "app.py").write_text(HANDLER)
    return made


def _apis(aws: Proxy) -> dict[str, str]:
    """Names and ids."""
    return {api["Name"]: api["ApiId"] for api in aws.client("apigatewayv2").get_apis()["Items"]}


def _routes(aws: Proxy, api: str) -> dict[str, str]:
    """What each route of an API invokes: the ARN."""
    client = aws.client("apigatewayv2")
    integrations = {
        f"integrations/{each['IntegrationId']}": each["IntegrationUri"]
        for each in client.get_integrations(ApiId=api)["Items"]
    }
    return {each["RouteKey"]: integrations[each["Target"]] for each in client.get_routes(ApiId=api)["Items"]}


def _integrations(aws: Proxy, api: str) -> list[str]:
    return sorted(each["IntegrationUri"] for each in aws.client("apigatewayv2").get_integrations(ApiId=api)["Items"])


def _may(aws: Proxy, function: str) -> list[dict[str, Any]]:
    """The statements of a function's role."""
    iam = aws.client("iam")
    role = aws.client("lambda").get_function_configuration(FunctionName=function)["Role"].rpartition("/")[2]
    (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    return list(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]["Statement"])


def _called(aws: Proxy, path: str, headers: Mapping[str, str] | None = None, method: str = "GET") -> tuple[int, Any]:
    """Status and body of a request."""
    request = urllib.request.Request(f"{aws.url}{path}", method=method, headers=dict(headers or {}))  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - the emulator's address
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as refused:
        return refused.code, None


def _said(url: str, path: str, *messages: str) -> list[str]:
    """What a WebSocket answers to each message."""
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        key = base64.b64encode(os.urandom(16)).decode()
        connection.sendall(
            f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        stream = connection.makefile("rb")
        assert b" 101 " in stream.readline()
        while stream.readline().strip():
            pass
        return [_answer(connection, stream, each.encode()) for each in messages]


def _answer(connection: socket.socket, stream: Any, message: bytes) -> str:
    """One text frame there, one back; both shorter than 126 bytes or 64 KB."""
    mask = os.urandom(4)
    masked = bytes(each ^ mask[index % 4] for index, each in enumerate(message))
    connection.sendall(bytes([0x81, 0x80 | len(message)]) + mask + masked)
    _, length = stream.read(2)
    size = int.from_bytes(stream.read(2), "big") if length == 126 else length
    return str(stream.read(size).decode())


def test_a_route_answers_is_logged_and_stays_as_it_is(project: Pushed, aws: Proxy) -> None:
    limited = {"route": "POST /orders", "throttling": {"rate_limit": 5, "burst_limit": 10}}
    project.write({"orders": [{"http": "GET /orders/{id}"}, {"http": {**limited, "cors": True}}]})
    shown = project.deploy()
    assert "anyone on the internet may call it" in shown
    api = _apis(aws)["push-dev"]
    status, body = _called(aws, f"/_aws/execute-api/{api}/$default/orders/7")
    assert (status, body["route"]) == (200, "GET /orders/{id}")
    event = project.got("orders")
    assert (event["version"], event["pathParameters"]) == ("2.0", {"id": "7"})
    (stage,) = aws.client("apigatewayv2").get_stages(ApiId=api)["Items"]
    assert stage["RouteSettings"] == {"POST /orders": {"ThrottlingRateLimit": 5.0, "ThrottlingBurstLimit": 10}}
    aws.forget()
    project.deploy()
    assert aws.writes == []
    project.write({"orders": [{"http": "GET /orders/{id}"}, {"http": "POST /orders"}]})
    project.deploy()
    (stage,) = aws.client("apigatewayv2").get_stages(ApiId=api)["Items"]
    assert stage["RouteSettings"] == {}
    assert not aws.client("apigatewayv2").get_api(ApiId=api).get("CorsConfiguration")
    assert project.plan() == {}


def test_routes_change_move_and_go(project: Pushed, aws: Proxy) -> None:
    project.write({"orders": [{"http": "GET /a"}, {"http": "GET /b"}], "parts": [{"http": "GET /c"}]})
    project.deploy()
    api = _apis(aws)["push-dev"]
    slow = {"route": "GET /c", "timeout": 5000, "authorizer": "iam"}
    project.write({"orders": [{"http": "GET /a"}], "parts": [{"http": "GET /b"}, {"http": slow}]})
    project.deploy()
    assert _routes(aws, api) == {"GET /a": alias("orders"), "GET /b": alias("parts"), "GET /c": alias("parts")}
    assert _integrations(aws, api) == [alias("orders"), alias("parts"), alias("parts")]
    assert _called(aws, f"/_aws/execute-api/{api}/$default/b")[1]["function"] == "push-dev-parts"
    sources = {each["Condition"]["ArnLike"]["AWS:SourceArn"].partition("/")[2] for each in project.statements("parts")}
    assert sources == {"$default/GET/b", "$default/GET/c"}
    assert project.plan() == {}
    project.write({"orders": [], "parts": []})
    project.deploy()
    assert _apis(aws) == {}
    assert project.statements("orders") == project.statements("parts") == []
    assert project.plan() == {}


def test_a_route_moves_before_the_other_function_lets_go_of_it(project: Pushed, aws: Proxy) -> None:
    project.write({"orders": [{"http": "GET /a"}], "parts": []})
    project.deploy()
    aws.forget()
    project.write({"orders": [], "parts": [{"http": "GET /a"}]})
    project.deploy()
    names = [call.name for call in aws.calls]
    assert "apigatewayv2:DeleteRoute" not in names
    assert names.index("apigatewayv2:UpdateRoute") < names.index("lambda:RemovePermission")


def test_somebody_changes_it_in_the_console(project: Pushed, aws: Proxy) -> None:
    project.write({"orders": [{"http": "GET /a"}], "parts": [{"http": "GET /b"}]})
    project.deploy()
    client, api = aws.client("apigatewayv2"), _apis(aws)["push-dev"]
    routes = {each["RouteKey"]: each for each in client.get_routes(ApiId=api)["Items"]}
    client.update_route(ApiId=api, RouteId=routes["GET /a"]["RouteId"], Target=routes["GET /b"]["Target"])
    client.update_stage(ApiId=api, StageName="$default", AutoDeploy=False)
    plan = project.plan()
    assert {key: each["op"] for key, each in plan.items()} == {
        ("route", "orders/push-dev/GET /a"): "update",
        ("stage", "push-dev/$default"): "update",
    }
    assert all(each["drift"] for each in plan.values())
    project.deploy()
    assert _routes(aws, api) == {"GET /a": alias("orders"), "GET /b": alias("parts")}
    assert project.plan() == {}


def test_what_is_there_twice_is_there_once_again(project: Pushed, aws: Proxy) -> None:
    project.write({"orders": [{"http": "GET /a"}]})
    project.deploy()
    client, api = aws.client("apigatewayv2"), _apis(aws)["push-dev"]
    tags = {"lambdacli:app": "push", "lambdacli:stage": "dev"}
    time.sleep(1.1)  # API Gateway tells when an API was made to the second: now it is younger
    client.create_api(Name="push-dev", ProtocolType="HTTP", Tags=tags)
    client.create_integration(
        ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=alias("orders"), PayloadFormatVersion="2.0"
    )
    client.create_api(Name="push-dev", ProtocolType="HTTP")  # somebody else's
    assert {(kind, each["op"]) for (kind, _), each in project.plan().items()} == {
        ("http_api", "delete"), ("integration", "delete"),
    }  # fmt: skip
    project.deploy()
    assert len(client.get_apis()["Items"]) == 2
    assert _integrations(aws, api) == [alias("orders")]
    assert _routes(aws, api) == {"GET /a": alias("orders")}
    assert project.plan() == {}


def test_answers_that_get_lost_leave_nothing_twice(project: Pushed, aws: Proxy) -> None:
    jwt = {"jwt": {"issuer": "https://id.example.com", "audience": ["a"]}}
    socket_route = {"route": "say", "route_response": True}
    limited = {"route": "GET /a", "authorizer": jwt, "throttling": {"rate_limit": 5, "burst_limit": 1}}
    project.write({"orders": [{"http": limited}, {"websocket": socket_route}, {"url": {"auth_type": "NONE"}}]})
    first = each_once()
    aws.fault(lambda call: _ours(call) and first(call), Lost(), times=float("inf"))
    project.deploy()
    client = aws.client("apigatewayv2")
    assert sorted(_apis(aws)) == ["push-dev", "push-dev-websocket"]
    for api in client.get_apis()["Items"]:
        for operation in (client.get_routes, client.get_integrations, client.get_stages):
            assert len(operation(ApiId=api["ApiId"])["Items"]) == 1
    assert len(client.get_authorizers(ApiId=_apis(aws)["push-dev"])["Items"]) == 1
    assert project.plan() == {}


def _ours(call: Call) -> bool:
    return call.service == "apigatewayv2" or "FunctionUrlConfig" in call.operation


def _foreign(aws: Proxy) -> dict[str, Any]:
    """Somebody else's API with a route and an integration."""
    client = aws.client("apigatewayv2")
    client.create_api(Name="their-api", ProtocolType="HTTP", Tags={"ms-custom-id": FOREIGN})
    client.create_stage(ApiId=FOREIGN, StageName="$default", AutoDeploy=True)
    made = client.create_integration(
        ApiId=FOREIGN, IntegrationType="HTTP_PROXY", IntegrationMethod="GET", PayloadFormatVersion="1.0",
        IntegrationUri="https://their.example.com",
    )  # fmt: skip
    client.create_route(ApiId=FOREIGN, RouteKey="GET /theirs", Target=f"integrations/{made['IntegrationId']}")
    return _state(aws)


def _state(aws: Proxy) -> dict[str, Any]:
    client = aws.client("apigatewayv2")
    operations = (client.get_routes, client.get_integrations, client.get_stages, client.get_authorizers)
    return {each.__name__: each(ApiId=FOREIGN)["Items"] for each in operations}


def test_in_somebody_elses_api_only_our_routes_come_and_go(project: Pushed, aws: Proxy) -> None:
    before = _foreign(aws)
    jwt = {"jwt": {"issuer": "https://id.example.com", "audience": ["a"]}}
    limits = {"rate_limit": 1, "burst_limit": 1}
    ours = {"route": "GET /ours", "api": FOREIGN, "authorizer": jwt, "throttling": limits}
    project.write({"orders": [{"http": ours}, {"http": {"route": "GET /too", "api": FOREIGN}}], "parts": []})
    project.deploy()
    assert _routes(aws, FOREIGN) == {
        "GET /theirs": "https://their.example.com", "GET /ours": alias("orders"), "GET /too": alias("orders"),
    }  # fmt: skip
    assert project.plan() == {}
    project.write({"orders": [], "parts": [{"http": {"route": "GET /too", "api": FOREIGN}}]})
    project.deploy()
    assert _routes(aws, FOREIGN) == {"GET /theirs": "https://their.example.com", "GET /too": alias("parts")}
    assert project.plan() == {}
    project.run("destroy", "--yes")
    after = _state(aws)
    for stage in (*before["get_stages"], *after["get_stages"]):
        del stage["LastUpdatedDate"]
    assert after == before


def test_somebody_elses_api_that_is_missing_or_has_the_route(project: Pushed, aws: Proxy) -> None:
    project.write({"orders": [{"http": {"route": "GET /theirs", "api": FOREIGN}}]})
    assert f"there is no HTTP API {FOREIGN}" in project.deploy(code=2)
    before = _foreign(aws)
    assert "GET /theirs of this API leads somewhere else, and is not ours" in project.deploy(code=2)
    assert _state(aws) == before


def test_a_function_judges_who_may_call(project: Pushed, aws: Proxy) -> None:
    judge = {"lambda": {"function": "door", "simple_responses": True, "identity_source": ["$request.header.X-Key"]}}
    project.write({"orders": [{"http": {"route": "GET /", "authorizer": judge}}], "door": []})
    project.deploy()
    api = _apis(aws)["push-dev"]
    assert _called(aws, f"/_aws/execute-api/{api}/$default/", {"X-Key": "right"})[0] == 200
    assert _called(aws, f"/_aws/execute-api/{api}/$default/", {"X-Key": "wrong"})[0] == 403
    (authorizer,) = aws.client("apigatewayv2").get_authorizers(ApiId=api)["Items"]
    (statement,) = project.statements("door")
    source = statement["Condition"]["ArnLike"]["AWS:SourceArn"]
    assert source.endswith(f":{api}/authorizers/{authorizer['AuthorizerId']}")
    for only in ("door", "orders"):
        aws.forget()
        project.deploy("--only", only)
        assert aws.writes == []
    project.write({"orders": [{"http": "GET /"}], "door": []})
    project.deploy()
    assert aws.client("apigatewayv2").get_authorizers(ApiId=api)["Items"] == []
    assert project.statements("door") == []
    assert project.plan() == {}


def test_a_websocket_answers(project: Pushed, aws: Proxy, emulator: Emulator) -> None:
    answering = {"route": "say", "route_response": True}
    project.write({"chat": [{"websocket": "$connect"}, {"websocket": answering}, {"websocket": "$default"}]})
    project.deploy()
    api = _apis(aws)["push-dev-websocket"]
    (said,) = _said(emulator.url, f"/_aws/execute-api/{api}/dev", json.dumps({"action": "say"}))
    assert "push-dev-chat" in said
    (managing,) = (each for each in _may(aws, "push-dev-chat") if "execute-api:ManageConnections" in each["Action"])
    assert managing["Resource"] == [f"arn:aws:execute-api:eu-west-1:123456789012:{api}/dev/*/@connections/*"]
    project.write({"chat": [{"websocket": "$connect"}, {"websocket": "say"}]})
    project.deploy()
    routes = {each["RouteKey"]: each for each in aws.client("apigatewayv2").get_routes(ApiId=api)["Items"]}
    assert sorted(routes) == ["$connect", "say"]
    assert not routes["say"].get("RouteResponseSelectionExpression")
    assert project.plan() == {}


def test_a_url_is_called_changed_and_taken_back(project: Pushed, aws: Proxy) -> None:
    project.write({"orders": [{"url": {"auth_type": "NONE", "cors": {"allow_origins": ["https://a.example"]}}}]})
    shown = project.deploy()
    client = aws.client("lambda")
    url = client.get_function_url_config(FunctionName="push-dev-orders", Qualifier="live")["FunctionUrl"]
    assert url in shown
    name = url.removeprefix("https://").partition(".")[0]
    assert _called(aws, f"/_aws/lambda-url/{name}/")[1]["function"] == "push-dev-orders"
    assert project.got("orders")["requestContext"]["http"]["path"] == "/"
    project.write({"orders": [{"url": {"auth_type": "AWS_IAM", "invoke_mode": "RESPONSE_STREAM"}}]})
    project.deploy()
    now = client.get_function_url_config(FunctionName="push-dev-orders", Qualifier="live")
    assert (now["FunctionUrl"], now["AuthType"], now["InvokeMode"]) == (url, "AWS_IAM", "RESPONSE_STREAM")
    assert not now.get("Cors")
    assert project.statements("orders") == []
    assert project.plan() == {}
    project.write({"orders": []})
    project.deploy()
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_function_url_config(FunctionName="push-dev-orders", Qualifier="live")
    assert project.plan() == {}


def test_a_domain_leads_to_the_api_as_long_as_it_is_wanted(project: Pushed, aws: Proxy) -> None:
    project.write({"orders": [{"http": {"route": "GET /", "domain": "api.example.com"}}]})
    assert "there is no custom domain name api.example.com" in project.deploy(code=2)
    client = aws.client("apigatewayv2")
    certificate = "arn:aws:acm:eu-west-1:123456789012:certificate/1"
    client.create_domain_name(DomainName="api.example.com", DomainNameConfigurations=[{"CertificateArn": certificate}])
    assert "https://api.example.com" in project.deploy()
    (mapping,) = client.get_api_mappings(DomainName="api.example.com")["Items"]
    assert (mapping["ApiId"], mapping["Stage"]) == (_apis(aws)["push-dev"], "$default")
    assert project.plan() == {}
    project.write({"orders": [{"http": "GET /"}]})
    project.deploy()
    assert client.get_api_mappings(DomainName="api.example.com")["Items"] == []
    assert project.plan() == {}
    client.create_api_mapping(DomainName="api.example.com", ApiId=_apis(aws)["push-dev"], Stage="$default")
    project.run("destroy", "--yes")
    assert client.get_domain_names()["Items"][0]["DomainName"] == "api.example.com"
