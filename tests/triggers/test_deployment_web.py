from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from planned import function, place, trigger

from lambdacli import triggers
from lambdacli.resource import Fingerprint, Grant, Joined, Key, Ref, Resource

if TYPE_CHECKING:
    from lambdacli.model import Manifest, Trigger

LISTENER = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/web/50dc6c495c0c9188/f2f7dc8efc522ab2"


def _deployed(*wanted: Trigger, name: str = "orders", **others: tuple[Trigger, ...]) -> list[Resource]:
    """What the triggers of a function take."""
    given = function(name, *wanted)
    where = place(given, *(function(other, *theirs) for other, theirs in others.items()))
    found = (each for one in given.triggers for each in triggers.load(one.kind).deployment(one, given, where))
    return [each for each in found if isinstance(each, Resource)]


def _one(resources: list[Resource], kind: str) -> Resource:
    (found,) = [each for each in resources if each.kind == kind]
    return found


def _findings(*wanted: Trigger) -> list[tuple[str, str]]:
    given = function("orders", *wanted)
    manifest: Manifest = place(given).manifest
    found = (each for one in given.triggers for each in triggers.load(one.kind).check(one, given, manifest))
    return [(each.key, each.severity) for each in found]


def test_a_method_of_a_rest_api_is_open_to_its_own_path_alone() -> None:
    found = _deployed(trigger("rest", route="GET /orders/{id}/items/{proxy+}"))
    api = Ref("rest_api", "shop-dev-rest", "id")
    permission = _one(found, "permission")
    start = "arn:aws:execute-api:eu-west-1:123456789012:"
    assert permission.properties["SourceArn"] == Joined((start, api, "/dev/GET/orders/*/items/*"))
    method = _one(found, "rest_method")
    assert method.name == "orders/shop-dev-rest GET /orders/{id}/items/{proxy+}"
    assert method.notes == ("anyone on the internet may call GET /orders/{id}/items/{proxy+}",)
    assert permission.key in method.after
    deployment = _one(found, "rest_deployment")
    assert (deployment.name, deployment.function) == ("shop-dev-rest dev", "")
    assert method.key in deployment.after


def test_many_methods_of_a_function_share_a_statement() -> None:
    found = _deployed(*(trigger("rest", route=f"GET /{number}") for number in range(21)))
    sources = {each.properties["SourceArn"].parts[-1] for each in found if each.kind == "permission"}
    assert sources == {"/dev/*"}
    assert len({each.key for each in found if each.kind == "permission"}) == 1


def test_methods_of_one_api_share_it_and_its_deployment() -> None:
    media = {"binary_media_types": ["image/png"]}
    found = _deployed(trigger("rest", route="GET /a", **media), trigger("rest", route="GET /b"))
    apis = {each.key: each.properties for each in found if each.kind == "rest_api"}
    assert list(apis) == [Key("rest_api", "shop-dev-rest")]
    assert {tuple(each.properties["binaryMediaTypes"]) for each in found if each.kind == "rest_api"} == {("image/png",)}
    assert len({each.key for each in found if each.kind == "rest_deployment"}) == 1


def test_an_api_by_its_id_is_somebody_elses() -> None:
    found = _deployed(trigger("rest", route="GET /a", api="a1b2c3d4e5"))
    assert not [each for each in found if each.kind == "rest_api"]
    assert _one(found, "rest_method").properties["RestApiId"] == Ref("rest_api", "a1b2c3d4e5", "id")


def test_a_private_api_has_a_policy_and_says_who_may_call() -> None:
    found = _deployed(trigger("rest", route="GET /a", endpoint_type="PRIVATE"))
    assert "execute-api:Invoke" in _one(found, "rest_api").properties["policy"]
    assert _one(found, "rest_method").notes == ("anyone with a VPC endpoint for API Gateway may call GET /a",)


def test_an_answer_that_streams_is_asked_for_in_another_way() -> None:
    method = _one(_deployed(trigger("rest", route="GET /a", response_transfer_mode="STREAM")), "rest_method")
    start, function_, end = method.properties["uri"].parts
    assert start == "arn:aws:apigateway:eu-west-1:lambda:path/2021-11-15/functions/"
    assert (function_, end) == (Ref("alias", "orders"), "/response-streaming-invocations")


