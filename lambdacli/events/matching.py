"""The event that a rule's pattern asks for: the template that fits, and what has to be said so that it matches."""

from __future__ import annotations

import json
import re
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdacli import patterns
from lambdacli.errors import EventError
from lambdacli.events import find
from lambdacli.events.parameters import convert
from lambdacli.events.rendering import render
from lambdacli.events.template import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from lambdacli.events.template import Template

_HOLE = re.compile(r"([^$]*)\$\{([\w-]+)\}([^$]*)")
_SERVICE = "eventbridge"
_GENERAL = "eventbridge-event"
_ENVELOPE = ("source", "detail-type")


class Fit(NamedTuple):
    """A template's event that matches a pattern, or does when it is finished."""

    template: Template
    parameters: dict[str, Any]
    rest: dict[str, Any]  # of the pattern: what no parameter says

    @property
    def finish(self) -> Callable[[Any], Any] | None:
        """Makes the event match; None where it does already."""
        return partial(patterns.fitted, self.rest) if self.rest else None


def fit(template: Template, pattern: Mapping[str, Any], given: Mapping[str, Any]) -> Fit:
    """What makes a template's event match, besides the parameters that are given already."""
    event = render(template, given)
    found = dict(_parameters(pattern, template.event, event, template))
    if found:
        event = render(template, {**given, **found})
    return Fit(template, {**given, **found}, patterns.unmatched(pattern, event))


def best(pattern: Mapping[str, Any], given: Mapping[str, Any], folders: Sequence[Path]) -> Fit | None:
    """The template with the pattern's source and detail type that needs least to match; None where there is none.

    Those of AWS are looked through only for a pattern that asks for a source of AWS.
    """
    if "source" not in pattern:
        return None
    fits = [fit(template, pattern, given) for template in _candidates(pattern, folders)]
    ranked = sorted(fits, key=lambda each: (_size(each.rest), len(each.parameters), len(each.template.name)))
    return ranked[0] if ranked else None


def _candidates(pattern: Mapping[str, Any], folders: Sequence[Path]) -> Iterator[Template]:
    of_aws = str(patterns.example({"source": pattern["source"]}).get("source", "")).startswith("aws.")
    paths = find.paths(folders) | (find.paths_of(_SERVICE) if of_aws else {})
    for name, path in sorted(paths.items()):
        if name != _GENERAL and _is_candidate(path, pattern):
            yield load(name, folders)


def _is_candidate(path: str, pattern: Mapping[str, Any]) -> bool:
    """Whether source and detail type of a file may match. One that is broken says so when it is asked for."""
    try:
        with open(path, encoding="utf-8") as stream:  # noqa: PTH123 - start-up path
            event = json.load(stream)["event"]
        return all(_may_be(event[key], pattern.get(key)) for key in _ENVELOPE)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _may_be(text: str, rules: Any) -> bool:
    """Whether a text of a template can be what the rules want."""
    match = _HOLE.fullmatch(text)
    if match is None:
        return rules is None or patterns.matches({"x": rules}, {"x": text})
    example = patterns.example({"x": rules or []}).get("x")
    return isinstance(example, str) and _between(example, match) is not None


def _between(value: str, match: re.Match[str]) -> str | None:
    """What stands in the place of a template's `${name}`."""
    before, _, after = match.groups()
    if len(value) < len(before) + len(after) or not value.startswith(before) or not value.endswith(after):
        return None
    return value[len(before) : len(value) - len(after)]


def _parameters(pattern: Mapping[str, Any], tree: Any, event: Any, template: Template) -> Iterator[tuple[str, Any]]:
    """Where the tree names a parameter and the event does not match: the parameter with a value that does."""
    tree = _merged(tree)
    if not isinstance(tree, dict):
        return
    for key, wanted in pattern.items():
        below = next((tree[raw] for raw in (key, f"{key}?", f"{key}??") if raw in tree), None)
        value = event.get(key) if isinstance(event, dict) else None
        if below is None or patterns.matches({key: wanted}, event if isinstance(event, dict) else {}):
            continue
        if isinstance(wanted, dict) and not isinstance(below, str):
            yield from _parameters(wanted, below, value, template)
        elif isinstance(below, str) and (match := _HOLE.fullmatch(below)) and match[2] in template.params:
            yield from _parameter(match, key, wanted, template)


def _parameter(match: re.Match[str], key: str, wanted: Any, template: Template) -> Iterator[tuple[str, Any]]:
    parameter = template.params[match[2]]
    value = patterns.example({key: wanted}).get(key)
    for choice in sorted(parameter.choices, key=lambda each: each != value):
        if patterns.matches({key: wanted}, {key: f"{match[1]}{choice}{match[3]}"}):
            yield match[2], choice
            return
    if match[1] or match[3]:
        value = _between(value, match) if isinstance(value, str) else None
    try:
        if value is not None and convert(parameter, value) == value:
            yield match[2], value
    except EventError:
        return


def _merged(tree: Any) -> Any:
    """The object that `$merge` starts from."""
    if isinstance(tree, dict) and isinstance(parts := tree.get("$merge"), list):
        return {key: value for part in parts if isinstance(part, dict) for key, value in part.items()}
    return tree


def _size(pattern: Any) -> int:
    """How many places a pattern looks at."""
    return sum(map(_size, pattern.values())) if isinstance(pattern, dict) else 1
