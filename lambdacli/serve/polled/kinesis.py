"""Kinesis data streams. Source: "Using Lambda to process records from Amazon Kinesis Data Streams"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdacli import partitions
from lambdacli.serve.asking import Asking
from lambdacli.serve.polled.stream_api import Identity, Page, Position, Raw, ShardInfo
from lambdacli.serve.polled.streams import Stream

if TYPE_CHECKING:
    from collections.abc import Mapping as Values
    from collections.abc import Sequence

    from lambdacli.model import Trigger
    from lambdacli.serve.polled.mapping import Mapping, Wiring

_HOUR = 3600.0


def mapping(wiring: Wiring, function: str, trigger: Trigger) -> Mapping:
    """The event source mapping of a kinesis trigger."""
    return Stream(wiring, function, trigger, Kinesis(wiring, function, trigger), "stream")


class Kinesis:
    """A data stream. A consumer's ARN stands for its stream: here nobody shares its throughput."""

    most = 10_000
    interval = 1.0
    information = "KinesisBatchInfo"
    data_key = "data"

    def __init__(self, wiring: Wiring, function: str, trigger: Trigger) -> None:
        source, manifest = wiring.source, wiring.common.fleet.manifest
        given: str = trigger.settings["stream"]
        stream = given.partition("/consumer/")[0]
        name = stream.rpartition("/")[2]
        elsewhere = stream.startswith("arn:") and not source.endpoint
        self.name = f"kinesis {name}"
        self._which = {"StreamARN": stream} if elsewhere else {"StreamName": name}
        self._region = stream.split(":")[3] if elsewhere else source.region
        self._ask = Asking(source.connection, wiring.executor)
        made = f"arn:{partitions.of(source.region)}:iam::{source.account}:role/"
        role = manifest.functions[function].role
        self._role = role or f"{made}{manifest.app}-{manifest.stage}-{function}"

    async def identity(self) -> Identity:
        """As `Api`."""
        found = (await self._ask("kinesis", "describe_stream_summary", **self._which))["StreamDescriptionSummary"]
        retention = float(found.get("RetentionPeriodHours", 24)) * _HOUR
        return Identity(found["StreamARN"], str(found.get("StreamCreationTimestamp")), retention)

    async def shards(self) -> Sequence[ShardInfo]:
        """As `Api`."""
        found: list[ShardInfo] = []
        which: dict[str, Any] = self._which
        while True:
            answer = await self._ask("kinesis", "list_shards", **which)
            found += map(_shard, answer["Shards"])
            if not (token := answer.get("NextToken")):
                return found
            which = {"NextToken": token}

    async def iterator(self, shard: str, position: Position) -> str:
        """As `Api`."""
        where: dict[str, Any] = {"ShardIteratorType": position.kind}
        if position.kind == "AFTER_SEQUENCE_NUMBER":
            where["StartingSequenceNumber"] = position.sequence
        elif position.kind == "AT_TIMESTAMP":
            where["Timestamp"] = position.time
        answer = await self._ask("kinesis", "get_shard_iterator", **self._which, ShardId=shard, **where)
        return str(answer["ShardIterator"])

    async def page(self, iterator: str, most: int) -> Page:
        """As `Api`."""
        answer = await self._ask("kinesis", "get_records", ShardIterator=iterator, Limit=min(most, self.most))
        return Page(answer.get("Records") or (), answer.get("NextShardIterator") or "")

    def record(self, given: Values[str, Any], shard: str, arn: str) -> Raw:
        """As `Api`."""
        from base64 import b64encode

        arrival = round(given["ApproximateArrivalTimestamp"].timestamp(), 3)
        sequence = given["SequenceNumber"]
        seen = {
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": given["PartitionKey"],
                "sequenceNumber": sequence,
                "data": b64encode(given["Data"]).decode(),
                "approximateArrivalTimestamp": arrival,
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": f"{shard}:{sequence}",
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": self._role,
            "awsRegion": self._region,
            "eventSourceARN": arn,
        }
        return Raw(sequence, given["PartitionKey"], arrival, seen)


def _shard(given: Values[str, Any]) -> ShardInfo:
    parents = tuple(filter(None, (given.get("ParentShardId"), given.get("AdjacentParentShardId"))))
    return ShardInfo(given["ShardId"], parents, "EndingSequenceNumber" in given.get("SequenceNumberRange", {}))
