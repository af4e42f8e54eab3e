from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lambdacli import triggers
from lambdacli.model import Function, Manifest, Trigger
from lambdacli.resource import Grant, Joined, Place, Ref, Resource
from lambdacli.triggers import _mappings as mappings

QUEUE = "arn:aws:sqs:eu-west-1:123456789012:orders"
CLUSTER = "arn:aws:kafka:eu-west-1:123456789012:cluster/events/1a2b"
SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:s-AbCdEf"  # noqa: S105 - an ARN
KEY = "arn:aws:kms:eu-west-1:123456789012:key/k"


def deployment(
    kind: str, settings: dict[str, Any], owned: dict[str, Any] | None = None
) -> tuple[list[Resource], list[Grant]]:
    trigger = Trigger(kind, settings)
    function = Function("reader", "app.handler", "python3.13", Path("/p"), triggers=(trigger,))
    manifest = Manifest(
        Path("/p/lambdacli.yaml"), "shop", "dev", "eu-west-1", {"reader": function}, resources=owned or {}
    )
    yielded = list(triggers.load(kind).deployment(trigger, function, Place(manifest, "123456789012", "eu-west-1")))
    resources = [each for each in yielded if isinstance(each, Resource)]
    return resources, [each for each in yielded if isinstance(each, Grant)]


def mapping(kind: str, settings: dict[str, Any]) -> Resource:
    resources, _ = deployment(kind, settings)
    (found,) = [each for each in resources if each.kind == "event_source_mapping"]
    return found


def allowed(kind: str, settings: dict[str, Any]) -> dict[str, set[Any]]:
    """Actions, each with what it is allowed on."""
    _, grants = deployment(kind, settings)
    on: dict[str, set[Any]] = {}
    for grant in grants:
        for action in grant.actions:
            on.setdefault(action, set()).update(grant.resources)
    return on


STREAM = {"stream": "clicks", "starting_position": "LATEST"}
TABLE = {"table": "items", "starting_position": "LATEST"}
TOPIC = {"topic": "clicks", "cluster": CLUSTER, "starting_position": "LATEST"}
SERVERS = {"topic": "clicks", "bootstrap_servers": ["b:9092", "a:9092"], "starting_position": "LATEST"}
BROKER = {"broker": "arn:aws:mq:eu-west-1:123456789012:broker:b:b-1", "queue": "orders", "credentials": SECRET}
DOCUMENTS = {
    "cluster": "arn:aws:rds:eu-west-1:123456789012:cluster:docs", "database": "shop", "credentials": SECRET,
    "starting_position": "LATEST",
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "settings", "name"),
    [
        ("sqs", {"queue": "orders"}, "sqs:orders"),
        ("sqs", {"queue": QUEUE}, "sqs:orders"),
        ("sqs", {"queue": QUEUE.replace("eu-west-1", "us-east-1")}, "sqs:us-east-1:123456789012:orders"),
        ("kinesis", STREAM, "kinesis:clicks"),
        ("kinesis", {**STREAM, "stream": "arn:aws:kinesis:eu-west-1:123456789012:stream/clicks"}, "kinesis:clicks"),
        (
            "kinesis",
            {**STREAM, "stream": "arn:aws:kinesis:eu-west-1:123456789012:stream/clicks/consumer/fan:1"},
            "kinesis:clicks/consumer/fan:1",
        ),
        ("dynamodb", TABLE, "dynamodb:items"),
        ("dynamodb", {**TABLE, "table": "arn:aws:dynamodb:eu-west-1:123456789012:table/items"}, "dynamodb:items"),
        (
            "dynamodb",
            {**TABLE, "table": "arn:aws:dynamodb:eu-west-1:123456789012:table/items/stream/2026-11-01T00:00:00.000"},
            "dynamodb:items",
        ),
        ("kafka", TOPIC, "kafka:events/1a2b/clicks"),
        ("kafka", SERVERS, "kafka:a:9092,b:9092/clicks"),
        ("mq", {**BROKER, "engine": "activemq"}, "mq:b:b-1/orders"),
        ("mq", {**BROKER, "engine": "rabbitmq"}, "mq:b:b-1/orders"),
        ("mq", {**BROKER, "engine": "rabbitmq", "virtual_host": "/shop"}, "mq:b:b-1/orders//shop"),
        ("documentdb", {**DOCUMENTS, "collection": "orders"}, "rds:docs/shop/orders"),
    ],
)
def test_a_mapping_is_named_by_its_source_however_that_is_spelt(kind: str, settings: dict[str, Any], name: str) -> None:
    assert mapping(kind, settings).name == f"reader/{name}"


