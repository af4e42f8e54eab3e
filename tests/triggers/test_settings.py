"""Every setting of a trigger that decides about its event does so: the event passes the trigger's own filter."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdacli import manifest, patterns, triggers
from lambdacli.events import recipe as recipes
from lambdacli.model import Function, Manifest, Trigger
from lambdacli.triggers import _transform as transform
from lambdacli.triggers._log_filters import message
from lambdacli.triggers.s3 import TEMPLATES

KEYS = st.sampled_from(
    ["a", "b", "$or", "body", "prefix", "suffix", "numeric", "anything-but", "exists", "wildcard", "cidr", ">", "="]
)
EBS = "EBS Volume Notification"
ACCOUNT = "111122223333"


@pytest.fixture
def sent(tmp_path: Path) -> Any:
    """The event of a trigger, as `invoke` and `generate-event --for` make it."""

    def event(item: dict[str, Any], templates: dict[str, Any] | None = None) -> Any:
        for name, tree in (templates or {}).items():
            (tmp_path / "templates").mkdir(exist_ok=True)
            about = {"name": name, "summary": "a test", "event": tree}
            (tmp_path / "templates" / f"{name}.json").write_text(json.dumps(about))
        path = tmp_path / "lambdacli.yaml"
        function = {"handler": "app.handler", "runtime": "python3.13", "triggers": [item]}
        path.write_text(json.dumps({"app": "demo", "region": "eu-west-1", "functions": {"work": function}}))
        made = manifest.load(path, environ={})
        recipe = recipes.of_trigger(made.functions["work"], made)
        assert recipe is not None
        found = recipes.make(recipe)
        assert json.loads(json.dumps(found)) == found
        return found

    return event


def choices(kind: str, setting: str) -> list[str]:
    schema = triggers.load(kind).schema["properties"][setting]
    return list(schema.get("enum") or schema["items"]["enum"])


# S3


@pytest.mark.parametrize("event", choices("s3", "events"))
def test_every_event_of_s3(sent: Any, event: str) -> None:
    (record,) = sent({"s3": {"bucket": "photos", "events": [event], "prefix": "in/", "suffix": ".jpg"}})["Records"]
    name = event.removeprefix("s3:")
    assert record["eventName"].startswith(name[:-1]) if name.endswith("*") else record["eventName"] == name
    assert record["s3"]["object"]["key"] == "in/example.jpg"
    if "Replication" in name and name not in {"Replication:*", "Replication:OperationFailedReplication"}:
        assert "failureReason" not in record["replicationEventData"]
    if "LifecycleExpiration" in name:
        assert record["userIdentity"]["principalId"] == record["requestParameters"]["sourceIPAddress"]


def test_all_templates_of_s3_are_asked_for_by_an_event() -> None:
    assert set(choices("s3", "events")) == set(TEMPLATES)


# EventBridge

STATE = {"source": ["aws.ec2"], "detail-type": ["EC2 Instance State-change Notification"]}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({**STATE, "detail": {"state": ["terminated", "stopped"]}}, {"state": "terminated"}),
        ({**STATE, "detail": {"state": [{"anything-but": "running"}]}}, {"state": "pending"}),
        ({**STATE, "detail": {"state": [{"prefix": "r"}]}}, {"state": "running"}),
        ({**STATE, "detail": {"instance-id": ["i-1"], "other": {"deep": [1]}}}, {"instance-id": "i-1"}),
        ({**STATE, "account": [ACCOUNT], "region": ["eu-central-1"]}, {"state": "running"}),
        ({**STATE, "resources": [{"suffix": "instance/i-42"}]}, {"state": "running"}),
        ({"source": ["aws.glue"], "detail-type": ["Glue Crawler State Change"], "detail": {"state": ["Succeeded"]}},
         {"state": "Succeeded", "message": "Crawler Succeeded"}),
        ({"source": ["aws.s3"], "detail-type": [{"prefix": "Object"}], "detail": {"bucket": {"name": ["photos"]}}},
         {"bucket": {"name": "photos"}, "reason": "PutObject"}),
        ({"source": ["aws.s3"]}, {"reason": "PutObject"}),
        ({"source": ["aws.dynamodb"], "detail-type": ["AWS API Call via CloudTrail"],
          "detail": {"eventSource": ["dynamodb.amazonaws.com"], "eventName": ["DeleteTable"]}},
         {"eventSource": "dynamodb.amazonaws.com", "eventName": "DeleteTable", "eventType": "AwsApiCall"}),
        ({"source": ["aws.ec2"], "detail-type": [EBS], "detail": {"result": ["ok"]}}, {"result": "ok"}),
        ({"source": ["shop"], "detail": {"a": [{"exists": True}], "b": [{"exists": False}]}}, {"a": "example"}),
        ({"source": ["shop"], "$or": [{"detail": {"x": [1]}}, {"detail": {"y": [2]}}]}, {"x": 1}),
        ({"detail": {"total": [{"numeric": [">", 10, "<", 20]}]}}, {"total": 11}),
        ({"source": [{"wildcard": "aws.*"}], "detail-type": ["Scheduled Event"]}, {}),
        ({**STATE, "detail": {"state": [None]}}, {"state": None}),
        ({"source": ["shop"], "detail": {"a": [None], "b": {"c": [None]}}}, {"a": None, "b": {"c": None}}),
        ({"detail": [{"exists": True}]}, {}),
        ({"source": ["shop"], "detail": {"n": [5]}, "$or": [{"detail": {"n": [6]}}, {"detail": {"m": [1]}}]},
         {"n": 5, "m": 1}),
        ({"source": ["shop"], "detail": {"ok": [1], "$or": [{"n": [6], "ok": [2]}, {"m": [1]}]}}, {"ok": 1, "m": 1}),
        ({"source": ["shop"], "detail": {"flag": [1], "truth": [True]}}, {"flag": 1, "truth": True}),
        ({"source": [5], "detail-type": [None], "resources": {"a": ["x"]}}, {}),
    ],
)  # fmt: skip
def test_an_event_matches_its_pattern(sent: Any, pattern: dict[str, Any], expected: dict[str, Any]) -> None:
    event = sent({"eventbridge": {"pattern": pattern}})
    assert patterns.matches(pattern, event)
    assert {key: event["detail"].get(key) for key in expected} == expected | {
        key: {**event["detail"][key], **value} for key, value in expected.items() if isinstance(value, dict)
    }
    assert list(event) == [
        "version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail",
    ]  # fmt: skip


def test_what_follows_from_the_pattern_agrees(sent: Any) -> None:
    pattern = {**STATE, "detail": {"instance-id": ["i-42"]}, "region": ["eu-central-1"]}
    assert sent({"eventbridge": {"pattern": pattern}})["resources"][0].endswith(
        "eu-central-1:123456789012:instance/i-42"
    )


def test_a_template_of_ones_own_goes_by_its_source(sent: Any) -> None:
    order = {"source": "shop", "detail-type": "Order Placed", "detail": {"id": 1, "state": "new"}}
    gone = {**order, "detail-type": "Order Gone"}
    templates = {"order-placed": order, "order-gone": gone}
    pattern = {"source": ["shop"], "detail-type": ["Order Gone"], "detail": {"state": ["paid"]}}
    found = sent({"eventbridge": {"pattern": pattern}}, templates)
    assert found == {**gone, "detail": {"id": 1, "state": "paid"}}


def test_what_the_rule_passes_on(sent: Any) -> None:
    rule = {"pattern": {"source": ["shop"], "detail": {"state": ["new"], "n": [{"numeric": ["=", 5]}]}}, "name": "r"}
    assert sent({"eventbridge": {**rule, "input_path": "$.detail.state"}}) == "new"
    assert sent({"eventbridge": {**rule, "input_path": "$.detail['n']"}}) == 5
    assert sent({"eventbridge": {**rule, "input_path": "$.gone.x"}}) is None
    paths = {"s": "$.detail.state", "all": "$.detail", "n": "$.detail.n"}

    def transformed(template: str) -> Any:
        return sent({"eventbridge": {**rule, "input_transformer": {"paths": paths, "template": template}}})

    assert transformed('{"state": <s>, "text": "it is <s>: <n>", "n": <n>, "all": <all>}') == {
        "state": "new", "text": "it is new: 5", "n": 5, "all": {"state": "new", "n": 5},
    }  # fmt: skip
    assert transformed('"the state is <s>"') == "the state is new"
    assert transformed('{"rule": "<aws.events.rule-name>", "at": <aws.events.event.ingestion-time>}')["rule"] == "r"
    assert transformed("plain <s>") == 'plain "new"'


# Queues, streams and topics


def body_of(kind: str, record: Any) -> Any:
    if kind == "sqs":
        return record["body"]
    data = {
        "kinesis": lambda: record["kinesis"]["data"],
        "mq": lambda: record["data"],
        "kafka": lambda: record["value"],
    }
    return base64.b64decode(data[kind]()).decode()


def first_record(event: Any) -> Any:
    records = event.get("Records") or event.get("records") or event.get("messages") or event.get("rmqMessagesByQueue")
    while isinstance(records, dict):
        records = next(iter(records.values()))
    return records[0]


SOURCES = {
    "sqs": ({"queue": "q"}, "body"),
    "kinesis": ({"stream": "s", "starting_position": "LATEST"}, "data"),
    "kafka": ({"topic": "t", "bootstrap_servers": ["a.example:9092"], "starting_position": "LATEST"}, "value"),
    "mq": (
        {"broker": "arn:aws:mq:eu-west-1:1:broker:orders:b-1", "engine": "activemq", "queue": "q",
         "credentials": "arn:aws:secretsmanager:eu-west-1:1:secret:x"},
        "data",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", SOURCES)
@pytest.mark.parametrize("as_text", [False, True])
def test_a_message_passes_the_filter(sent: Any, kind: str, *, as_text: bool) -> None:
    settings, key = SOURCES[kind]
    pattern = {key: {"kind": ["order"], "n": [{"numeric": [">=", 3]}], "to": {"city": [{"prefix": "B"}]}}}
    event = sent({kind: {**settings, "filters": [json.dumps(pattern) if as_text else pattern]}})
    assert patterns.matches(pattern[key], json.loads(body_of(kind, first_record(event))))


def test_a_plain_message_passes_the_filter(sent: Any) -> None:
    for kind, (settings, key) in SOURCES.items():
        event = sent({kind: {**settings, "filters": [{key: [{"prefix": "Result: "}]}]}})
        assert body_of(kind, first_record(event)).startswith("Result: ")


def test_rabbitmq_has_its_host_and_broker(sent: Any) -> None:
    settings = {**SOURCES["mq"][0], "engine": "rabbitmq", "virtual_host": "/shop"}
    event = sent({"mq": settings})
    assert list(event["rmqMessagesByQueue"]) == ["q::/shop"]
    assert ":broker:orders:" in event["eventSourceArn"]


def test_msk_has_its_cluster(sent: Any) -> None:
    cluster = "arn:aws:kafka:eu-west-1:111122223333:cluster/shop/abc-1"
    event = sent({"kafka": {"topic": "t", "cluster": cluster, "starting_position": "LATEST"}})
    assert event["eventSourceArn"].startswith("arn:aws:kafka:eu-west-1:111122223333:cluster/shop/")


@pytest.mark.parametrize("view", choices("dynamodb", "stream_view_type"))
@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ({"eventName": ["INSERT"]}, "INSERT"),
        ({"eventName": [{"anything-but": ["INSERT", "REMOVE"]}]}, "MODIFY"),
        ({"eventName": ["REMOVE"], "dynamodb": {"OldImage": {"state": {"S": ["paid"]}}}}, "REMOVE"),
        ({"userIdentity": {"type": ["Service"], "principalId": ["dynamodb.amazonaws.com"]}}, "REMOVE"),
    ],
)
def test_changes_of_a_table(sent: Any, view: str, pattern: dict[str, Any], name: str) -> None:
    settings = {"table": "orders", "starting_position": "LATEST", "stream_view_type": view, "filters": [pattern]}
    record = sent({"dynamodb": settings})["Records"][0]
    assert record["eventName"] == name
    assert record["dynamodb"]["StreamViewType"] == view
    assert ("userIdentity" in record) == ("userIdentity" in pattern)
    images = {"NEW_IMAGE": {"NewImage"}, "OLD_IMAGE": {"OldImage"}, "KEYS_ONLY": set()}.get(
        view, {"NewImage", "OldImage"}
    )
    assert {"NewImage", "OldImage"} & set(record["dynamodb"]) <= images
    if "OldImage" in record["dynamodb"] and "dynamodb" in pattern:
        assert patterns.matches(pattern, record)


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ({"dynamodb": ["x"]}, "dynamodb"),
        ({"dynamodb": [{"exists": True}]}, "dynamodb"),
        ({"dynamodb": {"NewImage": ["x"]}}, "dynamodb.NewImage"),
        ({"dynamodb": {"NewImage": {"a": {"S": ["x"]}}, "Keys": ["x"]}}, "dynamodb.Keys"),
        ({"dynamodb": {"OldImage": [{"exists": False}]}}, ""),
        ({"dynamodb": {"NewImage": {"a": {"M": ["x"]}}}}, ""),
        ({"dynamodb": {"NewImage": {"a": {"B": ["x"]}, "b": {"L": ["x"]}, "c": {"S": [None]}}}}, ""),
    ],
)
def test_filters_of_a_table_that_match_nothing(sent: Any, tmp_path: Path, pattern: dict[str, Any], path: str) -> None:
    settings = {"table": "orders", "starting_position": "LATEST", "filters": [pattern]}
    for each, place in ((pattern, f"filters[0].{path}"), (json.dumps(pattern), "filters[0]")):
        assert "Records" in sent({"dynamodb": {**settings, "filters": [each]}})
        found = manifest.lint(manifest.load(tmp_path / "lambdacli.yaml", environ={}))
        assert [problem.path.partition("dynamodb.")[2] for problem in found if "every record" in problem.message] == (
            [place] if path else []
        )


def test_a_resource_elsewhere_keeps_its_account(sent: Any) -> None:
    queue = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:orders"
    assert sent({"sqs": queue})["Records"][0]["eventSourceARN"] == queue
    assert (
        sent({"sns": f"arn:aws:sns:eu-west-1:{ACCOUNT}:news"})["Records"][0]["Sns"]["TopicArn"].split(":")[4] == ACCOUNT
    )


def test_documentdb_has_its_cluster_and_database(sent: Any) -> None:
    settings = {
        "cluster": f"arn:aws:rds:eu-west-1:{ACCOUNT}:cluster:docs", "database": "shop", "collection": "orders",
        "credentials": "arn:aws:secretsmanager:eu-west-1:1:secret:x", "starting_position": "LATEST",
    }  # fmt: skip
    event = sent({"documentdb": settings})
    assert event["eventSourceArn"] == settings["cluster"]
    assert event["events"][0]["event"]["ns"] == {"db": "shop", "coll": "orders"}


# Topics


def test_a_notification_passes_the_filter_policy(sent: Any) -> None:
    policy = {"store": ["example"], "price": [{"numeric": [">=", 100]}], "event": [{"anything-but": "x"}]}
    attributes = sent({"sns": {"topic": "t", "filter_policy": policy}})["Records"][0]["Sns"]["MessageAttributes"]
    assert {name: each["Value"] for name, each in attributes.items()} == {
        "store": "example", "price": "100", "event": "example",
    }  # fmt: skip
    assert attributes["price"]["Type"] == "Number"
    nothing = sent({"sns": {"topic": "t", "filter_policy": {"a": [None]}}})["Records"][0]["Sns"]["MessageAttributes"]
    assert nothing == {"a": {"Type": "String.Array", "Value": "[null]"}}
    scoped = {"topic": "t", "filter_policy": {"a": {"b": ["c"]}}, "filter_policy_scope": "MessageBody"}
    assert json.loads(sent({"sns": scoped})["Records"][0]["Sns"]["Message"]) == {"a": {"b": "c"}}


# HTTP


def test_settings_of_http_apis(sent: Any) -> None:
    jwt = {"issuer": "https://id.example.com", "audience": ["app"], "scopes": ["read"]}
    event = sent({"http": {"route": "GET /a", "stage": "v1", "api": "abcde12345", "authorizer": {"jwt": jwt}}})
    context = event["requestContext"]
    assert (context["stage"], context["apiId"]) == ("v1", "abcde12345")
    assert context["authorizer"]["jwt"]["claims"]["iss"] == jwt["issuer"]
    assert context["authorizer"]["jwt"]["claims"]["aud"] == "app"
    assert context["authorizer"]["jwt"]["scopes"] == ["read"]
    old = sent(
        {"http": {"route": "GET /a", "stage": "v1", "payload_format_version": "1.0", "authorizer": {"jwt": jwt}}}
    )
    assert (old["version"], old["requestContext"]["stage"]) == ("1.0", "v1")
    assert "claims" in old["requestContext"]["authorizer"]
    for authorizer in ("iam", {"lambda": {"function": "arn:x"}}):
        assert sent({"http": {"route": "$default", "authorizer": authorizer}})["requestContext"]["authorizer"]


def test_settings_of_rest_apis(sent: Any) -> None:
    pools = {"cognito": {"user_pools": ["eu-west-1_AbCdEfGhI"]}}
    event = sent({"rest": {"route": "GET /a", "authorizer": pools, "api_key_required": True}})
    assert "eu-west-1_AbCdEfGhI" in event["requestContext"]["authorizer"]["claims"]["iss"]
    wanted = {
        "method.request.querystring.q": True,
        "method.request.header.X-A": True,
        "method.request.header.X-B": False,
    }
    event = sent({"rest": {"route": "GET /a", "request_parameters": wanted}})
    assert event["queryStringParameters"] == {"q": "example"}
    assert event["headers"]["X-A"] == "example"
    assert "X-B" not in event["headers"]


@pytest.mark.parametrize("route", ["$connect", "$disconnect", "$default", "send"])
def test_settings_of_websocket_apis(sent: Any, route: str) -> None:
    event = sent({"websocket": {"route": route, "stage": "live", "authorizer": {"lambda": {"function": "arn:x"}}}})
    assert (event["requestContext"]["routeKey"], event["requestContext"]["stage"]) == (route, "live")
    assert event["requestContext"]["authorizer"]["principalId"] == "example"


def test_conditions_of_load_balancers(sent: Any) -> None:
    conditions = {
        "path": ["/img/*"], "method": ["PUT"], "host": ["*.example.com"], "source_ip": ["198.51.100.0/24"],
        "header": {"X-Kind": ["a*"]}, "query": {"v": "1"},
    }  # fmt: skip
    listener = "arn:aws:elasticloadbalancing:eu-west-1:1:listener/app/web/1/2"
    for several in (False, True):
        event = sent(
            {"alb": {"listener": listener, "priority": 1, "conditions": conditions, "multi_value_headers": several}}
        )
        headers = event["multiValueHeaders" if several else "headers"]
        query = event["multiValueQueryStringParameters" if several else "queryStringParameters"]
        assert (event["httpMethod"], event["path"]) == ("PUT", "/img/example")
        assert headers["x-kind"] == (["aexample"] if several else "aexample")
        assert headers["host"] == (["example.example.com"] if several else "example.example.com")
        assert "198.51.100.0" in str(headers["x-forwarded-for"])
        assert query == {"v": ["1"] if several else "1"}


@pytest.mark.parametrize("auth_type", choices("url", "auth_type"))
def test_function_urls(sent: Any, auth_type: str) -> None:
    assert ("authorizer" in sent({"url": {"auth_type": auth_type}})["requestContext"]) == (auth_type == "AWS_IAM")


# Others


@pytest.mark.parametrize("source", choices("cognito", "trigger_source"))
def test_every_trigger_source_of_cognito(sent: Any, source: str) -> None:
    event = sent({"cognito": {"user_pool": "eu-west-1_AbCdEfGhI", "trigger_source": source}})
    step = "TokenGeneration" if source.startswith("PreTokenGeneration") else source
    assert event["triggerSource"] == source if "_" in source else event["triggerSource"].startswith(f"{step}_")
    assert event["userPoolId"] == "eu-west-1_AbCdEfGhI"


@pytest.mark.parametrize(("version", "expected"), [("V1_0", "1"), ("V2_0", "2"), ("V3_0", "3")])
def test_versions_of_token_generation(sent: Any, version: str, expected: str) -> None:
    settings = {"user_pool": "p", "trigger_source": "TokenGeneration_RefreshTokens", "lambda_version": version}
    assert sent({"cognito": settings})["version"] == expected


@pytest.mark.parametrize(
    ("sql", "payload"),
    [
        ("SELECT temp AS t, topic(2) AS device FROM 'a/+'", {"t": "example", "device": "example"}),
        ("SELECT * FROM 'a' WHERE battery < 10 AND state.kind = 'low'",
         {"deviceid": "iot123", "battery": 9, "state": {"kind": "low"}}),
        ("SELECT *, topic(1, 2) AS t FROM 'a'", {"deviceid": "iot123", "t": "example"}),
        ("SELECT temp FROM 'a' WHERE temp > 30.5", {"temp": 31.5}),
        ("SELECT temp AS t FROM 'a' WHERE temp <> 5", {"t": 6}),
    ],
)  # fmt: skip
def test_payloads_of_iot_rules(sent: Any, sql: str, payload: Any) -> None:
    assert sent({"iot": sql}) == payload


def test_a_whole_message_of_iot(sent: Any) -> None:
    assert "deviceid" in sent({"iot": "SELECT * FROM 'a/#'"})


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("", None),
        ("ERROR", "ERROR"),
        ('"out of memory" -DEBUG ERROR', "out of memory ERROR"),
        ("?ERROR ?WARN", "ERROR"),
        ('{ $.level = "error" && $.code >= 500 }', '{"level": "error", "code": 500}'),
        ('{ $.user.id = "a*" || $.x = 1 }', '{"user": {"id": "aexample"}}'),
        ("{ $.items[0].n > 3 }", '{"items": [{"n": 4}]}'),
        ("{ $.gone IS NULL }", '{"gone": null}'),
        ("{ $.n != 1 }", '{"n": 2}'),
        ("[ip, user, status = 404, size]", "example example 404 example"),
        ('[w1 = "E*", w2]', "Eexample example"),
        ("%5[0-9]+%", "example"),
    ],
)
def test_log_messages_pass_their_filter(pattern: str, text: str | None) -> None:
    assert message(pattern) == text


def test_settings_of_log_subscriptions(sent: Any) -> None:
    group = f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/app:*"
    data = sent({"logs": {"log_group": group, "filter_pattern": "ERROR", "filter_name": "errors"}})["awslogs"]["data"]
    found = json.loads(gzip.decompress(base64.b64decode(data)))
    assert (found["logGroup"], found["subscriptionFilters"], found["owner"]) == ("/app", ["errors"], ACCOUNT)
    assert {each["message"] for each in found["logEvents"]} == {"ERROR"}


def test_inputs_of_schedules(sent: Any, tmp_path: Path) -> None:
    given = {"at": ["on <aws.scheduler.scheduled-time>"], "by": "<aws.scheduler.schedule-arn>", "n": 1}
    found = sent({"schedule": {"expression": "rate(1 day)", "service": "scheduler", "input": given}})
    assert found["at"] == ["on 2026-01-02T03:04:05Z"]
    made = manifest.load(tmp_path / "lambdacli.yaml", environ={})
    recipe = recipes.of_trigger(made.functions["work"], made)
    assert recipe is not None
    later = recipes.make(recipe, {"time": "2027-02-03T04:05:06Z", "account-id": ACCOUNT})
    assert (later["at"], later["by"].split(":")[4]) == (["on 2027-02-03T04:05:06Z"], ACCOUNT)
    assert found["by"].endswith(":schedule/default/demo-work")
    assert sent({"schedule": {"expression": "rate(1 day)", "input": given}}) == given
    for value in (None, [1], "text", 0):
        assert sent({"schedule": {"expression": "rate(1 day)", "input": value}}) == value


def test_settings_of_mails(sent: Any) -> None:
    record = sent({"ses": {"recipients": [".example.com"], "invocation_type": "RequestResponse"}})["Records"][0]["ses"]
    assert record["receipt"]["recipients"] == ["someone@mail.example.com"]
    assert record["receipt"]["action"]["invocationType"] == "RequestResponse"
    assert record["receipt"]["action"]["functionArn"].endswith(":demo-work")


@pytest.mark.parametrize(
    ("rule", "value", "result"),
    [
        ({"prefix": "a"}, "ab", True),
        ({"prefix": "a"}, 5, False),
        ({"prefix": {"equals-ignore-case": "A"}}, "ab", True),
        ({"suffix": "b"}, "ab", True),
        ({"suffix": {"equals-ignore-case": "B"}}, "ac", False),
        ({"anything-but": "a"}, "b", True),
        ({"anything-but": ["a", "b"]}, "b", False),
        ({"anything-but": {"prefix": ["a", "b"]}}, "bc", False),
        ({"anything-but": {"wildcard": "*/x"}}, "a/y", True),
        ({"equals-ignore-case": "Yes"}, "YES", True),
        ({"equals-ignore-case": ["no", "Yes"]}, "YES", True),
        ({"wildcard": "a*c"}, "abbc", True),
        ({"wildcard": r"a\*c"}, "abc", False),
        ({"numeric": [">", 1, "<=", 3]}, 3, True),
        ({"numeric": [">", 1]}, True, False),
        ({"numeric": ["=", 1]}, "1", False),
        ({"cidr": "10.0.0.0/24"}, "10.0.0.77", True),
        ({"cidr": "10.0.0.0/24"}, "x", False),
        ({"exists": True}, None, True),
        (None, None, True),
        (5, "5", False),
        ("a", ["x", "a"], True),
    ],
)
def test_rules_of_patterns(rule: Any, value: Any, result: bool) -> None:  # noqa: FBT001 - the expected value
    assert patterns.matches({"x": [rule]}, {"x": value}) is result
    if not result:
        assert patterns.matches({"x": [rule]}, patterns.fitted({"x": [rule]}, {"x": value}))


# Whatever stands in a manifest

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)
WORDS = st.text(alphabet="aeX1.", min_size=1, max_size=3)
RULES = st.one_of(
    WORDS,
    st.none(),
    st.booleans(),
    st.integers(-9, 9),
    st.sampled_from(["prefix", "suffix", "equals-ignore-case", "anything-but"]).flatmap(
        lambda name: WORDS.map(lambda word: {name: word})
    ),
    st.lists(WORDS, min_size=1, max_size=3).map(lambda words: {"anything-but": words}),
    WORDS.map(lambda word: {"prefix": {"equals-ignore-case": word}}),
    WORDS.map(lambda word: {"anything-but": {"suffix": word}}),
    st.lists(WORDS, min_size=1, max_size=3).map(lambda words: {"wildcard": "*".join(words)}),
    st.integers(-9, 9).map(lambda low: {"numeric": [">", low, "<=", low + 1]}),
    st.tuples(st.sampled_from([">", ">=", "<", "<=", "="]), st.integers(-9, 9)).map(lambda it: {"numeric": list(it)}),
    st.booleans().map(lambda there: {"exists": there}),
    st.just({"cidr": "10.0.0.0/8"}),
)
LEAVES = st.lists(RULES, min_size=1, max_size=3)
NAMES = st.sampled_from(["a", "b", "c"])
PATTERNS = st.dictionaries(NAMES, LEAVES | st.dictionaries(NAMES, LEAVES, min_size=1, max_size=2), max_size=3)
EITHER = st.lists(st.dictionaries(st.sampled_from(["x", "y"]), LEAVES, min_size=1), min_size=1, max_size=3)
EVENTS = st.dictionaries(st.sampled_from(["a", "b", "c", "x"]), JSON, max_size=4)


def sample(kind: str, settings: dict[str, Any]) -> Any:
    """A trigger's event, whatever `validate` would say to its settings."""
    function = Function("work", "app.handler", "python3.13", Path("src"))
    whole = Manifest(Path("lambdacli.yaml"), "demo", "dev", "eu-west-1", {"work": function})
    asked = triggers.load(kind).sample(Trigger(kind, settings), function, whole)
    event = recipes.make(recipes.of_request(asked, whole))
    assert json.loads(json.dumps(event)) == event
    return event


