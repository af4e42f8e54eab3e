"""Traps in the events of APIs, load balancers, authorizers, user pools, AppSync, agents and devices."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from lambdacli import events


def render(name: str, *, count: int | None = None, **parameters: Any) -> Any:
    return events.render(events.load(name), {k.replace("_", "-"): v for k, v in parameters.items()}, count=count)


# API Gateway


def test_rest_claims_of_a_user_pool_are_texts_and_their_times_are_java_s() -> None:
    event = render("apigateway-aws-proxy-cognito", time="2026-01-02T03:04:05Z")
    claims = event["requestContext"]["authorizer"]["claims"]
    assert all(isinstance(value, str) for value in claims.values())
    assert (claims["auth_time"], claims["iat"]) == ("1767323045", "Fri Jan 02 03:04:05 UTC 2026")
    assert claims["exp"] == "Fri Jan 02 04:04:05 UTC 2026"


def test_rest_api_key_is_in_the_header_and_the_identity() -> None:
    event = render("apigateway-aws-proxy", api_key="secret")
    assert event["headers"]["x-api-key"] == event["requestContext"]["identity"]["apiKey"] == "secret"
    assert len(event["requestContext"]["identity"]["apiKeyId"]) == 10
    assert not {"apiKey", "apiKeyId"} & set(render("apigateway-aws-proxy")["requestContext"]["identity"])


def test_rest_console_test_has_no_headers_and_no_stage_in_its_path() -> None:
    event = render("apigateway-aws-proxy-console-test", path="/a/b")
    context = event["requestContext"]
    assert event["headers"] is None
    assert event["multiValueHeaders"] is None
    assert (context["path"], context["stage"]) == ("/a/b", "test-invoke-stage")
    assert context["identity"]["sourceIp"] == "test-invoke-source-ip"
    assert render("apigateway-aws-proxy-console-test", headers={"X-A": "1"})["headers"] == {"X-A": "1"}


def test_authorizer_v1_of_an_http_api_names_the_method_and_joins_its_sources() -> None:
    event = render("apigateway-http-api-authorizer-v1", path="/a", identity_source=["x", "y"])
    assert event["methodArn"].endswith("/$default/GET/a")
    assert event["identitySource"] == event["authorizationToken"] == "x,y"
    assert "routeArn" not in event
    assert event["pathParameters"] == {"proxy": "a"}


def test_authorizer_of_a_websocket_api_sees_the_connection() -> None:
    event = render("apigateway-websocket-authorizer", stage="v1", query={"token": "t"}, connection_id="abc=")
    assert event["methodArn"].endswith("/v1/$connect")
    assert event["queryStringParameters"] == {"token": "t"}
    assert event["requestContext"]["connectionId"] == "abc="
    assert event["requestContext"]["eventType"] == "CONNECT"
    assert event["headers"] == {name: values[-1] for name, values in event["multiValueHeaders"].items()}


def test_websocket_authorizer_and_stage_variables_are_left_out_when_empty() -> None:
    plain = render("apigateway-websocket-message")
    assert "stageVariables" not in plain
    assert "authorizer" not in plain["requestContext"]
    event = render("apigateway-websocket-message", authorizer={"principalId": "jane"}, stage_variables={"a": "1"})
    assert event["requestContext"]["authorizer"] == {"principalId": "jane"}
    assert event["stageVariables"] == {"a": "1"}


@pytest.mark.parametrize("name", ["apigateway-http-api-proxy", "apigateway-http-api-authorizer-v2"])
def test_http_v2_has_authentication_with_mutual_tls_alone(name: str) -> None:
    assert "authentication" not in render(name)["requestContext"]
    event = render(name, client_cert={"subjectDN": "CN=x"})
    assert event["requestContext"]["authentication"] == {"clientCert": {"subjectDN": "CN=x"}}


# Load balancers and VPC Lattice


def test_alb_health_check_has_one_header() -> None:
    event = render("alb-health-check")
    assert event["headers"] == {"user-agent": "ELB-HealthChecker/2.0"}
    assert (event["path"], event["body"], event["queryStringParameters"]) == ("/", "", {})


def test_vpc_lattice_v1_is_snake_case_and_v2_has_lists() -> None:
    asked: dict[str, Any] = {"query": {"a": ["1", "2"]}, "headers": {"X-Kind": ["x", "y"]}, "path": "/p"}
    first, second = render("vpc-lattice-request", **asked), render("vpc-lattice-request-v2", **asked)
    assert set(first) == {"raw_path", "method", "headers", "query_string_parameters", "body", "is_base64_encoded"}
    assert first["headers"]["x-kind"] == "x,y"
    assert second["headers"]["x-kind"] == ["x", "y"]
    assert second["queryStringParameters"] == {"a": ["1", "2"]}
    assert first["raw_path"] == second["path"] == "/p?a=1&a=2"


def test_vpc_lattice_v2_context() -> None:
    context = render("vpc-lattice-request-v2", time="2026-01-02T03:04:05.678Z")["requestContext"]
    assert context["timeEpoch"] == "1767323045678000"
    assert list(context["identity"]) == ["sourceVpcArn"]
    signed = render("vpc-lattice-request-v2", principal="arn:aws:iam::123456789012:role/r")["requestContext"]
    assert signed["identity"]["type"] == "AWS_IAM"
    host = render("vpc-lattice-request-v2", service="orders")["headers"]["host"][0]
    assert host.startswith(f"orders-{context['serviceArn'].rpartition('svc-')[2]}.")


# User pools


def test_cognito_before_sign_up_there_is_no_user_yet() -> None:
    assert render("cognito-pre-sign-up")["request"]["userAttributes"] == {"email": "user@example.com"}


def test_cognito_message_to_a_user_whom_an_administrator_made_has_a_placeholder() -> None:
    def parameter(source: str) -> Any:
        return render("cognito-custom-message", trigger_source=source)["request"]["usernameParameter"]

    assert parameter("CustomMessage_AdminCreateUser") == "{username}"
    assert parameter("CustomMessage_SignUp") is None


def test_cognito_client_credentials_have_no_user() -> None:
    event = render("cognito-pre-token-generation-v3", trigger_source="TokenGeneration_ClientCredentials")
    assert event["request"]["userAttributes"] == {}


@pytest.mark.parametrize("step", ["define-auth-challenge", "create-auth-challenge", "verify-auth-challenge-response"])
def test_cognito_challenges_tell_of_a_missing_user(step: str) -> None:
    assert render(f"cognito-{step}")["request"]["userNotFound"] is False
    assert render(f"cognito-{step}", user_not_found=True)["request"]["userNotFound"] is True


def test_cognito_sync_records() -> None:
    records = render("cognito-sync-trigger", records={"a": "1", "b": None})["datasetRecords"]
    assert records == {
        "a": {"oldValue": "", "newValue": "1", "op": "replace"},
        "b": {"oldValue": "", "newValue": "", "op": "remove"},
    }


# AppSync


def test_appsync_domain_name_is_null_and_there() -> None:
    for name in ("appsync-resolver", "appsync-resolver-iam", "appsync-events-publish", "amplify-resolver"):
        assert render(name)["request"]["domainName"] is None


def test_appsync_batch_is_an_array_of_one_request() -> None:
    event = render("appsync-batch-resolver", source=['{"id": "a"}', '{"id": "b"}'])
    assert [each["source"]["id"] for each in event] == ["a", "b"]
    assert event[0] | {"source": None} == event[1] | {"source": None}


def test_appsync_selection_is_the_same_in_both_forms() -> None:
    info = render("appsync-resolver", selection=["id", "name"])["info"]
    assert info["selectionSetList"] == ["id", "name"]
    assert info["selectionSetGraphQL"] == "{\n  id\n  name\n}"


def test_appsync_identity_is_a_user_s_or_a_signer_s() -> None:
    user, signer = (render(name)["identity"] for name in ("appsync-resolver", "appsync-resolver-iam"))
    assert user["claims"]["sub"] == user["sub"]
    assert "claims" not in signer
    assert signer["cognitoIdentityId"] is None
    pooled = render("appsync-resolver-iam", cognito_identity_id="eu-west-1:1-2")["identity"]
    assert (pooled["cognitoIdentityAuthType"], pooled["cognitoIdentityId"]) == ("authenticated", "eu-west-1:1-2")


def test_appsync_previous_result_is_null_without_a_pipeline() -> None:
    assert render("appsync-resolver")["prev"] is None
    assert render("appsync-resolver", previous={"a": 1})["prev"] == {"result": {"a": 1}}


def test_appsync_channel_gives_segments_and_namespace() -> None:
    info = render("appsync-events-publish", channel="/chat/room/1")["info"]
    assert info["channel"] == {"path": "/chat/room/1", "segments": ["chat", "room", "1"]}
    assert info["channelNamespace"] == {"name": "chat"}


def test_appsync_events_are_those_that_are_published() -> None:
    event = render("appsync-events-publish", payload=['{"a": 1}', '{"a": 2}'])
    assert [each["payload"] for each in event["events"]] == [{"a": 1}, {"a": 2}]
    assert len({each["id"] for each in event["events"]}) == 2
    assert render("appsync-events-subscribe")["events"] is None


# Agents, devices and the rest


def test_bedrock_parameters_have_types_and_values_as_text() -> None:
    event = render("bedrock-agent-function", parameters={"n": 1, "ok": True, "list": [1]})
    assert event["parameters"] == [
        {"name": "n", "type": "integer", "value": "1"},
        {"name": "ok", "type": "boolean", "value": "true"},
        {"name": "list", "type": "array", "value": "[1]"},
    ]


def test_bedrock_request_without_a_body_has_none() -> None:
    assert "requestBody" not in render("bedrock-agent-api", body={})
    content = render("bedrock-agent-api", body={"a": "b"}, content_type="text/x")["requestBody"]["content"]
    assert content == {"text/x": {"properties": [{"name": "a", "type": "string", "value": "b"}]}}


def test_transfer_with_a_key_has_no_password() -> None:
    assert "password" not in render("transfer-family-authorizer", password="")


def test_chime_bot_is_told_what_a_mention_says_alone() -> None:
    mention, invite, remove = (render("chime-bot", event_type=each) for each in ("Mention", "Invite", "Remove"))
    assert "Message" in mention
    assert "Message" not in invite
    kinds = [each["InboundHttpsEndpoint"]["EndpointType"] for each in (mention, invite)]
    assert kinds == ["ShortLived", "Persistent"]
    assert "InboundHttpsEndpoint" not in remove


def test_iot_password_is_in_base64_and_protocols_follow() -> None:
    event = render("iot-custom-authorizer", password=b"\x00\xff", query_string="")
    assert base64.b64decode(event["protocolData"]["mqtt"]["password"]) == b"\x00\xff"
    assert event["protocols"] == ["tls", "mqtt"] == list(event["protocolData"])
    assert render("iot-custom-authorizer", client_id="")["protocols"] == ["tls", "http"]


def test_iot_root_group_has_nothing_above() -> None:
    event = render("iot-registry-thing-group-event", parent_group="")
    assert [event[key] for key in ("parentGroupName", "parentGroupId", "rootToParentThingGroups")] == [None] * 3
    below = render("iot-registry-thing-group-event")
    assert below["rootToParentThingGroups"][-1]["groupId"] == below["parentGroupId"]


def test_iot_registry_times_are_milliseconds_and_null_where_nothing_is() -> None:
    event = render("iot-registry-thing-type-event", time="2026-01-02T03:04:05.678Z")
    assert (event["timestamp"], event["deprecationDate"]) == (1767323045678, None)
    assert render("iot-registry-thing-type-event", deprecated=True)["deprecationDate"] == event["timestamp"]
    assert render("iot-registry-thing-event")["thingTypeName"] is None


def test_bodies_carry_any_event() -> None:
    inner = json.dumps(render("s3-put"))
    for name in events.names():
        template = events.load(name)
        if template.carries == "body" and name.startswith(("alb-", "apigateway-", "lambda-", "vpc-lattice-")):
            assert render(name, body=inner)["body"] == inner, name
