"""An event from a template and parameters as somebody writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdacli.errors import EventError
from lambdacli.events import moments, strict
from lambdacli.events.program import compiled
from lambdacli.suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lambdacli.events.template import Template


def render(
    template: Template, parameters: Mapping[str, object], *, count: int | None = None, fresh: bool = False
) -> Any:
    """The event as parsed JSON.

    Args:
        template: from `load`.
        parameters: by name or alias; text is read as on a command line; a list gives a `many` parameter several values.
        count: how many records; as many as a `many` parameter has values unless told.
        fresh: other ids on every call and the current time, where `seed` and `time` are not given.

    Raises:
        EventError: an unknown parameter, a value that does not fit, a mistake in the template.
    """
    given = _by_name(template, parameters)
    if fresh:
        given = {"seed": _unpredictable(), "time": moments.now()} | given
    try:
        program = compiled(template)
        return program.made(program.records.converted(given), count=count)
    except RecursionError:
        raise EventError(f"template {template.name} or one of its parameters is nested too deeply") from None
    except strict.BytesError as error:
        raise EventError(f"template {template.name}: {error}") from None


def _by_name(template: Template, parameters: Mapping[str, object]) -> dict[str, Any]:
    """Aliases resolved; a parameter nobody knows is an error that names the nearest."""
    if not parameters:
        return {}
    known = {alias: name for name, parameter in template.params.items() for alias in parameter.aliases}
    found: dict[str, Any] = {}
    for name, value in parameters.items():
        target = name if name in template.params else known.get(name, name.replace("_", "-"))
        if target not in template.params:
            raise unknown_parameter(template, name)
        if template.wraps and target == template.carries:
            raise EventError(f"parameter {name}: {template.wraps[0]} goes there", hint=f"leave out {name}, or --wrap")
        found[target] = value
    return found


def unknown_parameter(template: Template, name: str) -> EventError:
    """The error of a parameter that the template does not have."""
    hint = nearest(name, [*template.params, "count"], f"it has {', '.join(template.params)}")
    return EventError(f"event {template.name} has no parameter {name!r}", hint=hint)


def _unpredictable() -> str:
    import os

    return os.urandom(16).hex()
