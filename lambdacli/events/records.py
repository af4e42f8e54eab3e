"""What a template's names stand for in each record: what was given, defaults, and what is computed from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdacli.errors import EventError
from lambdacli.events import identity
from lambdacli.events.parameters import GATHERING, convert

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lambdacli.events.expressions import Render, Values
    from lambdacli.events.parameters import Parameter
    from lambdacli.events.template import Template

_MOST = 10_000  # records: the largest batch of any event source (Lambda API, CreateEventSourceMapping, BatchSize)


class Records:
    """The names of one template. `batch_length` is the number of records in its tree, 0 where none are repeated."""

    def __init__(self, template: Template) -> None:
        self.template = template
        self.batch_length = 0
        self.handed_on = tuple(name for name, parameter in template.params.items() if parameter.inside)
        self.fixed: list[tuple[Parameter, Any]] = []
        self.moving: list[tuple[Parameter, Render]] = []
        self.let: list[tuple[str, Render]] = []
        self.constants: Values | None = None  # the fixed ones in their type, converted when first needed

    def default(self, parameter: Parameter, default: Any) -> None:
        """A parameter's default: a value, or a function that may use the names before it."""
        if callable(default):
            self.moving.append((parameter, default))
        else:
            self.fixed.append((parameter, default))

    def values(self, several: Mapping[str, list[Any]], count: int | None, first: int, base: int) -> list[Values]:
        """All names of each record.

        Args:
            several: values of parameters in their type: one, or one per record.
            count: how many records.
            first: the number of the first record.
            base: the seed of the template around it.
        """
        inside: Values = {}
        if self.handed_on and not self.batch_length:  # what makes records makes them of the event inside
            inside = {"#count": count, **{name: several[name] for name in self.handed_on if name in several}}
            several, count = {name: values for name, values in several.items() if name not in inside}, None
        number = self._count(several, count)
        seed = several["seed"][0] if "seed" in several else self.template.params["seed"].default
        if self.constants is None:
            self.constants = {parameter.name: convert(parameter, value) for parameter, value in self.fixed}
        known = {**self.constants, "count": number, "#base": identity.nested(base, seed), **inside}
        return [self._record(several, n, {**known, "i": first + n}) for n in range(number)]

    def _record(self, several: Mapping[str, list[Any]], n: int, values: Values) -> Values:
        """The nth of those that are given."""
        for name, found in several.items():
            values[name] = found[n] if len(found) > 1 else found[0]
        for parameter, expression in self.moving:
            if parameter.name not in several:
                values[parameter.name] = convert(parameter, expression(values, None))
        for name, tree in self.let:
            values[name] = tree(values, None)
        return values

    def converted(self, given: Mapping[str, Any]) -> dict[str, list[Any]]:
        """The given values of each parameter in its type: one, or one per record."""
        found: dict[str, list[Any]] = {}
        for name, raw in given.items():
            parameter = self.template.params[name]
            if not isinstance(raw, (list, tuple)):
                found[name] = [convert(parameter, raw)]
            elif parameter.many and _one_per_record(parameter, raw):
                if raw:
                    found[name] = [convert(parameter, each) for each in raw]
            elif parameter.type not in GATHERING | {"json"}:
                raise EventError(
                    f"parameter {name}: given {len(raw)} times, but template {self.template.name} takes it once"
                )
            else:
                found[name] = [convert(parameter, raw)]
        return found

    def _count(self, several: Mapping[str, list[Any]], count: int | None) -> int:
        lengths = {name: len(values) for name, values in several.items() if len(values) > 1}
        if lengths and not self.batch_length:
            raise EventError(
                f"parameter {next(iter(lengths))}: {self.template.name} has one record, so it takes one value"
            )
        if len(set(lengths.values())) > 1:
            counts = ", ".join(f"{number} of {name}" for name, number in lengths.items())
            raise EventError(
                f"parameters of {self.template.name} differ in number: {counts}", hint="give one, or as many of each"
            )
        wanted = count if count is not None else max(lengths.values(), default=self.batch_length or 1)
        if wanted < 1 or wanted > _MOST:
            raise EventError(f"count {wanted}: expected 1 to {_MOST}")
        if wanted > 1 and not self.batch_length:
            raise EventError(f"count {wanted}: {self.template.name} has no records to repeat")
        if lengths and wanted != max(lengths.values()):
            name, number = next(iter(lengths.items()))
            raise EventError(
                f"count {wanted} and {number} values of {name} contradict each other", hint="leave count out"
            )
        return wanted


def _one_per_record(parameter: Parameter, raw: Any) -> bool:
    """Whether a list holds whole values, one per record, and not the parts of one."""
    if parameter.type not in GATHERING:
        return True
    if parameter.type == "object":
        return all(isinstance(each, dict) or str(each).lstrip().startswith("{") for each in raw)
    return all(isinstance(each, (list, tuple)) for each in raw)
