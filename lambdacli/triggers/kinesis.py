"""Kinesis data streams. Source: "Using Lambda to process records from Amazon Kinesis Data Streams"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdacli.patterns import content
from lambdacli.resource import Grant, Ref
from lambdacli.triggers import Finding, TriggerKind
from lambdacli.triggers import _mappings as mappings
from lambdacli.triggers import _sources as sources
from lambdacli.triggers._parts import arn_pattern, request, settings, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lambdacli.model import EventRequest, Function, Manifest, Trigger
    from lambdacli.resource import Place, Resource


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


def _deployment(trigger: Trigger, function: Function, place: Place) -> Iterator[Resource | Grant]:
    values = trigger.settings
    given = values["stream"]
    consumer = "/consumer/" in given
    name = mappings.local(given.partition("/consumer/")[0], place, "stream/")
    stream = Ref("stream", name)
    arn = given if given.startswith("arn:") else place.arn("kinesis", f"stream/{given}")
    failure, sending = mappings.discarded(values, place)
    properties = {"EventSourceArn": given if consumer else stream, **mappings.stream(values), **failure}
    yield mappings.mapping(trigger, function, place, mappings.source_name(arn, place), properties)
    yield Grant(_READING, (stream,))
    yield Grant(("kinesis:ListStreams",), ("*",))  # knows no narrower resource
    if consumer:
        yield Grant(("kinesis:SubscribeToShard",), (given,))
    yield from (*sending, *mappings.grants(values), *mappings.encrypted(place, "streams", name, "kms:Decrypt"))


_READING = (
    "kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator",
    "kinesis:ListShards",
)  # fmt: skip


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
    delivery="poll",
    check=_check,
    deployment=_deployment,
)
