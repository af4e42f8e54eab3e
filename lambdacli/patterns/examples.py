"""Event patterns read backwards: values that match them, so that a sample event passes the trigger's own filter."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lambdacli.patterns.matching import matches
from lambdacli.patterns.rules import bounds, fixed, passes, wants_absence

if TYPE_CHECKING:
    from collections.abc import Mapping


def parsed(pattern: Any) -> dict[str, Any]:
    """A pattern given as a mapping or as JSON text; nothing where it is neither."""
    if isinstance(pattern, str):
        try:
            pattern = json.loads(pattern)
        except ValueError:
            return {}
    return pattern if isinstance(pattern, dict) else {}


def first(filters: Any, key: str) -> Any:
    """A value that passes the first filter that looks at `key`, or None."""
    for each in filters or ():
        if isinstance(pattern := parsed(each).get(key), dict):
            return example(pattern)
        if isinstance(pattern, list):
            return _leaf(pattern)
    return None


def content(filters: Any, key: str) -> str | None:
    """The same as text, as a message is: JSON, unless the filter looks at a text."""
    value = first(filters, key)
    return value if value is None or isinstance(value, str) else json.dumps(value)


def example(pattern: Mapping[str, Any]) -> dict[str, Any]:
    """An object that matches; what a pattern wants to be absent is left out."""
    found: dict[str, Any] = fitted(pattern, {})
    return found


def unmatched(pattern: Mapping[str, Any], value: Any) -> dict[str, Any]:
    """The part of a pattern that an object does not match; all of it where it leaves a choice."""
    whole = not isinstance(value, dict)
    if "$or" in pattern and not matches(pattern, value):
        return dict(pattern)
    return {
        key: unmatched(wanted, value[key]) if isinstance(wanted, dict) and not whole and key in value else wanted
        for key, wanted in pattern.items()
        if whole or not matches({key: wanted}, value)
    }


def fitted(pattern: Mapping[str, Any], value: Any) -> Any:
    """The value with as little changed as makes it match."""
    if isinstance(value, list) and value:
        return value if matches(pattern, value) else [fitted(pattern, value[0]), *value[1:]]
    if isinstance(ways := pattern.get("$or"), list):
        base = fitted({key: wanted for key, wanted in pattern.items() if key != "$or"}, value)
        found = [base, *(fitted(each, base) for each in ways if isinstance(each, dict))]
        return next((each for each in found if matches(pattern, each)), found[min(1, len(found) - 1)])
    result = dict(value) if isinstance(value, dict) else {}
    for key, wanted in pattern.items():
        if matches({key: wanted}, result):
            continue
        if isinstance(wanted, dict):
            result[key] = fitted(wanted, result.get(key))
        elif wants_absence(wanted):
            result.pop(key, None)
        else:
            result[key] = [_leaf(wanted)] if isinstance(result.get(key), list) else _leaf(wanted)
    return result


def _leaf(values: list[Any]) -> Any:
    """A value that passes one of the rules."""
    if not values:
        return "example"
    value = values[0]
    if not isinstance(value, dict):
        return value
    made = [_operated(name, operand) for name, operand in value.items()]
    return next((each for each in (*made, *_USUAL) if passes(value, each)), "example")


_USUAL = ("example", "another", "EXAMPLE", 1, 0, 1.5, True, "")


def _operated(name: str, operand: Any) -> Any:
    if isinstance(operand, dict):  # {"prefix": {"equals-ignore-case": "x"}}
        operand = next(iter(operand.values()), "")
    if isinstance(operand, list) and name != "numeric":
        operand = next(iter(operand), "")
    text = operand if isinstance(operand, str) else "example"
    if name == "numeric":
        return _number(operand if isinstance(operand, list) else [])
    made = {
        "prefix": f"{text}example",
        "suffix": f"example{text}",
        "wildcard": "example".join(fixed(text)),
        "cidr": text.split("/")[0],
        "equals-ignore-case": text,
    }
    return made.get(name, "example")


def _number(conditions: list[Any]) -> float:
    """A number that passes [">", 0, "<=", 5] and its like."""
    limits = bounds(conditions)
    for sign in ("=", ">=", "<="):
        if sign in limits:
            return limits[sign]
    low, high = limits.get(">"), limits.get("<")
    if low is not None:
        return low + 1 if high is None or low + 1 < high else (low + high) / 2
    return 1 if high is None else min(1, high - 1)
