from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest
from pulled import Project, changed

if TYPE_CHECKING:
    from pathlib import Path

    from forked import Forker
    from rules import Proxy

ORDERS = ("event_source_mapping", "reader/sqs:orders")
ALIAS = "arn:aws:lambda:eu-west-1:123456789012:function:pull-dev-reader:live"


@pytest.fixture
def project(tmp_path: Path, forker: Forker, aws: Proxy) -> Project:
    return Project(tmp_path, forker, aws)


def test_a_queue_invokes_the_function(project: Project) -> None:
    project.write({"sqs": "orders"}, resources={"queues": {"orders": None}})
    project.deploy()
    sqs = project.aws.client("sqs")
    sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName="orders")["QueueUrl"], MessageBody="hello")
    record = project.got("reader", lambda record: record.get("body") == "hello")
    assert record["eventSourceARN"] == "arn:aws:sqs:eu-west-1:123456789012:orders"
    assert project.plan() == {}


def test_what_the_filter_does_not_want_invokes_nothing(project: Project) -> None:
    wanted = {"body": {"kind": ["order"]}}
    project.write({"sqs": {"queue": "orders", "filters": [wanted]}}, resources={"queues": {"orders": None}})
    project.deploy()
    sqs = project.aws.client("sqs")
    url = sqs.get_queue_url(QueueName="orders")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody='{"kind": "offer"}')
    sqs.send_message(QueueUrl=url, MessageBody='{"kind": "order"}')
    assert project.got("reader", lambda record: "body" in record)["body"] == '{"kind": "order"}'


def test_a_stream_invokes_the_function(project: Project) -> None:
    trigger = {"kinesis": {"stream": "clicks", "starting_position": "TRIM_HORIZON"}}
    project.write(trigger, resources={"streams": {"clicks": {"shards": 1}}})
    project.deploy()
    project.aws.client("kinesis").put_record(StreamName="clicks", Data=b"hello", PartitionKey="1")
    record = project.got("reader", lambda record: record.get("eventSource") == "aws:kinesis")
    assert base64.b64decode(record["kinesis"]["data"]) == b"hello"
    assert project.plan() == {}


def test_a_batch_that_fails_is_reported_where_the_manifest_says(project: Project) -> None:
    settings = {"stream": "clicks", "starting_position": "TRIM_HORIZON", "maximum_retry_attempts": 0}
    trigger = {"kinesis": {**settings, "on_failure": {"sqs": "failed"}}}
    project.write(trigger, resources={"streams": {"clicks": {"shards": 1}}, "queues": {"failed": None}})
    project.deploy()
    (mapping,) = project.mappings()
    failed = "arn:aws:sqs:eu-west-1:123456789012:failed"
    assert mapping["DestinationConfig"] == {"OnFailure": {"Destination": failed}}
    project.write({"kinesis": settings}, resources={"streams": {"clicks": {"shards": 1}}, "queues": {"failed": None}})
    project.deploy()
    (mapping,) = project.mappings()
    assert not mapping["DestinationConfig"]["OnFailure"].get("Destination")
    assert project.plan() == {}


def test_a_table_invokes_the_function(project: Project) -> None:
    trigger = {"dynamodb": {"table": "items", "starting_position": "TRIM_HORIZON", "stream_view_type": "NEW_IMAGE"}}
    project.write(trigger, resources={"tables": {"items": {"partition_key": "id"}}})
    project.deploy()
    project.aws.client("dynamodb").put_item(TableName="items", Item={"id": {"S": "7"}})
    record = project.got("reader", lambda record: record.get("eventSource") == "aws:dynamodb")
    assert record["dynamodb"]["NewImage"] == {"id": {"S": "7"}}
    assert project.plan() == {}


