"""A function's log group. Source: CreateLogGroup and PutRetentionPolicy in CloudWatch Logs' API reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdacli.deploy.resources import Actual, Kind
from lambdacli.deploy.resources._functions import last_tags, names, tagged
from lambdacli.deploy.resources._ours import tagged as tagged_ours

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Properties
    from lambdacli.resource import Place, Resource


class _LogGroup(Kind):
    kind = "log_group"
    label = "log group"
    rank = 10

    def known(self, resource: Resource, place: Place) -> Attributes:
        name = group_name(resource.name, place)
        return {"name": name, "arn": place.arn("logs", f"log-group:{name}")}

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        wanted = group_name(name, aws.place)
        prefix = f"/aws/lambda/{aws.place.beginning}"  # one call for all functions
        groups = aws.listed("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=prefix)
        for group in groups:
            if group["logGroupName"] == wanted:
                arn = group["arn"].removesuffix(":*")
                found = {"retentionInDays": group.get("retentionInDays"), "tags": last_tags(aws, name)}
                return Actual(found, {"name": wanted, "arn": arn})
        return None

    def found(self, aws: Aws) -> Iterable[tuple[str, Actual]]:
        gone_with_their_roles = tagged(aws, aws.place.arn("logs", "log-group:/aws/lambda/"))
        known = names(aws) | gone_with_their_roles
        for name in sorted({*known, *aws.place.manifest.functions}):
            actual = self.read(name, {}, aws)
            if actual is not None and (name in known or _is_ours(actual, aws)):
                yield name, actual

    def create(self, name: str, properties: Properties, aws: Aws) -> Attributes:
        group = group_name(name, aws.place)
        aws.create("logs", "create_log_group", logGroupName=group, tags=properties["tags"])
        if properties["retentionInDays"]:
            _retain(properties["retentionInDays"], group, aws)
        return {"name": group, "arn": aws.place.arn("logs", f"log-group:{group}")}

    def update(
        self, name: str, properties: Properties, actual: Actual, changed: AbstractSet[str], aws: Aws
    ) -> Attributes:
        group = group_name(name, aws.place)
        if "tags" in changed:
            _tag(properties["tags"], actual.attributes["arn"], aws)
        if "retentionInDays" not in changed:
            return actual.attributes
        if properties["retentionInDays"]:
            _retain(properties["retentionInDays"], group, aws)
        else:
            aws.remove("logs", "delete_retention_policy", logGroupName=group)
        return actual.attributes

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:
        aws.remove("logs", "delete_log_group", logGroupName=group_name(name, aws.place))


def group_name(name: str, place: Place) -> str:
    """Where Lambda writes the logs of a function of the manifest."""
    return f"/aws/lambda/{place.function_name(name)}"


def _is_ours(actual: Actual, aws: Aws) -> bool:
    """Of a group whose function and role are not there: it may be that of somebody else's function."""
    there = aws.get("logs", "list_tags_for_resource", resourceArn=actual.attributes["arn"]) or {}
    return tagged_ours(there.get("tags", {}), aws.place)


def _tag(wanted: Mapping[str, str], arn: str, aws: Aws) -> None:
    aws.call("logs", "tag_resource", resourceArn=arn, tags=dict(wanted))
    there = aws.get("logs", "list_tags_for_resource", resourceArn=arn) or {}
    if gone := [key for key in there.get("tags", {}) if key not in wanted and not key.startswith("aws:")]:
        aws.call("logs", "untag_resource", resourceArn=arn, tagKeys=gone)


def _retain(days: int, group: str, aws: Aws) -> None:
    aws.call("logs", "put_retention_policy", logGroupName=group, retentionInDays=days)


KIND = _LogGroup()
