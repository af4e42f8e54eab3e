"""A rule of a load balancer's listener. Source: CreateRule in the Elastic Load Balancing API reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdacli.deploy.resources import Actual, Kind
from lambdacli.deploy.resources import _balancers as elb
from lambdacli.deploy.resources._named import pairs
from lambdacli.deploy.resources._ours import tagged

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Deployed, Properties
    from lambdacli.resource import Place, Resource

_CONFIGS = {
    "path-pattern": "PathPatternConfig",
    "host-header": "HostHeaderConfig",
    "http-request-method": "HttpRequestMethodConfig",
    "source-ip": "SourceIpConfig",
    "http-header": "HttpHeaderConfig",
    "query-string": "QueryStringConfig",
}


class _ListenerRule(Kind):
    """Its name is the function's, a slash, the listener's ARN, a space, the priority: of that there is only one."""

    kind = "listener_rule"
    label = "listener rule"
    rank = 70
    moves = True

    def lane(self, resource: Resource) -> str:
        return f"listener {_parts(resource.name)[0]}"

    def objection(self, properties: Properties, actual: Actual | None, place: Place) -> str:
        if actual is None or actual.owned:
            return ""
        return "the listener has a rule of this priority that is somebody else's: give another `priority`"

    def same(self, field: str, wanted: Any, actual: Any) -> bool:
        return _sorted(wanted) == _sorted(actual) if field == "Conditions" else bool(wanted == actual)

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        listener, priority = _parts(name)
        rules = aws.listed(elb.SERVICE, "describe_rules", "Rules", ListenerArn=listener)
        found = next((each for each in rules if each["Priority"] == priority), None)
        return _actual(listener, found, properties.get("Actions"), aws) if found else None

    def found_on(self, function: Deployed, aws: Aws) -> Iterable[tuple[str, Actual]]:
        for group in elb.groups(function, aws):
            to = elb.forward(group["TargetGroupArn"])
            for listener in elb.listeners(group, aws):
                arn = listener["ListenerArn"]
                for rule in aws.listed(elb.SERVICE, "describe_rules", "Rules", ListenerArn=arn):
                    if not rule.get("IsDefault") and elb.receivers(rule["Actions"]) == to:
                        yield f"{function.name}/{arn} {rule['Priority']}", _actual(arn, rule, to, aws)

    def create(self, name: str, properties: Properties, aws: Aws) -> Attributes:
        listener, priority = _parts(name)
        tags = pairs(aws.place.tags_of(name.partition("/")[0]))
        made = aws.create(
            elb.SERVICE, "create_rule", ListenerArn=listener, Priority=int(priority), Tags=tags, **_given(properties)
        )
        return {"arn": made["Rules"][0]["RuleArn"]}

    def update(
        self, name: str, properties: Properties, actual: Actual, changed: AbstractSet[str], aws: Aws
    ) -> Attributes:
        aws.call(elb.SERVICE, "modify_rule", RuleArn=actual.attributes["arn"], **_given(properties))
        return actual.attributes

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:
        now = self.read(name, actual.properties, aws)  # another function of ours may have its priority by now
        if now is not None and now.properties["Actions"] == actual.properties["Actions"]:
            aws.remove(elb.SERVICE, "delete_rule", RuleArn=now.attributes["arn"])


def _parts(name: str) -> tuple[str, str]:
    listener, _, priority = name.partition("/")[2].rpartition(" ")
    return listener, priority


def _actual(listener: str, found: Mapping[str, Any], wanted: Any, aws: Aws) -> Actual:
    actions = elb.receivers(found["Actions"])
    conditions = [_condition(each) for each in found["Conditions"]]
    arn = found["RuleArn"]
    mine = actions == wanted or tagged(elb.tags(arn, aws), aws.place)
    properties = {"ListenerArn": listener, "Conditions": conditions, "Actions": actions}
    return Actual(properties, {"arn": arn}, owned=mine)


def _given(properties: Properties) -> dict[str, Any]:
    return {key: properties[key] for key in ("Conditions", "Actions")}


def _condition(found: Mapping[str, Any]) -> dict[str, Any]:
    """A condition without what AWS says twice, and without what nobody has given."""
    config = _CONFIGS.get(found["Field"], "")
    if found.get(config):
        return {"Field": found["Field"], config: {key: value for key, value in found[config].items() if value}}
    return {"Field": found["Field"], config: {"Values": found.get("Values", [])}}


def _sorted(conditions: Any) -> list[str]:
    """Any of a condition's values will do: their order means nothing."""
    return sorted(repr(_in_order(each)) for each in conditions or ())


def _in_order(value: Any) -> Any:
    if isinstance(value, dict):
        return [(key, _in_order(each)) for key, each in sorted(value.items())]
    return sorted((_in_order(each) for each in value), key=repr) if isinstance(value, list) else value


KIND = _ListenerRule()
