"""Rules of EventBridge that invoke a function, by a pattern or by a schedule. Source: PutRule and PutTargets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdacli.resource import Ref, Resource
from lambdacli.triggers import _pushed as pushed
from lambdacli.triggers._deployed import alias, permission, resource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lambdacli.model import Function, Trigger
    from lambdacli.resource import Place, Value

_DEFAULT = "default"  # every account's event bus
_SERVICE = "events.amazonaws.com"


def rule(trigger: Trigger, function: Function, place: Place, what: dict[str, Value]) -> Iterator[Resource]:
    """A rule with the function as its target, the permission that the rule needs, and that of its dead letters.

    Args:
        trigger: with the settings that rules by pattern and by schedule share.
        function: the target.
        place: where.
        what: sets it off: EventPattern or ScheduleExpression.
    """
    bus = trigger.settings.get("event_bus", _DEFAULT)
    bus = pushed.short(bus, "events", place).removeprefix("event-bus/")
    name = pushed.own_name(trigger, function, place)
    path = name if bus == _DEFAULT else f"{bus}/{name}"
    arn = place.arn("events", f"rule/{path}")
    allowed = permission(trigger, function, place, _SERVICE, arn, sid=arn)
    letting, notes = pushed.dead_letters(trigger, function, place, "dead_letter_queue", _SERVICE, arn)
    yield from (allowed, *letting)
    properties = {
        "EventBusName": _DEFAULT if bus == _DEFAULT else Ref("event_bus", bus, "name"),
        "EventPattern": None,
        "ScheduleExpression": "",
        "State": "ENABLED" if trigger.settings.get("enabled", True) else "DISABLED",
        "Description": trigger.settings.get("description", ""),
        "Target": {"Arn": alias(function), **_delivery(trigger, place)},
        "Tags": place.tags_of(function.name),
        **what,
    }
    after = (allowed.key, *(each.key for each in letting))
    yield resource(trigger, function, "rule", path, properties, after=after, notes=notes)


def _delivery(trigger: Trigger, place: Place) -> dict[str, Any]:
    """What the function gets, and what becomes of what it does not get."""
    values = trigger.settings
    given: dict[str, Any] = {}
    if "input" in values:
        given["Input"] = pushed.as_json(values["input"])
    if "input_path" in values:
        given["InputPath"] = values["input_path"]
    if transformer := values.get("input_transformer"):
        paths = {"InputPathsMap": dict(transformer["paths"])} if transformer.get("paths") else {}
        given["InputTransformer"] = {**paths, "InputTemplate": transformer["template"]}
    if retries := pushed.retries(trigger, always=False):
        given["RetryPolicy"] = retries
    if queue := pushed.queue(trigger, place):
        given["DeadLetterConfig"] = {"Arn": Ref("queue", queue)}
    return given
