"""A receipt rule of SES. Source: CreateReceiptRule and SetReceiptRulePosition in its API reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdacli.deploy.resources import UNKNOWN, Actual, Kind
from lambdacli.deploy.resources._mail import rule_set
from lambdacli.deploy.resources._ours import ours, owner, spelling

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Deployed, Properties
    from lambdacli.resource import Resource

_DEFAULTS = {"Enabled": False, "TlsPolicy": "Optional", "ScanEnabled": False, "Recipients": []}
_ACTIVE = "(active)"


class _ReceiptRule(Kind):
    """Its name is the function's, a slash, the rule set's as the manifest has it, a space, its own."""

    kind = "receipt_rule"
    label = "SES receipt rule"
    rank = 70
    moves = True
    immutable = frozenset({"RuleSetName"})

    def lane(self, resource: Resource) -> str:
        return f"receipt_rule_set {_parts(resource.name)[0]}"

    def objection(self, properties: Properties, actual: Actual | None, place: Any) -> str:
        taken = actual is not None and not actual.owned
        return "a receipt rule of this name is somebody else's: give another name as `rule`" if taken else ""

    def same(self, field: str, wanted: Any, actual: Any) -> bool:
        if field == "Recipients":
            return {each.lower() for each in wanted} == {each.lower() for each in actual or ()}
        return bool(wanted == actual)

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        found = properties.get("RuleSetName", UNKNOWN)
        return None if found is UNKNOWN else _read(found, _parts(name)[1], properties.get("After", ""), aws)

    def found_on(self, function: Deployed, aws: Aws) -> Iterable[tuple[str, Actual]]:
        active = rule_set("", aws) if function.sources("ses") else None
        for arn in function.sources("ses"):
            there, _, rule = arn.partition(":receipt-rule-set/")[2].partition(":receipt-rule/")
            actual = _read(there, rule, "", aws)
            if actual is not None and function.alias_arn in _invoked(actual.properties):
                names = [there, *([""] if active and active.name == there else [])]
                spelt = spelling(aws.place, "ses", "rule_set", names) or _ACTIVE
                yield f"{function.name}/{spelt} {rule}", actual

    def create(self, name: str, properties: Properties, aws: Aws) -> Attributes:
        after = {"After": properties["After"]} if "After" in properties else {}
        rule = _rule(name, properties)
        aws.create("ses", "create_receipt_rule", RuleSetName=properties["RuleSetName"], Rule=rule, **after)
        return {}

    def update(
        self, name: str, properties: Properties, actual: Actual, changed: AbstractSet[str], aws: Aws
    ) -> Attributes:
        there = properties["RuleSetName"]
        if changed - {"After"}:
            aws.call("ses", "update_receipt_rule", RuleSetName=there, Rule=_rule(name, properties))
        if "After" in changed:
            aws.call(
                "ses", "set_receipt_rule_position",
                RuleSetName=there, RuleName=_parts(name)[1], After=properties["After"],
            )  # fmt: skip
        return actual.attributes

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:
        there, rule = actual.properties["RuleSetName"], _parts(name)[1]
        now = _read(there, rule, "", aws)  # another function of ours may have it by now
        if now is not None and owner(name, aws.place) in _invoked(now.properties):
            aws.remove("ses", "delete_receipt_rule", RuleSetName=there, RuleName=rule)


def _parts(name: str) -> tuple[str, str]:
    """The rule set as the manifest has it, and the rule."""
    there, _, rule = name.partition("/")[2].partition(" ")
    return there, rule


def _read(there: str, rule: str, after: str, aws: Aws) -> Actual | None:
    found = rule_set(there, aws)
    given = found.rule(rule) if found else None
    if found is None or given is None:
        return None
    properties = {key: given.get(key, default) for key, default in _DEFAULTS.items()}
    before = found.before(rule)
    # a rule that goes anywhere after the named one goes after it
    properties["After"] = after if after in before else (before or [""])[-1]
    properties |= {"RuleSetName": there, "Actions": given.get("Actions", [])}
    attributes = {"id": f"{there} {rule}"}
    return Actual(properties, attributes, owned=any(ours(arn, aws) for arn in _invoked(properties)))


def _invoked(properties: Mapping[str, Any]) -> list[str]:
    return [each["LambdaAction"]["FunctionArn"] for each in properties["Actions"] if "LambdaAction" in each]


def _rule(name: str, properties: Properties) -> dict[str, Any]:
    fields = {key: value for key, value in properties.items() if key not in ("RuleSetName", "After")}
    return {"Name": _parts(name)[1], **fields}


KIND = _ReceiptRule()
