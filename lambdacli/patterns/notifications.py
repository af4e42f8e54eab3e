"""Filter policies of SNS subscriptions, which look at a message's attributes or into its body.

Source: "Amazon SNS subscription filter policies", "Key matching" and "Filter policy constraints" in the SNS developer
guide.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from lambdacli.patterns.examples import parsed
from lambdacli.patterns.matching import Pattern

if TYPE_CHECKING:
    from collections.abc import Mapping

_PRESENT = {"anything-but": [None, ""]}  # `exists` asks SNS for a value that is neither null nor empty


def why(policy: Any, scope: str, message: str, attributes: Mapping[str, Mapping[str, str]]) -> str:
    """Why a policy keeps a message out; "" where it passes.

    Args:
        policy: an object, or the same as JSON text; an empty one lets every message pass.
        scope: MessageAttributes or MessageBody.
        message: its body.
        attributes: each with its Type and Value, as a notification has them.
    """
    read = parsed(policy)
    if not read:
        return ""
    if scope == "MessageBody":
        seen = _object(message)
        return "the message is no JSON object" if seen is None else _pattern(json.dumps(read)).why(seen)
    if not attributes:
        return "the message has no attributes"
    known = {name: _value(each.get("Type", ""), each.get("Value", "")) for name, each in attributes.items()}
    return _pattern(json.dumps(read)).why({name: value for name, value in known.items() if value is not _UNSEEN})


_UNSEEN = object()  # the value of an attribute that no policy looks at


def _value(kind: str, text: str) -> Any:
    """An attribute's value; numbers and arrays are written as JSON."""
    base = kind.partition(".")[0]
    if kind == "String.Array" or base == "Number":
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return _UNSEEN
    return text if base == "String" else _UNSEEN


def _object(message: str) -> dict[str, Any] | None:
    try:
        found = json.loads(message)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


@lru_cache(maxsize=64)
def _pattern(policy: str) -> Pattern:
    return Pattern(_present(json.loads(policy)))


def _present(policy: Any) -> Any:
    """The policy with what `exists` means to SNS."""
    if isinstance(policy, list):
        return [_present(each) for each in policy]
    if policy == {"exists": True}:
        return _PRESENT
    return {key: _present(each) for key, each in policy.items()} if isinstance(policy, dict) else policy
