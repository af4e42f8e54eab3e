"""Changes of an event that is there already: one place by its path, or many by a JSON Merge Patch.

Nothing is changed in place: records may share their values.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdacli.errors import EventError, UsageError
from lambdacli.suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lambdacli.events.template import Template

_DOTTED = re.compile(r"""(?:^|\.)([^.\[\]]+)|\[(\d+|-)\]|\[(?:"([^"]*)"|'([^']*)')\]""")
_END = "-"  # behind the last item of a list


class Change(NamedTuple):
    """`--set PATH=VALUE`, read."""

    path: str  # as it was written
    steps: tuple[str, ...]
    value: str
    exact: bool  # `:=`, the value is JSON and nothing else

    @property
    def is_path(self) -> bool:
        """Whether it can only be a path: the name of a parameter has none of these characters."""
        return any(mark in self.path for mark in "/.[$")


def gathered(pairs: Iterable[str]) -> dict[str, str | list[str]]:
    """`NAME=VALUE` of each `--set` by name; one that is given several times has all its values.

    Raises:
        UsageError: one has no name, or no `=`.
    """
    found: dict[str, list[str]] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not name or not equals:
            raise UsageError(f"--set {pair}: expected NAME=VALUE", hint="for example --set bucket=photos")
        found.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def sorted_out(settings: Mapping[str, Any], template: Template | None) -> tuple[dict[str, Any], list[Change]]:
    """Settings that are parameters of the template, and the others, which are paths into the event.

    Raises:
        UsageError: a path cannot be read, or the value after `:=` is no JSON.
    """
    parameters: dict[str, Any] = {}
    changes: list[Change] = []
    for name, value in settings.items():
        plain = name.removesuffix(":")
        if template is not None and _is_parameter(plain, template):
            parameters[plain] = value if plain == name else _each(value, f"--set {name}=")
        else:
            changes.extend(change(name, each) for each in (value if isinstance(value, list) else [value]))
    return parameters, changes


def _is_parameter(name: str, template: Template) -> bool:
    known = {"count", *template.params, *(alias for each in template.params.values() for alias in each.aliases)}
    return name in known or name.replace("_", "-") in known


def _each(value: str | list[str], option: str) -> Any:
    return [_parsed(each, option) for each in value] if isinstance(value, list) else _parsed(value, option)


def change(path: str, value: str) -> Change:
    """One setting.

    Args:
        path: `/Records/0/body`, `Records.0.body`, `Records[0].body` or `$.Records[0].body`; ends in `:` for `:=`.
        value: JSON or text.

    Raises:
        UsageError: the path cannot be read, or the value after `:=` is no JSON.
    """
    exact = path.endswith(":")
    path = path[:-1] if exact else path
    steps = _pointer(path) if path.startswith("/") else _dotted(path)
    if exact:
        _parsed(value, f"--set {path}:=")
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


def apply(event: Any, wanted: Change) -> Any:
    """The event with one place changed.

    The value is JSON where it reads as JSON, else text; in the place of a text it stays text, unless it is `exact`.

    Raises:
        EventError: a step before the last leads nowhere.
    """
    return _put(event, wanted.steps, 0, wanted)


def _put(here: Any, steps: tuple[str, ...], depth: int, wanted: Change) -> Any:
    if depth == len(steps):
        return _value(wanted, here)
    last = depth == len(steps) - 1
    if isinstance(here, dict):
        key = steps[depth]
        if not last and key not in here:
            raise _nowhere(here, steps, depth, wanted)
        return {**here, key: _put(here.get(key), steps, depth + 1, wanted)}
    if isinstance(here, list):
        index = _index(here, steps, depth, wanted, append=last)
        before = here[index] if index < len(here) else None
        return [*here[:index], _put(before, steps, depth + 1, wanted), *here[index + 1 :]]
    raise _nowhere(here, steps, depth, wanted)


def _index(here: list[Any], steps: tuple[str, ...], depth: int, wanted: Change, *, append: bool) -> int:
    step = steps[depth]
    index = len(here) if step == _END else int(step) if re.fullmatch("0|[1-9][0-9]{0,8}", step) else -1
    if 0 <= index < len(here) or (append and index == len(here)):
        return index
    raise _nowhere(here, steps, depth, wanted)


def _nowhere(here: Any, steps: tuple[str, ...], depth: int, wanted: Change) -> EventError:
    """The step that leads nowhere, and what there is instead."""
    place = ".".join(steps[:depth]) or "the event"
    if isinstance(here, dict):
        keys = list(here)
        hint = nearest(steps[depth], keys, f"it has {', '.join(keys[:8])}" if keys else "it is an empty object")
        return EventError(f"--set {wanted.path}: {place} has no key {steps[depth]!r}", hint=hint)
    if isinstance(here, list):
        hint = f"0 to {len(here) - 1}, or - to append" if here else "it is empty: - appends"
        return EventError(f"--set {wanted.path}: {place} has no item {steps[depth]!r}", hint=hint)
    what = {str: "text", bool: "a boolean", type(None): "null"}.get(type(here), "a number")
    hint = f"`--set {place}:=JSON` sets the whole of it" if depth else ""
    return EventError(f"--set {wanted.path}: {place} is {what} and has no {steps[depth]!r}", hint=hint)


def _value(wanted: Change, before: Any) -> Any:
    if not wanted.exact and isinstance(before, str):
        return wanted.value
    try:
        return _parsed(wanted.value, "")
    except UsageError:
        return wanted.value


def _parsed(text: str, option: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise UsageError(
            f"{option}{text}: expected JSON", hint="a text stands in quotes there, or use = alone"
        ) from None


def _refuse(constant: str) -> Any:
    raise ValueError(constant)


def merge(event: Any, patch: Any) -> Any:
    """RFC 7396: objects are laid over objects, null removes, everything else takes the place of what was there."""
    if not isinstance(patch, dict):
        return patch
    found = dict(event) if isinstance(event, dict) else {}
    for key, value in patch.items():
        if value is None:
            found.pop(key, None)
        else:
            found[key] = merge(found.get(key), value)
    return found
