"""Target groups: which load balancers use them, and that those in use stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from rules.rule import Answer, Refusal, Rule, World
from rules.tags import listener_rules

if TYPE_CHECKING:
    from rules.calls import Call


class UsedGroups(Rule):
    """A target group tells of its load balancers, and cannot be deleted while a rule sends to it.

    Source: TargetGroup and DeleteTargetGroup (ResourceInUse) in the Elastic Load Balancing API reference, 2015-12-01.
    """

    watches = ("elbv2:DescribeTargetGroups", "elbv2:DeleteTargetGroup")

    def before(self, call: Call, world: World) -> Refusal | Answer | None:
        if call.operation == "DescribeTargetGroups" or not _users(call.parameters["TargetGroupArn"], world):
            return None
        text = f"Target group '{call.parameters['TargetGroupArn']}' is currently in use by a listener or a rule"
        return Refusal("ResourceInUse", text)

    def after(self, call: Call, answer: Answer, world: World) -> Answer:
        if call.operation == "DeleteTargetGroup":
            return answer
        tree = ET.fromstring(answer.body)  # noqa: S314 - the emulator's own
        space = tree.tag.rpartition("}")[0] + "}"
        for group in tree.iter(f"{space}member"):
            arn = group.findtext(f"{space}TargetGroupArn")
            if arn is None:
                continue
            for old in group.findall(f"{space}LoadBalancerArns"):
                group.remove(old)
            told = ET.SubElement(group, f"{space}LoadBalancerArns")
            for balancer in _users(arn, world):
                ET.SubElement(told, f"{space}member").text = balancer
        return Answer(answer.status, answer.headers, ET.tostring(tree))


def _users(group: str, world: World) -> list[str]:
    return sorted({balancer for balancer, rule in listener_rules(world) if group in _receivers(rule)})


def _receivers(rule: dict[str, Any]) -> set[str]:
    found = set()
    for action in rule["Actions"]:
        found.add(action.get("TargetGroupArn", ""))
        found |= {each["TargetGroupArn"] for each in action.get("ForwardConfig", {}).get("TargetGroups", [])}
    return found
