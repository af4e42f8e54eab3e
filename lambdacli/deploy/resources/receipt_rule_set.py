"""A set of receipt rules, which is somebody else's. Source: DescribeReceiptRuleSet in the SES API reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdacli.deploy.resources import Actual, Kind
from lambdacli.deploy.resources._mail import rule_set

if TYPE_CHECKING:
    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Properties
    from lambdacli.resource import Place, Resource


class _ReceiptRuleSet(Kind):
    kind = "receipt_rule_set"
    label = "SES receipt rule set"
    rank = 5
    hangs = False

    def known(self, resource: Resource, place: Place) -> Attributes:
        return {} if resource.name.startswith("(") else {"name": resource.name}

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        found = rule_set("" if name.startswith("(") else name, aws)
        return Actual({}, {"name": found.name}, owned=False) if found else None


KIND = _ReceiptRuleSet()
