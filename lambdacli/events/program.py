"""A template's tree becomes functions once, so that ten thousand records cost only calls."""

from __future__ import annotations

import re
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from lambdacli.events import expressions
from lambdacli.events.parameters import GLOBALS
from lambdacli.events.reader import MAY_BE_EMPTY, NO_OBJECTS, Reader, key_of
from lambdacli.events.records import Records

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lambdacli.events.expressions import Place, Render, Values
    from lambdacli.events.parameters import Parameter
    from lambdacli.events.reader import Entry
    from lambdacli.events.template import Inner, Template

_SIBLING = re.compile(r"\$\{[^}]*\.")  # or what may be one


class Program(Reader):
    """A compiled template: what each parameter defaults to, what is computed, how the event is made.

    A node is a function, or the value itself where it is the same in every record.
    """

    def __init__(self, source: Template, within: tuple[str, ...] = ()) -> None:
        self.records = Records(source)
        super().__init__(source, within)
        self.records.batch_length = self.batch_length
        tree = expressions.in_json(source.travels_as)
        self.travels_alone = source.travels_as is not None and not _SIBLING.search(tree)

    def made(self, several: Mapping[str, list[Any]], *, count: int | None = None, first: int = 0, base: int = 0) -> Any:
        """The event; arguments as of `Records.values`."""
        return self._event(self.records.values(several, count, first, base))

    def carried(
        self,
        several: Mapping[str, list[Any]],
        *,
        count: int | None = None,
        first: int = 0,
        base: int = 0,
        text: bool = False,
    ) -> str | bytes:
        """What is carried of the event. `text`: its JSON where that would be bytes."""
        records = self.records.values(several, count, first, base)
        event = None if self.travels_alone else self._event(records)
        found = event if self.travels is None else self.travels(records[0], event if isinstance(event, dict) else {})
        if text and isinstance(found, bytes):
            found = event or self._event(records)
        return found if isinstance(found, (str, bytes)) else expressions.as_text(found)

    def _event(self, records: list[Values]) -> Any:
        values = records[0]
        values["#records"] = records
        event = self.event(values, None)
        del values["#records"]  # a circle in memory
        return event

    def parameter(self, parameter: Parameter, default: Any) -> None:
        """One of the names."""
        self.records.default(parameter, default)

    def named(self, name: str, node: Any) -> None:
        """Computed in this order."""
        self.records.let.append((name, self.whole(node)))

    def whole(self, node: Any) -> Render:
        """A function in any case."""
        return _function(node)

    def keys(self) -> Mapping[str, Any]:
        """Their names are enough: the values are known when the event is."""
        event = self.template.event
        return dict.fromkeys(key_of(key)[0] for key in event) if isinstance(event, dict) else {}

    def constant(self, value: Any) -> Any:
        """Itself."""
        return value

    def text(self, text: str, place: Place) -> Render:
        """A function of the record."""
        return expressions.parse(text, place)

    def list_of(self, items: list[Any]) -> Render:
        """Every item in its place."""

        def render(values: Values, rendered: Any) -> list[Any]:
            return [item(values, rendered) if callable(item) else item for item in items]

        return render

    def records_of(self, items: list[Any]) -> Render:
        """Record i is made from element i, or from the elements in turn when there are more."""

        def render(values: Values, _rendered: Any) -> list[Any]:
            return [
                item(record, None) if callable(item := items[n % len(items)]) else item
                for n, record in enumerate(values["#records"])
            ]

        return render

    def object_of(self, entries: list[Entry]) -> Render:
        """What is constant is copied, what moves is put in."""
        constants = {key: None if callable(node) else node for key, node, _ in entries}
        optional = {key for key, _, mark in entries if mark == MAY_BE_EMPTY}
        moving = [(key, node, key in optional) for key, node, _ in entries if callable(node) or key in optional]

        def render(values: Values, _rendered: Any) -> dict[str, Any]:
            out = constants.copy()
            for key, node, may_go in moving:
                value = node(values, out) if callable(node) else node
                if may_go and (value is None or value in ("", [], {})):
                    del out[key]
                else:
                    out[key] = value
            return out

        return render

    def computed(self, entries: list[Entry]) -> Render:
        """Slower, and rare."""

        def render(values: Values, _rendered: Any) -> dict[str, Any]:
            out: dict[str, Any] = {}
            for key, node, mark in entries:
                value = node(values, out) if callable(node) else node
                if not (mark == MAY_BE_EMPTY and value in (None, "", [], {})):
                    out[expressions.as_text(key(values, out)) if callable(key) else key] = value
            return out

        return render

    def operation(self, operator: str, inner: Any) -> Render:
        """Text made of what is inside."""
        return (_in_json if operator == "$json" else _gzip_base64)(_function(inner))

    def merged(self, parts: list[Any], place: Place) -> Render:
        """Objects into one, and the objects within them; else the later value counts. null is nothing."""
        functions = [_function(part) for part in parts]

        def render(values: Values, _rendered: Any) -> dict[str, Any]:
            out: dict[str, Any] = {}
            for function in functions:
                part = function(values, None)
                if part is None:
                    continue
                if not isinstance(part, dict):
                    raise place.error(NO_OBJECTS)
                _lay_over(out, part)
            return out

        return render

    def embedded(self, operator: str, inner: Template, given: Mapping[str, Any], take: str, place: Place) -> Render:
        """Rendered within the record around it."""
        program = compiled(inner, self.within)
        make = program.made if operator == "$use" else program.carried
        passed = self.inherited(inner, given)

        def embed(values: Values, rendered: Any) -> Any:
            chosen = {key: node(values, rendered) if callable(node) else node for key, node in given.items()}
            count = chosen.pop("count", None)
            known = {key: [values[key]] for key in passed} | program.records.converted(chosen)
            return _taken(make(known, count=count, first=values["i"], base=values["#base"]), take, place)

        return embed

    def wrapped(self, operator: str, inner: Inner) -> Render:
        """Of its parameters it gets those that were given."""
        program = compiled(inner.template)
        make = program.made if operator == "$use" else partial(program.carried, text=inner.text)
        shared = tuple(name for name in inner.template.params if name in GLOBALS)
        names = tuple(inner.names.items())
        all_values = not self.template.batch  # one record around: many values make many records inside

        def embed(values: Values, _rendered: Any) -> Any:
            given = {name: [values[name]] for name in shared}
            for name, outside in names:
                if outside in values:
                    given[name] = values[outside] if all_values else [values[outside]]
            return make(given, count=values.get("#count"), first=values["i"], base=values["#base"])

        return embed


