"""An event template as it stands in its file, checked: parameters, the repeated array, the tree of the event."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdacli.errors import EventError
from lambdacli.events import declared, find, strict
from lambdacli.events.parameters import GLOBALS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from lambdacli.events.parameters import Parameter

_TEXTS = ("name", "trigger", "summary", "source", "batch", "carries")
_KEYS = ("$schema", *_TEXTS, "params-from", "params", "let", "event", "travels-as", "travels-with")
_DEPTH = 8  # templates inside templates


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """One event. `params` has the inherited and the global parameters too, in the order in which they are set."""

    name: str
    trigger: str  # the kind of trigger that sends it, as in the manifest; "" when none does
    summary: str
    source: str  # the page of AWS's documentation that the shape was taken from
    params: Mapping[str, Parameter]
    let: Mapping[str, Any]  # names computed once per record, after the parameters
    batch: str  # the repeated array: keys from the top joined by dots, `*` for a computed key; "$" is the event itself
    event: Any
    path: str  # the file
    travels_with: Mapping[str, Any]  # defaults of the parameters of an event around it
    carries: str = ""  # the parameter that takes another event
    travels_as: Any = None  # what another event carries of this one, where that is not its JSON
    folders: tuple[Path, ...] = ()  # of the user's templates, for those it uses
    wraps: tuple[str, ...] = ()  # the events inside, from without, where it was made in memory


class Inner(NamedTuple):
    """An event inside another that no file puts there: it stands in a tree where an operator names a template."""

    template: Template
    names: Mapping[str, str]  # its parameters, and what they are called outside
    text: bool  # whether only text can be carried


def load(name: str, folders: Sequence[Path] = (), within: tuple[str, ...] = ()) -> Template:
    """The template of this name; opens its file and those that it takes parameters from.

    Raises:
        EventError: no such template, or its file is wrong.
    """
    path = find.locate(name, folders)
    if name in within or len(within) >= _DEPTH:
        raise EventError(f"templates use one another without end: {' → '.join((*within, name))}")
    return _checked(_read(path), path, tuple(folders), (*within, name))


def _read(path: str) -> Any:
    try:
        with open(path, encoding="utf-8") as stream:  # noqa: PTH123 - start-up path
            text = stream.read()
        return strict.loads(text)
    except json.JSONDecodeError as error:
        raise EventError(
            f"{path}:{error.lineno}:{error.colno}: the template is no JSON: {strict.reason(error)}"
        ) from None
    except (OSError, ValueError) as error:
        raise EventError(f"{path}: the template cannot be read: {error}") from None


def _checked(raw: Any, path: str, folders: tuple[Path, ...], within: tuple[str, ...]) -> Template:
    stem = os.path.basename(path)[:-5]  # noqa: PTH119 - start-up path
    where = f"template {stem}"
    _outline(raw, stem, where, path)
    inherited = [load(each, folders, within) for each in raw.get("params-from", [])]
    lent = [(each.name, each.params) for each in inherited]
    params = declared.parameters(raw.get("params", {}), where, lent)
    return Template(
        name=stem,
        trigger=raw.get("trigger", ""),
        summary=raw["summary"],
        source=raw.get("source", ""),
        params=params,
        let=declared.mapping(raw.get("let", {}), where, "$.let"),
        batch=raw.get("batch", ""),
        event=raw["event"],
        path=path,
        carries=declared.carrier(raw.get("carries", ""), params, where),
        travels_as=raw.get("travels-as"),
        travels_with=_travels_with(raw.get("travels-with", {}), where),
        folders=folders,
    )


def _outline(raw: Any, stem: str, where: str, path: str) -> None:
    """Which keys there are, and that those which name something are text."""
    declared.mapping(raw, where, "$", _KEYS)
    for key in ("name", "summary", "event"):
        if key not in raw:
            raise EventError(f"{where}: {key!r} is missing", hint=path)
    for key in _TEXTS:
        if not isinstance(raw.get(key, ""), str):
            raise EventError(f"{where}, $.{key}: expected a string", hint=path)
    if raw["name"] != stem:
        raise EventError(f"{where}, $.name: expected {stem!r}, the name of the file, not {raw['name']!r}", hint=path)
    inherited = raw.get("params-from", [])
    if not isinstance(inherited, list) or not all(isinstance(each, str) for each in inherited):
        raise EventError(f"{where}, $.params-from: expected a list of template names", hint=path)


def _travels_with(raw: Any, where: str) -> Mapping[str, Any]:
    """Values, or texts over what is the same in both events: they are read where the event around is."""
    found = declared.mapping(raw, where, "$.travels-with")
    for name, value in found.items():
        at = f"$.travels-with.{name}"
        if isinstance(value, (list, dict)):
            raise EventError(f"{where}, {at}: expected a text, a number, true, false or null")
        if isinstance(value, str):
            from lambdacli.events import expressions

            expressions.parse(value, expressions.Place(where.removeprefix("template "), at, GLOBALS))
    return found