def test_it_points_at_the_alias_and_says_whose_it_is() -> None:
    made = mapping("sqs", {"queue": "orders"})
    assert made.properties["FunctionName"] == Ref("alias", "reader")
    assert made.properties["EventSourceArn"] == Ref("queue", "orders")
    tags = {"lambdacli:app": "shop", "lambdacli:stage": "dev", "lambdacli:function": "reader"}
    assert made.properties["Tags"] == tags
    assert made.where == "functions.reader.triggers[0].sqs"


def test_a_queue() -> None:
    resources, grants = deployment("sqs", {"queue": "orders", "filters": ['{"body": ["x"]}'], "kms_key": KEY})
    assert [each.kind for each in resources] == ["event_source_mapping"]
    assert resources[0].properties["FilterCriteria"] == {"Filters": [{"Pattern": '{"body": ["x"]}'}]}
    assert grants == [
        Grant(("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"), (Ref("queue", "orders"),)),
        Grant(("kms:Decrypt",), (KEY,)),
    ]


def test_a_stream_with_a_consumer_of_its_own() -> None:
    consumer = "arn:aws:kinesis:eu-west-1:123456789012:stream/clicks/consumer/fan:1"
    settings = {**STREAM, "stream": consumer}
    assert mapping("kinesis", settings).properties["EventSourceArn"] == consumer
    on = allowed("kinesis", settings)
    assert on["kinesis:SubscribeToShard"] == {consumer}
    assert on["kinesis:GetRecords"] == {Ref("stream", "clicks")}


def test_a_table_whose_stream_is_asked_for() -> None:
    resources, _ = deployment("dynamodb", {**TABLE, "stream_view_type": "KEYS_ONLY"})
    stream, made = resources
    assert (stream.kind, stream.name) == ("table_stream", "items")
    assert stream.properties == {"TableName": Ref("table", "items", "name"), "StreamViewType": "KEYS_ONLY"}
    assert stream.notes
    assert made.properties["EventSourceArn"] == Ref("table_stream", "items")


def test_a_table_whose_stream_must_be_there() -> None:
    resources, grants = deployment("dynamodb", TABLE)
    assert [each.kind for each in resources] == ["event_source_mapping"]
    assert grants[0].resources == (Ref("table_stream", "items"),)


@pytest.mark.parametrize(
    ("failure", "destination", "on"),
    [
        ({"sqs": "dead"}, Ref("queue", "dead"), {"sqs:SendMessage": {Ref("queue", "dead")}}),
        ({"sns": "dead"}, Ref("topic", "dead"), {"sns:Publish": {Ref("topic", "dead")}}),
        (
            {"s3": "arn:aws:s3:::dead"},
            Ref("bucket", "dead"),
            {"s3:PutObject": {Joined((Ref("bucket", "dead"), "/*"))}, "s3:ListBucket": {Ref("bucket", "dead")}},
        ),
    ],
    ids=["queue", "topic", "bucket"],
)
def test_failed_batches_go_where_the_role_may_send_them(
    failure: dict[str, str], destination: Ref, on: dict[str, set[Any]]
) -> None:
    made = mapping("kinesis", {**STREAM, "on_failure": failure})
    assert made.properties["DestinationConfig"] == {"OnFailure": {"Destination": destination}}
    known = allowed("kinesis", {**STREAM, "on_failure": failure})
    assert {key: known[key] for key in on} == on


def test_a_managed_cluster_that_asks_iam() -> None:
    on = allowed("kafka", {**TOPIC, "consumer_group_id": "g", "on_failure": {"kafka": "dead"}})
    topic = CLUSTER.replace(":cluster/", ":topic/")
    assert on["kafka:DescribeClusterV2"] == {CLUSTER}
    assert on["kafka-cluster:Connect"] == {CLUSTER}
    assert on["kafka-cluster:ReadData"] == {f"{topic}/clicks"}
    assert on["kafka-cluster:WriteData"] == {f"{topic}/dead"}
    assert on["kafka-cluster:AlterGroup"] == {f"{CLUSTER.replace(':cluster/', ':group/')}/g"}
    assert set(mappings.NETWORK) <= on.keys()


def test_a_managed_cluster_with_passwords() -> None:
    authentication = [{"type": "SASL_SCRAM_512_AUTH", "uri": SECRET}]
    settings = {**TOPIC, "authentication": authentication}
    on = allowed("kafka", settings)
    assert on["secretsmanager:GetSecretValue"] == {SECRET}
    assert on["kafka:ListScramSecrets"] == {CLUSTER}
    assert not [action for action in on if action.startswith("kafka-cluster:")]
    configurations = mapping("kafka", settings).properties["SourceAccessConfigurations"]
    assert configurations == [{"Type": "SASL_SCRAM_512_AUTH", "URI": SECRET}]


