"""What an authorizer's IAM policy says of a method. Pure.

Source: "Output from an API Gateway Lambda authorizer" in the API Gateway developer guide, and "Policy evaluation logic"
in the IAM user guide.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Literal

_ACTION = "execute-api:invoke"

Effect = Literal["allow", "deny", "nothing"]


class Unusable(Exception):  # noqa: N818 - what the policy is
    """It is no policy; its text says why."""


def effect(document: Any, arn: str) -> Effect:
    """Whether the policy allows to invoke the method, denies it, or says nothing of it.

    Conditions count as fulfilled: there is nothing here that they speak of.

    Raises:
        Unusable: it is no policy.
    """
    if not isinstance(document, dict) or not document.get("Statement"):
        raise Unusable("policyDocument has no Statement")
    statements = document["Statement"]
    found: Effect = "nothing"
    for each in statements if isinstance(statements, list) else [statements]:
        if not isinstance(each, dict) or each.get("Effect") not in ("Allow", "Deny"):
            raise Unusable("a statement of policyDocument has no Effect of Allow or Deny")
        if _speaks_of(each, arn):
            if each["Effect"] == "Deny":
                return "deny"
            found = "allow"
    return found


def _speaks_of(statement: dict[str, Any], arn: str) -> bool:
    if "NotAction" in statement:
        action = not _any(statement["NotAction"], _ACTION, lower=True)
    else:
        action = _any(statement.get("Action"), _ACTION, lower=True)
    if not action:
        return False
    if "NotResource" in statement:
        return not _any(statement["NotResource"], arn)
    return _any(statement.get("Resource"), arn)


def _any(patterns: Any, text: str, *, lower: bool = False) -> bool:
    given = patterns if isinstance(patterns, list) else [patterns]
    return any(_expression(each.lower() if lower else each).fullmatch(text) for each in given if isinstance(each, str))


@lru_cache(maxsize=512)
def _expression(pattern: str) -> re.Pattern[str]:
    """`*` is any text, `?` any character."""
    pieces = (".*" if each == "*" else "." if each == "?" else re.escape(each) for each in pattern)
    return re.compile("".join(pieces), re.DOTALL)
