"""Buckets: their notifications go to a queue of ours, beside those that others have set up.

Source: "Amazon S3 Event Notifications" and "Event message structure" in the S3 user guide.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, unquote_plus

from lambdacli.errors import LambdacliError
from lambdacli.serve.pushed.arriving import Arrival, Fate, Problem, grouped
from lambdacli.serve.pushed.queued import Queued
from lambdacli.triggers.s3 import DEFAULT_EVENTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lambdacli.serve.pushed.arriving import Given, Subscriber

_ALWAYS = ("s3:ObjectCreated:*", "s3:ObjectRemoved:*")  # to tell why they are kept out, too
_GROUPED = ("ObjectCreated", "ObjectRemoved", "ObjectRestore", "Replication", "LifecycleExpiration", "ObjectTagging")
_SENT_HERE = ("s3:ObjectCreated:", "s3:ObjectRemoved:", "s3:ObjectRestore:")  # by ministack
_NOT_SENT = {"ObjectRemoved:Delete": ("size", "eTag"), "ObjectRemoved:DeleteMarkerCreated": ("size",)}
_VERSION = "2.6"  # of the message structure, "Event message structure"
_WHO = {"principalId": "EXAMPLE"}
_USUAL = {
    "userIdentity": _WHO,
    "requestParameters": {"sourceIPAddress": "127.0.0.1"},
    "responseElements": {"x-amz-request-id": "EXAMPLE", "x-amz-id-2": "EXAMPLE"},
}


def feed(given: Given) -> Queued:
    """Brings what buckets notify of."""
    return Queued(given, Buckets(given))


class Buckets:
    """The notification configurations of all buckets that triggers name."""

    kind = "s3"
    principal = "s3.amazonaws.com"

    def __init__(self, given: Given) -> None:
        self._given = given
        self._ask = given.ask
        self._id = f"{given.prefix}-s3"
        self._connected: dict[str, list[str]] = {}  # the events of each bucket
        self._told: set[str] = set()
        self.subscribers: Sequence[Subscriber] = ()

    async def connect(self, queue: str) -> list[Problem]:
        """See `Way`."""
        if self._given.source.ours:
            self._tell_of_what_never_comes()
        wanted = {bucket: _events(those) for bucket, those in grouped(self.subscribers, "bucket").items()}
        changed = [name for name in {**self._connected, **wanted} if wanted.get(name) != self._connected.get(name)]
        return [problem for name in changed for problem in await self._put(name, queue, wanted.get(name, []))]

    def forget(self) -> None:
        """See `Way`."""
        self._connected = {}

    async def disconnect(self) -> list[Problem]:
        """See `Way`."""
        return [problem for name in [*self._connected] for problem in await self._put(name, "", [])]

    def arrivals(self, body: str) -> Iterator[Arrival]:
        """See `Way`."""
        message = json.loads(body)
        if not isinstance(message, dict) or message.get("Event") == "s3:TestEvent":
            return
        for record in message.get("Records", ()):
            yield self._arrival(record)

    # Parts

    def _tell_of_what_never_comes(self) -> None:
        for each in self.subscribers:
            events = each.trigger.settings.get("events", DEFAULT_EVENTS)
            never = ", ".join(event for event in events if not event.startswith(_SENT_HERE))
            text = f"{each.where}.events: the local source never sends {never}"
            if never and text not in self._told:
                self._told.add(text)
                self._given.common.telling.warning(text)

    async def _put(self, bucket: str, queue: str, events: list[str]) -> list[Problem]:
        try:
            now = await self._ask("s3", "get_bucket_notification_configuration", Bucket=bucket)
            others = {key: value for key, value in now.items() if key != "ResponseMetadata"}
            entries = [each for each in others.pop("QueueConfigurations", ()) if each.get("Id") != self._id]
            if events:
                entries.append({"Id": self._id, "QueueArn": queue, "Events": events})
            configuration = {**others, **({"QueueConfigurations": entries} if entries else {})}
            await self._ask(
                "s3", "put_bucket_notification_configuration",
                Bucket=bucket, NotificationConfiguration=configuration, SkipDestinationValidation=True,
            )  # fmt: skip
        except LambdacliError as error:
            return [Problem(f"s3 {bucket}", error)] if events else []
        self._connected.pop(bucket, None)
        if events:
            self._connected[bucket] = events
        return []

    def _arrival(self, given: dict[str, Any]) -> Arrival:
        record = _as_aws_sends(given)
        bucket, key = record["s3"]["bucket"]["name"], unquote_plus(record["s3"]["object"]["key"])
        concerned = [each for each in self.subscribers if each.trigger.settings["bucket"] == bucket]
        fates = [
            Fate(each.function, *_fate(each.trigger.settings, f"s3:{record['eventName']}", key, record))
            for each in concerned
        ]
        return Arrival(f"s3 {bucket}", key, fates)


def _events(subscribers: Sequence[Subscriber]) -> list[str]:
    """The kinds of events to be told of: those that are wanted, in whole groups."""
    named = {event for each in subscribers for event in each.trigger.settings.get("events", DEFAULT_EVENTS)}
    groups = {f"s3:{event.split(':')[1]}:*" for event in named if event.split(":")[1] in _GROUPED}
    single = {event for event in named if event.split(":")[1] not in _GROUPED}
    return sorted({*_ALWAYS, *groups, *single})


def _fate(settings: Mapping[str, Any], event: str, key: str, record: Mapping[str, Any]) -> tuple[bytes, str]:
    """The event that a trigger lets pass, or why it does not."""
    events = settings.get("events", DEFAULT_EVENTS)
    if not any(event == each or (each.endswith("*") and event.startswith(each[:-1])) for each in events):
        return b"", f"{event} is none of {', '.join(events)}"
    prefix, suffix = settings.get("prefix", ""), settings.get("suffix", "")
    if not key.startswith(prefix):
        return b"", f"key {key!r} does not begin with prefix {prefix!r}"
    if not key.endswith(suffix):
        return b"", f"key {key!r} does not end with suffix {suffix!r}"
    return json.dumps({"Records": [record]}, separators=(",", ":")).encode(), ""


def _as_aws_sends(record: dict[str, Any]) -> dict[str, Any]:
    """The record with its key written as S3 does, no content where nothing is left, and what emulators leave out."""
    told = record["s3"]
    about = {"sequencer": f"{time.time_ns():018X}", **told["object"]}
    about["key"] = quote_plus(unquote_plus(about["key"]), safe="/")
    for key in _NOT_SENT.get(record["eventName"], ()):
        about.pop(key, None)
    bucket = {"ownerIdentity": _WHO, **told["bucket"]}
    left_out = {key: value for key, value in _USUAL.items() if key not in record}
    return {**record, **left_out, "eventVersion": _VERSION, "s3": {**told, "bucket": bucket, "object": about}}
