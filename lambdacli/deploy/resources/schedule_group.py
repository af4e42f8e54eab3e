"""The group of EventBridge Scheduler that holds an app's and stage's schedules, or one that a schedule refers to.

Source: CreateScheduleGroup, DeleteScheduleGroup in EventBridge Scheduler's API reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdacli.deploy.resources import Actual, Kind
from lambdacli.deploy.resources._named import mapping, pairs
from lambdacli.deploy.resources._ours import tagged
from lambdacli.deploy.resources.invoker_role import groups_of_functions
from lambdacli.triggers._pushed import group_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Properties
    from lambdacli.resource import Place, Resource


class _ScheduleGroup(Kind):
    """Named by its name."""

    kind = "schedule_group"
    label = "schedule group"
    rank = 50
    hangs = False
    once = frozenset({"Tags"})

    def known(self, resource: Resource, place: Place) -> Attributes:
        return {"name": resource.name, "arn": place.arn("scheduler", f"schedule-group/{resource.name}")}

    def objection(self, properties: Properties, actual: Actual | None, place: Place) -> str:
        """What is deleted with all that is in it must be ours."""
        if actual is not None and not actual.owned:
            return "there is such a group already, and it is not of this app and stage: name it with `group`"
        return ""

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        group = aws.get("scheduler", "get_schedule_group", Name=name)
        if group is None or group["State"] != "ACTIVE":
            return None
        owned = name == group_name(aws.place) and _tagged(str(group["Arn"]), aws)
        return Actual({}, {"name": name, "arn": str(group["Arn"])}, owned=owned)

    def found(self, aws: Aws) -> Iterable[tuple[str, Actual]]:
        """After the roles of the functions that have schedules, which are found without another call."""
        name = group_name(aws.place)
        there = self.read(name, {}, aws) if groups_of_functions(aws) else None
        if there is not None and there.owned:
            yield name, there

    def create(self, name: str, properties: Properties, aws: Aws) -> Attributes:
        """Make it. One that is being deleted is waited for: its name is taken until then."""
        _gone(name, aws)
        tags = pairs(properties["Tags"])
        made = aws.create("scheduler", "create_schedule_group", Name=name, Tags=tags)
        return {"name": name, "arn": str(made["ScheduleGroupArn"])}

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:
        aws.remove("scheduler", "delete_schedule_group", Name=name)


def _gone(name: str, aws: Aws) -> None:
    def probe() -> bool | None:
        group = aws.get("scheduler", "get_schedule_group", Name=name)
        return None if group and group["State"] == "DELETING" else True

    aws.until(probe, f"the end of schedule group {name}")


def _tagged(arn: str, aws: Aws) -> bool:
    answer = aws.get("scheduler", "list_tags_for_resource", ResourceArn=arn) or {}
    return tagged(mapping(answer.get("Tags", ())), aws.place)


KIND = _ScheduleGroup()
