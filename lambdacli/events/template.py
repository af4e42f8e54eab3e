"""An event template as it stands in its file, checked: parameters, the repeated array, the tree of the event."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdacli.errors import EventError
from lambdacli.events import find, strict
from lambdacli.events.parameters import GLOBALS, TYPES, Parameter
from lambdacli.suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

_TEXTS = ("name", "trigger", "summary", "source", "batch", "carries")
_KEYS = ("$schema", *_TEXTS, "params-from", "params", "let", "event", "travels-as", "travels-with")
_PARAMETER_KEYS = ("type", "default", "help", "many", "choices", "aliases")
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
        raise EventError(f"{path}:{error.lineno}:{error.colno}: the template is no JSON: {error.msg}") from None
    except (OSError, ValueError) as error:
        raise EventError(f"{path}: the template cannot be read: {error}") from None


def _checked(raw: Any, path: str, folders: tuple[Path, ...], within: tuple[str, ...]) -> Template:
    stem = os.path.basename(path)[:-5]  # noqa: PTH119 - start-up path
    where = f"template {stem}"
    _object(raw, where, "$", _KEYS)
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
    params = _parameters(raw.get("params", {}), where, [load(each, folders, within) for each in inherited])
    carries = raw.get("carries", "")
    if carries and carries not in params:
        raise EventError(
            f"{where}, $.carries: there is no parameter {carries!r}", hint=nearest(carries, params) or path
        )
    return Template(
        name=stem,
        trigger=raw.get("trigger", ""),
        summary=raw["summary"],
        source=raw.get("source", ""),
        params=params,
        let=_object(raw.get("let", {}), where, "$.let"),
        batch=raw.get("batch", ""),
        event=raw["event"],
        path=path,
        carries=carries,
        travels_as=raw.get("travels-as"),
        travels_with=_object(raw.get("travels-with", {}), where, "$.travels-with"),
        folders=folders,
    )


def _parameters(raw: Any, where: str, inherited: Iterable[Template]) -> dict[str, Parameter]:
    """Globals first, then the inherited ones, then the template's own; a later one takes the place of an earlier."""
    found = dict(GLOBALS)
    for template in inherited:
        for name, parameter in template.params.items():
            if name not in GLOBALS:
                before = found.pop(name, parameter)
                origins = (*before.origins, *parameter.origins, template.name)
                found[name] = replace(parameter, origins=origins)
    for name, settings in _object(raw, where, "$.params").items():
        found.pop(name, None)
        found[name] = _parameter(name, settings, where)
    return found


def _parameter(name: str, raw: Any, where: str) -> Parameter:
    at = f"$.params.{name}"
    settings = dict(_object(raw, where, at, _PARAMETER_KEYS))
    kind = settings.get("type", "str")
    if kind not in TYPES:
        raise EventError(f"{where}, {at}.type: expected one of {', '.join(TYPES)}, not {kind!r}")
    if not isinstance(settings.get("many", False), bool):
        raise EventError(f"{where}, {at}.many: expected true or false")
    if not isinstance(settings.get("help", ""), str):
        raise EventError(f"{where}, {at}.help: expected a string")
    for key in ("choices", "aliases"):
        items = settings.get(key, [])
        if not isinstance(items, list) or not all(isinstance(each, str) for each in items):
            raise EventError(f"{where}, {at}.{key}: expected a list of strings")
        settings[key] = tuple(items)
    return Parameter(name, **settings)


def _object(raw: Any, where: str, at: str, keys: Sequence[str] = ()) -> Mapping[str, Any]:
    if not isinstance(raw, dict):
        raise EventError(f"{where}, {at}: expected an object, not {json.dumps(raw)[:40]}")
    for key in raw:
        if keys and key not in keys:
            hint = nearest(key, keys, f"one of {', '.join(keys)}")
            raise EventError(f"{where}, {at}: unknown key {key!r}", hint=hint)
    return raw
