"""Whether an event matches an event pattern, and what keeps it out where it does not.

Sources: "Event pattern syntax" and "Comparison operators for use in event patterns" in the EventBridge user guide;
for lists what the service's published matcher documents: an event's lists are as if each of their items stood in
their place, and all fields of a pattern that lie in one list have to match in the same item of it.
"""

from __future__ import annotations

import json
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdacli.patterns.rules import passes, wants_absence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_LONGEST = 80  # characters of a value in a phrase
_Within = dict[int, int]  # which item of which list a value lies in


class _Leaf(NamedTuple):
    path: tuple[str, ...]
    rules: list[Any]

    def passed(self, event: Any) -> list[_Within]:
        """Where values lie that one of the rules lets pass."""
        return [within for value, within in _values(event, self.path, {}) if self.lets(value)]

    def lets(self, value: Any) -> bool:
        return any(passes(rule, value) for rule in self.rules)


class _Part(NamedTuple):
    """What has to match at once: fields, and of each `$or` one of its parts."""

    leaves: list[_Leaf]
    choices: list[list[_Part]]

    def ways(self) -> Iterator[list[_Leaf]]:
        chosen = [[way for part in parts for way in part.ways()] for parts in self.choices]
        for combination in product(*chosen):
            yield self.leaves + [leaf for way in combination for leaf in way]


class Pattern:
    """A pattern, read once, to be asked about many events."""

    def __init__(self, pattern: Mapping[str, Any]) -> None:
        self._part = _read(pattern, ())
        # in the order of their names: what has to be absent is absent where the fields before it have matched
        self._ways = [sorted(way, key=lambda leaf: ".".join(leaf.path)) for way in self._part.ways()]

    def matches(self, event: Any) -> bool:
        """Whether an event matches. One that is nested too deeply to be looked at does not."""
        try:
            return any(_match(way, event) for way in self._ways)
        except RecursionError:
            return False

    def why(self, event: Any) -> str:
        """The first field that keeps an event out and what was wanted of it; "" where the event matches."""
        try:
            return "" if self.matches(event) else _reason(self._part, event)
        except RecursionError:
            return "it is nested too deeply"


def matches(pattern: Mapping[str, Any], value: Any) -> bool:
    """Whether an event matches an event pattern."""
    return Pattern(pattern).matches(value)


def why(pattern: Mapping[str, Any], event: Any) -> str:
    """Why an event does not match, as `detail.state is "pending", wanted ["running"]`; "" where it does."""
    return Pattern(pattern).why(event)


def shown(value: Any) -> str:
    """A value as short JSON."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _read(pattern: Mapping[str, Any], path: tuple[str, ...]) -> _Part:
    leaves: list[_Leaf] = []
    choices: list[list[_Part]] = []
    for key, wanted in pattern.items():
        if key == "$or" and isinstance(wanted, list) and all(isinstance(each, dict) for each in wanted):
            choices.append([_read(each, path) for each in wanted])
        elif isinstance(wanted, dict):
            below = _read(wanted, (*path, key))
            leaves += below.leaves
            choices += below.choices
        elif isinstance(wanted, list):
            leaves.append(_Leaf((*path, key), wanted))
    return _Part(leaves, choices)


def _match(leaves: Sequence[_Leaf], event: Any) -> bool:
    left: list[_Leaf] = []
    for leaf in leaves:
        found = leaf.passed(event)
        if {} in found:
            continue  # whatever the items of lists that others match in
        if not found and not wants_absence(leaf.rules):
            return False
        left.append(leaf)
    return _together(left, event, {})


def _together(leaves: Sequence[_Leaf], event: Any, within: _Within) -> bool:
    """Whether all match in the same items of the lists that they share."""
    if not leaves:
        return True
    leaf, *others = leaves
    near = [(value, place) for value, place in _values(event, leaf.path, {}) if _agree(place, within)]
    if not near and wants_absence(leaf.rules):
        return _together(others, event, within)
    return any(leaf.lets(value) and _together(others, event, within | place) for value, place in near)


def _agree(one: _Within, other: _Within) -> bool:
    return all(other.get(which, index) == index for which, index in one.items())


def _values(value: Any, path: tuple[str, ...], within: _Within) -> Iterator[tuple[Any, _Within]]:
    """The single values at a path; neither an object nor a list without items has any."""
    if isinstance(value, list):
        for index, each in enumerate(value):
            if isinstance(each, (dict, list)):
                yield from _values(each, path, {**within, id(value): index})
            elif not path:
                yield each, within
    elif not isinstance(value, dict):
        if not path:
            yield value, within
    elif path and path[0] in value:
        yield from _values(value[path[0]], path[1:], within)


def _reason(part: _Part, event: Any) -> str:
    for leaf in part.leaves:
        if not _match([leaf], event):
            return _about(leaf, event)
    for parts in part.choices:
        if not any(_match(way, event) for each in parts for way in each.ways()):
            return "none of $or: " + "; ".join(_reason(each, event) for each in parts)
    return "each field matches, but not all in the same item of a list"


def _about(leaf: _Leaf, event: Any) -> str:
    found = [value for value, _ in _values(event, leaf.path, {})]
    state = f"is {shown(found[0] if len(found) == 1 else found)}" if found else _nothing(event, leaf.path)
    return f"{'.'.join(leaf.path)} {state}, wanted {shown(leaf.rules)}"


def _nothing(event: Any, path: tuple[str, ...]) -> str:
    for step in path:
        if not isinstance(event, dict) or step not in event:
            return "is missing"
        event = event[step]
    return "is an object" if isinstance(event, dict) else "has no values"