@given(PATTERNS, EITHER | st.none(), EVENTS)
def test_any_event_is_made_to_match_any_pattern(pattern: Any, either: Any, event: Any) -> None:
    if either is not None:
        pattern = {**pattern, "$or": either}
    found = patterns.fitted(pattern, event)
    assert patterns.matches(pattern, found)
    assert patterns.fitted(pattern, found) == found
    assert patterns.matches(pattern, patterns.example(pattern))
    rest = patterns.unmatched(pattern, event)
    assert (rest == {}) is patterns.matches(pattern, event)
    assert patterns.fitted(rest, event) == found


@given(PATTERNS, PATTERNS)
def test_any_rule_gets_what_it_asks_for(detail: Any, other: Any) -> None:
    pattern = {"source": ["shop"], "detail": detail, "other": other}
    assert patterns.matches(pattern, sample("eventbridge", {"pattern": pattern}))


@given(JSON, st.sampled_from(["source", "detail", "detail-type", "resources", "region"]))
def test_a_pattern_of_any_form_has_an_event(pattern: Any, key: str) -> None:
    sample("eventbridge", {"pattern": {key: pattern}})
    sample("sns", {"topic": "t", "filter_policy": {key: pattern}})
    for record in ({"dynamodb": pattern}, {"dynamodb": {"NewImage": pattern, "Keys": {"a": pattern}}}):
        sample("dynamodb", {"table": "t", "filters": [record]})
    for kind, (settings, name) in SOURCES.items():
        sample(kind, {**settings, "filters": [{name: pattern}, pattern]})


