"""What no emulator shows: states, conflicts and answers of AWS, played by a connection that goes nowhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lambdacli.connection import Connection
from lambdacli.deploy.aws import Aws
from lambdacli.deploy.resources import Actual, Deployed, load
from lambdacli.model import Manifest
from lambdacli.refusals import Refused
from lambdacli.resource import Place

if TYPE_CHECKING:
    from collections.abc import Mapping

ALIAS = "arn:aws:lambda:eu-west-1:123456789012:function:shop-dev-reader:live"
QUEUE = "arn:aws:sqs:eu-west-1:123456789012:orders"
NAME = "reader/sqs:orders"
PLACE = Place(Manifest(Path("/p/lambdacli.yaml"), "shop", "dev", "eu-west-1", {}), "123456789012", "eu-west-1")
TAGS = {"lambdacli:app": "shop", "lambdacli:stage": "dev"}
MAPPING: dict[str, Any] = {"UUID": "u1", "EventSourceArn": QUEUE, "FunctionArn": ALIAS, "State": "Enabled"}


class Scripted(Connection):
    """Answers each operation with what stands in the script for it, the last answer again and again."""

    def __init__(self, **script: list[Any]) -> None:
        super().__init__("", "eu-west-1")
        self.script = script
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def once(self, service: str, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        self.asked.append((operation, dict(parameters)))
        answers = self.script[operation]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return dict(answer)

    def pages(self, service: str, operation: str, key: str, parameters: Mapping[str, Any]) -> list[Any]:
        return list(self.once(service, operation, parameters)[key])

    def pause(self, seconds: float) -> None:
        """Nobody waits."""

    def parameters(self, operation: str) -> list[dict[str, Any]]:
        return [given for asked, given in self.asked if asked == operation]


def listed(*mappings: dict[str, Any]) -> dict[str, Any]:
    return {"EventSourceMappings": list(mappings)}


def gone(operation: str) -> Refused:
    return Refused("lambda", operation, "ResourceNotFoundException", "gone")


TAKEN = Refused("lambda", "create_event_source_mapping", "ResourceConflictException", "mapping already exists")
WANTED = {"FunctionName": ALIAS, "EventSourceArn": QUEUE, "Enabled": True, "BatchSize": 10, "FilterCriteria": {}}
KIND = load("event_source_mapping")


def test_one_that_is_being_deleted_is_waited_for() -> None:
    connection = Scripted(
        create_event_source_mapping=[TAKEN, {**MAPPING, "UUID": "u2", "State": "Creating"}],
        list_event_source_mappings=[listed({**MAPPING, "State": "Deleting"})],
        get_event_source_mapping=[
            {**MAPPING, "State": "Deleting"},
            gone("get_event_source_mapping"),
            {**MAPPING, "UUID": "u2", "State": "Creating"},
            {**MAPPING, "UUID": "u2"},
        ],
    )
    assert KIND.create(NAME, WANTED, Aws(connection, PLACE, {}, cached=False))["uuid"] == "u2"
    assert len(connection.parameters("create_event_source_mapping")) == 2


def test_one_that_is_there_is_for_the_engine_to_adopt() -> None:
    connection = Scripted(create_event_source_mapping=[TAKEN], list_event_source_mappings=[listed(MAPPING)])
    with pytest.raises(Refused) as refused:
        KIND.create(NAME, WANTED, Aws(connection, PLACE, {}, cached=False))
    assert refused.value.exists


def test_one_that_is_being_deleted_is_not_there() -> None:
    connection = Scripted(list_event_source_mappings=[listed({**MAPPING, "State": "Deleting"})])
    assert KIND.read(NAME, WANTED, Aws(connection, PLACE, {}, cached=False)) is None


def test_deleting_waits_until_it_is_gone() -> None:
    connection = Scripted(
        delete_event_source_mapping=[{**MAPPING, "State": "Deleting"}],
        get_event_source_mapping=[{**MAPPING, "State": "Deleting"}, gone("get_event_source_mapping")],
    )
    KIND.delete(NAME, Actual({}, more={"UUID": "u1"}), Aws(connection, PLACE, {}, cached=False))
    assert len(connection.parameters("get_event_source_mapping")) == 2


def test_somebody_deletes_it_meanwhile() -> None:
    connection = Scripted(
        create_event_source_mapping=[{**MAPPING, "State": "Creating"}],
        get_event_source_mapping=[gone("get_event_source_mapping")],
    )
    with pytest.raises(Refused, match="somebody has deleted it"):
        KIND.create(NAME, WANTED, Aws(connection, PLACE, {}, cached=False))


def test_a_second_mapping_of_one_source_is_found() -> None:
    theirs = {**MAPPING, "UUID": "u3", "FunctionArn": ALIAS.removesuffix(":live")}
    connection = Scripted(list_event_source_mappings=[listed(MAPPING, {**MAPPING, "UUID": "u2"}, theirs)])
    function = Deployed("reader", "shop-dev-reader", ALIAS.removesuffix(":live"), ALIAS)
    found = dict(KIND.found_on(function, Aws(connection, PLACE, {}, cached=False)))
    assert {name: actual.more["UUID"] for name, actual in found.items()} == {NAME: "u1", f"{NAME}#2": "u2"}


def test_encrypted_filters_are_asked_for_one_by_one() -> None:
    key = "arn:aws:kms:eu-west-1:123456789012:key/k"
    filters = {"Filters": [{"Pattern": '{ "body": ["x"] }'}]}
    connection = Scripted(
        list_event_source_mappings=[listed({**MAPPING, "KMSKeyArn": key})],
        get_event_source_mapping=[{**MAPPING, "KMSKeyArn": key, "FilterCriteria": filters}],
    )
    actual = KIND.read(NAME, WANTED, Aws(connection, PLACE, {}, cached=False))
    assert actual is not None
    assert KIND.same(
        "FilterCriteria", {"Filters": [{"Pattern": '{"body":["x"]}'}]}, actual.properties["FilterCriteria"]
    )


@pytest.mark.parametrize("state", ["Creating", "Updating"])
def test_nobody_knows_yet_whether_it_is_enabled(state: str) -> None:
    connection = Scripted(list_event_source_mappings=[listed({**MAPPING, "State": state})])
    actual = KIND.read(NAME, WANTED, Aws(connection, PLACE, {}, cached=False))
    assert actual is not None
    assert KIND.same("Enabled", wanted=False, actual=actual.properties["Enabled"])


def test_kafka_is_changed_in_structures_of_its_own() -> None:
    registry = {"SchemaRegistryURI": "https://registry.example", "EventRecordFormat": "JSON"}
    wanted = {**WANTED, "ConsumerGroupId": "g", "SchemaRegistryConfig": registry, "KMSKeyArn": ""}
    connection = Scripted(update_event_source_mapping=[MAPPING])
    aws, actual = Aws(connection, PLACE, {}, cached=False), Actual({}, more={"UUID": "u1"})
    KIND.update(NAME, wanted, actual, {"SchemaRegistryConfig"}, aws)
    KIND.update(NAME, {**wanted, "SelfManagedEventSource": {}}, actual, {"SchemaRegistryConfig", "KMSKeyArn"}, aws)
    managed, own = connection.parameters("update_event_source_mapping")
    config = {"ConsumerGroupId": "g", "SchemaRegistryConfig": registry}
    assert managed == {"UUID": "u1", "AmazonManagedKafkaEventSourceConfig": config}
    assert own["SelfManagedKafkaEventSourceConfig"] == config
    assert own["FilterCriteria"] == {}


def test_what_aws_fills_in_is_no_difference() -> None:
    assert KIND.same("ProvisionedPollerConfig", {"MinimumPollers": 2}, {"MinimumPollers": 2, "MaximumPollers": 200})
    assert not KIND.same("ProvisionedPollerConfig", {}, {"MinimumPollers": 2, "MaximumPollers": 200})
    assert KIND.same("SourceAccessConfigurations", [{"Type": "A"}, {"Type": "B"}], [{"Type": "B"}, {"Type": "A"}])


def summary(**more: Any) -> dict[str, Any]:
    known = {"StreamStatus": "ACTIVE", "OpenShardCount": 4, "RetentionPeriodHours": 24, "EncryptionType": "NONE"}
    return {"StreamDescriptionSummary": {**known, **more}}


def test_a_stream_gets_shards_of_its_own() -> None:
    connection = Scripted(
        update_stream_mode=[{}],
        update_shard_count=[{}],
        describe_stream_summary=[summary(StreamStatus="UPDATING"), summary()],
    )
    actual = Actual({"StreamMode": "ON_DEMAND", "ShardCount": 4}, {"arn": "a"})
    wanted = {"StreamMode": "PROVISIONED", "ShardCount": 2}
    load("stream").update(
        "clicks", wanted, actual, {"StreamMode", "ShardCount"}, Aws(connection, PLACE, {}, cached=False)
    )
    writes = [operation for operation, _ in connection.asked if operation.startswith("update_")]
    assert writes == ["update_stream_mode", "update_shard_count"]
    assert connection.parameters("update_shard_count")[0]["TargetShardCount"] == 2


def test_a_stream_whose_name_is_just_being_deleted() -> None:
    there = Refused("kinesis", "create_stream", "ResourceInUseException", "Stream clicks already exists")
    connection = Scripted(
        create_stream=[there, {}],
        describe_stream_summary=[
            summary(StreamStatus="DELETING"),
            summary(StreamStatus="DELETING"),
            Refused("kinesis", "describe_stream_summary", "ResourceNotFoundException", "gone"),
            summary(StreamModeDetails={"StreamMode": "ON_DEMAND"}),
        ],
        list_tags_for_stream=[{"Tags": [{"Key": key, "Value": value} for key, value in TAGS.items()]}],
    )
    wanted = {"StreamMode": "ON_DEMAND", "RetentionPeriodHours": 24, "KeyId": "", "Tags": TAGS}
    load("stream").create("clicks", wanted, Aws(connection, PLACE, {}, cached=False))
    assert len(connection.parameters("create_stream")) == 2


def test_an_older_boto3_makes_buckets_and_streams_without_tags_and_tags_them_then() -> None:
    unknown = Refused("s3", "create_bucket", "InvalidParameter", "Unknown parameter Tags")
    connection = Scripted(create_bucket=[unknown, {}], get_bucket_tagging=[{"TagSet": []}], put_bucket_tagging=[{}])
    load("bucket").create("photos", {"Tags": TAGS}, Aws(connection, PLACE, {}, cached=False))
    _, second = connection.parameters("create_bucket")
    assert second == {"Bucket": "photos", "CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}
    assert connection.parameters("put_bucket_tagging")[0]["Tagging"]["TagSet"][0]["Key"] == "lambdacli:app"


def test_the_first_region_is_no_location() -> None:
    connection = Scripted(create_bucket=[{}], get_bucket_tagging=[{"TagSet": []}], put_bucket_tagging=[{}])
    place = PLACE._replace(region="us-east-1")
    load("bucket").create("photos", {"Tags": TAGS}, Aws(connection, place, {}, cached=False))
    assert "LocationConstraint" not in connection.parameters("create_bucket")[0]["CreateBucketConfiguration"]


def test_a_bucket_that_nobody_here_may_look_into_is_in_the_way() -> None:
    connection = Scripted(head_bucket=[Refused("s3", "head_bucket", "403", "Forbidden")])
    bucket = load("bucket")
    actual = bucket.read("photos", {"Tags": TAGS}, Aws(connection, PLACE, {}, cached=False))
    assert actual is not None
    assert not actual.owned
    assert "perhaps of another account" in bucket.objection({}, actual, PLACE)


@pytest.mark.parametrize("kind", ["queue", "topic", "stream", "table"])
def test_nobody_is_asked_about_what_lies_elsewhere(kind: str) -> None:
    arn = "arn:aws:any:us-east-1:210987654321:thing"
    actual = load(kind).read(arn, {}, Aws(Scripted(), PLACE, {}))
    assert actual is not None
    assert actual.attributes["arn"] == arn
