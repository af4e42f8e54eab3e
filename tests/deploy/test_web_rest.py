from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING, Any

import pytest
from pushed import Pushed, alias

if TYPE_CHECKING:
    from pathlib import Path

    from forked import Forker
    from rules import Proxy

API = "push-dev-rest"
_ANSWERS = """
import json

def handler(event, context):
    if event.get("type"):
        return {"principalId": "me", "policyDocument": {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow" if event.get("authorizationToken") == "open" else "Deny",
             "Action": "execute-api:Invoke", "Resource": "*"}]}}
    return {"statusCode": 200, "body": json.dumps([event["httpMethod"], event["resource"], event["pathParameters"]])}
"""


@pytest.fixture
def project(tmp_path: Path, forker: Forker, aws: Proxy) -> Pushed:
    made = Pushed(tmp_path, forker, aws)
    (tmp_path / "code" / "app.py").write_text(_ANSWERS)
    return made


def _api(project: Pushed, name: str = API) -> dict[str, Any]:
    found = [each for each in project.aws.client("apigateway").get_rest_apis()["items"] if each["name"] == name]
    assert len(found) == 1, found
    return dict(found[0])


def _methods(project: Pushed, api: str) -> dict[str, dict[str, Any]]:
    items = project.aws.client("apigateway").get_resources(restApiId=api, embed=["methods"], limit=500)["items"]
    return {
        f"{verb} {each['path']}": method for each in items for verb, method in each.get("resourceMethods", {}).items()
    }


def _paths(project: Pushed, api: str) -> set[str]:
    items = project.aws.client("apigateway").get_resources(restApiId=api, limit=500)["items"]
    return {each["path"] for each in items}