def test_a_cluster_of_ones_own_in_a_network() -> None:
    authentication = [
        {"type": "BASIC_AUTH", "uri": SECRET},
        {"type": "VPC_SUBNET", "uri": "subnet-1"},
        {"type": "VPC_SECURITY_GROUP", "uri": "security_group:sg-1"},
    ]
    settings = {**SERVERS, "authentication": authentication, "consumption_mode": "Queue"}
    made = mapping("kafka", settings)
    assert made.properties["SelfManagedEventSource"] == {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": ["b:9092", "a:9092"]}}
    uris = [each["URI"] for each in made.properties["SourceAccessConfigurations"]]
    assert uris == [SECRET, "subnet:subnet-1", "security_group:sg-1"]
    assert made.properties["ConsumptionMode"] == "Queue"
    assert made.properties["MaximumRetryAttempts"] == 0
    on = allowed("kafka", settings)
    assert set(mappings.NETWORK) <= on.keys()
    assert not [action for action in on if action.startswith("kafka")]


def test_a_cluster_of_ones_own_that_anybody_may_reach() -> None:
    assert allowed("kafka", SERVERS) == {}


def test_a_schema_registry() -> None:
    uri = "arn:aws:glue:eu-west-1:123456789012:registry/r"
    registry = {"uri": uri, "event_record_format": "JSON", "validate": ["KEY"]}
    settings = {**TOPIC, "schema_registry": registry, "provisioned_pollers": {"minimum": 1, "group": "g"}}
    properties = mapping("kafka", settings).properties
    assert properties["SchemaRegistryConfig"] == {
        "SchemaRegistryURI": uri,
        "EventRecordFormat": "JSON",
        "SchemaValidationConfigs": [{"Attribute": "KEY"}],
    }
    assert properties["ProvisionedPollerConfig"] == {"MinimumPollers": 1, "PollerGroupName": "g"}
    on = allowed("kafka", settings)
    assert on["glue:GetRegistry"] == {uri}
    assert f"{uri.replace(':registry/', ':schema/')}/*" in on["glue:GetSchemaVersion"]


def test_a_broker() -> None:
    properties = mapping("mq", {**BROKER, "engine": "rabbitmq"}).properties
    assert properties["Queues"] == ["orders"]
    hosts = [{"Type": "BASIC_AUTH", "URI": SECRET}, {"Type": "VIRTUAL_HOST", "URI": "/"}]
    assert properties["SourceAccessConfigurations"] == hosts
    on = allowed("mq", {**BROKER, "engine": "activemq"})
    assert on["mq:DescribeBroker"] == {BROKER["broker"]}
    assert on["secretsmanager:GetSecretValue"] == {SECRET}


def test_documents() -> None:
    properties = mapping("documentdb", {**DOCUMENTS, "full_document": "UpdateLookup"}).properties
    assert (properties["DatabaseName"], properties["FullDocument"]) == ("shop", "UpdateLookup")
    assert "CollectionName" not in properties
    assert "rds:DescribeDBClusters" in allowed("documentdb", DOCUMENTS)


@pytest.mark.parametrize("kind", ["kafka", "mq", "documentdb"])
def test_half_a_second_is_no_number_of_seconds(kind: str) -> None:
    settings: dict[str, Any] = {"kafka": TOPIC, "mq": {**BROKER, "engine": "activemq"}, "documentdb": DOCUMENTS}[kind]
    assert "MaximumBatchingWindowInSeconds" not in mapping(kind, settings).properties
    given = mapping(kind, {**settings, "maximum_batching_window": 0}).properties
    assert given["MaximumBatchingWindowInSeconds"] == 0


@pytest.mark.parametrize(
    "moment",
    ["2026-11-01T00:00:00Z", "2026-11-01T01:00:00+01:00", "2026-11-01", 1793491200, "1793491200"],
)
def test_a_time_to_begin_at(moment: str | int) -> None:
    settings = {**STREAM, "starting_position": "AT_TIMESTAMP", "starting_position_timestamp": moment}
    assert mapping("kinesis", settings).properties["StartingPositionTimestamp"] == 1793491200


def test_what_is_encrypted_with_a_key_of_ones_own_takes_that_key_as_well() -> None:
    owned = {"queues": {"orders": {"kms_key": KEY}, "plain": {"kms_key": "alias/aws/sqs"}}, "streams": {"clicks": {}}}
    _, grants = deployment("sqs", {"queue": "orders"}, owned)
    assert Grant(("kms:Decrypt",), (KEY,)) in grants
    _, grants = deployment("kinesis", {**STREAM, "on_failure": {"sqs": QUEUE}}, owned)
    assert Grant(("kms:Decrypt", "kms:GenerateDataKey"), (KEY,)) in grants
    _, grants = deployment("sqs", {"queue": "plain"}, owned)
    assert not [grant for grant in grants if "kms:Decrypt" in grant.actions]
