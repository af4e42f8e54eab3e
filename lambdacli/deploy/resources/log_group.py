"""A function's log group. Source: CreateLogGroup and PutRetentionPolicy in CloudWatch Logs' API reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdacli.deploy.resources import Actual, Kind
from lambdacli.deploy.resources._functions import names

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Set as AbstractSet

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Properties
    from lambdacli.resource import Place, Resource

_SURE = 50  # characters of a function's name that are never shortened away


class _LogGroup(Kind):
    kind = "log_group"
    label = "log group"
    rank = 10
    once = frozenset({"tags"})

    def known(self, resource: Resource, place: Place) -> Attributes:
        name = group_name(resource.name, place)
        return {"name": name, "arn": place.arn("logs", f"log-group:{name}")}

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:  # noqa: ARG002 - the kinds' shape
        wanted = group_name(name, aws.place)
        prefix = f"/aws/lambda/{f'{aws.place.prefix}-'[:_SURE]}"  # one call for all functions
        groups = aws.listed("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=prefix)
        for group in groups:
            if group["logGroupName"] == wanted:
                arn = group["arn"].removesuffix(":*")
                return Actual({"retentionInDays": group.get("retentionInDays")}, {"name": wanted, "arn": arn})
        return None

    def found(self, aws: Aws) -> Iterable[tuple[str, Actual]]:
        for name in sorted(names(aws) | self._tagged(aws)):
            actual = self.read(name, {}, aws)
            if actual is not None:
                yield name, actual

    def _tagged(self, aws: Aws) -> set[str]:
        """Of functions that are gone with their roles."""
        prefix = aws.place.arn("logs", f"log-group:/aws/lambda/{aws.place.prefix}-")
        return {arn[len(prefix) :].removesuffix(":*") for arn in aws.tagged() if arn.startswith(prefix)}

    def create(self, name: str, properties: Properties, aws: Aws) -> Attributes:
        group = group_name(name, aws.place)
        aws.create("logs", "create_log_group", logGroupName=group, tags=properties["tags"])
        if properties["retentionInDays"]:
            _retain(properties["retentionInDays"], group, aws)
        return {"name": group, "arn": aws.place.arn("logs", f"log-group:{group}")}

    def update(
        self,
        name: str,
        properties: Properties,
        actual: Actual,
        changed: AbstractSet[str],  # noqa: ARG002 - there is one field
        aws: Aws,
    ) -> Attributes:
        group = group_name(name, aws.place)
        if properties["retentionInDays"]:
            _retain(properties["retentionInDays"], group, aws)
        else:
            aws.remove("logs", "delete_retention_policy", logGroupName=group)
        return actual.attributes

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:  # noqa: ARG002 - the kinds' shape
        aws.remove("logs", "delete_log_group", logGroupName=group_name(name, aws.place))


def group_name(name: str, place: Place) -> str:
    """Where Lambda writes the logs of a function of the manifest."""
    return f"/aws/lambda/{place.function_name(name)}"


def _retain(days: int, group: str, aws: Aws) -> None:
    aws.call("logs", "put_retention_policy", logGroupName=group, retentionInDays=days)


KIND = _LogGroup()
