"""What a template says of its parameters, checked."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lambdacli.errors import EventError
from lambdacli.events.parameters import GLOBALS, RESERVED, TYPES, Parameter
from lambdacli.suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_KEYS = ("type", "default", "help", "many", "choices", "aliases")
_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_ALIAS = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_][A-Za-z0-9]+)*")
_CARRYING = ("str", "bytes", "json", "object", "list")


def parameters(raw: Any, where: str, inherited: Iterable[tuple[str, Mapping[str, Parameter]]]) -> dict[str, Parameter]:
    """Globals first, then the inherited ones, then the template's own; a later one takes the place of an earlier.

    Args:
        raw: `params` of the template.
        where: the template, for messages.
        inherited: the names and parameters of the templates of `params-from`.

    Raises:
        EventError: a mistake, with its JSON path.
    """
    found = dict(GLOBALS)
    for template, params in inherited:
        for name, parameter in params.items():
            if name not in GLOBALS:
                before = found.pop(name, parameter)
                origins = (*before.origins, *parameter.origins, template)
                found[name] = replace(parameter, origins=origins)
    for name, settings in mapping(raw, where, "$.params").items():
        found.pop(name, None)
        found[name] = _parameter(name, settings, where)
    _distinct(found, where)
    return found


def carrier(name: str, known: Mapping[str, Parameter], where: str) -> str:
    """The name of the parameter that another event goes into, where it can go there.

    Raises:
        EventError: there is no such parameter, or it takes no event.
    """
    if not name:
        return ""
    if name not in known:
        raise EventError(f"{where}, $.carries: there is no parameter {name!r}", hint=nearest(name, known))
    if name in GLOBALS:
        raise EventError(f"{where}, $.carries: every event has a parameter {name!r}, it carries nothing")
    if known[name].type not in _CARRYING or known[name].choices:
        expected = f"expected one of the types {', '.join(_CARRYING)}, without choices"
        raise EventError(f"{where}, $.carries: {name} takes no event: {expected}")
    return name


def mapping(raw: Any, where: str, at: str, keys: Sequence[str] = ()) -> Mapping[str, Any]:
    """An object of a template, with these keys alone where they are given.

    Raises:
        EventError: it is none, or has another key.
    """
    if not isinstance(raw, dict):
        raise EventError(f"{where}, {at}: expected an object, not {json.dumps(raw)[:40]}")
    for key in raw:
        if keys and key not in keys:
            hint = nearest(key, keys, f"one of {', '.join(keys)}")
            raise EventError(f"{where}, {at}: unknown key {key!r}", hint=hint)
    return raw


def _parameter(name: str, raw: Any, where: str) -> Parameter:
    at = f"$.params.{name}"
    if not _NAME.fullmatch(name) or name in RESERVED:
        hint = "it means something else in expressions" if name in RESERVED else "lower-case words joined by -"
        raise EventError(f"{where}, $.params: {name!r} is no name of a parameter", hint=hint)
    settings = dict(mapping(raw, where, at, _KEYS))
    kind = settings.get("type", "str")
    if not isinstance(kind, str) or kind not in TYPES:
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
    for alias in settings["aliases"]:
        if not _ALIAS.fullmatch(alias):
            raise EventError(f"{where}, {at}.aliases: {alias!r} is no name of a parameter")
    return Parameter(name, **settings)


def _distinct(found: Mapping[str, Parameter], where: str) -> None:
    """Every name and every other spelling means one parameter."""
    meant = {name: name for name in found}
    for parameter in found.values():
        for alias in parameter.aliases:
            other = meant.setdefault(alias, parameter.name)
            if other != parameter.name or alias == other:
                raise EventError(f"{where}, $.params.{parameter.name}.aliases: {alias!r} is {other} already")
