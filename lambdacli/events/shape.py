"""The JSON Schema of an event, derived from its template: what `program` makes functions of, this makes schemas of.

A constant is what is so in every such event; an expression has the type of its parameter or of its last filter.
"""

from __future__ import annotations

import re
import typing
from typing import TYPE_CHECKING, Any

from lambdacli.errors import EventError
from lambdacli.events import expressions, forms, outcomes, schemas
from lambdacli.events.reader import MAY_BE_EMPTY, Reader

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lambdacli.events.expressions import Operand, Pipe, Place
    from lambdacli.events.parameters import Parameter
    from lambdacli.events.reader import Entry
    from lambdacli.events.template import Template

    Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NOTHING: Mapping[str, Any] = {}
HOST = "a host name of"  # the title of such a text: of a service that hands out names
_HOST_NAME = re.compile("\0[^.:/ ]*\\.([a-z][a-z0-9-]{2,})\\.\0\\.[^:/ ]+")


def schema(template: Template) -> Schema:
    """The JSON Schema (draft 2020-12) of a template's events."""
    try:
        found = Shape(template).event
    except RecursionError:
        raise EventError(f"template {template.name} is nested too deeply") from None
    return {"$schema": DIALECT, "title": template.name, "description": template.summary, **found}


class Shape(Reader):
    """A template as schemas. `given` are the schemas of the parameters that a template around it sets."""

    def __init__(self, source: Template, within: tuple[str, ...] = (), given: Mapping[str, Schema] = _NOTHING) -> None:
        self.given = given
        self.known: dict[str, Schema] = {"i": schemas.INTEGER, "count": schemas.INTEGER}
        self.event: Schema = {}
        super().__init__(source, within)

    def parameter(self, parameter: Parameter, default: Any) -> None:
        """What may be chosen has a type; what the template around it sets is known."""
        if parameter.name in self.given:
            self.known[parameter.name] = outcomes.converted(parameter, self.given[parameter.name])
        else:
            found = {"enum": list(parameter.choices)} if parameter.choices else outcomes.TYPES[parameter.type]
            self.known[parameter.name] = schemas.nullable(found) if schemas.may_be_null(default) else found

    def named(self, name: str, node: Any) -> None:
        """As any other name."""
        self.known[name] = node

    def whole(self, node: Any) -> Schema:
        """The schema that it is."""
        return dict(node)

    def keys(self) -> Mapping[str, Any]:
        """The schemas of the event's keys."""
        needed = self.event.get("required", ())
        found: Schema = self.event.get("properties", {})
        return {key: each if key in needed else schemas.nullable(each) for key, each in found.items()}

    def constant(self, value: Any) -> Schema:
        """So in every event."""
        return schemas.NULL if value is None else {"const": value}

    def text(self, text: str, place: Place) -> Schema:
        """A type; a constant when all in it is."""
        pieces = expressions.pieces(text, place)
        found = [{"const": piece} if isinstance(piece, str) else self._pipe(piece, place) for piece in pieces]
        if len(pieces) == 1 and not isinstance(pieces[0], str):
            return found[0]
        if all("const" in each for each in found):
            return {"const": "".join(expressions.as_text(each["const"]) for each in found)}
        return _form([each.get("const") for each in found])

    def list_of(self, items: list[Any]) -> Schema:
        """Any number of what is in it."""
        return {"type": "array", "items": schemas.any_of(items)} if items else {"type": "array"}

    def records_of(self, items: list[Any]) -> Schema:
        """One at least."""
        return {"type": "array", "minItems": 1, "items": schemas.any_of(items)}

    def object_of(self, entries: list[Entry]) -> Schema:
        """These keys and no others. One with a mark need not be there; what is left out when empty is never null."""
        properties: Schema = {}
        required = []
        for key, node, mark in entries:
            if mark != MAY_BE_EMPTY:
                properties[key] = node
                if not mark:
                    required.append(key)
            elif node != schemas.NULL and node.get("const") != "":
                properties[key] = schemas.not_null(node)
        return schemas.closed(properties, required)

    def computed(self, entries: list[Entry]) -> Schema:
        """Keys that are chosen have the schema of their value."""
        fixed = [(key["const"], node, mark) for key, node, mark in entries if "const" in key]
        free = [
            schemas.not_null(node) if mark == MAY_BE_EMPTY else node
            for key, node, mark in entries
            if "const" not in key
        ]
        found = self.object_of(fixed)
        return {**found, "additionalProperties": schemas.any_of(free)} if free else found

    def operation(self, operator: str, inner: Any) -> Schema:
        """A text, and what is in it."""
        if operator == "$json":
            return schemas.holding(inner)
        packed = {"type": "string", "contentEncoding": "base64", "contentMediaType": "application/gzip"}
        return packed if schemas.is_text(inner) else {**packed, "contentSchema": inner}

    def merged(self, parts: list[Any], place: Place) -> Schema:  # noqa: ARG002 - the signature is the reader's
        """The keys of all; open where a part is."""
        found = schemas.closed({}, [])
        for part in parts:
            found = schemas.laid_over(found, part)
        return found

    def embedded(self, operator: str, inner: Template, given: Mapping[str, Any], take: str, place: Place) -> Schema:
        """The schema of the other event with what is known of its parameters."""
        known = {name: self.known[name] for name in self.inherited(inner, given)} | dict(given)
        shape = Shape(inner, self.within, known)
        found = shape.event if operator == "$use" else shape.carried()
        for step in take.split(".") if take else ():
            found = schemas.part(found, step, place)
        return found

    def carried(self) -> Schema:
        """What another event carries of this one: as `Program.carried`."""
        found = self.event if self.travels is None else self.travels
        return found if schemas.is_text(found) else schemas.holding(found)

    def _pipe(self, pipe: Pipe, place: Place) -> Schema:
        """The type that comes out at the end; a literal is an example, as an argument it is what it is."""
        value = self._value(pipe.head, place)
        for name, function, operands in pipe.steps:
            read = self._value if name == "else" else self._operand
            value = outcomes.filtered(name, function, value, [read(each, place) for each in operands])
        return value

    def _value(self, operand: Operand, place: Place) -> Schema:
        return _example(operand[1]) if operand[0] == "constant" else self._operand(operand, place)

    def _operand(self, operand: Operand, place: Place) -> Schema:
        kind, it = operand
        if kind == "name":
            return self.known[it]
        if kind == "sibling":
            siblings: Any = place.siblings
            return typing.cast("Schema", siblings[it])
        if kind == "constant":
            return self.constant(it)
        return schemas.hint(forms.Uuid) if kind == "uuid" else schemas.INTEGER


def _example(value: Any) -> Schema:
    return {} if value is None else schemas.hint(type(value))


def _form(pieces: Sequence[Any]) -> Schema:
    """A text with holes; that an ARN or a host name is one, and of which service, is checked."""
    text = "".join(piece if isinstance(piece, str) else "\0" for piece in pieces)
    if host := _HOST_NAME.fullmatch(text):
        return {"type": "string", "title": f"{HOST} {host[1]}", "pattern": rf"\.{re.escape(host[1])}\."}
    parts = text.split(":")
    if parts[0] != "arn":
        return schemas.STRING
    service = parts[2] if len(parts) > 2 and "\0" not in parts[2] else ""  # noqa: PLR2004 - arn:partition:service:…
    title, more = (f"an ARN of {service}", f"{re.escape(service)}:") if service else ("an ARN", "")
    return {"type": "string", "title": title, "pattern": f"^arn:[^:]*:{more}"}
