"""Kinesis data streams. Source: "Using Lambda to process records from Amazon Kinesis Data Streams"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdacli.patterns import content
from lambdacli.triggers import Finding, TriggerKind
from lambdacli.triggers import _sources as sources
from lambdacli.triggers._parts import arn_pattern, request, settings, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lambdacli.model import EventRequest, Function, Manifest, Trigger


def stream_name(value: str) -> str:
    """A stream's name from a name, a stream's ARN or a consumer's ARN."""
    return value.split(":stream/", 1)[-1].split("/", 1)[0]


def _sample(trigger: Trigger, _function: Function, manifest: Manifest) -> EventRequest:
    values = trigger.settings
    template = "kinesis-time-window" if values.get("tumbling_window") else "kinesis-get-records"
    parameters = {"stream": stream_name(values["stream"]), "data": content(values.get("filters"), "data")}
    return request(manifest, template, parameters, values["stream"])


def _check(trigger: Trigger, _function: Function, _manifest: Manifest) -> Iterator[Finding]:
    yield from sources.check_stream(trigger.settings)


TRIGGER = TriggerKind(
    kind="kinesis",
    summary="Kinesis data stream: records of its shards.",
    schema=settings(
        {
            "stream": text(
                "The stream's name, its ARN, or the ARN of an enhanced fan-out consumer.",
                rf"^([a-zA-Z0-9_.-]{{1,128}}|{arn_pattern('kinesis')}.+)$",
                "expected a stream's name (letters, digits, _, - and dots) or an ARN",
            ),
            **sources.starting_position("LATEST", "TRIM_HORIZON", "AT_TIMESTAMP"),
            **sources.stream(),
        },
        "stream",
        "starting_position",
    ),
    sample=_sample,
    check=_check,
)