def _call(project: Pushed, api: str, path: str, method: str = "GET", stage: str = "dev", **headers: str) -> Any:
    """What the API answers: its status and body, or headers of an answer without one."""
    connection = http.client.HTTPConnection(project.aws.url.removeprefix("http://"), timeout=20)
    connection.request(method, f"/_aws/execute-api/{api}/{stage}{path}", headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, json.loads(body) if body.strip() else dict(answer.headers)


def _unchanged(project: Pushed) -> None:
    project.aws.calls.clear()
    project.deploy()
    assert project.aws.writes == []


def test_methods_are_served_changed_and_taken_away(project: Pushed) -> None:
    project.write({
        "orders": [{"rest": "GET /orders/{id}"}, {"rest": {"route": "ANY /"}}],
        "items": [{"rest": "POST /orders/{id}/items/{proxy+}"}],
    })  # fmt: skip
    project.deploy()
    api = _api(project)["id"]
    assert _call(project, api, "/orders/7") == (200, ["GET", "/orders/{id}", {"id": "7"}])
    assert _call(project, api, "/")[0] == 200
    assert _call(project, api, "/orders/7/items/a/b", "POST")[1][2] == {"id": "7", "proxy": "a/b"}
    sources = {each["Condition"]["ArnLike"]["AWS:SourceArn"].split(":", 5)[5] for each in project.statements("orders")}
    assert sources == {f"{api}/dev/GET/orders/*", f"{api}/dev/*/"}
    _unchanged(project)

    project.write({"orders": [{"rest": {"route": "GET /orders/{id}", "timeout": 5000, "api_key_required": True}}]})
    plan = project.plan()
    assert plan["rest_method", f"orders/{API} GET /orders/{{id}}"]["op"] == "update"
    assert plan["rest_deployment", f"{API} dev"]["op"] == "update"
    project.deploy()
    assert _api(project)["id"] == api
    methods = _methods(project, api)
    assert methods.keys() == {"GET /orders/{id}"}
    assert methods["GET /orders/{id}"]["apiKeyRequired"] is True
    assert methods["GET /orders/{id}"]["methodIntegration"]["timeoutInMillis"] == 5000
    assert _paths(project, api) == {"/", "/orders", "/orders/{id}"}
    assert _call(project, api, "/orders/7")[0] == 403
    assert len(project.aws.client("apigateway").get_deployments(restApiId=api)["items"]) == 1
    _unchanged(project)

    project.write({"orders": []})
    project.deploy()
    assert project.aws.client("apigateway").get_rest_apis()["items"] == []
    assert project.statements("orders") == []


def test_a_deployment_comes_after_all_that_it_takes_in(project: Pushed) -> None:
    project.write({"orders": [{"rest": "GET /a"}, {"rest": "GET /b"}], "items": [{"rest": "GET /c"}]})
    project.deploy()
    project.write({"orders": [{"rest": "GET /a"}], "items": [{"rest": {"route": "GET /c", "timeout": 900}}]})
    project.aws.calls.clear()
    project.deploy()
    writes = [each for each in project.aws.writes if each.startswith("apigateway:")]
    assert writes.count("apigateway:CreateDeployment") == 1
    then = writes.index("apigateway:CreateDeployment")
    assert {"apigateway:DeleteMethod", "apigateway:PutIntegration"} <= set(writes[:then])
    assert set(writes[then + 1 :]) == {"apigateway:DeleteDeployment"}
    assert project.aws.writes[-1] != "apigateway:DeleteMethod"


def test_preflights_are_answered_for_all_methods_of_a_path(project: Pushed) -> None:
    allowed = {"allow_origins": ["https://a.example", "https://b.example"], "max_age": 60, "allow_credentials": True}
    project.write({
        "orders": [{"rest": {"route": "GET /orders", "cors": allowed}}, {"rest": {"route": "GET /open", "cors": True}}],
        "items": [{"rest": {"route": "POST /orders", "cors": {"allow_headers": ["X-Token"]}}}],
    })  # fmt: skip
    project.deploy()
    api = _api(project)["id"]
    status, _ = _call(project, api, "/orders", "OPTIONS")
    assert status == 204
    integration = _methods(project, api)["OPTIONS /orders"]["methodIntegration"]
    answer = integration["integrationResponses"]["204"]
    told = {key.rpartition(".")[2]: value for key, value in answer["responseParameters"].items()}
    assert told["Access-Control-Allow-Origin"] == "'https://a.example'"
    assert told["Access-Control-Allow-Methods"] == "'GET,OPTIONS,POST'"
    assert told["Access-Control-Allow-Headers"] == "'X-Token'"
    assert told["Access-Control-Allow-Credentials"] == "'true'"
    assert "https://b.example" in answer["responseTemplates"]["application/json"]
    _unchanged(project)
    project.write({"orders": [{"rest": "GET /orders"}, {"rest": {"route": "GET /open", "cors": True}}]})
    project.deploy()
    assert _methods(project, api).keys() == {"GET /orders", "GET /open", "OPTIONS /open"}
    _unchanged(project)


def test_who_may_call(project: Pushed) -> None:
    pool = project.aws.client("cognito-idp").create_user_pool(PoolName="people")["UserPool"]
    cognito = {"user_pools": ["people"], "scopes": ["a/b"]}
    project.write({
        "guard": [],
        "orders": [
            {"rest": {"route": "GET /guarded", "authorizer": {"lambda": {"function": "guard", "result_ttl": 0}}}},
            {"rest": {"route": "PUT /guarded", "authorizer": {"lambda": {"function": "guard", "result_ttl": 0}}}},
            {"rest": {"route": "GET /people", "authorizer": {"cognito": cognito}}},
            {"rest": {"route": "GET /signed", "authorizer": "iam"}},
        ],
    })  # fmt: skip
    project.deploy()
    api = _api(project)["id"]
    authorizers = {
        each["name"]: each for each in project.aws.client("apigateway").get_authorizers(restApiId=api)["items"]
    }
    assert sorted(each["type"] for each in authorizers.values()) == ["COGNITO_USER_POOLS", "TOKEN"]
    token = next(each for each in authorizers.values() if each["type"] == "TOKEN")
    assert alias("guard") in token["authorizerUri"]
    (source,) = [each["Condition"]["ArnLike"]["AWS:SourceArn"] for each in project.statements("guard")]
    assert source.endswith(f":{api}/authorizers/{token['id']}")
    assert next(e for e in authorizers.values() if e["type"] != "TOKEN")["providerARNs"] == [pool["Arn"]]
    methods = _methods(project, api)
    assert methods["GET /people"]["authorizationScopes"] == ["a/b"]
    assert methods["GET /signed"]["authorizationType"] == "AWS_IAM"
    assert _call(project, api, "/guarded", Authorization="open")[0] == 200
    assert _call(project, api, "/guarded", Authorization="shut")[0] == 403
    assert _call(project, api, "/people")[0] == 401
    _unchanged(project)

    project.write({"guard": [], "orders": [{"rest": "GET /guarded"}]})
    project.deploy()
    assert project.aws.client("apigateway").get_authorizers(restApiId=api)["items"] == []
    assert project.statements("guard") == []
    assert _call(project, api, "/guarded")[0] == 200
    _unchanged(project)


def test_settings_of_the_api_the_stage_and_the_method(project: Pushed) -> None:
    settings = {
        "route": "GET /search", "api": "shop search", "stage": "v1", "endpoint_type": "EDGE",
        "binary_media_types": ["image/png", "*/*"], "response_transfer_mode": "STREAM",
        "request_parameters": {"method.request.querystring.q": True, "method.request.header.X-Trace": False},
        "throttling": {"rate_limit": 5, "burst_limit": 2},
    }  # fmt: skip
    project.write({"orders": [{"rest": settings}]})
    project.deploy()
    api = _api(project, "shop search")
    client = project.aws.client("apigateway")
    assert api["endpointConfiguration"]["types"] == ["EDGE"]
    assert sorted(api["binaryMediaTypes"]) == ["*/*", "image/png"]
    method = _methods(project, api["id"])["GET /search"]
    assert method["methodIntegration"]["uri"].endswith(
        f"2021-11-15/functions/{alias('orders')}/response-streaming-invocations"
    )
    assert method["requestParameters"] == settings["request_parameters"]
    (validator,) = client.get_request_validators(restApiId=api["id"])["items"]
    assert (method["requestValidatorId"], validator["validateRequestParameters"]) == (validator["id"], True)
    (limits,) = client.get_stage(restApiId=api["id"], stageName="v1")["methodSettings"].values()
    assert (limits["throttlingRateLimit"], limits["throttlingBurstLimit"]) == (5, 2)
    assert _call(project, api["id"], "/search", stage="v1")[0] == 400
    _unchanged(project)

    plain = {"route": "GET /search", "api": "shop search", "stage": "v1", "binary_media_types": ["image/gif"]}
    project.write({"orders": [{"rest": plain}]})
    project.deploy()
    api = _api(project, "shop search")
    assert (api["endpointConfiguration"]["types"], api["binaryMediaTypes"]) == (["REGIONAL"], ["image/gif"])
    assert client.get_request_validators(restApiId=api["id"])["items"] == []
    assert client.get_stage(restApiId=api["id"], stageName="v1").get("methodSettings", {}) == {}
    assert _call(project, api["id"], "/search", stage="v1")[0] == 200
    _unchanged(project)

    limited = {"route": "ANY /", "api": "shop search", "stage": "v1", "throttling": {"burst_limit": 5000}}
    project.write({"orders": [{"rest": plain}, {"rest": limited}]})
    project.deploy()
    assert len(client.get_stage(restApiId=api["id"], stageName="v1")["methodSettings"]) == 7
    _unchanged(project)

    project.write({"orders": [{"rest": {**plain, "stage": "v2"}}]})
    project.deploy()
    assert [each["stageName"] for each in client.get_stages(restApiId=api["id"])["item"]] == ["v2"]
    _unchanged(project)


def test_an_api_of_somebody_else_keeps_what_is_theirs(project: Pushed) -> None:
    client = project.aws.client("apigateway")
    theirs = client.create_rest_api(
        name="theirs", tags={"ms-custom-id": "a1b2c3d4e5"}
    )  # the emulator's own are shorter
    api, root = theirs["id"], theirs["rootResourceId"]
    mock = client.create_resource(restApiId=api, parentId=root, pathPart="orders")["id"]
    _mock(client, api, mock, "GET")
    client.create_deployment(restApiId=api, stageName="dev", description="theirs")
    project.write({"orders": [{"rest": {"route": "POST /orders/new", "api": api, "cors": True}}]})
    project.deploy()
    assert _call(project, api, "/orders/new", "POST")[0] == 200
    assert _methods(project, api).keys() == {"GET /orders", "POST /orders/new", "OPTIONS /orders/new"}
    assert client.get_rest_api(restApiId=api)["tags"].keys() == {"ms-custom-id"}
    _unchanged(project)

    project.write({"orders": [{"rest": {"route": "GET /orders", "api": api}}]})
    told = project.deploy(code=2)
    assert "it is somebody else's" in told

    project.write({"orders": []})
    project.deploy()
    assert _methods(project, api).keys() == {"GET /orders"}
    assert _paths(project, api) == {"/", "/orders"}
    (stage,) = client.get_stages(restApiId=api)["item"]
    assert client.get_deployment(restApiId=api, deploymentId=stage["deploymentId"])["description"] == ""
    assert project.statements("orders") == []
    _unchanged(project)


def _mock(client: Any, api: str, resource: str, verb: str) -> None:
    there = {"restApiId": api, "resourceId": resource, "httpMethod": verb}
    client.put_method(**there, authorizationType="NONE")
    client.put_integration(**there, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})


