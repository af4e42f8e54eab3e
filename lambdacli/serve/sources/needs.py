"""What the manifest's functions speak of at a source, as resources: made here, or looked for at AWS. Pure.

It follows from what the triggers would deploy: a queue that a mapping reads, a bus that a rule listens to, a table
whose stream is read; and from where records of invocations go.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from lambdacli import triggers
from lambdacli.deploy import owned
from lambdacli.resource import Key, Place, Resource, references

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lambdacli.model import Function, Manifest

_SECTIONS = {
    "bucket": "buckets", "queue": "queues", "topic": "topics", "table": "tables", "table_stream": "tables",
    "stream": "streams",
}  # fmt: skip
_BESIDE = ("event_bus", "external_log_group")  # what no section of the manifest makes
_ENDS = {"sqs": "queue", "sns": "topic", "eventbridge": "event_bus", "s3": "bucket"}
_SERVICES = {"sqs": "queue", "kinesis": "stream", "dynamodb": "table"}
_COME_FROM_SOURCES = ("poll", "push", "clock")  # a schedule may have a queue for its dead letters
_PREFIXES = ("table/", "stream/", "event-bus/", "log-group:")
_COUNT = {"pushed": 0, "sent": 1, "read": 2}
_DEFAULT_BUS = "default"  # every account's
_TABLE = {"partition_key": "id"}  # where nothing tells its key
_IMPLIED: Mapping[str, Mapping[str, Any]] = {"table": _TABLE, "table_stream": _TABLE, "stream": {"shards": 1}}
_IMAGES = "NEW_AND_OLD_IMAGES"


How = Literal["read", "pushed", "sent"]


class Need(NamedTuple):
    """Something that must be there."""

    key: Key  # its kind, and its name or ARN as the manifest has it
    where: str  # functions.orders.triggers[0].sqs
    how: How  # whether it is read here, whether its service pushes what is in it, or whether something is sent there


def of(manifest: Manifest, place: Place) -> list[Need]:
    """What functions read, are sent from, or send to, each once: reading counts most, then sending."""
    found: dict[Key, Need] = {}
    for function in manifest.functions.values():
        for need in (*_triggered(function, place), *_ends(function)):
            if need.key.kind in (*_SECTIONS, *_BESIDE) and need.key != Key("event_bus", _DEFAULT_BUS):
                known = found.get(need.key)
                if known is None or _COUNT[need.how] > _COUNT[known.how]:
                    found[need.key] = need
    return list(found.values())


def bare(name: str) -> str:
    """The name in an ARN, without the type before it and what follows it; a name as it is."""
    if not name.startswith("arn:"):
        return name
    rest = name.split(":", 5)[5]
    for prefix in _PREFIXES:
        if rest.startswith(prefix):
            rest = rest.removeprefix(prefix)
            return rest.removesuffix(":*") if prefix == "log-group:" else rest.partition("/")[0]
    return rest


def _triggered(function: Function, place: Place) -> Iterator[Need]:
    for trigger in function.triggers:
        kind = triggers.load(trigger.kind)
        if kind.delivery in _COME_FROM_SOURCES and triggers.enabled(trigger):
            for each in kind.deployment(trigger, function, place):
                if isinstance(each, Resource):
                    yield from _spoken_of(each, "pushed" if kind.delivery == "push" else "sent")


def _spoken_of(resource: Resource, how: How) -> Iterator[Need]:
    """What a resource refers to: by reference, or by an ARN that only some sources have."""
    source = resource.properties.get("EventSourceArn")
    for ref in references(resource.properties):
        yield Need(ref.key, resource.where, "read" if ref == source else how)
    if resource.kind == "subscription_filter":
        yield Need(Key("external_log_group", resource.properties["logGroupName"]), resource.where, how)
    if isinstance(source, str) and (kind := _SERVICES.get(source.split(":", 5)[2])):
        yield Need(Key(kind, source), resource.where, "read")


def _ends(function: Function) -> Iterator[Need]:
    """Where records of its invocations go."""
    ends = {"dead_letter": function.dead_letter, "on_failure": function.on_failure, "on_success": function.on_success}
    for setting, end in ends.items():
        if end is not None and (kind := _ENDS.get(end.kind)):
            name = end.target.partition(":::")[2] or end.target if kind == "bucket" else end.target
            yield Need(Key(kind, name), f"functions.{function.name}.{setting}", "sent")


def resources(manifest: Manifest, place: Place) -> list[Resource]:
    """All that is to be made where there is nothing yet: what the manifest owns, and what its functions need.

    What lies in another account or Region by its ARN is made here under its name; keys of KMS are left out, as there
    are none.
    """
    needs = of(manifest, place)
    sections = _sections(manifest, needs)  # all that functions say of them is in it
    asked = {Key(need.key.kind, bare(need.key.name)): need.where for need in needs}
    found = [
        each if each.name in manifest.resources.get(_SECTIONS[each.kind], ()) else _placed(each, asked)
        for each in owned.resources(manifest._replace(resources=sections, functions={}), place)
    ]
    beside = (Resource(key.kind, key.name, {}, where=where) for key, where in asked.items() if key.kind in _BESIDE)
    return [*_once(found), *beside]


def _placed(resource: Resource, asked: Mapping[Key, str]) -> Resource:
    """With the place in the manifest of who asks for it."""
    return resource._replace(where=asked.get(resource.key, resource.where))


def _sections(manifest: Manifest, needs: list[Need]) -> dict[str, dict[str, dict[str, Any]]]:
    """The manifest's own, and what is missing in them with the settings that its users ask for."""
    sections: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for section, given in manifest.resources.items():
        for name, settings in given.items():
            sections[section][name] = _local(settings)
    for need in needs:
        if need.key.kind in _SECTIONS:
            there, name = sections[_SECTIONS[need.key.kind]], bare(need.key.name)
            if name not in there:
                there[name] = dict(_IMPLIED.get(need.key.kind, {}))
    _hiding(sections["queues"], manifest)
    _with_streams(sections["tables"], manifest)
    return sections


def _local(settings: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in (settings or {}).items() if key != "kms_key"}
    if "dead_letter_queue" in kept:
        kept["dead_letter_queue"] = bare(kept["dead_letter_queue"])
    return kept


def _hiding(queues: dict[str, dict[str, Any]], manifest: Manifest) -> None:
    """Queues hide what a function has got for as long as a deployment would make them, however triggers spell them."""
    readers: dict[str, dict[str, dict[str, Function]]] = defaultdict(lambda: defaultdict(dict))
    for function in manifest.functions.values():
        for trigger in function.triggers:
            if trigger.kind == "sqs":
                spelt = trigger.settings["queue"]
                readers[bare(spelt)][spelt][function.name] = function
    for name, settings in queues.items():
        each = readers.get(name) or {name: {}}
        times = (owned.visibility(spelt, manifest._replace(functions=some)) for spelt, some in each.items())
        settings.setdefault("visibility_timeout", max(times))


def _with_streams(tables: dict[str, dict[str, Any]], manifest: Manifest) -> None:
    """Tables whose streams are read have one, which shows what the triggers want."""
    for _, trigger in triggers.active(manifest):
        if trigger.kind == "dynamodb":
            wanted = trigger.settings.get("stream_view_type", _IMAGES)
            table = tables.setdefault(bare(trigger.settings["table"]), dict(_TABLE))
            table.setdefault("stream_view_type", wanted)


def _once(found: list[Resource]) -> list[Resource]:
    """A queue for the dead letters of several is told of by each of them."""
    return list({each.key: each for each in found}.values())
