"""Changes of an event that is there already: one place by its path, or many by a JSON Merge Patch.

Nothing is changed in place: records may share their values.
"""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING, Any

from lambdacli.errors import EventError
from lambdacli.events import strict
from lambdacli.suggest import closest, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lambdacli.events.settings import Change
    from lambdacli.events.template import Template

_END = "-"  # behind the last item of a list
_ALL = "*"  # each of its items
_TYPING_MISTAKE = 0.8  # how much a new key is like one that is there, at most
_SHOWN = 60  # characters of a value in a hint


def changed(event: Any, patches: Sequence[Any], places: Sequence[Change], template: Template | None = None) -> Any:
    """The event with patches laid over it, then places of it changed.

    Raises:
        EventError: a path leads nowhere, or a word is neither a parameter nor a key of the event.
    """
    try:
        for patch in patches:
            event = merge(event, patch)
        for each in places:
            if isinstance(event, dict) and each.is_word and not each.exact and each.path not in event:
                raise _unknown_word(each, event, template)
            event = apply(event, each)
    except RecursionError:
        raise EventError("the event is nested too deeply") from None
    return event


def _unknown_word(wanted: Change, event: dict[str, Any], template: Template | None) -> EventError:
    adds = f"{_option(wanted.steps, wanted.value)} adds a key"
    if template is not None:
        hint = nearest(wanted.path, [*template.params, "count"], f"it has {', '.join(template.params)}; {adds}")
        return EventError(f"event {template.name} has no parameter {wanted.path!r}", hint=hint)
    hint = nearest(wanted.path, event, f"{adds}; parameters belong to templates")
    return EventError(f"--set {wanted.path}: the event has no key {wanted.path!r}", hint=hint)


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


def apply(event: Any, wanted: Change) -> Any:
    """The event with one place changed.

    The value is JSON where it reads as JSON, else text; in the place of a text it stays text, unless it is `exact`.
    A last key that is not there is added, unless it looks like a typing mistake and nothing says that it is meant.

    Raises:
        EventError: a step leads nowhere.
    """
    return _put(event, 0, wanted)


def _put(here: Any, depth: int, wanted: Change) -> Any:
    if depth == len(wanted.steps):
        return _value(wanted, here)
    step, last = wanted.steps[depth], depth == len(wanted.steps) - 1
    if isinstance(here, dict):
        if step not in here and not (last and (wanted.adds or not _mistyped(step, here))):
            raise _no_key(here, depth, wanted)
        return {**here, step: _put(here.get(step), depth + 1, wanted)}
    if isinstance(here, list):
        if step == _ALL and here:
            return [_put(each, depth + 1, wanted) for each in here]
        index = _index(here, depth, wanted, append=last)
        before = here[index] if index < len(here) else None
        return [*here[:index], _put(before, depth + 1, wanted), *here[index + 1 :]]
    what = {str: "text", bool: "a boolean", type(None): "null"}.get(type(here), "a number")
    place = _place(depth, wanted)
    hint = f"`--set {place}:=JSON` sets the whole of it" if depth else ""
    raise EventError(f"--set {wanted.path}: {place} is {what} and has no {step!r}", hint=hint)


def _index(here: list[Any], depth: int, wanted: Change, *, append: bool) -> int:
    step = wanted.steps[depth]
    index = len(here) if step == _END else int(step) if re.fullmatch("0|[1-9][0-9]{0,8}", step) else -1
    if 0 <= index < len(here) or (append and index == len(here)):
        return index
    place, option = _place(depth, wanted), f"--set {wanted.path}"
    more = f"{_option((*wanted.steps[:depth], _END), _nested(wanted.steps[depth + 1 :], wanted.value))} appends one"
    if step == _END:
        return _raise(f"{option}: - is behind the last item of {place}", more)
    if not here:
        return _raise(f"{option}: {place} has no items", more)
    items = "only 0" if len(here) == 1 else f"0 to {len(here) - 1}"
    hint = f"{items}, or - to append" if append else f"{items}; {more}"
    return _raise(f"{option}: {place} has no item {step!r}", hint)


def _raise(message: str, hint: str) -> int:
    raise EventError(message, hint=hint)


def _mistyped(key: str, keys: dict[str, Any]) -> bool:
    """Whether a key is nearly one of others; another number at its end makes another name."""
    near = closest(key, keys, _TYPING_MISTAKE)
    return near != "" and near.rstrip("0123456789") != key.rstrip("0123456789")


def _no_key(here: dict[str, Any], depth: int, wanted: Change) -> EventError:
    key, keys = wanted.steps[depth], list(here)
    adds = f"{_option(wanted.steps[: depth + 1], _nested(wanted.steps[depth + 1 :], wanted.value))} adds it"
    near = closest(key, keys)
    there = f"did you mean {near}?" if near else f"it has {', '.join(keys[:8])};" if keys else "it is an empty object;"
    message = f"--set {wanted.path}: {_place(depth, wanted)} has no key {key!r}"
    return EventError(message, hint=f"{there} {adds}")


def _place(depth: int, wanted: Change) -> str:
    return ".".join(wanted.steps[:depth]) or "the event"


def _nested(steps: Sequence[str], text: str) -> str:
    """A value as JSON inside the objects that the steps into it need."""
    value = _read(text)
    for step in reversed(steps):
        value = [value] if step in {_END, "0"} else {step: value}
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) if steps else text


def _option(steps: Sequence[str], value: str) -> str:
    """The option that sets a place by its JSON Pointer, as a shell takes it."""
    pointer = "".join(f"/{step.replace('~', '~0').replace('/', '~1')}" for step in steps)
    shown = value if len(value) <= _SHOWN else "…"
    return f"`--set {shlex.quote(f'{pointer}={shown}')}`"


def _value(wanted: Change, before: Any) -> Any:
    return wanted.value if isinstance(before, str) and not wanted.exact else _read(wanted.value)


def _read(text: str) -> Any:
    try:
        return strict.loads(text)
    except ValueError:
        return text