def test_a_domain_leads_to_the_api_until_it_leaves_the_manifest(project: Pushed) -> None:
    client = project.aws.client("apigateway")
    client.create_domain_name(domainName="api.example.com", regionalCertificateArn="arn:aws:acm:::certificate/1")
    project.write({"orders": [{"rest": {"route": "GET /", "domain": "api.example.com"}}]})
    project.deploy()
    api = _api(project)["id"]
    (mapping,) = client.get_base_path_mappings(domainName="api.example.com")["items"]
    assert (mapping["restApiId"], mapping["stage"], mapping["basePath"]) == (api, "dev", "(none)")
    _unchanged(project)

    project.write({"orders": [{"rest": "GET /"}]})
    project.deploy()
    assert client.get_base_path_mappings(domainName="api.example.com").get("items", []) == []
    _unchanged(project)

    project.write({"orders": [{"rest": {"route": "GET /", "domain": "none.example.com"}}]})
    assert "none.example.com" in project.deploy(code=2)

    other = client.create_rest_api(name="other")["id"]
    client.create_base_path_mapping(domainName="api.example.com", restApiId=other, stage="x")
    project.write({"orders": [{"rest": {"route": "GET /", "domain": "api.example.com"}}]})
    assert f"another API, {other}" in project.deploy(code=2)


