"""Single rules of an event pattern: an exact value, or operators such as prefix, numeric and cidr.

Source: "Comparison operators for use in event patterns" in the EventBridge user guide.
"""

from __future__ import annotations

import operator
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

IGNORING_CASE = "equals-ignore-case"
_COMPARISONS = {"=": operator.eq, ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}
_PIECES = re.compile(r"\\([*\\])|(\*)|([^*\\]+|\\)")


def passes(rule: Any, value: Any) -> bool:
    """Whether a single value, neither object nor list, is what a rule wants.

    Numbers are compared as they are written: 300 is not 300.0, as the user guide says. An unknown operator, which
    AWS does not accept, keeps nothing out.
    """
    if not isinstance(rule, dict):
        return type(rule) is type(value) and bool(rule == value)
    return all(_OPERATORS.get(name, _anything)(operand, value) for name, operand in rule.items())


def wants_absence(rules: Any) -> bool:
    """Whether one of a field's rules is that there is no such field."""
    return isinstance(rules, list) and any(isinstance(rule, dict) and rule.get("exists") is False for rule in rules)


def is_number(value: Any) -> bool:
    """Whether a value of JSON is a number; for Python true is one, too."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def bounds(conditions: list[Any]) -> dict[str, float]:
    """The numbers of [">", 0, "<=", 5] by their signs."""
    pairs = zip(conditions[::2], conditions[1::2], strict=False)
    return {sign: bound for sign, bound in pairs if isinstance(sign, str) and is_number(bound)}


def fixed(wildcard: str) -> list[str]:
    r"""What stands between the stars of a wildcard; \* is a star itself, \\ a backslash."""
    parts = [""]
    for escaped, star, text in _PIECES.findall(wildcard):
        if star:
            parts.append("")
        else:
            parts[-1] += escaped or text
    return parts


def fits(parts: list[str], text: str) -> bool:
    """Whether a text consists of the parts of a wildcard, with anything in between."""
    begin, *middle = parts
    if not middle:
        return text == begin
    end = middle.pop()
    if len(text) < len(begin) + len(end) or not (text.startswith(begin) and text.endswith(end)):
        return False
    position, last = len(begin), len(text) - len(end)
    for part in middle:
        position = text.find(part, position, last)
        if position < 0:
            return False
        position += len(part)
    return True


def listed(operand: Any) -> list[Any]:
    """One value as a list of one."""
    return operand if isinstance(operand, list) else [operand]


def _anything(_operand: Any, _value: Any) -> bool:
    return True


def _prefix(operand: Any, value: Any) -> bool:
    if not isinstance(value, str):
        return False
    if isinstance(operand, dict):
        return value.lower().startswith(str(operand.get(IGNORING_CASE, "")).lower())
    return value.startswith(str(operand))


def _suffix(operand: Any, value: Any) -> bool:
    if not isinstance(value, str):
        return False
    if isinstance(operand, dict):
        return value.lower().endswith(str(operand.get(IGNORING_CASE, "")).lower())
    return value.endswith(str(operand))


def _ignoring_case(operand: Any, value: Any) -> bool:
    return isinstance(value, str) and any(value.lower() == str(each).lower() for each in listed(operand))


def _anything_but(operand: Any, value: Any) -> bool:
    """The field is there with another value, of whatever type."""
    if isinstance(operand, dict):
        return not any(passes({name: each}, value) for name, several in operand.items() for each in listed(several))
    return not any(_same(each, value) for each in listed(operand))


def _same(wanted: Any, value: Any) -> bool:
    """As `anything-but` compares: numbers by their size."""
    if is_number(wanted) and is_number(value):
        return bool(wanted == value)
    return passes(wanted, value)


def _wildcard(operand: Any, value: Any) -> bool:
    return isinstance(value, str) and fits(fixed(str(operand)), value)


def _numeric(operand: Any, value: Any) -> bool:
    if not is_number(value):
        return False
    wanted = bounds(listed(operand))
    return all(_COMPARISONS[sign](value, bound) for sign, bound in wanted.items() if sign in _COMPARISONS)


def _cidr(operand: Any, value: Any) -> bool:
    from ipaddress import ip_address, ip_network

    if not isinstance(value, str):
        return False
    try:
        return ip_address(value) in ip_network(str(operand), strict=False)
    except ValueError:
        return False


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "prefix": _prefix,
    "suffix": _suffix,
    IGNORING_CASE: _ignoring_case,
    "anything-but": _anything_but,
    "wildcard": _wildcard,
    "numeric": _numeric,
    "cidr": _cidr,
    "exists": lambda operand, _value: bool(operand),
}
