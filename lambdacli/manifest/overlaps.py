"""Triggers that get in each other's way, within a function and across functions; linear in their number."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from lambdacli.triggers import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

    from lambdacli.model import Manifest, Trigger

    # function, index of the trigger, what to say of it
    Found = tuple[str, int, Finding]

_NOTIFICATIONS = 100  # of one bucket
_LOG_FILTERS = 2  # subscription filters of one log group
_STREAM_READERS = 2  # of a DynamoDB stream's shard


class Item(NamedTuple):
    """A trigger and the function that it belongs to."""

    function: str
    trigger: Trigger

    def __str__(self) -> str:
        return f"functions.{self.function}.triggers[{self.trigger.position}]"


def find(manifest: Manifest) -> Iterator[Found]:
    """Every trigger that collides with an earlier one."""
    by_kind: dict[str, list[Item]] = {}
    for function in manifest.functions.values():
        for trigger in function.triggers:
            by_kind.setdefault(trigger.kind, []).append(Item(function.name, trigger))
    yield from _notifications(by_kind.get("s3", ()))
    for kind, key, message in _UNIQUE:
        yield from _twice(by_kind.get(kind, ()), key, message)
    yield from _competing(by_kind.get("sqs", ()))
    yield from _too_many(by_kind.get("dynamodb", ()), "table", _STREAM_READERS, "readers of a stream", "warning")
    yield from _too_many(by_kind.get("logs", ()), "log_group", _LOG_FILTERS, "subscriptions of a log group", "error")
    yield from _views(by_kind.get("dynamodb", ()))
    yield from _cors(by_kind.get("http", ()))


def _notifications(items: Iterable[Item]) -> Iterator[Found]:
    """S3 refuses notifications of one bucket that share an event, a prefix and a suffix."""
    by_bucket: dict[str, list[Item]] = {}
    for item in items:
        by_bucket.setdefault(item.trigger.settings["bucket"], []).append(item)
    for bucket, group in by_bucket.items():
        if len(group) > _NOTIFICATIONS:
            message = f"{bucket} has {len(group)} notifications, S3 allows {_NOTIFICATIONS}"
            hint = "let EventBridge send the bucket's events"
            extra = group[_NOTIFICATIONS]
            yield extra.function, extra.trigger.position, Finding(message, "", hint)
        yield from _overlapping(bucket, group[:_NOTIFICATIONS])


def _overlapping(bucket: str, group: Sequence[Item]) -> Iterator[Found]:
    """Each notification with the first of the earlier ones that takes the same event of the same keys."""
    for number, item in enumerate(group):
        for earlier in group[:number]:
            if _keys_meet(item, earlier) and (shared := _shared_event(item, earlier)):
                message = f"{bucket}: S3 refuses this beside {earlier}: both take {shared} for some of the same keys"
                hint = "make their prefixes or suffixes exclude each other"
                yield item.function, item.trigger.position, Finding(message, "", hint)
                break


def _keys_meet(one: Item, other: Item) -> bool:
    """Whether a key may have both prefixes and both suffixes."""
    first, second = one.trigger.settings, other.trigger.settings
    prefix, prefix2 = first.get("prefix", ""), second.get("prefix", "")
    suffix, suffix2 = first.get("suffix", ""), second.get("suffix", "")
    prefixes = prefix.startswith(prefix2) or prefix2.startswith(prefix)
    return bool(prefixes and (suffix.endswith(suffix2) or suffix2.endswith(suffix)))


def _shared_event(one: Item, other: Item) -> str:
    """An event that both take, `s3:ObjectCreated:*` standing for all of its group."""
    from lambdacli.triggers.s3 import DEFAULT_EVENTS

    first, second = (item.trigger.settings.get("events", DEFAULT_EVENTS) for item in (one, other))
    for a in first:
        for b in second:
            if a == b or (a.endswith("*") and b.startswith(a[:-1])) or (b.endswith("*") and a.startswith(b[:-1])):
                return str(b if a.endswith("*") else a)
    return ""


def _twice(items: Iterable[Item], key: Callable[[Item], Hashable], message: str) -> Iterator[Found]:
    """What may be there once only."""
    seen: dict[Hashable, Item] = {}
    for item in items:
        value = key(item)
        if value is None:
            continue
        if (first := seen.setdefault(value, item)) is not item:
            yield item.function, item.trigger.position, Finding(f"{message} {first} as well")


def _route(item: Item) -> Hashable:
    settings = item.trigger.settings
    return settings.get("api"), settings.get("stage"), re.sub(r"\{[^{}+]*(\+?)\}", r"{\1}", settings["route"])


def _mapping(setting: str) -> Callable[[Item], Hashable]:
    """A function reads a source through one mapping."""
    return lambda item: (item.function, item.trigger.settings[setting])


def _kafka(item: Item) -> Hashable:
    settings = item.trigger.settings
    cluster = settings.get("cluster") or tuple(sorted(settings.get("bootstrap_servers", ())))
    return item.function, cluster, settings["topic"]


def _source(*parts: str) -> Callable[[Item], Hashable]:
    """As `_mapping`, where more than one setting says which source it is."""
    return lambda item: (item.function, *(item.trigger.settings.get(part) for part in parts))


def _step(item: Item) -> Hashable:
    from lambdacli.triggers.cognito import step

    return item.trigger.settings["user_pool"], step(item.trigger.settings["trigger_source"])


def _named(setting: str) -> Callable[[Item], Hashable]:
    return lambda item: item.trigger.settings.get(setting)


def _priority(item: Item) -> Hashable:
    return item.trigger.settings["listener"], item.trigger.settings.get("priority")


_UNIQUE: tuple[tuple[str, Callable[[Item], Hashable], str], ...] = (
    ("http", _route, "the same route leads to"),
    ("rest", _route, "the same route leads to"),
    ("websocket", _route, "the same route leads to"),
    ("sqs", _mapping("queue"), "the function reads this queue in"),
    ("kinesis", _mapping("stream"), "the function reads this stream in"),
    ("dynamodb", _mapping("table"), "the function reads this table's stream in"),
    ("sns", _mapping("topic"), "the function is subscribed to this topic in"),
    ("kafka", _kafka, "the function reads this topic in"),
    ("mq", _source("broker", "queue", "virtual_host"), "the function reads this queue in"),
    ("documentdb", _source("cluster", "database", "collection"), "the function reads these changes in"),
    ("cognito", _step, "a user pool has one function for each step; this one is taken by"),
    ("iot", _named("rule"), "a rule of this name is in"),
    ("eventbridge", _named("name"), "a rule of this name is in"),
    ("schedule", _named("name"), "a schedule of this name is in"),
    ("alb", _priority, "the same listener has this priority in"),
)


def _competing(items: Iterable[Item]) -> Iterator[Found]:
    """Two functions on one queue share its messages, which is seldom meant."""
    readers: dict[str, Item] = {}
    for item in items:
        first = readers.setdefault(item.trigger.settings["queue"], item)
        if first.function != item.function and "filters" not in item.trigger.settings:
            message = f"{first} takes from this queue as well: each message goes to one of the two"
            hint = "give each function a queue of its own, fed by one SNS topic"
            yield item.function, item.trigger.position, Finding(message, "queue", hint, "warning")


def _too_many(items: Iterable[Item], setting: str, limit: int, what: str, severity: str) -> Iterator[Found]:
    count: dict[str, int] = {}
    for item in items:
        value = item.trigger.settings[setting]
        count[value] = count.get(value, 0) + 1
        if count[value] == limit + 1:
            message = f"{value} has more than {limit} {what}"
            hint = "AWS advises no more: reads are throttled" if severity == "warning" else "AWS refuses more"
            finding = Finding(message, setting, hint, "warning" if severity == "warning" else "error")
            yield item.function, item.trigger.position, finding


def _views(items: Iterable[Item]) -> Iterator[Found]:
    """A table has one stream, which shows the same to all."""
    by_table: dict[str, Item] = {}
    for item in items:
        settings = item.trigger.settings
        if "stream_view_type" not in settings:
            continue
        first = by_table.setdefault(settings["table"], item)
        if first.trigger.settings["stream_view_type"] != settings["stream_view_type"]:
            message = f"{first} wants the table's stream to show {first.trigger.settings['stream_view_type']}"
            hint = "a table has one stream: say the same in both"
            yield item.function, item.trigger.position, Finding(message, "stream_view_type", hint)


def _cors(items: Iterable[Item]) -> Iterator[Found]:
    """CORS belongs to the API: its routes cannot differ."""
    by_api: dict[str, Item] = {}
    for item in items:
        if "cors" not in item.trigger.settings:
            continue
        first = by_api.setdefault(item.trigger.settings.get("api", ""), item)
        if first.trigger.settings["cors"] != item.trigger.settings["cors"]:
            message = f"{first} has other CORS settings for the same API"
            yield (
                item.function,
                item.trigger.position,
                Finding(message, "cors", "CORS holds for all routes of an HTTP API"),
            )
