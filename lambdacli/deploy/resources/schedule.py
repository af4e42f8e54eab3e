"""A schedule of EventBridge Scheduler that invokes a function.

Source: CreateSchedule, GetSchedule, UpdateSchedule in EventBridge Scheduler's API reference. Schedules have no tags:
they are found in the groups that the function's role for the service names.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdacli.deploy.resources import Actual, Kind
from lambdacli.deploy.resources.invoker_role import groups_of_functions
from lambdacli.refusals import Refused
from lambdacli.resource import shortened
from lambdacli.triggers._pushed import moment, written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Properties
    from lambdacli.resource import Place

_AT = re.compile(r"at\((.*)\)")
_MOST = 64  # characters of a name
_MOMENTS = ("StartDate", "EndDate")
_DEFAULTS = {
    "ScheduleExpressionTimezone": "UTC",
    "Description": "",
    "State": "ENABLED",
    "KmsKeyArn": "",
    "ActionAfterCompletion": "NONE",
}


class _Name(NamedTuple):
    function: str
    group: str
    schedule: str


class _Schedule(Kind):
    """Named by the function, the group and the schedule."""

    kind = "schedule"
    rank = 70

    def same(self, field: str, wanted: Any, actual: Any) -> bool:
        """One that has begun needs no moment at which it begins, see `_put`."""
        return bool(wanted == actual or (field == "StartDate" and not actual and _is_past(wanted)))

    def objection(self, properties: Properties, actual: Actual | None, place: Place) -> str:
        """A schedule of somebody else is not taken over."""
        if actual is not None and not actual.owned:
            target = actual.properties["Target"]["Arn"]
            return f"there is such a schedule already, for {target}: `name` makes another"
        return ""

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        """The schedule. One that has deleted itself when it was over is as it should be."""
        named = _parsed(name)
        found = aws.get("scheduler", "get_schedule", Name=named.schedule, GroupName=named.group)
        if found is None:
            return Actual(properties) if _is_over(properties) else None
        owned = found["Target"]["Arn"].startswith(f"{aws.place.function_arn(named.function)}:")
        return Actual(_properties(found), {"arn": str(found["Arn"])}, owned=owned)

    def found(self, aws: Aws) -> Iterable[tuple[str, Actual]]:
        """In all groups in which functions of ours may have any; in others those that have a name of ours."""
        groups = groups_of_functions(aws)
        if not groups:
            return
        functions = {aws.place.alias_arn(function): function for function in groups}
        searches = [{"GroupName": group} for group in sorted({each for known in groups.values() for each in known})]
        for where in (*searches, {"NamePrefix": shortened(f"{aws.place.prefix}-", _MOST)}):
            for each in aws.listed("scheduler", "list_schedules", "Schedules", **where):
                if function := functions.get(each["Target"]["Arn"]):
                    name = f"{function}/{each['GroupName']}/{each['Name']}"
                    yield name, Actual({"GroupName": each["GroupName"], "Target": dict(each["Target"])})

    def create(self, name: str, properties: Properties, aws: Aws) -> Attributes:
        named = _parsed(name)
        made = _put(lambda given: aws.create("scheduler", "create_schedule", **given), named, properties)
        return {"arn": str(made["ScheduleArn"])}

    def update(
        self, name: str, properties: Properties, actual: Actual, changed: AbstractSet[str], aws: Aws
    ) -> Attributes:
        _put(lambda given: aws.call("scheduler", "update_schedule", **given), _parsed(name), properties)
        return actual.attributes

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:
        named = _parsed(name)
        aws.remove("scheduler", "delete_schedule", Name=named.schedule, GroupName=named.group)


def _parsed(name: str) -> _Name:
    return _Name(*name.split("/", 2))


def _put(call: Callable[[dict[str, Any]], dict[str, Any]], named: _Name, properties: Properties) -> dict[str, Any]:
    """Without the moment at which it began where AWS takes none that is over: 5 minutes ago and earlier."""
    given = {"Name": named.schedule, "GroupName": named.group, **_given(properties)}
    try:
        return call(given)
    except Refused as refused:
        if "StartDate" not in refused.text or not _is_past(properties["StartDate"]):
            raise
        return call({key: value for key, value in given.items() if key != "StartDate"})


def _is_past(when: str) -> bool:
    return bool(when) and moment(when) < datetime.now(timezone.utc)


def _given(properties: Properties) -> dict[str, Any]:
    """UpdateSchedule sets what is left out to its default: empty values are left out."""
    given = {key: value for key, value in properties.items() if value and key != "GroupName"}
    return given | {key: moment(given[key]) for key in _MOMENTS if key in given}


def _properties(found: Mapping[str, Any]) -> dict[str, Any]:
    moments = {key: written(found[key]) if found.get(key) else "" for key in _MOMENTS}
    texts = {key: found.get(key) or default for key, default in _DEFAULTS.items()}
    target = {key: value for key, value in found["Target"].items() if value}
    window = {key: value for key, value in found["FlexibleTimeWindow"].items() if value}
    return {
        "GroupName": found["GroupName"],
        "ScheduleExpression": found["ScheduleExpression"],
        "FlexibleTimeWindow": window,
        "Target": target,
        **texts,
        **moments,
    }


def _is_over(properties: Properties) -> bool:
    """Whether it was to delete itself, and its last invocation lies behind us."""
    if properties.get("ActionAfterCompletion") != "DELETE":
        return False
    if _is_past(properties["EndDate"]):
        return True
    once = _AT.fullmatch(properties["ScheduleExpression"])
    return once is not None and _local(once[1], properties["ScheduleExpressionTimezone"]) < datetime.now(timezone.utc)


def _local(text: str, zone: str) -> datetime:
    from zoneinfo import ZoneInfo

    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
    except (OSError, ValueError, KeyError):  # a machine may have no time zone data
        return moment(text)


KIND = _Schedule()
