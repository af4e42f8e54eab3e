from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from pulled import Project, changed

if TYPE_CHECKING:
    from pathlib import Path

    from forked import Forker
    from rules import Proxy

OURS = {"lambdacli:app": "pull", "lambdacli:stage": "dev"}
ALL: dict[str, dict[str, Any]] = {
    "buckets": {"photos-123": {"versioning": True, "eventbridge": True, "tags": {"team": "red"}}},
    "queues": {
        "orders": {"dead_letter_queue": "orders-dead", "max_receive_count": 5, "message_retention_period": 600},
        "steps.fifo": {"content_based_deduplication": True, "high_throughput": True},
    },
    "topics": {"news": {"display_name": "News"}, "turns.fifo": None},
    "tables": {
        "items": {
            "partition_key": "id",
            "sort_key": {"at": "number"},
            "global_secondary_indexes": {"byState": {"partition_key": "state", "projected_attributes": ["b", "a"]}},
            "stream_view_type": "NEW_IMAGE",
            "time_to_live": "until",
        }
    },
    "streams": {"clicks": {"shards": 2, "retention_period": 48}},
}


@pytest.fixture
def project(tmp_path: Path, forker: Forker, aws: Proxy) -> Project:
    return Project(tmp_path, forker, aws)


def queue(aws: Proxy, name: str) -> dict[str, Any]:
    sqs = aws.client("sqs")
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    attributes: dict[str, Any] = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return attributes | {"tags": sqs.list_queue_tags(QueueUrl=url).get("Tags", {})}


