"""A log group that a trigger refers to and that belongs to somebody else. Source: DescribeLogGroups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdacli.deploy.resources import Actual, Kind

if TYPE_CHECKING:
    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Properties
    from lambdacli.resource import Place, Resource


class _ExternalLogGroup(Kind):
    """Named by its name; never made here."""

    kind = "external_log_group"
    label = "log group"
    rank = 10
    hangs = False

    def known(self, resource: Resource, place: Place) -> Attributes:
        return {"name": resource.name, "arn": place.arn("logs", f"log-group:{resource.name}")}

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        if name.startswith("arn:"):  # elsewhere: what needs it objects
            return Actual({})
        groups = aws.listed("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=name)
        return Actual({}) if any(each["logGroupName"] == name for each in groups) else None


KIND = _ExternalLogGroup()