QUEUE: dict[str, tuple[Any, str, Any]] = {
    # the setting, and the field of the mapping that it is
    "enabled": (False, "State", "Disabled"),
    "batch_size": (7, "BatchSize", 7),
    "maximum_batching_window": (3, "MaximumBatchingWindowInSeconds", 3),
    "report_batch_item_failures": (True, "FunctionResponseTypes", ["ReportBatchItemFailures"]),
    "maximum_concurrency": (4, "ScalingConfig", {"MaximumConcurrency": 4}),
    "provisioned_pollers": (
        {"minimum": 3, "maximum": 5}, "ProvisionedPollerConfig", {"MinimumPollers": 3, "MaximumPollers": 5},
    ),
    "filters": ([{"body": ["x"]}], "FilterCriteria", {"Filters": [{"Pattern": '{"body":["x"]}'}]}),
    "metrics": (["EventCount"], "MetricsConfig", {"Metrics": ["EventCount"]}),
    "kms_key": ("arn:aws:kms:eu-west-1:123456789012:key/k", "KMSKeyArn", "arn:aws:kms:eu-west-1:123456789012:key/k"),
}  # fmt: skip
STREAM: dict[str, tuple[Any, str, Any]] = {
    "bisect_batch_on_function_error": (True, "BisectBatchOnFunctionError", True),
    "maximum_record_age": (120, "MaximumRecordAgeInSeconds", 120),
    "maximum_retry_attempts": (3, "MaximumRetryAttempts", 3),
    "parallelization_factor": (2, "ParallelizationFactor", 2),
    "tumbling_window": (60, "TumblingWindowInSeconds", 60),
    "report_batch_item_failures": (True, "FunctionResponseTypes", ["ReportBatchItemFailures"]),
    "batch_size": (10, "BatchSize", 10),
}


@pytest.mark.parametrize(("kind", "settings"), [("sqs", QUEUE), ("kinesis", STREAM)], ids=["queue", "stream"])
def test_every_setting_is_changed_in_place_and_back(
    project: Project, kind: str, settings: dict[str, tuple[Any, str, Any]]
) -> None:
    source = {"sqs": {"queue": "orders"}, "kinesis": {"stream": "orders", "starting_position": "LATEST"}}[kind]
    resources = {"queues": {"orders": None}} if kind == "sqs" else {"streams": {"orders": {"shards": 1}}}
    given = {key: value for key, (value, _, _) in settings.items()}
    excluding = [given] if kind != "sqs" else [
        {key: value for key, value in given.items() if key != left_out}
        for left_out in ("maximum_concurrency", "provisioned_pollers")
    ]  # fmt: skip
    project.write({kind: source}, resources=resources)
    project.deploy()
    (before,) = project.mappings()
    for chosen in excluding:
        project.write({kind: {**source, **chosen}}, resources=resources)
        assert {each["op"] for each in project.plan().values()} == {"update"}
        project.deploy()
        (after,) = project.mappings()
        for key in chosen:
            _, field, value = settings[key]
            assert after[field] == value, key
        assert after["UUID"] == before["UUID"]
        assert project.plan() == {}
    project.write({kind: source}, resources=resources)
    project.deploy()
    assert project.plan() == {}
    assert project.mappings()[0]["State"] == "Enabled"


def test_another_source_is_another_mapping(project: Project) -> None:
    resources = {"queues": {"orders": None, "offers": None}}
    project.write({"sqs": "orders"}, resources=resources)
    project.deploy()
    project.write({"sqs": "offers"}, resources=resources)
    plan = project.plan()
    assert plan[ORDERS]["op"] == "delete"
    assert plan["event_source_mapping", "reader/sqs:offers"]["op"] == "create"
    project.deploy()
    (mapping,) = [each for each in project.mappings() if each["State"] != "Deleting"]
    assert mapping["EventSourceArn"].endswith(":offers")


def test_where_to_begin_is_part_of_a_new_mapping_alone(project: Project) -> None:
    resources = {"streams": {"clicks": {"shards": 1}}}
    project.write({"kinesis": {"stream": "clicks", "starting_position": "LATEST"}}, resources=resources)
    project.deploy()
    (before,) = project.mappings()
    at = {"starting_position": "AT_TIMESTAMP", "starting_position_timestamp": "2026-11-01T00:00:00Z"}
    project.write({"kinesis": {"stream": "clicks", **at}}, resources=resources)
    action = project.plan()["event_source_mapping", "reader/kinesis:clicks"]
    assert action["op"] == "replace"
    assert changed(action)["StartingPosition"] == ("LATEST", "AT_TIMESTAMP")
    project.deploy()
    (after,) = project.mappings()
    assert after["UUID"] != before["UUID"]
    assert after["StartingPosition"] == "AT_TIMESTAMP"
    assert project.plan() == {}


