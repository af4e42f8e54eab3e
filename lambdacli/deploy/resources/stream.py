"""Kinesis data streams.

Source: CreateStream, UpdateShardCount, UpdateStreamMode, StartStreamEncryption and IncreaseStreamRetentionPeriod in
the Kinesis API reference.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from lambdacli.deploy.resources import Actual, _named, _ours
from lambdacli.refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Properties

# what a stream has that nobody has told otherwise
DEFAULTS: Mapping[str, Any] = MappingProxyType({
    "StreamStatus": "ACTIVE", "StreamMode": "ON_DEMAND", "RetentionPeriodHours": 24, "KeyId": "",
})  # fmt: skip


class _Stream(_named.Named):
    """A stream, by name or ARN."""

    kind = "stream"
    label = "Kinesis stream"
    service = "kinesis"
    before = "stream/"
    section = "streams"
    defaults = DEFAULTS
    stateful = True

    def same(self, field: str, wanted: Any, actual: Any) -> bool:
        if field == "StreamStatus":
            return bool(actual != "CREATING")  # a run that was killed has not waited for it
        return super().same(field, wanted, actual)

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        """The stream; of one that is only referred to, whether it exists."""
        arn = self.arn(name, aws.place)
        if _named.foreign(name, aws.place):
            return Actual({}, {"arn": arn}, owned=False)
        answer = aws.get("kinesis", "describe_stream_summary", StreamName=_named.bare(name, "stream/"))
        if answer is None or answer["StreamDescriptionSummary"]["StreamStatus"] == "DELETING":
            return None
        if not properties:
            return Actual({}, {"arn": arn}, owned=False)
        tags = _tags(name, aws)
        known = {**_properties(answer["StreamDescriptionSummary"]), "Tags": tags}
        return Actual(known, {"arn": arn}, owned=_ours.tagged(tags, aws.place))

    def create(self, name: str, properties: Properties, aws: Aws) -> Attributes:
        """Make it; whatever a new stream cannot be given is changed as soon as it is there."""
        shards = {"ShardCount": properties["ShardCount"]} if "ShardCount" in properties else {}
        request = {"StreamName": name, "StreamModeDetails": {"StreamMode": properties["StreamMode"]}, **shards}
        try:
            _make(request, properties["Tags"], aws)
        except Refused as refused:
            there = self.read(name, properties, aws) if refused.exists else None
            if not refused.exists or (there is not None and not there.owned):
                raise
            if there is None:
                aws.until(lambda: _described(name, aws) is None or None, f"the end of the stream {name} before")
                _make(request, properties["Tags"], aws)
        _ready(name, aws)
        made = self.read(name, properties, aws)
        differing = {
            key for key in properties if made and not self.same(key, properties[key], made.properties.get(key))
        }
        return self.update(name, properties, made, differing, aws) if made else {}

    def update(
        self, name: str, properties: Properties, actual: Actual, changed: AbstractSet[str], aws: Aws
    ) -> Attributes:
        """One change after the other: each makes the stream UPDATING for a while."""
        arn = actual.attributes["arn"]
        _ready(name, aws)
        if "StreamMode" in changed:
            mode = {"StreamMode": properties["StreamMode"]}
            aws.call("kinesis", "update_stream_mode", StreamARN=arn, StreamModeDetails=mode)
            _ready(name, aws)
        if "ShardCount" in changed and _shards(name, aws) != properties["ShardCount"]:
            count = {"TargetShardCount": properties["ShardCount"], "ScalingType": "UNIFORM_SCALING"}
            aws.call("kinesis", "update_shard_count", StreamName=name, **count)
            _ready(name, aws)
        if "RetentionPeriodHours" in changed:
            _retain(name, actual.properties["RetentionPeriodHours"], properties["RetentionPeriodHours"], aws)
        if "KeyId" in changed:
            _encrypt(name, actual.properties["KeyId"], properties["KeyId"], aws)
        if "Tags" in changed:
            aws.call("kinesis", "add_tags_to_stream", StreamName=name, Tags=properties["Tags"])
            if lost := _named.lost(properties["Tags"], actual.properties.get("Tags", {})):
                aws.call("kinesis", "remove_tags_from_stream", StreamName=name, TagKeys=lost)
        return {"arn": arn}

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:
        aws.remove("kinesis", "delete_stream", StreamName=name, EnforceConsumerDeletion=True)


def _properties(summary: Mapping[str, Any]) -> dict[str, Any]:
    mode = summary.get("StreamModeDetails", {}).get("StreamMode", "PROVISIONED")
    return {
        "StreamStatus": summary["StreamStatus"],
        "StreamMode": mode,
        "ShardCount": summary["OpenShardCount"],
        "RetentionPeriodHours": summary["RetentionPeriodHours"],
        "KeyId": summary.get("KeyId", "") if summary.get("EncryptionType") == "KMS" else "",
    }


def _tags(name: str, aws: Aws) -> dict[str, str]:
    """All pages, which boto3 has no paginator for."""
    found: dict[str, str] = {}
    after: dict[str, str] = {}
    while (page := aws.get("kinesis", "list_tags_for_stream", StreamName=name, **after)) and page["Tags"]:
        found |= _named.mapping(page["Tags"])
        if not page.get("HasMoreTags"):
            break
        after = {"ExclusiveStartTagKey": page["Tags"][-1]["Key"]}
    return found


def _make(request: Mapping[str, Any], tags: Mapping[str, str], aws: Aws) -> None:
    try:
        aws.call("kinesis", "create_stream", **request, Tags=tags)
    except Refused as refused:
        if refused.code != "InvalidParameter":
            raise
        aws.call("kinesis", "create_stream", **request)  # a boto3 that does not know tags here


def _described(name: str, aws: Aws) -> Mapping[str, Any] | None:
    answer = aws.get("kinesis", "describe_stream_summary", StreamName=name)
    return answer["StreamDescriptionSummary"] if answer else None


def _ready(name: str, aws: Aws) -> None:
    def active() -> bool | None:
        summary = _described(name, aws)
        return True if summary is not None and summary["StreamStatus"] == "ACTIVE" else None

    aws.until(active, f"the stream {name}")


def _shards(name: str, aws: Aws) -> int:
    return int((_described(name, aws) or {}).get("OpenShardCount", 0))


def _retain(name: str, before: int, hours: int, aws: Aws) -> None:
    operation = "increase_stream_retention_period" if hours > before else "decrease_stream_retention_period"
    aws.call("kinesis", operation, StreamName=name, RetentionPeriodHours=hours)
    _ready(name, aws)


def _encrypt(name: str, before: str, key: str, aws: Aws) -> None:
    if key:
        aws.call("kinesis", "start_stream_encryption", StreamName=name, EncryptionType="KMS", KeyId=key)
    else:
        aws.call("kinesis", "stop_stream_encryption", StreamName=name, EncryptionType="KMS", KeyId=before)
    _ready(name, aws)


KIND = _Stream()
