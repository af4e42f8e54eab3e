"""The exact shapes of queues, streams, topics, S3's other events and destinations: one test per trap."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from typing import Any

import pytest

from lambdacli import events
from lambdacli.events.wrap import wrapped

SOURCES = ("kinesis-source", "direct-put", "cloudwatch-logs", "apachelog", "syslog", "sqs")


def render(name: str, **parameters: Any) -> Any:
    count = parameters.pop("count", None)
    return events.render(events.load(name), {k.replace("_", "-"): v for k, v in parameters.items()}, count=count)


def decoded(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


# S3 Batch Operations, S3 Object Lambda


def test_batch_operations_name_a_bucket_by_arn_or_by_name() -> None:
    first, second = render("s3-batch-invocation", bucket="b"), render("s3-batch-invocation-v2", bucket="b")
    assert first["tasks"][0]["s3BucketArn"] == "arn:aws:s3:::b"
    assert second["tasks"][0]["s3Bucket"] == "b"
    assert [each["invocationSchemaVersion"] for each in (first, second)] == ["1.0", "2.0"]
    assert "userArguments" not in first["job"]


def test_batch_operations_encode_keys_and_have_arguments_of_text() -> None:
    event = render("s3-batch-invocation-v2", key=["a b/c+d", "e"], user_arguments={"n": 1})
    assert [task["s3Key"] for task in event["tasks"]] == ["a+b/c%2Bd", "e"]
    assert len({task["taskId"] for task in event["tasks"]}) == 2
    assert event["job"]["userArguments"] == {"n": "1"}
    assert "userArguments" not in render("s3-batch-invocation-v2", user_arguments={})["job"]


@pytest.mark.parametrize(
    ("name", "context"),
    [
        ("get-object", "getObjectContext"),
        ("get-object-assumed-role", "getObjectContext"),
        ("head-object", "headObjectContext"),
        ("list-objects", "listObjectsContext"),
        ("list-objects-v2", "listObjectsV2Context"),
    ],
)
def test_object_lambda_has_the_context_of_its_operation(name: str, context: str) -> None:
    event = render(f"s3-object-lambda-{name}", region="eu-west-1", access_point="olap", supporting_access_point="ap")
    assert [key for key in event if key.endswith("Context")] == [context]
    assert event[context]["inputS3Url"].startswith("https://ap-123456789012.s3-accesspoint.eu-west-1.amazonaws.com/")
    assert ("outputRoute" in event[context]) == ("outputToken" in event[context]) == name.startswith("get")
    host = "olap-123456789012.s3-object-lambda.eu-west-1.amazonaws.com"
    assert event["userRequest"]["headers"]["Host"] == host
    assert event["userRequest"]["url"].startswith(f"https://{host}/")


def test_object_lambda_presigns_the_encoded_key_and_shows_the_decoded_one() -> None:
    event = render("s3-object-lambda-get-object", key="a b+c/ü")
    assert "/a%20b%2Bc/%C3%BC?X-Amz-" in event["getObjectContext"]["inputS3Url"]
    assert event["userRequest"]["url"].endswith("/a b+c/ü")
    listing = render("s3-object-lambda-list-objects-v2", prefix="a b/")
    assert "/?list-type=2&prefix=a%20b%2F&X-Amz-" in listing["listObjectsV2Context"]["inputS3Url"]


def test_object_lambda_tells_roles_from_users() -> None:
    user = render("s3-object-lambda-get-object", identity="jane")["userIdentity"]
    assert (user["type"], user["arn"]) == ("IAMUser", "arn:aws:iam::123456789012:user/jane")
    role = render("s3-object-lambda-get-object-assumed-role", identity="deployer/ci")["userIdentity"]
    assert role["arn"] == "arn:aws:sts::123456789012:assumed-role/deployer/ci"
    issuer = role["sessionContext"]["sessionIssuer"]
    assert (issuer["arn"], issuer["userName"]) == ("arn:aws:iam::123456789012:role/deployer", "deployer")
    assert role["sessionContext"]["attributes"]["mfaAuthenticated"] == "false"


def test_delete_marker_has_a_version() -> None:
    assert render("s3-delete-marker-created")["Records"][0]["s3"]["object"]["versionId"]


def test_one_event_of_s3_may_have_several_names() -> None:
    late = "Replication:OperationReplicatedAfterThreshold"
    (record,) = render("s3-replication-failed", event_name=late)["Records"]
    assert record["eventName"] == late
    assert "failureReason" not in record["replicationEventData"]
    assert render("s3-replication-failed")["Records"][0]["replicationEventData"]["failureReason"]
    (record,) = render("s3-delete-marker-created", event_name="LifecycleExpiration:DeleteMarkerCreated")["Records"]
    assert record["userIdentity"]["principalId"] == record["requestParameters"]["sourceIPAddress"] == "s3.amazonaws.com"


# SQS, SNS


def test_a_dead_letter_queue_names_the_queue_before_it() -> None:
    (record,) = render("sqs-receive-message-dlq", source_queue_name="orders", body="x")["Records"]
    assert record["attributes"]["DeadLetterQueueSourceArn"] == "arn:aws:sqs:us-east-1:123456789012:orders"
    assert record["eventSourceARN"].endswith(":MyDeadLetterQueue")
    assert int(record["attributes"]["ApproximateReceiveCount"]) > 1
    assert "DeadLetterQueueSourceArn" not in render("sqs-receive-message")["Records"][0]["attributes"]


def test_a_group_and_a_trace_are_there_only_when_given() -> None:
    plain = render("sqs-receive-message")["Records"][0]["attributes"]
    assert not {"MessageGroupId", "AWSTraceHeader"} & set(plain)
    fair = render("sqs-receive-message", group="tenant", trace_header="Root=1-2-3")["Records"][0]["attributes"]
    assert (fair["MessageGroupId"], fair["AWSTraceHeader"]) == ("tenant", "Root=1-2-3")


def test_an_alarm_names_its_region_as_people_do() -> None:
    (record,) = render("sns-cloudwatch-alarm", region="eu-central-1", alarm_name="busy", state="OK")["Records"]
    message = json.loads(record["Sns"]["Message"])
    assert record["Sns"]["Subject"] == 'OK: "busy" in EU (Frankfurt)'
    assert (message["Region"], message["NewStateValue"]) == ("EU (Frankfurt)", "OK")
    assert message["AlarmArn"] == "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:busy"
    assert re.fullmatch(r"[-\d]{10}T[:\d]{8}\.\d{3}\+0000", message["StateChangeTime"])
    assert isinstance(message["Trigger"]["Threshold"], float)
    assert json.loads(render("sns-cloudwatch-alarm", region="xx-new-1")["Records"][0]["Sns"]["Message"])["Region"] == (
        "xx-new-1"
    )


def test_topics_carry_notifications_of_s3_and_ses() -> None:
    (record,) = render("sns-s3-notification", key="a b")["Records"]
    assert json.loads(record["Sns"]["Message"])["Records"][0]["s3"]["object"]["key"] == "a+b"
    (record,) = render("sns-ses-notification", subject="hi", topic="mails")["Records"]
    message = json.loads(record["Sns"]["Message"])
    assert message["notificationType"] == "Received"
    assert message["mail"]["commonHeaders"]["subject"] == "hi"
    assert message["receipt"]["action"]["topicArn"] == record["Sns"]["TopicArn"]


# Kinesis, Firehose, Kinesis Data Analytics


def fields(data: bytes) -> list[tuple[int, bytes | int]]:
    """The fields of a protobuf message: varints and bytes."""
    found: list[tuple[int, bytes | int]] = []
    at = 0

    def varint() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(data):
        number, kind = divmod(varint(), 8)
        value = varint()
        if kind == 2:
            found.append((number, data[at : at + value]))
            at += value
        else:
            found.append((number, value))
    return found


@pytest.mark.parametrize("name", ["kinesis-get-records-kpl", "kinesis-analytics-kpl"])
def test_kpl_is_magic_protobuf_and_digest(name: str) -> None:
    event = render(name, data=b"\x00\xff" * 200, more_data=["zwei", "ü"], partition_key="p")
    record = (event.get("Records") or event["records"])[0]
    data = decoded(record.get("kinesis", record)["data"])
    message = data[4:-16]
    assert data[:4] == bytes.fromhex("f3899ac2")
    assert data[-16:] == hashlib.md5(message).digest()  # noqa: S324 - what the KPL uses
    (_, key), *records = fields(message)
    assert key == b"p"
    assert [dict(fields(each))[3] for _, each in records if isinstance(each, bytes)] == [
        b"\x00\xff" * 200, b"zwei", "ü".encode(),
    ]  # fmt: skip
    assert {dict(fields(each))[1] for _, each in records if isinstance(each, bytes)} == {0}


@pytest.mark.parametrize(
    ("change", "images"),
    [("INSERT", {"NewImage"}), ("MODIFY", {"NewImage", "OldImage"}), ("REMOVE", {"OldImage"})],
)
def test_dynamodb_in_kinesis_has_a_table_and_no_stream(change: str, images: set[str]) -> None:
    (record,) = render("kinesis-dynamodb-stream", event_name=change, table="orders", keys={"Id": 7})["Records"]
    data = json.loads(decoded(record["kinesis"]["data"]))
    assert (data["tableName"], data["eventName"], data["userIdentity"]) == ("orders", change, None)
    assert {"NewImage", "OldImage"} & set(data["dynamodb"]) == images
    assert data["dynamodb"]["Keys"] == {"Id": {"N": "7"}}
    assert not {"eventSourceARN", "eventVersion"} & set(data)
    assert "StreamViewType" not in data["dynamodb"]


def test_dynamodb_in_kinesis_counts_milliseconds_or_microseconds() -> None:
    def created(**parameters: Any) -> int:
        (record,) = render("kinesis-dynamodb-stream", time="2026-01-02T03:04:05.678Z", **parameters)["Records"]
        data = json.loads(decoded(record["kinesis"]["data"]))["dynamodb"]
        return int(data["ApproximateCreationDateTime"])

    assert created() == 1767323045678
    assert created(precision="MICROSECOND") == 1767323045678000


@pytest.mark.parametrize("source", SOURCES)
def test_firehose_arrival_is_in_whole_milliseconds(source: str) -> None:
    (record,) = render(f"firehose-{source}", time="2026-01-02T03:04:05.678Z")["records"]
    assert (record["approximateArrivalTimestamp"], len(record["recordId"])) == (1767323045678, 62)
    assert ("kinesisRecordMetadata" in record) == (source == "kinesis-source")


def test_firehose_names_its_source_only_when_there_is_one() -> None:
    assert "sourceKinesisStreamArn" not in render("firehose-direct-put")
    event = render("firehose-kinesis-source", stream="s", count=2)
    assert event["sourceKinesisStreamArn"].endswith(":stream/s")
    for record in event["records"]:
        assert record["recordId"] == record["kinesisRecordMetadata"]["sequenceNumber"] + "000000"


def test_firehose_of_msk_has_values_in_place_of_data() -> None:
    event = render("firehose-msk-source", value=["eins", b"\xff"], offset=7, partition_number=3)
    assert [decoded(record["kafkaRecordValue"]) for record in event["records"]] == [b"eins", b"\xff"]
    assert all("data" not in record for record in event["records"])
    assert event["records"][1]["mskRecordMetadata"]["offset"] == "8"
    assert event["records"][1]["mskRecordMetadata"]["partitionId"] == "3"
    assert "kafka" in event["sourceMSKArn"]


def test_firehose_holds_a_line_a_message_or_a_log() -> None:
    def data(name: str, **parameters: Any) -> bytes:
        return decoded(render(name, **parameters)["records"][0]["data"])

    assert re.fullmatch(rb'192\.0\.2\.1 - - \[[^]]+\] "GET [^"]+" 200 \d+', data("firehose-apachelog"))
    assert re.fullmatch(rb"Jan 02 03:04:05 \S+ \S+\[\d+\]: .*", data("firehose-syslog"))
    assert json.loads(data("firehose-sqs", body="x"))["body"] == "x"
    log = json.loads(gzip.decompress(data("firehose-cloudwatch-logs", message="line")))
    assert log["logEvents"][0]["message"] == "line"


def test_analytics_tells_its_sources_apart() -> None:
    stream, firehose = render("kinesis-analytics"), render("kinesis-analytics-firehose-source")
    assert ":kinesis:" in stream["streamArn"]
    assert stream["records"][0]["kinesisStreamRecordMetadata"]["sequenceNumber"] == stream["records"][0]["recordId"]
    assert ":firehose:" in firehose["streamArn"]
    assert list(firehose["records"][0]["kinesisFirehoseRecordMetadata"]) == ["approximateArrivalTimestamp"]
    results = render("kinesis-analytics-output-delivery", retry_hint=2)
    assert "streamArn" not in results
    assert results["records"][0]["lambdaDeliveryRecordMetadata"] == {"retryHint": 2}


def test_analytics_compressed_records_are_gzip() -> None:
    (record,) = render("kinesis-analytics-compressed", data=b"\x00\xff")["records"]
    assert gzip.decompress(decoded(record["data"])) == b"\x00\xff"


# Kafka, MQ


@pytest.mark.parametrize("name", ["kafka-records", "msk-records"])
def test_kafka_header_bytes_have_a_sign_and_values_may_be_bytes(name: str) -> None:
    (records,) = render(name, headers={"h": "aé"}, value=b"\xff\x00", key="")["records"].values()
    assert records[0]["headers"] == [{"h": [97, -61, -87]}]
    assert decoded(records[0]["value"]) == b"\xff\x00"
    assert "key" not in records[0]


def test_rabbitmq_counts_the_bytes_of_the_body() -> None:
    (messages,) = render("mq-rabbitmq", data=["é", b"\xff\xff\xff"])["rmqMessagesByQueue"].values()
    assert [each["basicProperties"]["bodySize"] for each in messages] == [2, 3]


def test_activemq_messages_have_ids_of_their_own() -> None:
    messages = render("mq-activemq", data=["a", "b"])["messages"]
    assert len({each["messageID"] for each in messages}) == 2
    assert [decoded(each["data"]) for each in messages] == [b"a", b"b"]


# DocumentDB


@pytest.mark.parametrize(
    ("change", "operation", "keys"),
    [
        ("update", "update", {"documentKey", "ns", "updateDescription"}),
        ("replace", "replace", {"documentKey", "ns", "fullDocument"}),
        ("delete", "delete", {"documentKey", "ns"}),
        ("drop", "drop", {"ns"}),
        ("drop-database", "dropDatabase", {"ns"}),
        ("rename", "rename", {"ns", "to"}),
        ("invalidate", "invalidate", set()),
    ],
)
def test_documentdb_says_of_each_change_what_it_is_about(change: str, operation: str, keys: set[str]) -> None:
    event = render(f"documentdb-{change}")["events"][0]["event"]
    assert event["operationType"] == operation
    assert set(event) - {"_id", "clusterTime", "operationType"} == keys


def test_documentdb_update_has_the_document_only_where_it_is_looked_up() -> None:
    event = render("documentdb-update", document={"a": 1}, removed_fields="b", full_document={"a": 1, "c": 2})
    change = event["events"][0]["event"]
    assert change["updateDescription"] == {"removedFields": ["b"], "updatedFields": {"a": 1}}
    assert change["fullDocument"] == {"_id": change["documentKey"]["_id"], "a": 1, "c": 2}


def test_documentdb_names_what_is_left_after_a_drop_and_a_rename() -> None:
    assert render("documentdb-drop-database", database="d")["events"][0]["event"]["ns"] == {"db": "d"}
    renamed = render("documentdb-rename", collection="c", to_collection="n")["events"][0]["event"]
    assert (renamed["ns"]["coll"], renamed["to"]) == ("c", {"db": "test_database", "coll": "n"})


# Destinations


def test_destinations_tell_what_happened_to_an_invocation() -> None:
    success = render("lambda-destination-success", function_name="f", request_payload='{"a": 1}')
    assert success["requestContext"]["condition"] == "Success"
    assert success["requestContext"]["functionArn"].endswith(":function:f:$LATEST")
    assert success["requestPayload"] == {"a": 1}
    assert "functionError" not in success["responseContext"]
    failure = render("lambda-destination-failure", response_payload="null")
    assert failure["requestContext"]["approximateInvokeCount"] == 3
    assert failure["responseContext"]["functionError"] == "Unhandled"
    assert failure["responsePayload"] is None


def test_what_was_never_tried_has_no_response() -> None:
    event = render("lambda-destination-failure", condition="EventAgeExceeded")
    assert event["requestContext"]["approximateInvokeCount"] == 0
    assert not {"responseContext", "responsePayload"} & set(event)
    tried = render("lambda-destination-failure", condition="EventAgeExceeded", invoke_count=1)
    assert {"responseContext", "responsePayload"} < set(tried)


def test_a_stream_tells_where_the_batch_lies_and_holds_no_records() -> None:
    event = render("dynamodb-on-failure", table="t", batch_size=3, sequence_number="100")
    batch = event["DDBStreamBatchInfo"]
    assert (batch["startSequenceNumber"], batch["endSequenceNumber"], batch["batchSize"]) == ("100", "102", 3)
    assert ":table/t/stream/" in batch["streamArn"]
    assert event["requestContext"]["functionArn"].endswith(":function:my-function")
    assert not {"requestPayload", "responsePayload"} & set(event)
    assert re.fullmatch("shardId-00000001767323045678-[0-9a-f]{8}", batch["shardId"])


@pytest.mark.parametrize("name", ["dynamodb-time-window", "kinesis-time-window"])
def test_a_window_begins_with_a_minute_and_holds_its_records(name: str) -> None:
    event = render(name, time="2026-01-02T03:59:59.678Z")
    assert event["window"] == {"start": "2026-01-02T03:59:00Z", "end": "2026-01-02T04:00:00Z"}
    (first, *_) = event["Records"]
    at = (
        first["dynamodb"]["ApproximateCreationDateTime"]
        if "dynamodb" in first
        else (first["kinesis"]["approximateArrivalTimestamp"])
    )
    assert 1767326340 <= at < 1767326400


@pytest.mark.parametrize("name", ["dynamodb-time-window", "kinesis-time-window"])
def test_a_window_may_end_before_its_time(name: str) -> None:
    assert render(name)["isWindowTerminatedEarly"] is False
    assert render(name, terminated_early=True)["isWindowTerminatedEarly"] is True


@pytest.mark.parametrize("name", ["sns-s3-notification", "sns-ses-notification", "sns-cloudwatch-alarm"])
def test_a_notification_travels_without_the_record_around_it(name: str) -> None:
    queue, topic = events.load("sqs-receive-message"), events.load(name)
    (record,) = events.render(wrapped([queue, topic]), {"topic": "t"})["Records"]
    carried = json.loads(record["body"])
    assert carried["TopicArn"].endswith(":t")
    assert {"Message", "Subject", "SigningCertURL", "UnsubscribeURL"} < set(carried)
    assert "MessageAttributes" not in carried
