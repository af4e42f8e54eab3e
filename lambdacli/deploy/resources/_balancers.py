"""Load balancers' listeners, rules and target groups as they are. Source: the Elastic Load Balancing API reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Deployed

SERVICE = "elbv2"


def listener(arn: str, aws: Aws) -> dict[str, Any] | None:
    """A listener; None where there is none."""
    answer = aws.get(SERVICE, "describe_listeners", ListenerArns=[arn])
    found = answer["Listeners"] if answer else []
    return found[0] if found else None


def group(aws: Aws, *, name: str = "", arn: str = "") -> dict[str, Any] | None:
    """A target group by its name or ARN; None where there is none."""
    asked = {"Names": [name]} if name else {"TargetGroupArns": [arn]}
    answer = aws.get(SERVICE, "describe_target_groups", **asked)
    found = answer["TargetGroups"] if answer else []
    return found[0] if found else None


def groups(function: Deployed, aws: Aws) -> Iterator[dict[str, Any]]:
    """The target groups that may invoke a function."""
    for arn in function.sources("elasticloadbalancing"):
        found = group(aws, arn=arn)
        if found is not None:
            yield found


def listeners(found: Mapping[str, Any], aws: Aws) -> Iterator[dict[str, Any]]:
    """The listeners of the load balancers that send to a target group."""
    for balancer in found.get("LoadBalancerArns", ()):
        yield from aws.listed(SERVICE, "describe_listeners", "Listeners", LoadBalancerArn=balancer)


def targets(arn: str, aws: Aws) -> list[str]:
    """The ids of a target group's targets: functions' ARNs."""
    answer = aws.get(SERVICE, "describe_target_health", TargetGroupArn=arn)
    return [each["Target"]["Id"] for each in answer["TargetHealthDescriptions"]] if answer else []


def tags(arn: str, aws: Aws) -> dict[str, str]:
    """The tags of any of them."""
    answer = aws.get(SERVICE, "describe_tags", ResourceArns=[arn])
    found = answer["TagDescriptions"] if answer else []
    return {each["Key"]: each["Value"] for each in found[0]["Tags"]} if found else {}


def forward(arn: Any) -> list[dict[str, Any]]:
    """The actions that send everything to one target group."""
    return [{"Type": "forward", "TargetGroupArn": arn}]


def receivers(actions: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Actions without what AWS says twice: a forward to one group is its ARN alone."""
    return [_short(each) for each in actions]


def _short(action: Mapping[str, Any]) -> dict[str, Any]:
    given = {key: value for key, value in action.items() if key != "Order"}
    weighted = given.get("ForwardConfig", {}).get("TargetGroups", [])
    sticky = given.get("ForwardConfig", {}).get("TargetGroupStickinessConfig", {}).get("Enabled", False)
    if given["Type"] == "forward" and len(weighted) <= 1 and not sticky:
        arn = given.get("TargetGroupArn") or (weighted[0]["TargetGroupArn"] if weighted else "")
        return {"Type": "forward", "TargetGroupArn": arn}
    return given


BEFORE = "lambdacli:before:"  # begins tags of our target groups: what a listener did before


def before_tag(listener_arn: str) -> str:
    """The tag that tells what a listener did before."""
    return BEFORE + listener_arn.rpartition("/")[2]
