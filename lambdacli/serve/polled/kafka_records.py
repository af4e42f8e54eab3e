"""Kafka's records as the function gets them, and what is said of a batch that is given up. Pure.

Source: "Using Lambda with self-managed Apache Kafka", "Using Lambda with Amazon MSK", "Configuring error handling
controls for Kafka event sources" and "Capturing discarded batches" in the AWS Lambda developer guide.
"""

from __future__ import annotations

import base64
import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdacli.model import MAX_EVENT
from lambdacli.serve.destinations.records import timestamp
from lambdacli.serve.polled.answers import Verdict
from lambdacli.serve.polled.packing import written

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_TYPES = ("NOT_AVAILABLE", "CREATE_TIME", "LOG_APPEND_TIME")  # librdkafka's numbers
_AROUND = 4096  # bytes of an event beside its records
_BETWEEN = 1  # byte: the comma


class Read(NamedTuple):
    """A record as it was read."""

    topic: str
    partition: int
    offset: int
    moment: tuple[int, int]  # librdkafka's type, and milliseconds since 1970
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]] = ()


class Item(NamedTuple):
    """A record of a batch."""

    place: str  # topic-partition, as events have it
    partition: int
    offset: int
    milliseconds: int  # since 1970
    key: bytes | None
    text: bytes  # JSON

    @property
    def id(self) -> str:
        """As people are told of it."""
        return f"{self.place}/{self.offset}"


class Origin(NamedTuple):
    """What an event says of where its records are from."""

    servers: str
    cluster: str = ""  # ARN of an MSK cluster


def record(read: Read) -> dict[str, Any]:
    """As it stands in an event: no key without a key, and no value where it is a tombstone."""
    kind, milliseconds = read.moment
    return {
        "topic": read.topic,
        "partition": read.partition,
        "offset": read.offset,
        "timestamp": milliseconds,
        "timestampType": _TYPES[kind],
        **{name: _encoded(each) for name, each in (("key", read.key), ("value", read.value)) if each is not None},
        "headers": [{name: [byte - (byte >> 7 << 8) for byte in value or b""]} for name, value in read.headers],
    }


def item(read: Read, seen: Mapping[str, Any]) -> Item:
    """A record and its JSON."""
    place = f"{read.topic}-{read.partition}"
    return Item(place, read.partition, read.offset, read.moment[1], read.key, written(seen))


def event(items: Iterable[Item], origin: Origin) -> bytes:
    """The event of a batch, its records in their order under their topic and partition."""
    places: dict[str, list[bytes]] = {}
    for each in items:
        places.setdefault(each.place, []).append(each.text)
    records = b",".join(b'"%s":[%s]' % (place.encode(), b",".join(texts)) for place, texts in places.items())
    return b'%s,"records":{%s}}' % (written(_origin(origin))[:-1], records)


def parts(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Records in groups that each fit into one event; one that is too large for any stands alone."""
    begin = size = 0
    for index, each in enumerate(items):
        more = len(each.text) + _BETWEEN
        if index > begin and size + more > MAX_EVENT - _AROUND:
            yield items[begin:index]
            begin, size = index, 0
        size += more
    if begin < len(items):
        yield items[begin:]


def too_large(items: Sequence[Item]) -> bool:
    """Whether no event has room for a record."""
    return len(items) == 1 and len(items[0].text) > MAX_EVENT - _AROUND


def verdict(payload: bytes, items: Iterable[Item]) -> Verdict:
    """What an answer says where ReportBatchItemFailures is on; `failed` has the ids of items."""
    if not payload.strip():
        return Verdict()
    try:
        answer = json.loads(payload)
    except (ValueError, RecursionError):
        return Verdict(whole="its answer is no JSON")
    if answer is None:
        return Verdict()
    if not isinstance(answer, dict):
        return Verdict(whole="its answer is no object with batchItemFailures")
    return _reported(answer.get("batchItemFailures"), {(each.place, each.offset): each.id for each in items})


def information(items: Sequence[Item], origin: Origin, size: int) -> dict[str, Any]:
    """KafkaBatchInfo of a batch whose event has so many bytes."""
    places: dict[str, list[Item]] = {}
    for each in items:
        places.setdefault(each.place, []).append(each)
    about = {place: _span(its[0], its[-1]) for place, its in places.items()}
    return {"KafkaBatchInfo": {**_batch(len(items), origin, size), "recordsInfo": about}}


def information_of_one(one: Item, origin: Origin, size: int) -> dict[str, Any]:
    """KafkaBatchInfo of a record that goes to another topic."""
    about = {"offset": str(one.offset), "timestamp": _time(one)}
    return {"KafkaBatchInfo": {**_batch(1, origin, size), "recordInfo": about}}


def _reported(failures: Any, known: Mapping[tuple[Any, Any], str]) -> Verdict:
    if failures is None:
        return Verdict()
    if not isinstance(failures, list):
        return Verdict(whole="batchItemFailures is no list")
    failed = set()
    for each in failures:
        identifier = each.get("itemIdentifier") if isinstance(each, dict) else None
        if not isinstance(identifier, dict):
            return Verdict(whole="an itemIdentifier of batchItemFailures is no object with partition and offset")
        found = known.get(_named(identifier))
        if found is None:
            return Verdict(whole=f"batchItemFailures names {str(identifier)[:80]}, which is not in the batch")
        failed.add(found)
    return Verdict(frozenset(failed))


def _named(identifier: Mapping[str, Any]) -> tuple[str, int]:
    place, offset = identifier.get("partition"), identifier.get("offset")
    return str(place), offset if isinstance(offset, int) and not isinstance(offset, bool) else -1


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _origin(origin: Origin) -> dict[str, str]:
    if origin.cluster:
        return {"eventSource": "aws:kafka", "eventSourceArn": origin.cluster, "bootstrapServers": origin.servers}
    return {"eventSource": "SelfManagedKafka", "bootstrapServers": origin.servers}


def _batch(count: int, origin: Origin, size: int) -> dict[str, Any]:
    arn = {"eventSourceArn": origin.cluster} if origin.cluster else {}
    return {"batchSize": count, **arn, "bootstrapServers": origin.servers, "payloadSize": size}


def _span(first: Item, last: Item) -> dict[str, str]:
    return {
        "firstRecordOffset": str(first.offset),
        "lastRecordOffset": str(last.offset),
        "firstRecordTimestamp": _time(first),
        "lastRecordTimestamp": _time(last),
    }


def _time(one: Item) -> str:
    return timestamp(datetime.fromtimestamp(one.milliseconds / 1000, timezone.utc))