@given(st.lists(st.sampled_from(["temp", "site", "state"]), min_size=1, unique=True), st.integers(0, 99))
def test_a_statement_has_its_columns(columns: list[str], low: int) -> None:
    statement = ["SELECT", ", ".join(columns), "FROM 'a/b' WHERE", columns[0], ">", str(low)]
    payload = sample("iot", {"sql": " ".join(statement)})
    assert list(payload) == columns
    assert payload[columns[0]] > low


@given(st.lists(WORDS.map(lambda word: f'"{word}"'), min_size=1, max_size=4))
def test_a_log_message_has_the_terms_of_its_filter(terms: list[str]) -> None:
    data = sample("logs", {"log_group": "g", "filter_pattern": " ".join(terms)})["awslogs"]["data"]
    for entry in json.loads(gzip.decompress(base64.b64decode(data)))["logEvents"]:
        assert all(term.strip('"') in entry["message"] for term in terms)


@given(
    st.text(alphabet="SELECT *FROM'a,.()<>=1 WHERE x", max_size=60),
    st.text(alphabet='{}[]$.a=!<>"&|?- %*1', max_size=40),
)
def test_any_statement_and_any_filter_has_an_event(sql: str, pattern: str) -> None:
    assert sample("iot", {"sql": f"SELECT {sql}"})
    assert sample("logs", {"log_group": "g", "filter_pattern": pattern})["awslogs"]["data"]


@given(EVENTS, NAMES, JSON)
def test_a_transformer_puts_a_value_where_its_name_stands(event: Any, key: str, value: Any) -> None:
    event = {**event, key: value}
    assert transform.selected(f"$.{key}", event) == transform.selected(f"$['{key}']", event) == value
    assert transform.selected("$", event) == event
    assert transform.transformed({"v": f"$.{key}"}, '{"of": <v>}', "rule", event) == {"of": value}


@given(st.text(alphabet="$.[]'\"a0", max_size=20), st.text(alphabet='<a>"\\{}: ', max_size=30), JSON)
def test_any_path_and_any_transformer(path: str, template: str, event: Any) -> None:
    json.dumps(transform.selected(path, event))
    json.dumps(transform.transformed({"a": path}, template, "rule", event))
