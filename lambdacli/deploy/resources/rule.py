"""A rule of EventBridge with a function as its one target.

Source: PutRule, PutTargets, RemoveTargets and DeleteRule in EventBridge's API reference.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdacli.deploy.resources import Actual, Kind
from lambdacli.deploy.resources._named import mapping, pairs
from lambdacli.deploy.resources._ours import tagged
from lambdacli.refusals import Refused
from lambdacli.triggers._pushed import as_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Deployed, Properties
    from lambdacli.resource import Place

TARGET = "lambdacli"  # the target's Id: whoever finds it knows whose rule it is
_RULE = frozenset({"Description", "EventPattern", "ScheduleExpression", "State"})
_BUS = 5  # where an ARN's resource begins


class _Name(NamedTuple):
    function: str
    bus: str  # default has no place in the rule's name here, as in its ARN
    rule: str

    @property
    def on(self) -> dict[str, str]:
        """The parameter of every operation."""
        return {"EventBusName": self.bus or "default"}


class _Rule(Kind):
    """Named by the function, the bus unless that is the default one, and the rule."""

    kind = "rule"
    label = "EventBridge rule"
    rank = 70
    once = frozenset({"Tags"})

    def objection(self, properties: Properties, actual: Actual | None, place: Place) -> str:
        """A rule of somebody else is not taken over; a bus elsewhere has no function here as target."""
        bus = str(properties["EventBusName"]).split(":")
        if len(bus) > _BUS and bus[3:5] != [place.region, place.account]:
            where = f"{bus[3]} of account {bus[4]}"
            return f"the bus is in {where}: send its events to a bus of {place.region} with a rule there"
        if actual is not None and not actual.owned:
            return "there is such a rule already, and it is not of this app and stage: `name` makes another"
        return ""

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        """The rule with its target."""
        named = _parsed(name)
        if named.bus.startswith("arn:"):
            return None
        rule = aws.get("events", "describe_rule", Name=named.rule, **named.on)
        if rule is None:
            return None
        targets = aws.listed("events", "list_targets_by_rule", "Targets", Rule=named.rule, **named.on)
        target = next((each for each in targets if each["Id"] == TARGET), None)
        arn = str(rule["Arn"])
        more = {"others": [each["Id"] for each in targets if each["Id"] != TARGET]}
        return Actual(_properties(rule, target), {"arn": arn}, _is_ours(target, named.function, arn, aws), more)

    def found_on(self, function: Deployed, aws: Aws) -> Iterable[tuple[str, Actual]]:
        """The rules that may invoke the function."""
        start = aws.place.arn("events", "rule/")
        for arn in function.sources("events"):
            name = f"{function.name}/{arn.removeprefix(start)}"
            if arn.startswith(start) and (there := self.read(name, {}, aws)) and there.owned:
                yield name, there

    def create(self, name: str, properties: Properties, aws: Aws) -> Attributes:
        named = _parsed(name)
        arn = _put_rule(named, properties, aws, Tags=pairs(properties["Tags"]))
        _put_target(named, properties, aws)
        return {"arn": arn}

    def update(
        self, name: str, properties: Properties, actual: Actual, changed: AbstractSet[str], aws: Aws
    ) -> Attributes:
        """Put what differs. A rule that stops does so before its target changes, one that starts after it."""
        named = _parsed(name)
        stops = properties["State"] == "DISABLED"
        if changed & _RULE and stops:
            _put_rule(named, properties, aws)
        if "Target" in changed:
            _put_target(named, properties, aws)
        if changed & _RULE and not stops:
            _put_rule(named, properties, aws)
        return actual.attributes

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:
        """Take the target away, and the rule with it unless somebody has given it other targets."""
        named = _parsed(name)
        if actual.properties["Target"]:
            _remove_target(named, aws)
        if not actual.more["others"]:
            aws.remove("events", "delete_rule", Name=named.rule, **named.on)


def _parsed(name: str) -> _Name:
    function, _, path = name.partition("/")
    bus, _, rule = path.rpartition("/")
    return _Name(function, bus, rule)


def _properties(rule: Mapping[str, Any], target: Mapping[str, Any] | None) -> dict[str, Any]:
    return {
        "EventBusName": rule.get("EventBusName", "default"),
        "EventPattern": json.loads(rule.get("EventPattern") or "null"),
        "ScheduleExpression": rule.get("ScheduleExpression") or "",
        "State": rule["State"],
        "Description": rule.get("Description") or "",
        "Target": {key: value for key, value in (target or {}).items() if key != "Id"},
    }


def _is_ours(target: Mapping[str, Any] | None, function: str, arn: str, aws: Aws) -> bool:
    """Its target says so; a rule that has none yet has our tags."""
    if target is not None:
        return str(target["Arn"]).startswith(f"{aws.place.function_arn(function)}:")
    answer = aws.get("events", "list_tags_for_resource", ResourceARN=arn) or {}
    return tagged(mapping(answer.get("Tags", ())), aws.place)


def _put_rule(named: _Name, properties: Properties, aws: Aws, **tags: Any) -> str:
    """PutRule replaces all of a rule except its targets; it takes tags for a new one alone."""
    given = {key: properties[key] for key in ("State", "Description")}
    if properties["ScheduleExpression"]:
        given["ScheduleExpression"] = properties["ScheduleExpression"]
    if properties["EventPattern"]:
        given["EventPattern"] = as_json(properties["EventPattern"])
    return str(aws.call("events", "put_rule", Name=named.rule, **named.on, **given, **tags)["RuleArn"])


def _put_target(named: _Name, properties: Properties, aws: Aws) -> None:
    targets = [{"Id": TARGET, **properties["Target"]}]
    _done("put_targets", aws.call("events", "put_targets", Rule=named.rule, Targets=targets, **named.on))


def _remove_target(named: _Name, aws: Aws) -> None:
    try:
        answer = aws.call("events", "remove_targets", Rule=named.rule, Ids=[TARGET], **named.on)
    except Refused as refused:
        if not refused.absent:
            raise
    else:
        _done("remove_targets", answer)


def _done(operation: str, answer: Mapping[str, Any]) -> None:
    """EventBridge answers 200 to what it has not done.

    Raises:
        Refused: it says so in the answer.
    """
    for entry in answer.get("FailedEntries", ()):
        raise Refused("events", operation, str(entry.get("ErrorCode", "")), str(entry.get("ErrorMessage", "")))


KIND = _Rule()
