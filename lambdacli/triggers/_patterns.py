"""Event patterns read backwards: values that match them, so that a sample event passes the trigger's own filter."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

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


def example(pattern: Mapping[str, Any]) -> dict[str, Any]:
    """An object that matches; what a pattern wants to be absent is left out."""
    result: dict[str, Any] = {}
    for key, value in pattern.items():
        if key == "$or" and isinstance(value, list) and value and isinstance(value[0], dict):
            result |= example(value[0])
        elif isinstance(value, dict):
            result[key] = example(value)
        elif isinstance(value, list) and {"exists": False} not in value:
            result[key] = _leaf(value)
    return result


def _leaf(values: list[Any]) -> Any:
    if not values:
        return "example"
    value = values[0]
    if not isinstance(value, dict):
        return value
    for operator, operand in value.items():
        return _operated(operator, operand)
    return "example"


def _operated(operator: str, operand: Any) -> Any:
    text = operand if isinstance(operand, str) else "example"
    if isinstance(operand, dict):  # {"prefix": {"equals-ignore-case": "x"}}
        text = next((v for v in operand.values() if isinstance(v, str)), "example")
    if operator == "numeric":
        return _number(operand if isinstance(operand, list) else [])
    if operator == "cidr":
        return text.split("/")[0]
    made = {"prefix": f"{text}example", "suffix": f"example{text}", "wildcard": text.replace("*", "example")}
    return made.get(operator, text if operator == "equals-ignore-case" else "example")


def _number(conditions: list[Any]) -> float:
    """A number that passes [">", 0, "<=", 5] and its like."""
    bounds = {
        sign: bound
        for sign, bound in zip(conditions[::2], conditions[1::2], strict=False)
        if isinstance(sign, str) and isinstance(bound, (int, float))
    }
    for sign in ("=", ">=", "<="):
        if sign in bounds:
            return bounds[sign]
    low, high = bounds.get(">"), bounds.get("<")
    if low is not None:
        return low + 1 if high is None else (low + high) / 2
    return 1 if high is None else min(1, high - 1)
