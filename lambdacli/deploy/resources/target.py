"""A function in a target group, which takes no more than one. Source: RegisterTargets in the API reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdacli.deploy.resources import UNKNOWN, Actual, Kind
from lambdacli.deploy.resources import _balancers as elb
from lambdacli.deploy.resources._ours import ours

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Set as AbstractSet

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Deployed, Properties
    from lambdacli.resource import Place


class _Target(Kind):
    kind = "target"
    label = "target"
    rank = 62

    def objection(self, properties: Properties, actual: Actual | None, place: Place) -> str:
        if actual is None or actual.owned:
            return ""
        return f"the target group has {actual.properties['Id']} in it, and takes no more than one function"

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        group = properties.get("TargetGroupArn", UNKNOWN)
        there = [] if group is UNKNOWN else elb.targets(group, aws)
        return _actual(group, there[0], aws) if there else None

    def found_on(self, function: Deployed, aws: Aws) -> Iterable[tuple[str, Actual]]:
        for group in elb.groups(function, aws):
            arn = group["TargetGroupArn"]
            if function.alias_arn in elb.targets(arn, aws):
                actual = _actual(arn, function.alias_arn, aws)
                yield f"{function.name}/{group['TargetGroupName']}", actual

    def create(self, name: str, properties: Properties, aws: Aws) -> Attributes:
        target = {"Id": properties["Id"]}
        aws.call(elb.SERVICE, "register_targets", TargetGroupArn=properties["TargetGroupArn"], Targets=[target])
        return {}

    def update(
        self, name: str, properties: Properties, actual: Actual, changed: AbstractSet[str], aws: Aws
    ) -> Attributes:
        self.delete(name, actual, aws)
        return self.create(name, properties, aws)

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:
        group, target = actual.properties["TargetGroupArn"], {"Id": actual.properties["Id"]}
        aws.remove(elb.SERVICE, "deregister_targets", TargetGroupArn=group, Targets=[target])


def _actual(group: str, target: str, aws: Aws) -> Actual:
    return Actual({"TargetGroupArn": group, "Id": target}, owned=ours(target, aws))


KIND = _Target()
