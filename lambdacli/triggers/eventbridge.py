"""EventBridge rules with an event pattern. Source: "Amazon EventBridge event patterns"; PutRule and PutTargets."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from lambdacli.patterns import example, parsed
from lambdacli.triggers import Finding, TriggerKind
from lambdacli.triggers import _rules as rules
from lambdacli.triggers import _transform as transform
from lambdacli.triggers._parts import enabled, literal, number, request, settings, text
from lambdacli.triggers._sources import check_pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lambdacli.model import EventRequest, Function, Manifest, Trigger
    from lambdacli.resource import Place, Resource

_FIELDS = ("account", "detail", "detail-type", "id", "region", "resources", "source", "time", "version", "$or")
_PARAMETERS: dict[str, type] = {"source": str, "detail-type": str, "detail": dict, "resources": list}


def _sample(trigger: Trigger, function: Function, manifest: Manifest) -> EventRequest:
    values = trigger.settings
    if "input" in values:
        return literal(values["input"])
    pattern = parsed(values["pattern"])
    wanted = example(pattern)
    if isinstance(wanted.get("resources"), str):
        wanted["resources"] = [wanted["resources"]]
    parameters = {key: wanted[key] for key, kind in _PARAMETERS.items() if isinstance(wanted.get(key), kind)}
    made = request(manifest, "eventbridge-event", parameters)
    return made._replace(pattern=pattern, finish=delivery(trigger, f"{manifest.app}-{function.name}"))


def delivery(trigger: Trigger, name: str) -> Callable[[Any], Any] | None:
    """What becomes of the event on its way to the function; None: it stays as it is.

    Args:
        trigger: with its input_path or input_transformer.
        name: of the rule, where the trigger gives none.
    """
    values = trigger.settings
    if "input_path" in values:
        return partial(transform.selected, values["input_path"])
    if "input_transformer" in values:
        settings = values["input_transformer"]
        return partial(transform.transformed, settings.get("paths", {}), settings["template"], values.get("name", name))
    return None


def _check(trigger: Trigger, _function: Function, _manifest: Manifest) -> Iterator[Finding]:
    values = trigger.settings
    pattern = values["pattern"]
    if isinstance(pattern, str):
        try:
            pattern = json.loads(pattern)
        except ValueError as error:
            yield Finding(f"the pattern is no JSON: {error}", "pattern")
            return
    if not isinstance(pattern, dict) or not pattern:
        yield Finding("a pattern is a JSON object that is not empty", "pattern", 'such as {source: ["my.app"]}')
        return
    for key in pattern:
        if key not in _FIELDS:
            hint = "what the event carries itself is below `detail`"
            yield Finding(f"an event has no field {key[:60]!r}", f"pattern.{key}", hint, "warning")
    yield from check_pattern(pattern, "pattern")
    if len([key for key in ("input", "input_path", "input_transformer") if key in values]) > 1:
        yield Finding("only one of input, input_path and input_transformer is possible")


def _deployment(trigger: Trigger, function: Function, place: Place) -> Iterator[Resource]:
    yield from rules.rule(trigger, function, place, {"EventPattern": parsed(trigger.settings["pattern"])})


TRIGGER = TriggerKind(
    kind="eventbridge",
    summary="EventBridge rule: events that match a pattern.",
    schema=settings(
        {
            "pattern": {
                "type": ["object", "string"],
                "description": "The event pattern, or the same as JSON text.",
                "minLength": 2,
                "maxLength": 4096,
            },
            "event_bus": text("The bus' name or ARN.", default="default"),
            "name": text("Of the rule.", "^[0-9a-zA-Z_.-]{1,64}$", "expected letters, digits, _, - and dots"),
            "description": text("Shown in the console.", maxLength=512),
            "enabled": enabled(),
            "input": {"description": "What the function gets instead of the event: any JSON value."},
            "input_path": text("JSONPath of the part of the event that the function gets.", r"^\$", "expected $.…"),
            "input_transformer": settings(
                {
                    "paths": {
                        "type": "object",
                        "description": "Names and the JSONPaths of what they stand for.",
                        "additionalProperties": {"type": "string"},
                    },
                    "template": text("What the function gets; <name> stands for a path's value."),
                },
                "template",
                description="What the function gets, made from parts of the event.",
            ),
            "maximum_event_age": number("Seconds in which delivery is tried.", 60, 86400),
            "maximum_retry_attempts": number("Tries after the first.", 0, 185),
            "dead_letter_queue": text("Name or ARN of an SQS queue for undelivered events."),
        },
        "pattern",
    ),
    sample=_sample,
    delivery="push",
    check=_check,
    deployment=_deployment,
)
