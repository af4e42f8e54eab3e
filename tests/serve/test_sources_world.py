"""What the manifest's functions need is made at a source: by name, as a deployment would make it, and once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from lambdacli import manifest as manifests
from lambdacli.serve import sources
from lambdacli.serve.sources.world import World

if TYPE_CHECKING:
    from pathlib import Path

    from lambdacli.model import Manifest
    from lambdacli.serve.parts import Source

ACCOUNT, REGION = "123456789012", "eu-west-1"


def written(folder: Path, *triggers: dict[str, Any], resources: Any = None, **settings: Any) -> Manifest:
    (folder / "app.py").write_text("def handler(event, context): pass")
    whole = {
        "app": "shop",
        "region": REGION,
        "defaults": {"runtime": "python3.13", "handler": "app.handler", "code": "app.py", "timeout": 20},
        "functions": {"one": {"triggers": list(triggers), **settings}},
        **({"resources": resources} if resources else {}),
    }
    path = folder / "lambdacli.yaml"
    path.write_text(json.dumps(whole))
    return manifests.load(path, environ={})


def world(source: Source, *, ours: bool = True) -> World:
    return World(source.connection, source.account, source.region, ours=ours)


def attributes(source: Source, queue: str) -> dict[str, str]:
    sqs = source.connection.client("sqs")
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    found: dict[str, str] = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return found


PATTERN = {"source": ["shop"]}
NOTHING: dict[str, Any] = {}


@pytest.mark.parametrize(
    ("trigger", "settings", "made"),
    [
        ({"sqs": "orders"}, NOTHING, {"queue orders"}),
        ({"sqs": "orders.fifo"}, NOTHING, {"queue orders.fifo"}),
        ({"sqs": "arn:aws:sqs:us-east-1:999999999999:far"}, NOTHING, {"queue far"}),
        ({"kinesis": {"stream": "clicks", "starting_position": "LATEST"}}, NOTHING, {"stream clicks"}),
        (
            {"kinesis": {"stream": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/clicks/consumer/one:1",
                         "starting_position": "LATEST", "on_failure": {"s3": "failed-clicks"}}},
            NOTHING, {"stream clicks", "bucket failed-clicks"},
        ),
        (
            {"dynamodb": {"table": "stock", "starting_position": "LATEST", "on_failure": {"sns": "failed"}}},
            NOTHING, {"table stock", "stream of the table stock", "topic failed"},
        ),
        (
            {"dynamodb": {"table": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/stock/stream/2026-01-01T00:00:00.000",
                          "starting_position": "LATEST"}},
            NOTHING, {"table stock", "stream of the table stock"},
        ),
        ({"s3": "pictures"}, NOTHING, {"bucket pictures"}),
        ({"sns": {"topic": "news", "redrive_queue": "unheard"}}, NOTHING, {"topic news", "queue unheard"}),
        ({"eventbridge": {"pattern": PATTERN, "event_bus": "deals"}}, NOTHING, {"event bus deals"}),
        (
            {"eventbridge": {"pattern": PATTERN, "event_bus": "arn:aws:events:us-east-1:999999999999:event-bus/far",
                             "dead_letter_queue": "dead"}},
            NOTHING, {"event bus far", "queue dead"},
        ),
        ({"eventbridge": {"pattern": PATTERN}}, NOTHING, set()),  # on the bus that every account has
        ({"logs": {"log_group": "/app/web"}}, NOTHING, {"log group /app/web"}),
        ({"iot": "SELECT * FROM 'devices'"}, NOTHING, set()),
        ({"schedule": {"expression": "rate(1 hour)", "dead_letter_queue": "late"}}, NOTHING, {"queue late"}),
        (
            {"http": "GET /"},
            {"on_failure": {"sqs": "failed"}, "on_success": {"sns": "done"}, "dead_letter": {"sqs": "dead"}},
            {"queue failed", "topic done", "queue dead"},
        ),
        (
            {"http": "GET /"}, {"on_failure": {"s3": "failed-ones"}, "on_success": {"eventbridge": "deals"}},
            {"bucket failed-ones", "event bus deals"},
        ),
        ({"sqs": {"queue": "orders", "enabled": False}}, NOTHING, set()),
    ],
)  # fmt: skip
def test_what_a_trigger_or_a_destination_needs_is_made_once(
    tmp_path: Path, source: Source, trigger: dict[str, Any], settings: dict[str, Any], made: set[str]
) -> None:
    manifest = written(tmp_path, trigger, **settings)
    there = world(source)
    first = there.make(manifest, empty=True)
    assert (set(first.made), first.troubles, first.warnings) == (made, (), ())
    assert there.make(manifest).made == ()
    assert world(source).make(manifest).made == ()  # by somebody who does not know yet that it is there
    assert world(source).make(manifest, empty=True).troubles == ()


@pytest.mark.parametrize(
    ("trigger", "needed"),
    [
        ({"sqs": "orders"}, True),
        ({"iot": "SELECT * FROM 'devices'"}, True),
        ({"eventbridge": {"pattern": PATTERN}}, True),
        ({"eventbridge": {"pattern": PATTERN, "enabled": False}}, False),
        ({"schedule": "rate(1 hour)"}, False),
        ({"schedule": {"expression": "rate(1 hour)", "dead_letter_queue": "late"}}, True),
        ({"http": "GET /"}, False),
    ],
)
def test_a_source_is_needed_where_something_has_to_do_with_one(
    tmp_path: Path, trigger: dict[str, Any], *, needed: bool
) -> None:
    assert sources.needed(written(tmp_path, trigger)) is needed


def test_what_the_manifest_owns_or_sends_to_needs_a_source_too(tmp_path: Path) -> None:
    assert sources.needed(written(tmp_path, resources={"buckets": {"own-bucket": {}}}))
    assert sources.needed(written(tmp_path, on_failure={"sqs": "failed"}))
    assert not sources.needed(written(tmp_path, on_failure={"function": "one"}))


def test_a_queue_hides_its_messages_for_six_times_the_functions_timeout(tmp_path: Path, source: Source) -> None:
    here, far = f"arn:aws:sqs:{REGION}:{ACCOUNT}:here", "arn:aws:sqs:us-east-1:999999999999:far"
    triggers = [{"sqs": "orders"}, {"sqs": here}, {"sqs": far}]
    manifest = written(tmp_path, *triggers, on_failure={"sqs": "failed"})
    assert world(source).make(manifest, empty=True).troubles == ()
    timeouts = {name: attributes(source, name)["VisibilityTimeout"] for name in ("orders", "here", "far", "failed")}
    assert timeouts == {"orders": "120", "here": "120", "far": "120", "failed": "30"}


def test_the_manifests_own_have_their_settings(tmp_path: Path, source: Source) -> None:
    key = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/00000000-0000-0000-0000-000000000000"
    manifest = written(
        tmp_path,
        {"sqs": "orders"},
        {"dynamodb": {"table": "stock", "starting_position": "LATEST", "stream_view_type": "KEYS_ONLY"}},
        resources={
            "queues": {
                "orders": {"dead_letter_queue": "dead", "max_receive_count": 2, "kms_key": key},
                "paid.fifo": {"content_based_deduplication": True, "visibility_timeout": 7},
            },
            "buckets": {"own-bucket": {"versioning": True, "kms_key": key}},
            "topics": {"news.fifo": {}},
            "tables": {
                "stock": {
                    "partition_key": {"sku": "string"}, "sort_key": {"day": "number"}, "time_to_live": "gone",
                    "global_secondary_indexes": {"by-day": {"partition_key": {"day": "number"}}},
                },
                "prices": {"partition_key": "sku", "stream_view_type": "OLD_IMAGE"},
            },
            "streams": {"clicks": {"shards": 3, "retention_period": 48}},
        },
    )  # fmt: skip
    done = world(source).make(manifest, empty=True)
    assert (done.troubles, done.warnings) == ((), ())
    orders = attributes(source, "orders")
    dead = {"deadLetterTargetArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead", "maxReceiveCount": 2}
    assert (json.loads(orders["RedrivePolicy"]), orders["VisibilityTimeout"]) == (dead, "120")
    paid = attributes(source, "paid.fifo")
    assert (paid["FifoQueue"], paid["ContentBasedDeduplication"], paid["VisibilityTimeout"]) == ("true", "true", "7")
    dynamodb = source.connection.client("dynamodb")
    stock = dynamodb.describe_table(TableName="stock")["Table"]
    assert [each["AttributeName"] for each in stock["KeySchema"]] == ["sku", "day"]
    assert stock["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    assert [each["IndexName"] for each in stock["GlobalSecondaryIndexes"]] == ["by-day"]
    assert dynamodb.describe_time_to_live(TableName="stock")["TimeToLiveDescription"]["AttributeName"] == "gone"
    prices = dynamodb.describe_table(TableName="prices")["Table"]["StreamSpecification"]
    assert prices["StreamViewType"] == "OLD_IMAGE"
    clicks = source.connection.client("kinesis").describe_stream_summary(StreamName="clicks")[
        "StreamDescriptionSummary"
    ]
    assert (clicks["OpenShardCount"], clicks["RetentionPeriodHours"]) == (3, 48)
    s3 = source.connection.client("s3")
    assert s3.get_bucket_versioning(Bucket="own-bucket")["Status"] == "Enabled"
    topics = source.connection.client("sns").list_topics()["Topics"]
    assert [each["TopicArn"].rpartition(":")[2] for each in topics] == ["news.fifo"]


def test_a_table_that_nothing_tells_the_key_of_has_one_and_a_stream_of_all(tmp_path: Path, source: Source) -> None:
    manifest = written(tmp_path, {"dynamodb": {"table": "stock", "starting_position": "LATEST"}})
    world(source).make(manifest, empty=True)
    table = source.connection.client("dynamodb").describe_table(TableName="stock")["Table"]
    assert table["KeySchema"] == [{"AttributeName": "id", "KeyType": "HASH"}]
    assert table["AttributeDefinitions"] == [{"AttributeName": "id", "AttributeType": "S"}]
    assert table["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"


def test_a_changed_setting_takes_effect_and_nothing_is_lost(tmp_path: Path, source: Source) -> None:
    there = world(source)
    there.make(written(tmp_path, resources={"queues": {"orders": {"visibility_timeout": 7}}}), empty=True)
    sqs = source.connection.client("sqs")
    url = sqs.get_queue_url(QueueName="orders")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="kept")
    done = there.make(written(tmp_path, resources={"queues": {"orders": {"visibility_timeout": 70}}}))
    assert (done.made, done.troubles) == ((), ())
    assert attributes(source, "orders")["VisibilityTimeout"] == "70"
    there.make(written(tmp_path))  # it has left the manifest, and stays
    assert attributes(source, "orders")["ApproximateNumberOfMessages"] == "1"


def test_what_cannot_be_changed_stays_which_is_said(tmp_path: Path, source: Source) -> None:
    there = world(source)
    there.make(written(tmp_path, resources={"tables": {"stock": {"partition_key": "id"}}}), empty=True)
    done = there.make(written(tmp_path, resources={"tables": {"stock": {"partition_key": "sku"}}}))
    assert done.warnings == ("table stock stays as it is: KeySchema cannot be changed",)


def test_where_others_have_it_nothing_that_is_there_is_changed(tmp_path: Path, source: Source) -> None:
    source.connection.client("sqs").create_queue(QueueName="orders", Attributes={"VisibilityTimeout": "5"})
    done = world(source, ours=False).make(written(tmp_path, {"sqs": "orders"}, {"sqs": "returns"}))
    assert (done.made, done.troubles) == (("queue returns",), ())
    assert attributes(source, "orders")["VisibilityTimeout"] == "5"


def test_what_cannot_be_made_is_told_with_its_place_and_the_rest_is_made(tmp_path: Path, source: Source) -> None:
    done = world(source).make(written(tmp_path, {"s3": "a..b"}, {"sqs": "orders"}), empty=True)
    assert done.made == ("queue orders",)
    [trouble] = done.troubles
    assert trouble.message.startswith("functions.one.triggers[0].s3: ")
    assert trouble.exit_code == 1
