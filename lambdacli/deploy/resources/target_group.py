"""A target group with one function in it. Source: CreateTargetGroup in the Elastic Load Balancing API reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdacli.deploy.resources import Actual, Kind
from lambdacli.deploy.resources import _balancers as elb
from lambdacli.deploy.resources._named import pairs
from lambdacli.deploy.resources._ours import tagged
from lambdacli.resource import FUNCTION_TAG

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Deployed, Properties

_CHECK = (
    "HealthCheckEnabled", "HealthCheckPath", "HealthCheckIntervalSeconds", "HealthCheckTimeoutSeconds",
    "HealthyThresholdCount", "UnhealthyThresholdCount", "Matcher",
)  # fmt: skip
_LISTS = "lambda.multi_value_headers.enabled"


class _TargetGroup(Kind):
    kind = "target_group"
    label = "target group"
    rank = 52
    immutable = frozenset({"TargetType"})

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        found = elb.group(aws, name=name.partition("/")[2])
        return _actual(found, aws) if found else None

    def found(self, aws: Aws) -> Iterable[tuple[str, Actual]]:
        """Those of which no permission tells any more."""
        prefix = aws.place.arn("elasticloadbalancing", "targetgroup/")
        for arn in aws.tagged():
            found = elb.group(aws, arn=arn) if arn.startswith(prefix) else None
            if found is not None:
                actual = _actual(found, aws)
                function = elb.tags(arn, aws).get(FUNCTION_TAG, "")
                if actual.owned and function:
                    yield f"{function}/{found['TargetGroupName']}", actual

    def found_on(self, function: Deployed, aws: Aws) -> Iterable[tuple[str, Actual]]:
        for found in elb.groups(function, aws):
            actual = _actual(found, aws)
            if actual.owned:
                yield f"{function.name}/{found['TargetGroupName']}", actual

    def create(self, name: str, properties: Properties, aws: Aws) -> Attributes:
        function, _, group = name.partition("/")
        tags = pairs(aws.place.tags_of(function))
        made = aws.create(
            elb.SERVICE, "create_target_group", Name=group, TargetType="lambda", Tags=tags, **_check(properties)
        )
        arn = str(made["TargetGroups"][0]["TargetGroupArn"])
        if properties["MultiValueHeaders"]:
            _lists(arn, properties, aws)
        return {"arn": arn}

    def update(
        self, name: str, properties: Properties, actual: Actual, changed: AbstractSet[str], aws: Aws
    ) -> Attributes:
        arn = actual.attributes["arn"]
        if changed & set(_CHECK):
            aws.call(elb.SERVICE, "modify_target_group", TargetGroupArn=arn, **_check(properties))
        if "MultiValueHeaders" in changed:
            _lists(arn, properties, aws)
        if "Forgotten" in changed:
            gone = list(actual.properties["Forgotten"])
            aws.remove(elb.SERVICE, "remove_tags", ResourceArns=[arn], TagKeys=gone)
        return actual.attributes

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:
        aws.remove(elb.SERVICE, "delete_target_group", TargetGroupArn=actual.attributes["arn"])


def _actual(found: Mapping[str, Any], aws: Aws) -> Actual:
    arn = found["TargetGroupArn"]
    answer = aws.get(elb.SERVICE, "describe_target_group_attributes", TargetGroupArn=arn)
    values = {each["Key"]: each["Value"] for each in answer["Attributes"]} if answer else {}
    properties = {key: found.get(key) for key in ("TargetType", *_CHECK)}
    properties["Matcher"] = found.get("Matcher", {}).get("HttpCode")
    properties["MultiValueHeaders"] = values.get(_LISTS) == "true"
    tags = elb.tags(arn, aws)
    properties["Forgotten"] = _forgotten(found, tags, aws)
    return Actual(properties, {"arn": arn}, owned=tagged(tags, aws.place))


def _forgotten(found: Mapping[str, Any], tags: Mapping[str, str], aws: Aws) -> list[str]:
    """The tags of listeners that have been given back what they did before by a run that was killed then."""
    kept = {key for key in tags if key.startswith(elb.BEFORE)}
    if kept:
        ours = elb.forward(found["TargetGroupArn"])
        all_ = elb.listeners(found, aws)
        kept -= {elb.before_tag(each["ListenerArn"]) for each in all_ if elb.receivers(each["DefaultActions"]) == ours}
    return sorted(kept)


def _check(properties: Properties) -> dict[str, Any]:
    given = {key: properties[key] for key in _CHECK}
    return {**given, "Matcher": {"HttpCode": properties["Matcher"]}}


def _lists(arn: str, properties: Properties, aws: Aws) -> None:
    attribute = {"Key": _LISTS, "Value": "true" if properties["MultiValueHeaders"] else "false"}
    aws.call(elb.SERVICE, "modify_target_group_attributes", TargetGroupArn=arn, Attributes=[attribute])


KIND = _TargetGroup()
