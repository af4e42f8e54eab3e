"""What the manifest asks lambdacli to make where it is missing, as resources. Pure.

Source: the settings in lambdacli/manifest/owned.py; "Configuring a queue to use with Lambda" in the Lambda developer
guide for how long a queue hides what a function has got.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdacli.resource import Ref, Resource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from lambdacli.model import Manifest
    from lambdacli.resource import Place, Value

    Settings = Mapping[str, Any]

_MAX_VISIBILITY = 43_200  # seconds
_DEFAULT_VISIBILITY = 30  # seconds
_TIMES = 6  # the function's timeout, as AWS advises
_DEAD_LETTERS_KEPT = 1_209_600  # seconds, the longest that SQS keeps a message
_TYPES = {"string": "S", "number": "N", "binary": "B"}


def resources(manifest: Manifest, place: Place) -> Iterable[Resource]:
    """Those of the section `resources`, and the dead-letter queues that its queues name."""
    for section, make in _SECTIONS.items():
        for name, settings in manifest.resources.get(section, {}).items():
            yield from make(name, settings, manifest, place)


def _resource(
    kind: str, name: str, properties: Mapping[str, Value], settings: Settings, place: Place, **more: Any
) -> Resource:
    tags = {**settings.get("tags", {}), **place.tags}
    return Resource(kind, name, {**properties, "Tags": tags}, where=f"resources.{kind}s.{name}", **more)


def _bucket(name: str, settings: Settings, _manifest: Manifest, place: Place) -> Iterator[Resource]:
    key = settings.get("kms_key", "")
    private = settings.get("block_public_access", True)
    blocks = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    properties: dict[str, Value] = {
        "PublicAccessBlock": dict.fromkeys(blocks, private),
        "Versioning": "Enabled" if settings.get("versioning") else "Suspended",
        "SSEAlgorithm": "aws:kms" if key else "AES256",
        "KMSMasterKeyID": key,
        "BucketKeyEnabled": bool(key),
    }
    if "eventbridge" in settings:
        properties["EventBridge"] = settings["eventbridge"]
    notes = () if private else (f"policies and ACLs may make the bucket {name} public",)
    yield _resource("bucket", name, properties, settings, place, notes=notes)


def _queue(name: str, settings: Settings, manifest: Manifest, place: Place) -> Iterator[Resource]:
    dead = settings.get("dead_letter_queue", "")
    if dead and not dead.startswith("arn:") and dead not in manifest.resources.get("queues", {}):
        kept = {"message_retention_period": _DEAD_LETTERS_KEPT}
        yield _resource("queue", dead, _queue_properties(dead, kept, manifest), kept, place)
    yield _resource("queue", name, _queue_properties(name, settings, manifest), settings, place)


def _queue_properties(name: str, settings: Settings, manifest: Manifest) -> dict[str, Value]:
    key = settings.get("kms_key", "")
    properties: dict[str, Value] = {
        "VisibilityTimeout": settings.get("visibility_timeout", visibility(name, manifest)),
        "MessageRetentionPeriod": settings.get("message_retention_period", 345_600),
        "DelaySeconds": settings.get("delay", 0),
        "ReceiveMessageWaitTimeSeconds": settings.get("receive_wait_time", 0),
        "RedrivePolicy": _redrive(settings),
        "KmsMasterKeyId": key,
        "SqsManagedSseEnabled": not key,
    }
    if "maximum_message_size" in settings:
        properties["MaximumMessageSize"] = settings["maximum_message_size"]
    if name.endswith(".fifo"):
        properties["FifoQueue"] = True
        properties["ContentBasedDeduplication"] = settings.get("content_based_deduplication", False)
        high = settings.get("high_throughput", False)
        properties["DeduplicationScope"] = "messageGroup" if high else "queue"
        properties["FifoThroughputLimit"] = "perMessageGroupId" if high else "perQueue"
    return properties


def _redrive(settings: Settings) -> dict[str, Value]:
    dead = settings.get("dead_letter_queue")
    if not dead:
        return {}
    return {"deadLetterTargetArn": Ref("queue", dead), "maxReceiveCount": settings.get("max_receive_count", 3)}


def visibility(name: str, manifest: Manifest) -> int:
    """Seconds that a queue hides a message unless told: six times what the slowest of its functions may take."""
    times = [_DEFAULT_VISIBILITY]
    for function in manifest.functions.values():
        for trigger in function.triggers:
            if trigger.kind == "sqs" and trigger.settings["queue"] == name:
                window = trigger.settings.get("maximum_batching_window", 0)
                times.append(trigger.settings.get("visibility_timeout", _TIMES * function.timeout + window))
    return min(max(times), _MAX_VISIBILITY)


def _topic(name: str, settings: Settings, _manifest: Manifest, place: Place) -> Iterator[Resource]:
    properties: dict[str, Value] = {
        "DisplayName": settings.get("display_name", ""),
        "KmsMasterKeyId": settings.get("kms_key", ""),
    }
    if name.endswith(".fifo"):
        properties["FifoTopic"] = True
        properties["ContentBasedDeduplication"] = settings.get("content_based_deduplication", False)
    yield _resource("topic", name, properties, settings, place)


def _table(name: str, settings: Settings, _manifest: Manifest, place: Place) -> Iterator[Resource]:
    indexes = settings.get("global_secondary_indexes", {})
    throughput = _throughput(settings)
    keys = [settings, *indexes.values()]
    types = {key: kind for each in keys for key, kind in _attributes(each)}
    properties: dict[str, Value] = {
        "TableStatus": "ACTIVE",
        "KeySchema": _key_schema(settings),
        "AttributeDefinitions": [{"AttributeName": key, "AttributeType": kind} for key, kind in sorted(types.items())],
        "BillingMode": "PROVISIONED" if throughput else "PAY_PER_REQUEST",
        "ProvisionedThroughput": throughput,
        "TableClass": settings.get("table_class", "STANDARD"),
        "DeletionProtectionEnabled": settings.get("deletion_protection", False),
        "KMSMasterKeyId": settings.get("kms_key", ""),
        "GlobalSecondaryIndexes": {key: _index(each, throughput) for key, each in indexes.items()},
        "TimeToLive": settings.get("time_to_live", ""),
        "PointInTimeRecovery": settings.get("point_in_time_recovery", False),
    }
    yield _resource("table", name, properties, settings, place)
    if "stream_view_type" in settings:
        stream = {"TableName": Ref("table", name, "name"), "StreamViewType": settings["stream_view_type"]}
        yield Resource("table_stream", name, stream, where=f"resources.tables.{name}.stream_view_type")


def _attributes(keyed: Settings) -> Iterator[tuple[str, str]]:
    """The names of key attributes with their types: a plain text is the name of a string."""
    for part in ("partition_key", "sort_key"):
        given = keyed.get(part)
        if isinstance(given, str):
            yield given, "S"
        elif given:
            ((name, kind),) = given.items()
            yield name, _TYPES[kind]


def _key_schema(keyed: Settings) -> list[Value]:
    names = [name for name, _ in _attributes(keyed)]
    return [{"AttributeName": name, "KeyType": kind} for name, kind in zip(names, ("HASH", "RANGE"), strict=False)]


def _index(settings: Settings, throughput: Mapping[str, int]) -> dict[str, Value]:
    projection: dict[str, Value] = {"ProjectionType": settings.get("projection", "ALL")}
    if attributes := settings.get("projected_attributes"):
        projection = {"ProjectionType": "INCLUDE", "NonKeyAttributes": sorted(attributes)}
    given = {"ProvisionedThroughput": _throughput(settings) or dict(throughput)} if throughput else {}
    return {"KeySchema": _key_schema(settings), "Projection": projection, **given}


def _throughput(settings: Settings) -> dict[str, int]:
    units = {"ReadCapacityUnits": "read_capacity_units", "WriteCapacityUnits": "write_capacity_units"}
    if not any(key in settings for key in units.values()):
        return {}
    return {name: settings.get(key, 1) for name, key in units.items()}


def _stream(name: str, settings: Settings, _manifest: Manifest, place: Place) -> Iterator[Resource]:
    shards = settings.get("shards")
    properties: dict[str, Value] = {
        "StreamStatus": "ACTIVE",
        "StreamMode": "PROVISIONED" if shards else "ON_DEMAND",
        "RetentionPeriodHours": settings.get("retention_period", 24),
        "KeyId": settings.get("kms_key", ""),
    }
    if shards:
        properties["ShardCount"] = shards
    yield _resource("stream", name, properties, settings, place)


_SECTIONS: dict[str, Callable[[str, Settings, Manifest, Place], Iterator[Resource]]] = {
    "buckets": _bucket,
    "queues": _queue,
    "topics": _topic,
    "tables": _table,
    "streams": _stream,
}
