"""Schedules: EventBridge rules, or EventBridge Scheduler where a time zone, a window or an input asks for it."""

from __future__ import annotations

from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING, Any

from lambdacli.suggest import nearest
from lambdacli.timetable.expressions import mistake
from lambdacli.timetable.firings import Timetable, firings
from lambdacli.triggers import Finding, TriggerKind
from lambdacli.triggers import _pushed as pushed
from lambdacli.triggers import _rules as rules
from lambdacli.triggers import _schedules as schedules
from lambdacli.triggers._parts import choice, enabled, literal, number, request, settings, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lambdacli.model import EventRequest, Function, Manifest, Trigger
    from lambdacli.resource import Place, Resource

# What only EventBridge Scheduler has.
_SCHEDULER = (
    "timezone",
    "group",
    "start_date",
    "end_date",
    "flexible_time_window",
    "action_after_completion",
    "kms_key",
)
_WORD = "<aws.scheduler."  # how its words begin
_EVER = datetime(1970, 1, 1, tzinfo=timezone.utc)  # the first year that a cron expression may have


def uses_scheduler(trigger: Trigger) -> bool:
    """Whether this becomes a schedule of EventBridge Scheduler instead of a rule of EventBridge."""
    values = trigger.settings
    if "service" in values:
        return bool(values["service"] == "scheduler")
    return values["expression"].startswith("at(") or any(key in values for key in _SCHEDULER)


def timetable(trigger: Trigger) -> Timetable:
    """When it fires. Its settings are right: `check` has nothing against them."""
    values = trigger.settings
    return Timetable(
        values["expression"],
        values.get("timezone", "UTC"),
        uses_scheduler(trigger),
        *(pushed.moment(values[key]) if key in values else None for key in ("start_date", "end_date")),
    )


def _sample(trigger: Trigger, function: Function, manifest: Manifest) -> EventRequest:
    values = trigger.settings
    name = values.get("name") or f"{manifest.app}-{function.name}"
    by_scheduler = uses_scheduler(trigger)
    if "input" in values and not (by_scheduler and _WORD in str(values["input"])):
        return literal(values["input"])
    if not by_scheduler:
        return request(manifest, "eventbridge-schedule", {"rule": name})
    made = request(manifest, "eventbridge-scheduler", {"schedule": name, "group": values.get("group")})
    return made._replace(finish=partial(_filled, values["input"])) if "input" in values else made


def _filled(given: Any, event: Any) -> Any:
    """An input with what EventBridge Scheduler puts into it ("Adding context attributes" in its user guide)."""
    words = {
        f"{_WORD}schedule-arn>": event["resources"][0],
        f"{_WORD}scheduled-time>": event["time"],
        f"{_WORD}execution-id>": event["id"].replace("-", "")[:16],
        f"{_WORD}attempt-number>": "1",
    }

    def filled(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: filled(each) for key, each in value.items()}
        if isinstance(value, list):
            return [filled(each) for each in value]
        for word, meaning in words.items() if isinstance(value, str) else ():
            value = value.replace(word, meaning)
        return value

    return filled(given)


def _check(trigger: Trigger, _function: Function, _manifest: Manifest) -> Iterator[Finding]:
    values = trigger.settings
    yield from _expression(values["expression"])
    if values.get("service") == "rule":
        for key in _SCHEDULER:
            if key in values:
                yield Finding("a rule of EventBridge has no such setting", key, "use `service: scheduler`")
        if values["expression"].startswith("at("):
            yield Finding("at(…) is for EventBridge Scheduler", "expression", "use `service: scheduler`")
    if zone := values.get("timezone"):
        yield from _zone(zone)
    yield from _moments(trigger)


def _expression(expression: str) -> Iterator[Finding]:
    message, hint = mistake(expression)
    if message:
        yield Finding(message, "expression", hint)
    elif expression.startswith("cron(") and next(firings(Timetable(expression), _EVER), None) is None:
        yield Finding("it never fires: no date is like that", "expression", severity="warning")


def _moments(trigger: Trigger) -> Iterator[Finding]:
    values = trigger.settings
    found = {key: _moment(values[key]) for key in ("start_date", "end_date") if key in values}
    for key, moment in found.items():
        if moment is None:
            hint = "such as 2027-01-31T08:00:00Z; without a zone it is in UTC"
            yield Finding(f"{values[key][:60]} is no time", key, hint)
    start, end = found.get("start_date"), found.get("end_date")
    if start and end and end <= start:
        yield Finding("it ends before it starts", "end_date")


def _moment(text: str) -> datetime | None:
    try:
        return pushed.moment(text)
    except ValueError:
        return None


def _zone(zone: str) -> Iterator[Finding]:
    from zoneinfo import ZoneInfo, available_timezones

    try:
        ZoneInfo(zone)
    except (OSError, ValueError, KeyError):
        if known := available_timezones():  # a machine may have no time zone data
            hint = nearest(zone, known, "a name such as Europe/Berlin")
            yield Finding(f"{zone[:60]} is no time zone", "timezone", hint)


def _deployment(trigger: Trigger, function: Function, place: Place) -> Iterator[Resource]:
    if uses_scheduler(trigger):
        return schedules.schedule(trigger, function, place)
    return rules.rule(trigger, function, place, {"ScheduleExpression": trigger.settings["expression"]})


TRIGGER = TriggerKind(
    kind="schedule",
    summary="A rate, a cron expression, or a moment.",
    schema=settings(
        {
            "expression": text(
                "rate(5 minutes), cron(0 8 ? * MON-FRI *) or at(2027-01-31T08:00:00).",
                r"^(rate|cron|at)\(.+\)$",
                "expected rate(5 minutes), cron(0 8 ? * MON-FRI *) or at(2027-01-31T08:00:00)",
                maxLength=256,
            ),
            "name": text(
                "Of the rule or schedule.", "^[0-9a-zA-Z_.-]{1,64}$", "expected letters, digits, _, - and dots"
            ),
            "description": text("Shown in the console.", maxLength=512),
            "enabled": enabled(),
            "input": {"description": "The event that the function gets instead of the schedule's own: any JSON value."},
            "timezone": text("Name of a time zone, such as Europe/Berlin; UTC unless given."),
            "service": choice("EventBridge's older rules, or Scheduler; chosen by the settings.", "rule", "scheduler"),
            "group": text(
                "Schedule group (Scheduler).", "^[0-9a-zA-Z_.-]{1,64}$", "expected letters, digits, _, -, dots"
            ),
            "start_date": text("ISO 8601 time before which nothing is invoked (Scheduler)."),
            "end_date": text("ISO 8601 time after which nothing is invoked (Scheduler)."),
            "flexible_time_window": number("Minutes in which the invocation may happen (Scheduler).", 1, 1440),
            "action_after_completion": choice("What becomes of a schedule that is over (Scheduler).", "NONE", "DELETE"),
            "kms_key": text("ARN of the KMS key that encrypts the input (Scheduler)."),
            "maximum_event_age": number("Seconds in which delivery is tried.", 60, 86400),
            "maximum_retry_attempts": number("Tries after the first.", 0, 185),
            "dead_letter_queue": text("Name or ARN of an SQS queue for undelivered events."),
        },
        "expression",
    ),
    sample=_sample,
    delivery="clock",
    check=_check,
    deployment=_deployment,
    shorthand="expression",
)