def _function(node: Any) -> Render:
    return node if callable(node) else lambda _values, _rendered: node


def _taken(event: Any, way: str, place: Place) -> Any:
    """A part of an embedded event, as `Records.0`."""
    try:
        for step in way.split(".") if way else ():
            event = event[int(step)] if isinstance(event, list) else event[step]
    except (KeyError, IndexError, ValueError, TypeError):
        raise place.error(f"there is no {way!r} in the embedded event") from None
    return event


def _in_json(inner: Render) -> Render:
    return lambda values, rendered: expressions.in_json(inner(values, rendered))


def _gzip_base64(inner: Render) -> Render:
    def render(values: Values, rendered: Any) -> str:
        from binascii import b2a_base64

        from lambdacli.events.filters.data import gzipped

        return b2a_base64(gzipped(inner(values, rendered)), newline=False).decode()

    return render


def _lay_over(below: dict[str, Any], above: dict[str, Any]) -> None:
    for key, value in above.items():
        before = below.get(key)
        if isinstance(before, dict) and isinstance(value, dict):
            below[key] = before = dict(before)
            _lay_over(before, value)
        else:
            below[key] = value


@lru_cache(maxsize=512)
def compiled(source: Template, within: tuple[str, ...] = ()) -> Program:
    """The program of a template, made once."""
    return Program(source, within)
