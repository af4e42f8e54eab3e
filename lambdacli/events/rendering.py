"""Parameters become records, records become an event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdacli.errors import EventError
from lambdacli.events import identity, moments
from lambdacli.events.compile import compiled
from lambdacli.events.expressions import as_text
from lambdacli.events.parameters import GATHERING, convert
from lambdacli.suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lambdacli.events.compile import Program
    from lambdacli.events.expressions import Values
    from lambdacli.events.parameters import Parameter
    from lambdacli.events.template import Template

_MOST = 10_000  # records: the largest batch of any event source (Lambda API, CreateEventSourceMapping, BatchSize)


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
        return made(program, converted(program, given), count=count)
    except RecursionError:
        raise EventError(f"template {template.name} or one of its parameters is nested too deeply") from None


def made(
    program: Program, several: Mapping[str, list[Any]], *, count: int | None = None, first: int = 0, base: int = 0
) -> Any:
    """The event.

    Args:
        program: a compiled template.
        several: the values of each parameter in its type.
        count: how many records.
        first: the number of the first record.
        base: the seed of the template around it.
    """
    return _event(program, _records(program, several, count, first, base))


def carried(
    program: Program,
    several: Mapping[str, list[Any]],
    *,
    count: int | None = None,
    first: int = 0,
    base: int = 0,
    text: bool = False,
) -> str | bytes:
    """What is carried of the event. Arguments as of `made`, and `text`: its JSON where that would be bytes."""
    records = _records(program, several, count, first, base)
    event = None if program.travels_alone else _event(program, records)
    found = event if program.travels is None else program.travels(records[0], event)
    if text and isinstance(found, bytes):
        found = event or _event(program, records)
    return found if isinstance(found, (str, bytes)) else as_text(found)


def _records(
    program: Program, several: Mapping[str, list[Any]], count: int | None, first: int, base: int
) -> list[Values]:
    """The names of each record."""
    inside: dict[str, Any] = {}
    if program.handed_on and not program.batch_length:  # what makes records makes them of the event inside
        inside = {"#count": count, **{name: several[name] for name in program.handed_on if name in several}}
        several, count = {name: values for name, values in several.items() if name not in inside}, None
    number = _count(program, several, count)
    seed = several["seed"][0] if "seed" in several else program.template.params["seed"].default
    base = identity.nested(base, seed)
    return [
        _record(program, several, n, {"i": first + n, "count": number, "#base": base, **inside}) for n in range(number)
    ]


def _event(program: Program, records: list[Values]) -> Any:
    values = records[0]
    values["#records"] = records
    event = program.event(values, None)
    del values["#records"]  # a circle in memory
    return event


def _record(program: Program, several: Mapping[str, list[Any]], n: int, values: Values) -> Values:
    """All names of the record that is the nth of those given. A default may use the names before it."""
    for name in program.handed_on:
        if name in several:
            found = several[name]
            values[name] = found[n] if len(found) > 1 else found[0]
    for parameter, constant, expression in program.defaults:
        name = parameter.name
        if name in several:
            found = several[name]
            values[name] = found[n] if len(found) > 1 else found[0]
        elif expression is None:
            if name not in program.constants:
                program.constants[name] = convert(parameter, constant)
            values[name] = program.constants[name]
        else:
            values[name] = convert(parameter, expression(values, None))
    for name, tree in program.let:
        values[name] = tree(values, None)
    return values


def converted(program: Program, given: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The given values of each parameter in its type: one, or one per record."""
    template = program.template
    found: dict[str, list[Any]] = {}
    for name, raw in given.items():
        parameter = template.params[name]
        if not isinstance(raw, (list, tuple)):
            found[name] = [convert(parameter, raw)]
        elif parameter.many and _one_per_record(parameter, raw):
            if raw:
                found[name] = [convert(parameter, each) for each in raw]
        elif parameter.type not in GATHERING | {"json"}:
            raise EventError(f"parameter {name}: given {len(raw)} times, but template {template.name} takes it once")
        else:
            found[name] = [convert(parameter, raw)]
    return found


def _one_per_record(parameter: Parameter, raw: Any) -> bool:
    """Whether a list holds whole values, one per record, and not the parts of one."""
    if parameter.type not in GATHERING:
        return True
    if parameter.type == "object":
        return all(isinstance(each, dict) or str(each).lstrip().startswith("{") for each in raw)
    return all(isinstance(each, (list, tuple)) for each in raw)


def _count(program: Program, several: Mapping[str, list[Any]], count: int | None) -> int:
    template = program.template
    lengths = {name: len(values) for name, values in several.items() if len(values) > 1}
    if lengths and not program.batch_length:
        raise EventError(f"parameter {next(iter(lengths))}: {template.name} has one record, so it takes one value")
    if len(set(lengths.values())) > 1:
        counts = ", ".join(f"{number} of {name}" for name, number in lengths.items())
        raise EventError(
            f"parameters of {template.name} differ in number: {counts}", hint="give one, or as many of each"
        )
    wanted = count if count is not None else max(lengths.values(), default=program.batch_length or 1)
    if wanted < 1 or wanted > _MOST:
        raise EventError(f"count {wanted}: expected 1 to {_MOST}")
    if wanted > 1 and not program.batch_length:
        raise EventError(f"count {wanted}: {template.name} has no records to repeat")
    if lengths and wanted != max(lengths.values()):
        name, number = next(iter(lengths.items()))
        raise EventError(f"count {wanted} and {number} values of {name} contradict each other", hint="leave count out")
    return wanted


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
