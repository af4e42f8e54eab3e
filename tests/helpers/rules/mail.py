"""What the emulator lacks of SES's receipt rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rules.rule import Answer, Refusal, Rule, World

if TYPE_CHECKING:
    from rules.calls import Call


class ReceiptRules(Rule):
    """A receipt rule is changed where it stands, or moved after another one, or to the beginning.

    Source: UpdateReceiptRule and SetReceiptRulePosition in the SES API reference.
    """

    watches = ("ses:UpdateReceiptRule", "ses:SetReceiptRulePosition")

    def before(self, call: Call, world: World) -> Refusal | Answer | None:
        client = world.client("ses")
        rules = client.describe_receipt_rule_set(RuleSetName=call.parameters["RuleSetName"])["Rules"]
        names = [each["Name"] for each in rules]
        name = call.parameters.get("RuleName") or call.parameters["Rule"]["Name"]
        before = names[: names.index(name)][-1:] if name in names else []
        if call.operation == "SetReceiptRulePosition":
            before = [call.parameters["After"]] if "After" in call.parameters else []
        missing = [each for each in (name, *before) if each not in names]
        if missing:
            return Refusal("RuleDoesNotExist", f"Rule does not exist: {missing[0]}")
        given = call.parameters.get("Rule")
        rule = _typed(given) if given else rules[names.index(name)]
        _again(client, call.parameters["RuleSetName"], rule, before)
        body = f"<{call.operation}Response><{call.operation}Result/></{call.operation}Response>"
        return Answer(200, {"content-type": "text/xml"}, body.encode())


def _typed(rule: dict[str, Any]) -> dict[str, Any]:
    """A rule as boto3 takes it, of one as it comes in a query."""
    flags = {key: rule.get(key) == "true" for key in ("Enabled", "ScanEnabled")}
    return {**rule, **flags, "Recipients": rule.get("Recipients") or []}


def _again(client: Any, rule_set: str, rule: dict[str, Any], before: list[str]) -> None:
    client.delete_receipt_rule(RuleSetName=rule_set, RuleName=rule["Name"])
    after = {"After": before[0]} if before else {}
    client.create_receipt_rule(RuleSetName=rule_set, Rule=rule, **after)
