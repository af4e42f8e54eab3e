"""Schedules of EventBridge Scheduler that invoke a function.

Source: CreateSchedule in EventBridge Scheduler's API reference; "Setting up the execution role" in its user guide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdacli.resource import Key, Ref, Resource, digest
from lambdacli.triggers import _pushed as pushed
from lambdacli.triggers._deployed import alias, resource, where

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lambdacli.model import Function, Trigger
    from lambdacli.resource import Place, Value


def schedule(trigger: Trigger, function: Function, place: Place) -> Iterator[Resource]:
    """A schedule, the group that it is in, and the role that the service takes on to invoke the function."""
    own = pushed.group_name(place)
    group = trigger.settings.get("group", own)
    role = _role(trigger, function, place, group)
    yield role
    if group == own:
        tags = {"Tags": place.tags}
        yield Resource("schedule_group", own, tags, where=where(trigger, function), after=(role.key,))
    properties = {
        "GroupName": Ref("schedule_group", group, "name"),
        **_when(trigger),
        "Description": trigger.settings.get("description", ""),
        "State": "ENABLED" if trigger.settings.get("enabled", True) else "DISABLED",
        "KmsKeyArn": trigger.settings.get("kms_key", ""),
        "Target": _target(trigger, function, place),
    }
    name = pushed.own_name(trigger, function, place)
    yield resource(trigger, function, "schedule", f"{group}/{name}", properties, after=(Key("alias", function.name),))


def _when(trigger: Trigger) -> dict[str, Any]:
    values = trigger.settings
    window = values.get("flexible_time_window")
    flexible = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": window} if window else {"Mode": "OFF"}
    moments = {
        name: pushed.written(pushed.moment(values[key])) if key in values else ""
        for name, key in (("StartDate", "start_date"), ("EndDate", "end_date"))
    }
    return {
        "ScheduleExpression": values["expression"],
        "ScheduleExpressionTimezone": values.get("timezone", "UTC"),
        "FlexibleTimeWindow": flexible,
        "ActionAfterCompletion": values.get("action_after_completion", "NONE"),
        **moments,
    }


def _target(trigger: Trigger, function: Function, place: Place) -> dict[str, Any]:
    values = trigger.settings
    target: dict[str, Any] = {
        "Arn": alias(function),
        "RoleArn": Ref("invoker_role", function.name),
        "RetryPolicy": pushed.retries(trigger, always=True),
    }
    if "input" in values:
        target["Input"] = pushed.as_json(values["input"])
    if queue := pushed.queue(trigger, place):
        target["DeadLetterConfig"] = {"Arn": Ref("queue", queue)}
    return target


def _role(trigger: Trigger, function: Function, place: Place, group: str) -> Resource:
    """What this one schedule adds to the role that all of the function share."""
    arn = place.arn("scheduler", f"schedule-group/{group}")
    statements: dict[str, Value] = {"Invoke": _allowing("lambda:InvokeFunction", place.alias_arn(function.name))}
    if queue := pushed.queue(trigger, place):
        statements[f"Send{digest(queue)[:12]}"] = _allowing("sqs:SendMessage", Ref("queue", queue))
    if key := trigger.settings.get("kms_key"):
        statements[f"Decrypt{digest(key)[:12]}"] = _decrypting(key)
    properties: dict[str, Value] = {
        "Groups": {group: arn},
        "Statements": statements,
        "Tags": place.tags_of(function.name),
        "PermissionsBoundary": place.manifest.deploying.permissions_boundary,
    }
    return Resource("invoker_role", function.name, properties, function.name, where(trigger, function))


def _allowing(action: str, on: Value) -> dict[str, Value]:
    return {"Effect": "Allow", "Action": action, "Resource": on}


def _decrypting(key: str) -> dict[str, Value]:
    """A policy names keys, not their aliases: "Use aliases to control access to KMS keys" in KMS' guide."""
    before, slash, alias_name = key.partition(":alias/")
    if not slash:
        return _allowing("kms:Decrypt", key)
    condition = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": f"alias/{alias_name}"}}
    return {**_allowing("kms:Decrypt", f"{before}:key/*"), "Condition": condition}