def test_what_leaves_the_manifest_is_deleted(project: Project) -> None:
    resources = {"queues": {"orders": None}}
    project.write({"sqs": "orders"}, resources=resources)
    project.deploy()
    project.write(resources=resources)
    assert project.plan()[ORDERS]["reason"] == "not in the manifest any more"
    project.deploy()
    assert project.mappings() == []
    assert project.plan() == {}


def test_a_change_from_outside_is_shown_and_undone(project: Project) -> None:
    project.write({"sqs": "orders"}, resources={"queues": {"orders": None}})
    project.deploy()
    project.aws.delay = 0
    uuid = project.mappings()[0]["UUID"]
    project.aws.strict_client("lambda").update_event_source_mapping(UUID=uuid, BatchSize=2, Enabled=False)
    action = project.plan()[ORDERS]
    assert changed(action) == {"BatchSize": (2, 10), "Enabled": (False, True)}
    assert action["drift"]
    project.deploy()
    assert project.mappings()[0]["BatchSize"] == 10


def test_mappings_of_the_function_itself_belong_to_somebody_else(project: Project) -> None:
    resources = {"queues": {"orders": None, "theirs": None}}
    project.write({"sqs": "orders"}, resources=resources)
    project.deploy()
    theirs = project.aws.client("lambda").create_event_source_mapping(
        FunctionName="pull-dev-reader", EventSourceArn="arn:aws:sqs:eu-west-1:123456789012:theirs"
    )
    assert project.plan() == {}
    project.write(resources=resources)
    project.deploy()
    kept = project.aws.client("lambda").get_event_source_mapping(UUID=theirs["UUID"])
    assert kept["State"] == "Enabled"


@pytest.mark.parametrize(
    ("trigger", "missing"),
    [
        ({"sqs": "orders"}, "there is no SQS queue orders"),
        ({"kinesis": {"stream": "orders", "starting_position": "LATEST"}}, "there is no Kinesis stream orders"),
        ({"dynamodb": {"table": "orders", "starting_position": "LATEST"}}, "no stream on the DynamoDB table orders"),
        (
            {"dynamodb": {"table": "orders", "starting_position": "LATEST", "stream_view_type": "NEW_IMAGE"}},
            "there is no DynamoDB table orders",
        ),
    ],
    ids=["queue", "stream", "without stream", "table"],
)
def test_what_is_referred_to_must_be_there(project: Project, trigger: dict[str, Any], missing: str) -> None:
    project.write(trigger)
    said = project.deploy(code=2)
    assert missing in said
    assert "lambdacli.yaml:" in said
    assert project.aws.writes == []


def test_brokers_and_clusters(project: Project) -> None:
    secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:s-AbCdEf"  # noqa: S105 - an ARN
    cluster = "arn:aws:kafka:eu-west-1:123456789012:cluster/events/1a2b"
    topic = {"topic": "clicks", "cluster": cluster, "starting_position": "LATEST"}
    broker = {"broker": "arn:aws:mq:eu-west-1:123456789012:broker:b:b-1", "queue": "orders", "credentials": secret}
    documents = {"cluster": "arn:aws:rds:eu-west-1:123456789012:cluster:docs", "database": "shop"}
    own = {"topic": "clicks", "bootstrap_servers": ["b:9092", "a:9092"], "starting_position": "LATEST"}
    triggers: list[dict[str, Any]] = [
        {"kafka": topic},
        {"kafka": {**own, "consumer_group_id": "g"}},
        {"mq": {**broker, "engine": "rabbitmq", "virtual_host": "/shop"}},
        {"documentdb": {**documents, "credentials": secret, "starting_position": "TRIM_HORIZON"}},
    ]
    project.write(*triggers)
    project.deploy()
    assert len(project.mappings()) == 4
    assert project.plan() == {}
    triggers[0]["kafka"] |= {"batch_size": 7, "maximum_batching_window": 2}
    triggers[2]["mq"]["batch_size"] = 8
    triggers[3]["documentdb"]["full_document"] = "UpdateLookup"
    project.write(*triggers)
    assert [each["op"] for each in project.plan().values()] == ["update"] * 3
    project.deploy()
    assert project.plan() == {}
    project.write(triggers[0])
    assert [each["op"] for each in project.plan().values()].count("delete") == 3
