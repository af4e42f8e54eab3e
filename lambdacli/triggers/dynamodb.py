"""DynamoDB streams. Source: "Using AWS Lambda with Amazon DynamoDB" in the Lambda developer guide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdacli.patterns import first, matches, parsed
from lambdacli.resource import Grant, Ref, Resource
from lambdacli.triggers import Finding, TriggerKind
from lambdacli.triggers import _mappings as mappings
from lambdacli.triggers import _sources as sources
from lambdacli.triggers._deployed import where
from lambdacli.triggers._parts import arn_pattern, choice, request, settings, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lambdacli.model import EventRequest, Function, Manifest, Trigger
    from lambdacli.resource import Place

_WITHOUT = {
    "dynamodb-insert": ("old-image",),
    "dynamodb-remove": ("new-image",),
    "dynamodb-ttl-expire": ("new-image",),
}
_IMAGES = {"keys": "Keys", "new-image": "NewImage", "old-image": "OldImage"}
_TEMPLATES = {"INSERT": "dynamodb-insert", "MODIFY": "dynamodb-modify", "REMOVE": "dynamodb-remove"}

_ALL = "dynamodb-update"


def table_name(value: str) -> str:
    """A table's name from a name, a table's ARN or a stream's ARN."""
    return value.split(":table/", 1)[-1].split("/", 1)[0]


def _sample(trigger: Trigger, _function: Function, manifest: Manifest) -> EventRequest:
    values = trigger.settings
    parameters: dict[str, Any] = {"table": table_name(values["table"])}
    template = "dynamodb-time-window" if values.get("tumbling_window") else _template(values.get("filters", ()))
    parameters["stream-view-type"] = values.get("stream_view_type")
    wanted = first(values.get("filters"), "dynamodb")
    for parameter, field in _IMAGES.items():
        image = wanted.get(field) if isinstance(wanted, dict) else None
        if isinstance(image, dict) and parameter not in _WITHOUT.get(template, ()):
            parameters[parameter] = image
    return request(manifest, template, parameters, values["table"])


def _template(filters: Any) -> str:
    """The kind of change that the first filter asks for by name, else one of each."""
    for each in filters:
        pattern = parsed(each)
        if "userIdentity" in pattern:  # only DynamoDB itself is named there, when a time to live is over
            return "dynamodb-ttl-expire"
        if "eventName" in pattern:
            wanted = {"eventName": pattern["eventName"]}
            return next((_TEMPLATES[name] for name in _TEMPLATES if matches(wanted, {"eventName": name})), _ALL)
    return _ALL


def _check(trigger: Trigger, _function: Function, manifest: Manifest) -> Iterator[Finding]:
    yield from sources.check_stream(trigger.settings)
    yield from _check_view(trigger.settings, manifest)
    for index, each in enumerate(trigger.settings.get("filters", ())):
        for path in _impossible(parsed(each)):
            where = f"filters[{index}]" if isinstance(each, str) else f"filters[{index}].{path}"
            hint = 'such as {dynamodb: {NewImage: {state: {S: ["paid"]}}}}'
            yield Finding(f"{path} is an object in every record: no value is equal to it", where, hint)


def _check_view(values: Mapping[str, Any], manifest: Manifest) -> Iterator[Finding]:
    """A table that the manifest owns has a stream only if something here says so, and everything says the same."""
    made = manifest.resources.get("tables", {}).get(values["table"])
    if made is None:
        return
    wanted, shown = values.get("stream_view_type"), made.get("stream_view_type")
    if shown is None and not _views(values["table"], manifest):
        hint = "add `stream_view_type`, here or to the table"
        yield Finding(f"the table {values['table']} has no stream", "table", hint)
    elif shown and wanted and shown != wanted:
        yield Finding(f"the table's stream shows {shown}", "stream_view_type", "remove it, or say the same in both")


def _views(table: str, manifest: Manifest) -> bool:
    """Whether a trigger switches the table's stream on."""
    return any(
        trigger.kind == "dynamodb" and trigger.settings["table"] == table and "stream_view_type" in trigger.settings
        for function in manifest.functions.values()
        for trigger in function.triggers
    )


def _impossible(pattern: dict[str, Any]) -> Iterator[str]:
    """Paths in a pattern where it wants a value and every record has an object."""
    record = pattern.get("dynamodb")
    images = {f"dynamodb.{field}": record.get(field) for field in _IMAGES.values()} if isinstance(record, dict) else {}
    for path, wanted in ({"dynamodb": record} | images).items():
        if isinstance(wanted, list) and {"exists": False} not in wanted:
            yield path


def _deployment(trigger: Trigger, function: Function, place: Place) -> Iterator[Resource | Grant]:
    values = trigger.settings
    given = values["table"]
    table = mappings.local(given.partition("/stream/")[0], place, "table/")
    arn = given if given.startswith("arn:") else place.arn("dynamodb", f"table/{given}")
    stream: Any = given if "/stream/" in given else Ref("table_stream", table)
    failure, sending = mappings.discarded(values, place)
    properties = {"EventSourceArn": stream, **mappings.stream(values), **failure}
    if "stream_view_type" in values and isinstance(stream, Ref):
        yield _stream(trigger, function, table)
    yield mappings.mapping(trigger, function, place, mappings.source_name(arn, place), properties)
    yield Grant(_READING, (stream,))
    yield from (*sending, *mappings.grants(values))


def _stream(trigger: Trigger, function: Function, table: str) -> Resource:
    """The table's stream, switched on where it is off; it belongs to the table and stays when the trigger goes."""
    view = trigger.settings["stream_view_type"]
    return Resource(
        "table_stream",
        table,
        {"TableName": Ref("table", table, "name"), "StreamViewType": view},
        where=where(trigger, function, "stream_view_type"),
        notes=(f"a stream of all changes ({view}) is switched on for the table {table}, and stays on",),
    )


_READING = ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams")


TRIGGER = TriggerKind(
    kind="dynamodb",
    summary="DynamoDB stream: changes of a table's items.",
    schema=settings(
        {
            "table": text(
                "The table's name, its ARN, or the ARN of its stream.",
                rf"^([a-zA-Z0-9_.-]{{3,255}}|{arn_pattern('dynamodb')}.+)$",
                "expected a table's name (3 to 255 letters, digits, _, - and dots) or an ARN",
            ),
            "stream_view_type": choice(
                "What a record shows of the item.", "NEW_AND_OLD_IMAGES", "NEW_IMAGE", "OLD_IMAGE", "KEYS_ONLY"
            ),
            **sources.starting_position("LATEST", "TRIM_HORIZON"),
            **sources.stream(),
        },
        "table",
        "starting_position",
    ),
    sample=_sample,
    delivery="poll",
    check=_check,
    deployment=_deployment,
)