def test_everything_is_made_as_the_manifest_says_and_then_left_alone(project: Project) -> None:
    project.write(resources=ALL)
    project.deploy()
    aws = project.aws
    orders = queue(aws, "orders")
    redrive = {"deadLetterTargetArn": "arn:aws:sqs:eu-west-1:123456789012:orders-dead", "maxReceiveCount": 5}
    assert json.loads(orders["RedrivePolicy"]) == redrive
    assert orders["MessageRetentionPeriod"] == "600"
    assert orders["tags"] == OURS
    assert queue(aws, "orders-dead")["MessageRetentionPeriod"] == "1209600"
    assert queue(aws, "steps.fifo")["FifoThroughputLimit"] == "perMessageGroupId"
    s3 = aws.client("s3")
    assert s3.get_bucket_location(Bucket="photos-123")["LocationConstraint"] == "eu-west-1"
    assert s3.get_bucket_versioning(Bucket="photos-123")["Status"] == "Enabled"
    blocked = s3.get_public_access_block(Bucket="photos-123")["PublicAccessBlockConfiguration"]
    assert set(blocked.values()) == {True}
    assert "EventBridgeConfiguration" in s3.get_bucket_notification_configuration(Bucket="photos-123")
    table = aws.client("dynamodb").describe_table(TableName="items")["Table"]
    assert table["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    assert [each["IndexName"] for each in table["GlobalSecondaryIndexes"]] == ["byState"]
    stream = aws.client("kinesis").describe_stream_summary(StreamName="clicks")["StreamDescriptionSummary"]
    assert (stream["OpenShardCount"], stream["RetentionPeriodHours"]) == (2, 48)
    news = aws.client("sns").get_topic_attributes(TopicArn="arn:aws:sns:eu-west-1:123456789012:news")["Attributes"]
    assert news["DisplayName"] == "News"
    aws.forget()
    assert project.plan() == {}
    project.deploy()
    assert aws.writes == []


BEFORE: dict[str, dict[str, Any]] = {
    "queues": {
        "slow": {},
        "redriven": {"dead_letter_queue": "dead"},
        "encrypted": {"kms_key": "alias/aws/sqs"},
        "tagged": {"tags": {"a": "1", "b": "2"}},
        "dead": {},
    },
    "topics": {"news": {"display_name": "News"}, "tagged": {"tags": {"a": "1"}}},
    "buckets": {"versions": {"versioning": True}, "events": {"eventbridge": True}, "encrypted": {}},
    "tables": {
        "timed": {"partition_key": "id", "tags": {"a": "1"}},
        "untimed": {"partition_key": "id", "time_to_live": "until"},
        "indexed": {"partition_key": "id", "global_secondary_indexes": {"by-a": {"partition_key": "a"}}},
        "paid": {"partition_key": "id"},
        "streaming": {"partition_key": "id", "stream_view_type": "NEW_IMAGE"},
        "saved": {"partition_key": "id"},
    },
    "streams": {"growing": {"shards": 1}, "shrinking": {"shards": 1, "retention_period": 48, "tags": {"a": "1"}}},
}
AFTER: dict[str, dict[str, Any]] = {
    "queues": {
        "slow": {"visibility_timeout": 90, "delay": 5, "receive_wait_time": 20, "maximum_message_size": 2048},
        "redriven": {},
        "encrypted": {},
        "tagged": {"tags": {"b": "3"}},
        "dead": {"message_retention_period": 60},
    },
    "topics": {"news": {"kms_key": "alias/aws/sns", "tags": {"a": "1"}}, "tagged": {}},
    "buckets": {
        "versions": {"block_public_access": False},
        "events": {"eventbridge": False, "tags": {"a": "1"}},
        "encrypted": {"kms_key": "arn:aws:kms:eu-west-1:123456789012:key/k"},
    },
    "tables": {
        "timed": {"partition_key": "id", "time_to_live": "until"},
        "untimed": {"partition_key": "id", "tags": {"a": "1"}},
        "indexed": {"partition_key": "id", "global_secondary_indexes": {"by-b": {"partition_key": {"b": "number"}}}},
        "paid": {"partition_key": "id", "read_capacity_units": 2, "write_capacity_units": 3},
        "streaming": {"partition_key": "id", "stream_view_type": "KEYS_ONLY"},
        "saved": {"partition_key": "id", "point_in_time_recovery": True, "deletion_protection": True},
    },
    "streams": {"growing": {"shards": 2, "retention_period": 48, "tags": {"a": "1"}}, "shrinking": {"shards": 1}},
}


def test_what_changes_in_the_manifest_changes_on_aws(project: Project) -> None:
    project.write(resources=BEFORE)
    project.deploy()
    assert project.plan() == {}
    project.write(resources=AFTER)
    plan = project.plan()
    changing = {key for key, action in plan.items() if action["op"] in ("update", "replace")}
    names = {(f"{section[:-1]}", name) for section, named in AFTER.items() for name in named}
    assert changing == (names - {("table", "streaming")}) | {("table_stream", "streaming")}
    project.deploy()
    assert project.plan() == {}


def test_what_is_protected_is_not_deleted(project: Project) -> None:
    project.write(resources={"tables": {"items": {"partition_key": "id", "deletion_protection": True}}})
    project.deploy()
    project.write()
    assert "the table items is protected" in project.deploy("--delete-data", code=1)


def test_drift_is_shown_and_undone(project: Project) -> None:
    project.write(resources={"queues": {"orders": None}, "tables": {"items": {"partition_key": "id"}}})
    project.deploy()
    sqs = project.aws.client("sqs")
    url = sqs.get_queue_url(QueueName="orders")["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "1"})
    project.aws.client("dynamodb").delete_table(TableName="items")
    plan = project.plan()
    assert changed(plan["queue", "orders"]) == {"VisibilityTimeout": (1, 30)}
    assert plan["table", "items"]["op"] == "create"
    project.deploy()
    assert queue(project.aws, "orders")["VisibilityTimeout"] == "30"


def test_data_is_kept_until_it_may_be_deleted(project: Project) -> None:
    project.write(resources=ALL)
    project.deploy()
    s3 = project.aws.client("s3")
    for body in (b"one", b"two"):
        s3.put_object(Bucket="photos-123", Key="a", Body=body)
    s3.delete_object(Bucket="photos-123", Key="a")
    s3.create_multipart_upload(Bucket="photos-123", Key="unfinished")
    project.write()
    kept = {name for (_, name), action in project.plan().items() if action["op"] == "keep"}
    assert kept == {"photos-123", "orders", "orders-dead", "steps.fifo", "items", "clicks"}
    project.deploy()
    assert queue(project.aws, "orders")
    assert project.aws.client("sns").list_topics()["Topics"] == []
    deleted = {name for (_, name), action in project.plan("--delete-data").items() if action["op"] == "delete"}
    assert deleted == kept
    project.deploy("--delete-data")
    assert s3.list_buckets()["Buckets"] == []
    assert project.aws.client("sqs").list_queues().get("QueueUrls", []) == []
    assert project.aws.client("dynamodb").list_tables()["TableNames"] == []
    assert project.aws.client("kinesis").list_streams()["StreamNames"] == []
    assert project.plan() == {}


def test_what_is_there_already_and_not_ours_is_left_as_it_is(project: Project) -> None:
    project.aws.client("sqs").create_queue(QueueName="orders", Attributes={"VisibilityTimeout": "77"})
    project.aws.client("s3").create_bucket(
        Bucket="photos-123", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    project.write({"sqs": "orders"}, resources={"queues": {"orders": None}, "buckets": {"photos-123": None}})
    plan = project.plan()
    assert plan["queue", "orders"]["op"] == plan["bucket", "photos-123"]["op"] == "keep"
    project.deploy()
    assert queue(project.aws, "orders")["VisibilityTimeout"] == "77"
    assert queue(project.aws, "orders")["tags"] == {}
    project.run("destroy", "--yes", "--delete-data")
    assert queue(project.aws, "orders")["VisibilityTimeout"] == "77"
    assert len(project.aws.client("s3").list_buckets()["Buckets"]) == 1


def test_a_table_is_not_made_anew_unless_its_data_may_go(project: Project) -> None:
    project.write(resources={"tables": {"items": {"partition_key": "id"}}})
    project.deploy()
    project.aws.client("dynamodb").put_item(TableName="items", Item={"id": {"S": "1"}})
    project.write(resources={"tables": {"items": {"partition_key": "name"}}})
    action = project.plan()["table", "items"]
    assert action["op"] == "keep"
    assert "--delete-data" in action["reason"]
    project.deploy()
    assert project.aws.client("dynamodb").scan(TableName="items")["Count"] == 1
    assert project.plan("--delete-data")["table", "items"]["op"] == "replace"
    project.deploy("--delete-data")
    key = project.aws.client("dynamodb").describe_table(TableName="items")["Table"]["KeySchema"]
    assert key == [{"AttributeName": "name", "KeyType": "HASH"}]


def table_of_somebody_else(aws: Proxy, **more: Any) -> None:
    aws.client("dynamodb").create_table(
        TableName="items",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        **more,
    )


TABLE = {"table": "items", "starting_position": "TRIM_HORIZON", "stream_view_type": "NEW_IMAGE"}


def test_somebody_elses_table_gets_its_stream_and_keeps_it(project: Project) -> None:
    table_of_somebody_else(project.aws)
    project.write({"dynamodb": TABLE})
    assert project.plan()["table_stream", "items"]["notes"]
    project.deploy()
    assert project.plan() == {}
    project.write()
    project.deploy()
    project.run("destroy", "--yes", "--delete-data")
    table = project.aws.client("dynamodb").describe_table(TableName="items")["Table"]
    assert table["StreamSpecification"]["StreamEnabled"]


def test_a_stream_of_somebody_else_is_not_switched_off_to_show_something_else(project: Project) -> None:
    table_of_somebody_else(
        project.aws, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    )
    project.write({"dynamodb": TABLE})
    said = project.deploy(code=2)
    assert "the table's stream shows NEW_AND_OLD_IMAGES, not NEW_IMAGE" in said
    assert project.aws.writes == []


def test_a_queue_hides_a_message_six_times_as_long_as_its_function_may_take(project: Project) -> None:
    project.write({"sqs": {"queue": "orders"}}, resources={"queues": {"orders": None}}, timeout=60)
    assert "AWS refuses" not in project.run("validate")
    project.deploy()
    assert queue(project.aws, "orders")["VisibilityTimeout"] == "360"


def test_names_may_have_the_stage_in_them(project: Project, tmp_path: Path) -> None:
    project.write(
        {"sqs": "orders-${stage}"}, resources={"queues": {"orders-${stage}": {"dead_letter_queue": "d-${stage}"}}}
    )
    project.deploy()
    assert queue(project.aws, "orders-dev")
    assert queue(project.aws, "d-dev")
    assert (tmp_path / "lambdacli.yaml").exists()


@pytest.mark.parametrize(
    ("resources", "said"),
    [
        ({"queues": {"or ders": None}}, "a name has 1 to 80 letters, digits, _ and -"),
        ({"queues": {"orders": {"content_based_deduplication": True}}}, "unknown key content_based_deduplication"),
        ({"queues": {"orders.fifo": {"dead_letter_queue": "dead"}}}, "expected the name or ARN of a FIFO queue"),
        ({"queues": {"orders": {"visibility_timeout": 50_000}}}, "43200"),
        ({"tables": {"items": None}}, "partition_key"),
        ({"tables": {"items": {"partition_key": {"id": "text"}}}}, "string"),
        ({"buckets": {"Photos": None}}, "lower-case"),
        ({"streams": {"clicks": {"kms_key": "alias/k"}}}, "expected the ARN of a KMS key"),
        ({"lakes": {"a": None}}, "lakes"),
    ],
)  # fmt: skip
def test_mistakes_are_found_without_aws(project: Project, resources: dict[str, Any], said: str) -> None:
    project.write(resources=resources)
    assert said in project.run("validate", code=2)


VIEW = {"table": "items", "starting_position": "LATEST", "stream_view_type": "NEW_IMAGE"}


@pytest.mark.parametrize(
    ("triggers", "table", "said"),
    [
        ([{"table": "items", "starting_position": "LATEST"}], {}, "the table items has no stream"),
        ([VIEW], {"stream_view_type": "KEYS_ONLY"}, "the table's stream shows KEYS_ONLY"),
        ([VIEW, {**VIEW, "stream_view_type": "OLD_IMAGE"}], {}, "wants the table's stream to show NEW_IMAGE"),
    ],
    ids=["none", "another", "two"],
)
def test_a_table_that_is_owned_has_the_stream_that_its_triggers_need(
    project: Project, triggers: list[dict[str, Any]], table: dict[str, Any], said: str
) -> None:
    project.write(
        *({"dynamodb": each} for each in triggers), resources={"tables": {"items": {"partition_key": "id", **table}}}
    )
    assert said in project.run("validate", code=2)


def test_a_bucket_without_versions_has_never_had_any(project: Project) -> None:
    project.write(resources={"buckets": {"plain-123": None}})
    project.deploy()
    assert "Status" not in project.aws.client("s3").get_bucket_versioning(Bucket="plain-123")
    assert project.plan() == {}
