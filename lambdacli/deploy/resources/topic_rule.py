"""An IoT rule. Source: CreateTopicRule, GetTopicRule and ReplaceTopicRule in the IoT API reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from lambdacli.deploy.resources import Actual, Kind
from lambdacli.deploy.resources._ours import ours, owner

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Deployed, Properties
    from lambdacli.resource import Place, Resource

_DEFAULTS = {"sql": "", "awsIotSqlVersion": "2015-10-08", "description": "", "ruleDisabled": False, "errorAction": None}


class _TopicRule(Kind):
    kind = "topic_rule"
    label = "IoT rule"
    rank = 70
    moves = True

    def known(self, resource: Resource, place: Place) -> Attributes:
        return {"arn": place.arn("iot", f"rule/{_rule(resource.name)}")}

    def objection(self, properties: Properties, actual: Actual | None, place: Place) -> str:
        taken = actual is not None and not actual.owned
        return "an IoT rule of this name is somebody else's: give another name as `rule`" if taken else ""

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        return _read(_rule(name), aws)

    def found_on(self, function: Deployed, aws: Aws) -> Iterable[tuple[str, Actual]]:
        for arn in function.sources("iot"):
            rule = arn.rpartition("/")[2]
            actual = _read(rule, aws)
            if actual is not None and function.alias_arn in _invoked(actual.properties):
                yield f"{function.name}/{rule}", actual

    def create(self, name: str, properties: Properties, aws: Aws) -> Attributes:
        tags = aws.place.tags_of(name.partition("/")[0])
        rule = _rule(name)
        aws.create(
            "iot", "create_topic_rule", ruleName=rule, topicRulePayload=_payload(properties), tags=urlencode(tags)
        )
        return {"arn": aws.place.arn("iot", f"rule/{rule}")}

    def update(
        self, name: str, properties: Properties, actual: Actual, changed: AbstractSet[str], aws: Aws
    ) -> Attributes:
        aws.call("iot", "replace_topic_rule", ruleName=_rule(name), topicRulePayload=_payload(properties))
        return actual.attributes

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:
        there = _read(_rule(name), aws)
        if there is not None and owner(name, aws.place) in _invoked(there.properties):
            aws.remove("iot", "delete_topic_rule", ruleName=_rule(name))


def _rule(name: str) -> str:
    return name.partition("/")[2]


def _read(rule: str, aws: Aws) -> Actual | None:
    """The rule. Of one that does not exist GetTopicRule says that it is forbidden: so they are listed first."""
    listed = {each["ruleName"] for each in aws.listed("iot", "list_topic_rules", "rules")}
    answer = aws.get("iot", "get_topic_rule", ruleName=rule) if rule in listed else None
    if answer is None:
        return None
    found = answer["rule"]
    properties = {key: found.get(key) or default for key, default in _DEFAULTS.items()}
    properties["actions"] = found.get("actions", [])
    mine = any(ours(arn, aws) for arn in _invoked(properties))
    return Actual(properties, {"arn": answer["ruleArn"]}, owned=mine)


def _invoked(properties: Mapping[str, Any]) -> list[str]:
    """The ARNs of the functions that it invokes."""
    return [each["lambda"]["functionArn"] for each in properties["actions"] if "lambda" in each]


def _payload(properties: Properties) -> dict[str, Any]:
    return {key: value for key, value in properties.items() if value is not None}


KIND = _TopicRule()
