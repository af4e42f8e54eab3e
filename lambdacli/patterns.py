"""Event patterns read backwards: values that match them, so that a sample event passes the trigger's own filter."""

from __future__ import annotations

import json
import operator
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


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


def matches(pattern: Mapping[str, Any], value: Any) -> bool:
    """Whether an object matches an event pattern. Of a list one item has to."""
    if isinstance(value, list):
        return any(matches(pattern, each) for each in value)
    if not isinstance(value, dict):
        value = {}
    return all(_matches_key(key, wanted, value) for key, wanted in pattern.items())


def _matches_key(key: str, wanted: Any, value: Mapping[str, Any]) -> bool:
    if key == "$or" and isinstance(wanted, list):
        return any(isinstance(each, dict) and matches(each, value) for each in wanted)
    if isinstance(wanted, dict):
        return matches(wanted, value.get(key))
    return not isinstance(wanted, list) or _any_passes(wanted, value, key)


def _any_passes(wanted: list[Any], value: Mapping[str, Any], key: str) -> bool:
    if key not in value:
        return {"exists": False} in wanted
    found = value[key]
    return any(_passes(each, item) for each in wanted for item in (found if isinstance(found, list) else [found]))


def unmatched(pattern: Mapping[str, Any], value: Any) -> dict[str, Any]:
    """The part of a pattern that an object does not match; all of it where it leaves a choice."""
    whole = not isinstance(value, dict)
    if "$or" in pattern and not matches(pattern, value):
        return dict(pattern)
    return {
        key: unmatched(wanted, value[key]) if isinstance(wanted, dict) and not whole and key in value else wanted
        for key, wanted in pattern.items()
        if whole or not _matches_key(key, wanted, value)
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
        if _matches_key(key, wanted, result):
            continue
        if isinstance(wanted, dict):
            result[key] = fitted(wanted, result.get(key))
        elif {"exists": False} in wanted:
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
    return next((each for each in (*made, *_USUAL) if _passes(value, each)), "example")


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
        "wildcard": "example".join(_fixed(text)),
        "cidr": text.split("/")[0],
        "equals-ignore-case": text,
    }
    return made.get(name, "example")


def _number(conditions: list[Any]) -> float:
    """A number that passes [">", 0, "<=", 5] and its like."""
    bounds = _bounds(conditions)
    for sign in ("=", ">=", "<="):
        if sign in bounds:
            return bounds[sign]
    low, high = bounds.get(">"), bounds.get("<")
    if low is not None:
        return low + 1 if high is None or low + 1 < high else (low + high) / 2
    return 1 if high is None else min(1, high - 1)


def _bounds(conditions: list[Any]) -> dict[str, float]:
    return {
        sign: bound
        for sign, bound in zip(conditions[::2], conditions[1::2], strict=False)
        if isinstance(sign, str) and isinstance(bound, (int, float))
    }


def _passes(rule: Any, value: Any) -> bool:
    """Whether a value is what a rule of a pattern wants. An unknown operator is no reason to change anything."""
    if not isinstance(rule, dict):
        return isinstance(rule, bool) is isinstance(value, bool) and bool(rule == value)
    return all(_RULES.get(name, _unknown)(operand, value) for name, operand in rule.items())


def _unknown(_operand: Any, _value: Any) -> bool:
    return True


def _prefix(operand: Any, value: Any) -> bool:
    start, text = _folded(operand, value)
    return text.startswith(start)


def _suffix(operand: Any, value: Any) -> bool:
    end, text = _folded(operand, value)
    return text.endswith(end)


def _folded(operand: Any, value: Any) -> tuple[str, str]:
    """Both as text that can be compared; a value that is no text equals none."""
    text = value if isinstance(value, str) else "\0"
    if isinstance(operand, dict):
        return str(next(iter(operand.values()), "")).lower(), text.lower()
    return str(operand), text


def _same_letters(operand: Any, value: Any) -> bool:
    wanted = operand if isinstance(operand, list) else [operand]
    return isinstance(value, str) and value.lower() in [str(each).lower() for each in wanted]


def _anything_but(operand: Any, value: Any) -> bool:
    if isinstance(operand, dict):
        return not any(_passes({name: each}, value) for name, all_of in operand.items() for each in _listed(all_of))
    return not any(_passes(each, value) for each in _listed(operand))


def _listed(operand: Any) -> list[Any]:
    return operand if isinstance(operand, list) else [operand]


def _wildcard(operand: Any, value: Any) -> bool:
    parts = map(re.escape, _fixed(str(operand)))
    return isinstance(value, str) and re.fullmatch(".*".join(parts), value, re.DOTALL) is not None


def _fixed(wildcard: str) -> list[str]:
    """What stands between the wildcards; a star after a backslash is none."""
    return [part.replace(r"\*", "*") for part in re.split(r"(?<!\\)\*", wildcard)]


def _numeric(operand: Any, value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    compared = {"=": operator.eq, ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}
    bounds = _bounds(_listed(operand))
    return all(compared[sign](value, bound) for sign, bound in bounds.items() if sign in compared)


def _cidr(operand: Any, value: Any) -> bool:
    from ipaddress import ip_address, ip_network

    try:
        return ip_address(value) in ip_network(str(operand), strict=False)
    except ValueError:
        return False


_RULES: dict[str, Callable[[Any, Any], bool]] = {
    "prefix": _prefix,
    "suffix": _suffix,
    "equals-ignore-case": _same_letters,
    "anything-but": _anything_but,
    "wildcard": _wildcard,
    "numeric": _numeric,
    "cidr": _cidr,
    "exists": lambda operand, _value: bool(operand),
}
