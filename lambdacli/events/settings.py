"""`--set NAME=VALUE`, read: a parameter of the template, or a place of the event.

A name with `/`, `.`, `[` or `$` is a place. A single word is a parameter, or else a key of the event. Before `:=`,
whose value is JSON and nothing else, it is a key, or else a parameter, or else a new key.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdacli.errors import UsageError
from lambdacli.events import strict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lambdacli.events.template import Template

_DOTTED = re.compile(r"""(?:^|\.)([^.\[\]]+)|\[(\d+|[-*])\]|\[(?:"([^"]*)"|'([^']*)')\]""")


class Change(NamedTuple):
    """A place of the event, and what goes there."""

    path: str  # as it was written
    steps: tuple[str, ...]
    value: str
    exact: bool = False  # `:=`

    @property
    def is_word(self) -> bool:
        """Whether it may mean a parameter, whose name has none of these characters."""
        return not any(mark in self.path for mark in "/.[$")

    @property
    def adds(self) -> bool:
        """Whether a new key is meant, however much it is like one that is there."""
        return self.exact or self.path.startswith("/")


def sorted_out(settings: Sequence[str], template: Template | None) -> tuple[dict[str, Any], list[Change]]:
    """The parameters of the template by name, all values of one together, and the places of the event in their order.

    Raises:
        UsageError: one is no `NAME=VALUE`, a path cannot be read, or the value after `:=` is no JSON.
    """
    parameters: dict[str, list[Any]] = {}
    places: list[Change] = []
    for setting in settings:
        name, value, exact = _parts(setting)
        parameter = _parameter(name, template) if template else ""
        if template and parameter and not (exact and name in _keys(template)):
            parameters.setdefault(parameter, []).append(_json(name, value) if exact else value)
        else:
            places.append(change(name, value, exact=exact))
    return {name: values[0] if len(values) == 1 else values for name, values in parameters.items()}, places


def _parts(setting: str) -> tuple[str, str, bool]:
    name, equals, value = setting.partition("=")
    exact = name.endswith(":")
    name = name.removesuffix(":")
    if not name or not equals:
        raise UsageError(f"--set {setting}: expected NAME=VALUE", hint="for example --set bucket=photos")
    return name, value, exact


def _parameter(name: str, template: Template) -> str:
    """The parameter of this name or alias, or "". `count` is one of every event."""
    known = {alias: own for own, each in template.params.items() for alias in each.aliases}
    known |= {"count": "count"} | {own: own for own in template.params}
    return known.get(name) or known.get(name.replace("_", "-"), "")


def _keys(template: Template) -> set[str]:
    """The keys at the top of the template's event, also those that are left out when empty."""
    from lambdacli.events.rendering import render

    tree, event = template.event, render(template, {})
    return {key.removesuffix("?") for each in (tree, event) if isinstance(each, dict) for key in each}


def change(path: str, value: str, *, exact: bool = False) -> Change:
    """A place.

    Args:
        path: `/Records/0/body`, `Records.0.body`, `Records[0].body` or `$.Records[0].body`.
        value: JSON or text.
        exact: the value has to be JSON.

    Raises:
        UsageError: the path cannot be read, or the value has to be JSON and is none.
    """
    steps = _pointer(path) if path.startswith("/") else _dotted(path)
    if exact:
        _json(path, value)
    return Change(path, steps, value, exact)


def _pointer(path: str) -> tuple[str, ...]:
    """RFC 6901: `~1` is a slash, `~0` a tilde."""
    if re.search("~(?![01])", path):
        raise UsageError(f"--set {path}: ~ is no part of a JSON Pointer", hint="write ~0 for ~, and ~1 for /")
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in path[1:].split("/"))


def _dotted(path: str) -> tuple[str, ...]:
    rest = path.removeprefix("$").removeprefix(".") if path.startswith("$") else path
    steps: list[str] = []
    position = 0
    while position < len(rest):
        match = _DOTTED.match(rest, position)
        if match is None or (position == 0 and rest[0] == "."):
            raise UsageError(f"--set {path}: cannot read the path", hint="such as Records.0.body or /Records/0/body")
        steps.append(next(group for group in match.groups() if group is not None))
        position = match.end()
    return tuple(steps)


def _json(name: str, text: str) -> Any:
    hint = "a text stands in quotes there, or use = alone"
    try:
        return strict.loads(text)
    except json.JSONDecodeError:
        raise UsageError(f"--set {name}:={text}: expected JSON", hint=hint) from None
    except ValueError as error:
        raise UsageError(f"--set {name}:=: expected JSON: {error}", hint=hint) from None