def test_authorizers_are_shared_by_those_with_the_same_settings() -> None:
    guard = {"lambda": {"function": "guard", "identity_source": ["$request.header.X-Token"], "result_ttl": 60}}
    one = trigger("rest", route="GET /a", authorizer=guard)
    two = trigger("rest", route="GET /b", authorizer=guard)
    found = _deployed(one, two, guard=())
    authorizers = {each.key: each for each in found if each.kind == "rest_authorizer"}
    (authorizer,) = authorizers.values()
    assert authorizer.properties["identitySource"] == "method.request.header.X-Token"
    assert authorizer.properties["authorizerResultTtlInSeconds"] == 60
    granted = {each.key: each for each in found if each.name.startswith("guard/")}
    (permission,) = granted.values()
    assert permission.properties["SourceArn"].parts[-1] == Ref("rest_authorizer", authorizer.name, "id")
    methods = [each for each in found if each.kind == "rest_method"]
    assert all(permission.key in each.after for each in methods)
    assert {each.properties["authorizationType"] for each in methods} == {"CUSTOM"}


def test_an_authorizer_that_is_somebody_elses_is_not_given_a_permission() -> None:
    arn = "arn:aws:lambda:eu-west-1:210987654321:function:guard"
    found = _deployed(trigger("rest", route="GET /a", authorizer={"lambda": {"function": arn}}))
    assert [each.function for each in found if each.kind == "permission"] == ["orders"]
    assert _one(found, "rest_method").notes == (f"the policy of {arn} must let API Gateway invoke it",)


def test_a_preflight_is_one_for_all_methods_of_its_path() -> None:
    one = trigger("rest", route="GET /a", cors={"allow_origins": ["https://a.example"], "max_age": 60})
    two = trigger("rest", route="POST /a", cors={"allow_origins": ["https://b.example"], "max_age": 90})
    found = [each for each in _deployed(one, name="orders", items=(two,)) if each.kind == "rest_cors"]
    (preflight,) = found
    told = {key.rpartition(".")[2]: value for key, value in preflight.properties["responseParameters"].items()}
    assert told == {
        "Access-Control-Allow-Origin": "'https://a.example'",
        "Access-Control-Allow-Methods": "'GET,OPTIONS,POST'",
        "Access-Control-Allow-Headers": "'*'",
        "Access-Control-Max-Age": "'90'",
        "Vary": "'Origin'",
    }
    assert '$origin == "https://b.example"' in preflight.properties["responseTemplate"]


def test_a_path_with_a_method_options_of_its_own_gets_no_preflight() -> None:
    found = _deployed(trigger("rest", route="GET /a", cors=True), trigger("rest", route="OPTIONS /a"))
    assert not [each for each in found if each.kind == "rest_cors"]


def test_what_a_deployment_takes_in_is_told_by_a_fingerprint() -> None:
    plain, changed = (_deployed(trigger("rest", route="GET /a", timeout=each)) for each in (1000, 2000))
    one, two = (_one(each, "rest_deployment").properties["Routes"]["GET /a"] for each in (plain, changed))
    assert isinstance(one, Fingerprint)
    assert one != two


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({"stage": "$default"}, ("stage", "error")),
        ({"api": "a1b2c3d4e5", "binary_media_types": ["a/b"]}, ("binary_media_types", "warning")),
    ],
)
def test_what_rest_apis_cannot_have(settings: dict[str, Any], wanted: tuple[str, str]) -> None:
    assert wanted in _findings(trigger("rest", route="GET /a", **settings))


def test_an_api_has_one_type_of_endpoint() -> None:
    both = [trigger("rest", route=f"GET /{each}", endpoint_type=each) for each in ("EDGE", "REGIONAL")]
    assert _findings(*both) == [("endpoint_type", "error"), ("endpoint_type", "error")]


