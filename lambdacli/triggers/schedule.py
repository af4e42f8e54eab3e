"""Schedules: EventBridge rules, or EventBridge Scheduler where a time zone, a window or an input asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdacli import partitions
from lambdacli.suggest import nearest
from lambdacli.triggers import Finding, TriggerKind
from lambdacli.triggers._expressions import mistake
from lambdacli.triggers._parts import choice, enabled, literal, number, request, settings, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lambdacli.model import EventRequest, Function, Manifest, Trigger

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


def uses_scheduler(trigger: Trigger) -> bool:
    """Whether this becomes a schedule of EventBridge Scheduler instead of a rule of EventBridge."""
    values = trigger.settings
    if "service" in values:
        return bool(values["service"] == "scheduler")
    return values["expression"].startswith("at(") or any(key in values for key in _SCHEDULER)


def _sample(trigger: Trigger, function: Function, manifest: Manifest) -> EventRequest:
    values = trigger.settings
    name = values.get("name") or f"{manifest.app}-{function.name}"
    if "input" in values:
        given = values["input"]
        return literal(_filled(given, _words(name, trigger, manifest)) if uses_scheduler(trigger) else given)
    if uses_scheduler(trigger):
        return request(manifest, "eventbridge-scheduler", {"schedule": name, "group": values.get("group")})
    return request(manifest, "eventbridge-schedule", {"rule": name})


def _words(name: str, trigger: Trigger, manifest: Manifest) -> dict[str, str]:
    """What EventBridge Scheduler puts into an input ("Adding context attributes" in its user guide)."""
    region, account = manifest.region, manifest.account or "123456789012"
    place = f"schedule/{trigger.settings.get('group', 'default')}/{name}"
    return {
        "<aws.scheduler.schedule-arn>": f"arn:{partitions.of(region)}:scheduler:{region}:{account}:{place}",
        "<aws.scheduler.scheduled-time>": "2026-01-02T03:04:05Z",
        "<aws.scheduler.execution-id>": "a1b2c3d4e5f60718",
        "<aws.scheduler.attempt-number>": "1",
    }


def _filled(value: Any, words: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(each, words) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, words) for each in value]
    for word, meaning in words.items() if isinstance(value, str) else ():
        value = value.replace(word, meaning)
    return value


def _check(trigger: Trigger, _function: Function, _manifest: Manifest) -> Iterator[Finding]:
    values = trigger.settings
    message, hint = mistake(values["expression"])
    if message:
        yield Finding(message, "expression", hint)
    if values.get("service") == "rule":
        for key in _SCHEDULER:
            if key in values:
                yield Finding("a rule of EventBridge has no such setting", key, "use `service: scheduler`")
        if values["expression"].startswith("at("):
            yield Finding("at(…) is for EventBridge Scheduler", "expression", "use `service: scheduler`")
    if zone := values.get("timezone"):
        yield from _zone(zone)


def _zone(zone: str) -> Iterator[Finding]:
    from zoneinfo import ZoneInfo, available_timezones

    try:
        ZoneInfo(zone)
    except (OSError, ValueError, KeyError):
        if known := available_timezones():  # a machine may have no time zone data
            hint = nearest(zone, known, "a name such as Europe/Berlin")
            yield Finding(f"{zone[:60]} is no time zone", "timezone", hint)


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
    check=_check,
    shorthand="expression",
)