def test_what_somebody_changes_is_put_right_and_deployed(project: Pushed) -> None:
    project.write({"orders": [{"rest": "GET /orders"}]})
    project.deploy()
    client = project.aws.client("apigateway")
    api = _api(project)["id"]
    resource = next(e["id"] for e in client.get_resources(restApiId=api)["items"] if e["path"] == "/orders")
    _mock(client, api, resource, "GET")
    plan = project.plan()
    assert plan["rest_method", f"orders/{API} GET /orders"]["drift"] is True
    project.deploy()
    assert _call(project, api, "/orders")[0] == 200
    client.create_deployment(restApiId=api, stageName="dev", description="from the console")
    assert project.plan()["rest_deployment", f"{API} dev"]["op"] == "update"
    project.deploy()
    _unchanged(project)


def test_a_method_moves_from_one_function_to_another(project: Pushed) -> None:
    project.write({"orders": [{"rest": "GET /orders"}], "items": []})
    project.deploy()
    project.write({"orders": [], "items": [{"rest": "GET /orders"}]})
    project.deploy()
    api = _api(project)["id"]
    assert alias("items") in _methods(project, api)["GET /orders"]["methodIntegration"]["uri"]
    assert project.statements("orders") == []
    assert _call(project, api, "/orders")[0] == 200
    _unchanged(project)


def test_one_function_alone(project: Pushed) -> None:
    project.write({"orders": [{"rest": "GET /a"}, {"rest": "GET /b"}], "items": [{"rest": "GET /c"}]})
    project.deploy()
    api = _api(project)["id"]
    changed = {"route": "GET /c", "timeout": 700}
    project.write({"orders": [{"rest": "GET /a"}], "items": [{"rest": changed}]})
    project.deploy("--only", "orders")
    assert _methods(project, api).keys() == {"GET /a", "GET /c"}
    assert _methods(project, api)["GET /c"]["methodIntegration"]["timeoutInMillis"] == 29_000
    project.aws.calls.clear()
    project.deploy("--only", "orders")
    assert project.aws.writes == []
    project.deploy()
    assert _methods(project, api)["GET /c"]["methodIntegration"]["timeoutInMillis"] == 700
    _unchanged(project)


def test_nothing_is_left_of_it(project: Pushed) -> None:
    project.write({"orders": [{"rest": {"route": "GET /orders", "cors": True}}]})
    project.deploy()
    project.run("destroy", "--yes")
    assert project.aws.client("apigateway").get_rest_apis()["items"] == []
