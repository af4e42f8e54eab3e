"""The receipt rules of SES as they are. Source: DescribeReceiptRuleSet in the SES API reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lambdacli.deploy.aws import Aws


class RuleSet(NamedTuple):
    """Receipt rules in the order in which SES goes through them."""

    name: str
    rules: tuple[Mapping[str, Any], ...]

    def rule(self, name: str) -> Mapping[str, Any] | None:
        """One of them; None where there is none of that name."""
        return next((each for each in self.rules if each["Name"] == name), None)

    def before(self, name: str) -> list[str]:
        """The names of those that go before it, the nearest last."""
        names = [each["Name"] for each in self.rules]
        return names[: names.index(name)]


def rule_set(name: str, aws: Aws) -> RuleSet | None:
    """A rule set, the active one for ""; None where it does not exist, or none is active."""
    if name:
        answer = aws.get("ses", "describe_receipt_rule_set", RuleSetName=name)
    else:
        answer = aws.get("ses", "describe_active_receipt_rule_set")
    found = (answer or {}).get("Metadata", {}).get("Name", "")
    return RuleSet(found, tuple((answer or {}).get("Rules", ()))) if found else None