def test_a_load_balancer_may_invoke_before_the_function_is_in_its_group() -> None:
    settings = {
        "listener": LISTENER,
        "priority": 3,
        "conditions": {
            "path": ["/a*"], "host": ["a.example"], "method": ["GET"], "source_ip": ["10.0.0.0/8"],
            "header": {"X-A": ["1", "2"]}, "query": {"page": "*"},
        },
        "multi_value_headers": True,
        "health_check": {"enabled": True, "interval": 60, "matcher": "200-299"},
    }  # fmt: skip
    group, permission, target, rule = _deployed(trigger("alb", **settings))
    assert [each.kind for each in (group, permission, target, rule)] == [
        "target_group", "permission", "target", "listener_rule",
    ]  # fmt: skip
    assert permission.properties["SourceArn"] == Ref("target_group", "orders/shop-dev-orders-alb")
    assert (target.after, rule.after) == ((permission.key,), (target.key,))
    assert rule.name == f"orders/{LISTENER} 3"
    assert rule.properties["ListenerArn"] == Ref("listener", LISTENER)
    assert {each["Field"]: each for each in rule.properties["Conditions"]} == {
        "path-pattern": {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a*"]}},
        "host-header": {"Field": "host-header", "HostHeaderConfig": {"Values": ["a.example"]}},
        "http-request-method": {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["GET"]}},
        "source-ip": {"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}},
        "http-header": {
            "Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-A", "Values": ["1", "2"]},
        },
        "query-string": {
            "Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "page", "Value": "*"}]},
        },
    }  # fmt: skip
    checked = group.properties
    assert (checked["HealthCheckEnabled"], checked["HealthCheckIntervalSeconds"], checked["Matcher"]) == (
        True, 60, "200-299",
    )  # fmt: skip
    assert checked["MultiValueHeaders"] is True


def test_a_target_groups_name_is_short_enough() -> None:
    found = _deployed(trigger("alb", listener=LISTENER), name="a-function-with-a-rather-long-name")
    name = _one(found, "target_group").name.partition("/")[2]
    assert len(name) <= 32
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_an_iot_rule_has_a_name_that_aws_takes() -> None:
    one, two = trigger("iot", sql="SELECT * FROM 'a'"), trigger("iot", sql="SELECT * FROM 'b'", enabled=False)
    rules = [each for each in _deployed(one, two, name="my-orders") if each.kind == "topic_rule"]
    names = {each.name.partition("/")[2] for each in rules}
    assert len(names) == 2
    assert all(name.replace("_", "").isalnum() for name in names)
    assert [each.properties["ruleDisabled"] for each in rules] == [False, True]
    assert rules[0].properties["awsIotSqlVersion"] == "2015-10-08"


def test_mail_comes_from_the_active_rule_set_unless_one_is_named() -> None:
    permission, rule = _deployed(trigger("ses"))
    there = Ref("receipt_rule_set", "(active)", "name")
    assert there in permission.properties["SourceArn"].parts
    assert permission.properties["SourceAccount"] == "123456789012"
    assert rule.properties["RuleSetName"] == there
    assert "After" not in rule.properties
    assert rule.notes == ("mail from anyone to any verified address invokes it",)


def test_a_custom_sender_may_decrypt_its_codes() -> None:
    key = "arn:aws:kms:eu-west-1:123456789012:key/1"
    given = function("orders", trigger("cognito", user_pool="p", trigger_source="CustomSMSSender", kms_key=key))
    found = [*triggers.load("cognito").deployment(given.triggers[0], given, place(given))]
    assert Grant(("kms:Decrypt",), (key,)) in found
    step = _one([each for each in found if isinstance(each, Resource)], "user_pool_trigger")
    assert step.properties["KMSKeyID"] == key
    assert step.name == "orders/p CustomSMSSender"


def test_keys_are_for_custom_senders() -> None:
    given = {"user_pool": "p", "kms_key": "arn:aws:kms:eu-west-1:123456789012:key/1"}
    assert ("kms_key", "error") in _findings(trigger("cognito", trigger_source="PreSignUp", **given))
    assert ("kms_key", "warning") in _findings(trigger("cognito", user_pool="p", trigger_source="CustomEmailSender"))
