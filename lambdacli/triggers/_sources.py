"""Event source mappings: the settings and checks that queues, streams and topics share.

Source: CreateEventSourceMapping in Lambda's API reference.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lambdacli.triggers import Finding
from lambdacli.triggers._parts import choice, enabled, flag, many, number, settings, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MAX_PATTERN = 4096
_MAX_FILTERS = 10  # the default quota is 5, which AWS raises to 10
_OPERATORS = (
    "prefix", "suffix", "anything-but", "numeric", "exists", "equals-ignore-case", "wildcard", "cidr",
)  # fmt: skip


def batch(default: int, most: int, window: int = 0) -> dict[str, Any]:
    """Settings of every event source mapping."""
    return {
        "enabled": enabled(),
        "batch_size": number("Records in one invocation, at most.", 1, most, default=default),
        "maximum_batching_window": number("Seconds to gather records before invoking.", 0, 300, default=window),
        "filters": many(
            "Event filter patterns: a record that matches one of them invokes.",
            {
                "type": ["object", "string"],
                "description": "A pattern, or the same as JSON text.",
                "minLength": 2,
                "maxLength": _MAX_PATTERN,
            },
            minItems=1,
            maxItems=_MAX_FILTERS,
        ),
        "kms_key": text("ARN of the KMS key that encrypts the filters."),
        "metrics": many("Metrics to publish.", {"enum": ["EventCount", "ErrorCount", "KafkaMetrics"]}),
    }


def report_batch_item_failures() -> dict[str, Any]:
    """A setting of queues, streams and topics."""
    return flag("The function answers with batchItemFailures; only those are tried again.", default=False)


def on_failure(*kinds: str) -> dict[str, Any]:
    """Where the records of a failed batch are described."""
    about = {
        "sqs": "A queue's name or ARN.",
        "sns": "A topic's name or ARN.",
        "s3": "A bucket's name or ARN.",
        "kafka": "A topic of the same cluster.",
    }
    return {
        **settings({kind: text(about[kind]) for kind in kinds}, description="Where discarded batches are reported."),
        "minProperties": 1,
        "maxProperties": 1,
    }


def retries() -> dict[str, Any]:
    """Settings of sources that keep their records: streams and topics."""
    return {
        "bisect_batch_on_function_error": flag("Split a failed batch in two and try again.", default=False),
        "maximum_record_age": number("Seconds after which a record is discarded; -1: never.", -1, 604800, default=-1),
        "maximum_retry_attempts": number("Tries after the first; -1: until the record expires.", -1, 10000, default=-1),
        "report_batch_item_failures": report_batch_item_failures(),
    }


def stream() -> dict[str, Any]:
    """Settings of Kinesis and DynamoDB streams."""
    return {
        **batch(100, 10000),
        **retries(),
        "parallelization_factor": number("Batches of one shard that run at once.", 1, 10, default=1),
        "tumbling_window": number("Seconds of a window that carries state between invocations.", 0, 900, default=0),
        "on_failure": on_failure("sqs", "sns", "s3"),
    }


def starting_position(*positions: str) -> dict[str, Any]:
    """Where a new mapping begins to read, and the time for AT_TIMESTAMP."""
    position = {"starting_position": choice("Where to begin to read.", *positions)}
    if "AT_TIMESTAMP" in positions:
        position["starting_position_timestamp"] = {
            "type": ["string", "number"],
            "description": "For AT_TIMESTAMP: ISO 8601 or seconds since 1970.",
        }
    return position


def pollers(low: int, high: int) -> dict[str, Any]:
    """Provisioned mode: event pollers that are kept ready."""
    return settings(
        {
            "minimum": number("Pollers that are always there.", low, 200),
            "maximum": number("Pollers at most.", low, high),
            "group": text("Name of a poller group that shares capacity (Kafka)."),
        },
        description="Provisioned mode: dedicated event pollers.",
    )


def credentials(*kinds: str) -> dict[str, Any]:
    """SourceAccessConfigurations: how the source is reached and who may read it."""
    return many(
        "How to authenticate with the source, and its network.",
        settings(
            {"type": choice("What `uri` is.", *kinds), "uri": text("A secret's ARN, a subnet, a group, a name.")},
            "type",
            "uri",
        ),
    )


def check_filters(values: Mapping[str, Any]) -> Iterator[Finding]:
    """Filter patterns are JSON objects whose leaves are lists of values or operators."""
    for index, pattern in enumerate(values.get("filters", ())):
        where = f"filters[{index}]"
        try:
            parsed = json.loads(pattern) if isinstance(pattern, str) else pattern
        except ValueError as error:
            yield Finding(f"the filter is no JSON: {error}", where)
            continue
        if not isinstance(parsed, dict):
            yield Finding("a filter is a JSON object", where, 'such as {body: {kind: ["order"]}}')
            continue
        size = len(json.dumps(parsed, separators=(",", ":")))
        if size > _MAX_PATTERN:
            yield Finding(f"the filter has {size} characters; {_MAX_PATTERN} are allowed", where)
        yield from check_pattern(parsed, where)


def check_pattern(pattern: Mapping[str, Any], where: str) -> Iterator[Finding]:
    """Every leaf of an event pattern is a list; operators in it are known."""
    for key, value in pattern.items():
        inner = f"{where}.{key}"
        if isinstance(value, dict):
            yield from check_pattern(value, inner)
        elif key == "$or" and isinstance(value, list):
            for each in value:
                yield from check_pattern(each, inner) if isinstance(each, dict) else ()
        elif not isinstance(value, list):
            yield Finding("a pattern's values stand in a list", inner, f"write [{json.dumps(value)}]")
        elif not value:
            yield Finding("an empty list matches nothing", inner)
        else:
            yield from _operators(value, inner)


def _operators(values: list[Any], where: str) -> Iterator[Finding]:
    for value in values:
        if isinstance(value, dict):
            for operator in value:
                if operator not in _OPERATORS:
                    yield Finding(f"unknown operator {operator!r}", where, f"one of {', '.join(_OPERATORS)}")


def check_stream(values: Mapping[str, Any]) -> Iterator[Finding]:
    """What goes together for a stream."""
    yield from check_filters(values)
    yield from check_timestamp(values)
    if values.get("maximum_retry_attempts", -1) == -1 and values.get("on_failure") and _forever(values):
        hint = "set maximum_retry_attempts or maximum_record_age"
        yield Finding("on_failure gets a batch only when its records expire", "on_failure", hint, "warning")


def check_timestamp(values: Mapping[str, Any]) -> Iterator[Finding]:
    """AT_TIMESTAMP and its time come together."""
    at = values.get("starting_position") == "AT_TIMESTAMP"
    if at and "starting_position_timestamp" not in values:
        yield Finding("AT_TIMESTAMP needs starting_position_timestamp", "starting_position")
    if not at and "starting_position_timestamp" in values:
        yield Finding("this is for AT_TIMESTAMP only", "starting_position_timestamp")
    elif at and not _is_time(values.get("starting_position_timestamp", 0)):
        hint = "such as 2026-11-21T12:00:00Z, or seconds since 1970"
        yield Finding("this is no time", "starting_position_timestamp", hint)


def _is_time(value: Any) -> bool:
    from lambdacli.triggers._mappings import seconds

    try:
        seconds(value)
    except ValueError:
        return False
    return True


def _forever(values: Mapping[str, Any]) -> bool:
    return bool(values.get("maximum_record_age", -1) == -1)
