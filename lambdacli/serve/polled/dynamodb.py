"""DynamoDB streams. Source: "Using AWS Lambda with Amazon DynamoDB" in the Lambda developer guide."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lambdacli.refusals import Refused
from lambdacli.serve.asking import Asking
from lambdacli.serve.polled.packing import written
from lambdacli.serve.polled.stream_api import Identity, Page, Position, Raw, ShardInfo
from lambdacli.serve.polled.streams import Stream

if TYPE_CHECKING:
    from collections.abc import Mapping as Values
    from collections.abc import Sequence

    from lambdacli.model import Trigger
    from lambdacli.serve.polled.mapping import Mapping, Wiring

_DAY = 86_400.0  # seconds that a stream keeps its records
_SERVICE = "dynamodbstreams"


def mapping(wiring: Wiring, function: str, trigger: Trigger) -> Mapping:
    """The event source mapping of a dynamodb trigger."""
    return Stream(wiring, function, trigger, Table(wiring, trigger), "table")


class Table:
    """The stream of a table's changes."""

    most = 1000
    interval = 0.25
    information = "DDBStreamBatchInfo"
    data_key = "dynamodb"

    def __init__(self, wiring: Wiring, trigger: Trigger) -> None:
        source = wiring.source
        given: str = trigger.settings["table"]
        self._table = given.partition(":table/")[2].partition("/")[0] or given
        self.name = f"dynamodb {self._table}"
        self._which = (
            given.partition("/stream/")[0] if given.startswith("arn:") and not source.endpoint else self._table
        )
        self._arn = given if "/stream/" in given and not source.endpoint else ""
        self._current = self._arn  # of the stream whose shards are read
        self._ask = Asking(source.connection, wiring.executor)

    async def identity(self) -> Identity:
        """As `Api`."""
        self._current = self._arn or await self._latest()
        return Identity(self._current, self._current, _DAY)

    async def shards(self) -> Sequence[ShardInfo]:
        """As `Api`."""
        found: list[ShardInfo] = []
        more = {"StreamArn": self._current}
        while True:
            answer = (await self._ask(_SERVICE, "describe_stream", **more))["StreamDescription"]
            found += map(_shard, answer.get("Shards") or ())
            if not (last := answer.get("LastEvaluatedShardId")):
                return found
            more["ExclusiveStartShardId"] = last

    async def iterator(self, shard: str, position: Position) -> str:
        """As `Api`."""
        kind = "TRIM_HORIZON" if position.kind == "AT_TIMESTAMP" else position.kind
        where = {"SequenceNumber": position.sequence} if kind == "AFTER_SEQUENCE_NUMBER" else {}
        asked = {"StreamArn": self._current, "ShardId": shard, "ShardIteratorType": kind, **where}
        answer = await self._ask(_SERVICE, "get_shard_iterator", **asked)
        return str(answer["ShardIterator"])

    async def page(self, iterator: str, most: int) -> Page:
        """As `Api`."""
        answer = await self._ask(_SERVICE, "get_records", ShardIterator=iterator, Limit=min(most, self.most))
        return Page(answer.get("Records") or (), answer.get("NextShardIterator") or "")

    def record(self, given: Values[str, Any], shard: str, arn: str) -> Raw:  # noqa: ARG002 - of all streams alike
        """As `Api`."""
        change = dict(given["dynamodb"])
        moment = change.pop("ApproximateCreationDateTime", None)
        arrival = moment.timestamp() if moment is not None else 0.0
        about = {"ApproximateCreationDateTime": int(arrival) if arrival == int(arrival) else arrival}
        seen: dict[str, Any] = {
            "eventID": given["eventID"].replace("-", ""),  # 32 hexadecimal digits, whoever plays DynamoDB
            "eventName": given["eventName"],
            "eventVersion": given.get("eventVersion", "1.1"),
            "eventSource": given.get("eventSource", "aws:dynamodb"),
            "awsRegion": arn.split(":")[3],
            "dynamodb": {**(about if moment is not None else {}), **change},
        }
        if who := given.get("userIdentity"):
            seen["userIdentity"] = {"type": who.get("Type"), "principalId": who.get("PrincipalId")}
        seen["eventSourceARN"] = arn
        keys = written(change.get("Keys", {}))
        plain = seen if not _binary(change) else json.loads(written(seen))
        return Raw(change["SequenceNumber"], keys.decode(), arrival, plain)

    async def _latest(self) -> str:
        found = (await self._ask("dynamodb", "describe_table", TableName=self._which))["Table"]
        if not (arn := found.get("LatestStreamArn")):
            raise Refused("dynamodb", "describe_table", "NoStream", f"the table {self._table} has no stream")
        return str(arn)


def _shard(given: Values[str, Any]) -> ShardInfo:
    parent = given.get("ParentShardId")
    closed = "EndingSequenceNumber" in given.get("SequenceNumberRange", {})
    return ShardInfo(given["ShardId"], (parent,) if parent else (), closed)


def _binary(value: Any) -> bool:
    """Whether there are bytes in it: filters see them as the function does, in base64."""
    if isinstance(value, dict):
        return any(map(_binary, value.values()))
    return any(map(_binary, value)) if isinstance(value, list) else isinstance(value, bytes)
