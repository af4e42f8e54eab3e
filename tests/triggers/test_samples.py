"""The event that a trigger asks for is the one that this very trigger would send."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from lambdacli import manifest, triggers
from lambdacli.events import recipe as recipes
from lambdacli.patterns import example

if TYPE_CHECKING:
    from pathlib import Path

    from lambdacli.model import EventRequest


def request_of(folder: Path, item: dict[str, Any]) -> EventRequest:
    path = folder / "lambdacli.yaml"
    function = {"handler": "app.handler", "runtime": "python3.13", "triggers": [item]}
    about = {"app": "demo", "region": "eu-west-1", "account": "210987654321", "functions": {"work": function}}
    path.write_text(json.dumps(about))
    made = manifest.load(path, environ={})
    (trigger,) = made.functions["work"].triggers
    return triggers.load(trigger.kind).sample(trigger, made.functions["work"], made)


def event_of(folder: Path, item: dict[str, Any]) -> Any:
    asked = request_of(folder, item)
    made = manifest.load(folder / "lambdacli.yaml", environ={})
    return recipes.make(recipes.of_request(asked, made))


@pytest.mark.parametrize(
    ("event", "template"),
    [
        ("s3:ObjectCreated:*", "s3-put"),
        ("s3:ObjectCreated:Copy", "s3-copy"),
        ("s3:ObjectCreated:CompleteMultipartUpload", "s3-multipart-upload"),
        ("s3:ObjectRemoved:*", "s3-delete"),
        ("s3:ObjectTagging:Delete", "s3-tagging-delete"),
        ("s3:ReducedRedundancyLostObject", "s3-reduced-redundancy-lost"),
    ],
)
def test_s3_sends_its_first_event(event: str, template: str, tmp_path: Path) -> None:
    assert request_of(tmp_path, {"s3": {"bucket": "photos", "events": [event]}}).template == template


@pytest.mark.parametrize(
    ("prefix", "suffix", "key"),
    [
        ("in/", ".jpg", "in/example.jpg"),
        ("in/", "", "in/example"),
        ("", "/data.json", "example/data.json"),
        ("logs-", "report.csv", "logs-example-report.csv"),
    ],
)
def test_s3_keys_pass_prefix_and_suffix(prefix: str, suffix: str, key: str, tmp_path: Path) -> None:
    filters = {name: value for name, value in (("prefix", prefix), ("suffix", suffix)) if value}
    record = event_of(tmp_path, {"s3": {"bucket": "photos", **filters}})["Records"][0]
    assert record["s3"]["object"]["key"] == key
    assert record["s3"]["bucket"]["name"] == "photos"
    assert record["awsRegion"] == "eu-west-1"


def test_sqs_has_its_own_queue_in_the_manifests_account_and_region(tmp_path: Path) -> None:
    record = event_of(tmp_path, {"sqs": "orders"})["Records"][0]
    assert record["eventSourceARN"] == "arn:aws:sqs:eu-west-1:210987654321:orders"


def test_a_fifo_queue_named_by_arn_sends_fifo_messages(tmp_path: Path) -> None:
    record = event_of(tmp_path, {"sqs": "arn:aws:sqs:eu-west-1:123456789012:orders.fifo"})["Records"][0]
    assert record["eventSourceARN"].endswith(":orders.fifo")
    assert "MessageGroupId" in record["attributes"]


def test_a_message_passes_the_queues_filter(tmp_path: Path) -> None:
    pattern = {"body": {"kind": ["order"], "total": [{"numeric": [">", 10]}], "gone": [{"exists": False}]}}
    record = event_of(tmp_path, {"sqs": {"queue": "orders", "filters": [pattern]}})["Records"][0]
    assert json.loads(record["body"]) == {"kind": "order", "total": 11}


def test_a_table_stream_sends_the_change_that_its_filter_asks_for(tmp_path: Path) -> None:
    pattern = {"eventName": ["MODIFY"], "dynamodb": {"NewImage": {"state": {"S": ["paid"]}}}}
    settings = {"table": "orders", "starting_position": "LATEST", "filters": [json.dumps(pattern)]}
    record = event_of(tmp_path, {"dynamodb": settings})["Records"][0]
    assert record["eventName"] == "MODIFY"
    assert record["dynamodb"]["NewImage"]["state"] == {"S": "paid"}
    assert ":table/orders/stream/" in record["eventSourceARN"]


def test_a_tumbling_window_sends_a_window(tmp_path: Path) -> None:
    settings = {"stream": "views", "starting_position": "LATEST", "tumbling_window": 60}
    assert "window" in event_of(tmp_path, {"kinesis": settings})


def test_a_route_is_called_with_its_parameters_filled(tmp_path: Path) -> None:
    event = event_of(tmp_path, {"http": "GET /orders/{id}/lines/{line}"})
    assert event["routeKey"] == "GET /orders/{id}/lines/{line}"
    assert event["rawPath"] == "/orders/1/lines/example-line"
    assert event["pathParameters"] == {"id": "1", "line": "example-line"}
    assert "body" not in event
    assert event["requestContext"]["http"]["method"] == "GET"


def test_payload_1_and_authorizers_choose_their_templates(tmp_path: Path) -> None:
    old = request_of(tmp_path, {"http": {"route": "ANY /", "payload_format_version": "1.0"}})
    assert old.template == "apigateway-http-api-proxy-v1"
    jwt = {"jwt": {"issuer": "https://id.example", "audience": ["app"]}}
    assert request_of(tmp_path, {"http": {"route": "GET /", "authorizer": jwt}}).template.endswith("-jwt")
    assert request_of(tmp_path, {"rest": {"route": "GET /", "authorizer": "iam"}}).template.endswith("-proxy-iam")


def test_rest_is_called_at_its_resource(tmp_path: Path) -> None:
    event = event_of(tmp_path, {"rest": {"route": "POST /orders/{id}", "stage": "v1"}})
    assert (event["httpMethod"], event["resource"], event["path"]) == ("POST", "/orders/{id}", "/orders/1")
    assert event["pathParameters"] == {"id": "1"}
    assert event["requestContext"]["stage"] == "v1"


def test_a_websocket_message_selects_its_route(tmp_path: Path) -> None:
    event = event_of(tmp_path, {"websocket": "send"})
    assert event["requestContext"]["routeKey"] == "send"
    assert json.loads(event["body"]) == {"action": "send"}
    assert request_of(tmp_path, {"websocket": "$connect"}).template == "apigateway-websocket-connect"


def test_a_schedule_is_a_rule_or_of_the_scheduler_or_its_own_input(tmp_path: Path) -> None:
    rule = event_of(tmp_path, {"schedule": "rate(1 minute)"})
    assert rule["resources"] == ["arn:aws:events:eu-west-1:210987654321:rule/demo-work"]
    zoned = {"expression": "cron(0 8 ? * MON-FRI *)", "timezone": "Europe/Berlin"}
    assert request_of(tmp_path, {"schedule": zoned}).template == "eventbridge-scheduler"
    given = request_of(tmp_path, {"schedule": {"expression": "rate(1 day)", "input": {"job": "clean"}}})
    assert (given.template, given.event) == ("", {"job": "clean"})


def test_an_event_matches_its_rule(tmp_path: Path) -> None:
    pattern = {
        "source": ["shop.orders"],
        "detail-type": [{"prefix": "Order"}],
        "detail": {"state": ["new", "paid"], "price": [{"numeric": [">=", 5, "<", 9]}]},
    }
    event = event_of(tmp_path, {"eventbridge": {"pattern": pattern}})
    assert event["source"] == "shop.orders"
    assert event["detail-type"].startswith("Order")
    assert event["detail"] == {"state": "new", "price": 5}


def test_a_stack_of_others(tmp_path: Path) -> None:
    assert event_of(tmp_path, {"sns": "news"})["Records"][0]["Sns"]["TopicArn"].endswith(":news")
    assert event_of(tmp_path, {"iot": "SELECT temp AS t, site FROM 'a/+'"}) == {"t": "example", "site": "example"}
    mail = event_of(tmp_path, {"ses": {"recipients": ["example.com"]}})["Records"][0]["ses"]
    assert mail["receipt"]["recipients"] == ["someone@example.com"]
    step = {
        "user_pool": "eu-west-1_AbCdEfGhI",
        "trigger_source": "TokenGeneration_HostedAuth",
        "lambda_version": "V2_0",
    }
    token = event_of(tmp_path, {"cognito": step})
    assert (token["triggerSource"], token["version"]) == ("TokenGeneration_HostedAuth", "2")
    assert token["userPoolId"] == "eu-west-1_AbCdEfGhI"
    own = {"event": "hello-world", "parameters": {}}
    assert request_of(tmp_path, {"invoke": own}).template == "hello-world"
    assert request_of(tmp_path, {"url": {"auth_type": "AWS_IAM"}}).template == "lambda-function-url-iam"
    kafka = {"topic": "t", "cluster": "arn:aws:kafka:eu-west-1:1:cluster/x/y", "starting_position": "LATEST"}
    assert request_of(tmp_path, {"kafka": kafka}).template == "msk-records"


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        ({"a": [{"suffix": ".jpg"}]}, {"a": "example.jpg"}),
        ({"a": [{"wildcard": "in/*.jpg"}]}, {"a": "in/example.jpg"}),
        ({"a": [{"equals-ignore-case": "Yes"}]}, {"a": "Yes"}),
        ({"a": [{"anything-but": ["x"]}]}, {"a": "example"}),
        ({"a": [{"exists": True}]}, {"a": "example"}),
        ({"a": [{"cidr": "10.0.0.0/24"}]}, {"a": "10.0.0.0"}),
        ({"a": [{"prefix": {"equals-ignore-case": "pre"}}]}, {"a": "preexample"}),
        ({"a": [{"numeric": ["<", 5]}]}, {"a": 1}),
        ({"a": [{"numeric": ["=", 7]}]}, {"a": 7}),
        ({"$or": [{"a": ["x"]}, {"b": ["y"]}]}, {"a": "x"}),
        ({"a": {"b": {"c": [None]}}}, {"a": {"b": {"c": None}}}),
        ({"a": []}, {"a": "example"}),
        ({"a": [{}]}, {"a": "example"}),
    ],
)
def test_patterns_backwards(pattern: dict[str, Any], value: dict[str, Any]) -> None:
    assert example(pattern) == value


@pytest.mark.parametrize(
    ("conditions", "low", "high"),
    [
        ([">", 100], 100, None),
        (["<", -3], None, -3),
        ([">", 3, "<", 4], 3, 4),
        ([">", 0, "<=", 1], 0, 1),
        (["<", 5], None, 5),
    ],
)
def test_numbers_lie_between_their_bounds(conditions: list[Any], low: float | None, high: float | None) -> None:
    value = example({"a": [{"numeric": conditions}]})["a"]
    assert low is None or value > low
    assert high is None or value < high or conditions[-2] == "<="


def test_a_load_balancer_calls_what_its_rule_wants(tmp_path: Path) -> None:
    listener = "arn:aws:elasticloadbalancing:eu-west-1:1:listener/app/web/1/2"
    conditions = {"path": ["/img/*.png"], "method": ["PUT"]}
    rule = {"listener": listener, "priority": 1, "conditions": conditions, "target_group": "pictures"}
    event = event_of(tmp_path, {"alb": rule})
    assert (event["path"], event["httpMethod"]) == ("/img/example.png", "PUT")
    assert ":targetgroup/pictures/" in event["requestContext"]["elb"]["targetGroupArn"]
    assert request_of(tmp_path, {"alb": {**rule, "multi_value_headers": True}}).template == "alb-multi-value"
