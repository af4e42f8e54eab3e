"""Events that triggers send: find a template, render it with parameters, write it down."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lambdacli.errors import EventError
from lambdacli.events import find
from lambdacli.events.find import names
from lambdacli.events.parameters import Parameter, convert
from lambdacli.events.render import render
from lambdacli.events.template import Template, load

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from lambdacli.model import EventRequest


def dumps(event: Any, *, compact: bool = False, encoding: str = "utf-8") -> str:
    """An event as text: indented, or compact on one line; escaped when the encoding lacks one of its characters.

    Raises:
        EventError: it is nested too deeply.
    """
    shape: Any = {"separators": (",", ":")} if compact else {"indent": 2}
    try:
        text = json.dumps(event, ensure_ascii=False, **shape)
        text.encode(encoding)
    except UnicodeEncodeError:
        return json.dumps(event, **shape)
    except RecursionError:
        raise EventError("the event is nested too deeply") from None
    return text


def exists(name: str, folders: Sequence[Path] = ()) -> bool:
    """Whether a name or an alias has a template; opens none."""
    return find.path_of(name, folders) != ""


def by_service(folders: Sequence[Path] = ()) -> tuple[tuple[str, str], ...]:
    """Service and name of every template, sorted; from file names alone."""
    return find.by_service(folders)


def summary(name: str, folders: Sequence[Path] = ()) -> dict[str, Any]:
    """What a list says of a template: name, service, trigger, summary."""
    found = load(name, folders)
    return {"name": found.name, "service": found.service, "trigger": found.trigger, "summary": found.summary}


def render_request(name: str, parameters: Mapping[str, Any], folders: Sequence[Path] = ()) -> Any:
    """A template's event, where `count` may be among the parameters, as a command line gives it.

    Raises:
        EventError: no such template or parameter, or a value that does not fit.
    """
    given = dict(parameters)
    template = load(name, folders)
    if "count" not in given or "count" in template.params:
        return render(template, given)
    return render(template, given, count=convert(Parameter("count", "int"), given.pop("count")))


def sample(request: EventRequest, folders: Any = (), *, fresh: bool = False) -> Any:
    """The event that a trigger asks for."""
    if not request.template:
        return request.event
    count = request.records if request.records > 1 else None
    return render(load(request.template, folders), request.parameters, count=count, fresh=fresh)


__all__ = [
    "Template",
    "by_service",
    "dumps",
    "exists",
    "load",
    "names",
    "render",
    "render_request",
    "sample",
    "summary",
]
