"""The JSON Schema of an event, derived from its template: what `program` makes functions of, this makes schemas of.

A constant is what is so in every such event; an expression has the type of its parameter or of its last filter.
"""

from __future__ import annotations

import re
import sys
import types
import typing
from functools import cache
from typing import TYPE_CHECKING, Any

from lambdacli.errors import EventError
from lambdacli.events import expressions, filters, forms
from lambdacli.events.parameters import Parameter, convert
from lambdacli.events.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from lambdacli.events.expressions import Operand, Pipe, Place
    from lambdacli.events.reader import Entry
    from lambdacli.events.template import Template

    Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NOTHING: Mapping[str, Any] = {}
_NULL: Schema = {"type": "null"}
_STRING: Schema = {"type": "string"}
_INTEGER: Schema = {"type": "integer"}
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
        self.known: dict[str, Schema] = {"i": _INTEGER, "count": _INTEGER}
        self.event: Schema = {}
        super().__init__(source, within)

    def parameter(self, parameter: Parameter, default: Any) -> None:
        """What may be chosen has a type; what the template around it sets is known."""
        if parameter.name in self.given:
            self.known[parameter.name] = _converted(parameter, self.given[parameter.name])
        else:
            found = {"enum": list(parameter.choices)} if parameter.choices else _TYPES[parameter.type]
            self.known[parameter.name] = nullable(found) if may_be_null(default) else found

    def named(self, name: str, node: Any) -> None:
        """As any other name."""
        self.known[name] = node

    def whole(self, node: Any) -> Schema:
        """The schema that it is."""
        return dict(node)

    def keys(self) -> Mapping[str, Any]:
        """The schemas of the event's keys."""
        found: Mapping[str, Any] = self.event.get("properties", {})
        return found

    def constant(self, value: Any) -> Schema:
        """So in every event."""
        return _NULL if value is None else {"const": value}

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
        return {"type": "array", "items": any_of(items)} if items else {"type": "array"}

    def records_of(self, items: list[Any]) -> Schema:
        """One at least."""
        return {"type": "array", "minItems": 1, "items": any_of(items)}

    def object_of(self, entries: list[Entry]) -> Schema:
        """These keys and no others; what is left out when empty need not be there and is never null."""
        properties: Schema = {}
        required = []
        for key, node, optional in entries:
            if not optional:
                properties[key] = node
                required.append(key)
            elif node != _NULL and node.get("const") != "":
                properties[key] = not_null(node)
        return _closed(properties, required)

    def computed(self, entries: list[Entry]) -> Schema:
        """Keys that are chosen have the schema of their value."""
        fixed = [(key["const"], node, optional) for key, node, optional in entries if "const" in key]
        free = [not_null(node) if optional else node for key, node, optional in entries if "const" not in key]
        found = self.object_of(fixed)
        return {**found, "additionalProperties": any_of(free)} if free else found

    def operation(self, operator: str, inner: Any) -> Schema:
        """A text, and what is in it."""
        if operator == "$json":
            return _holding(inner)
        packed = {"type": "string", "contentEncoding": "base64", "contentMediaType": "application/gzip"}
        return packed if _is_text(inner) else {**packed, "contentSchema": inner}

    def merged(self, parts: list[Any], place: Place) -> Schema:  # noqa: ARG002 - the signature is the reader's
        """The keys of all; open where a part is."""
        found = _closed({}, [])
        for part in parts:
            found = _laid_over(found, part)
        return found

    def embedded(self, operator: str, inner: Template, given: Mapping[str, Any], take: str, place: Place) -> Schema:
        """The schema of the other event with what is known of its parameters."""
        known = {name: self.known[name] for name in self.inherited(inner, given)} | dict(given)
        shape = Shape(inner, self.within, known)
        found = shape.event if operator == "$use" else shape.carried()
        for step in take.split(".") if take else ():
            found = _part(found, step, place)
        return found

    def carried(self) -> Schema:
        """What another event carries of this one: as `Program.carried`."""
        found = self.event if self.travels is None else self.travels
        return found if _is_text(found) else _holding(found)

    def _pipe(self, pipe: Pipe, place: Place) -> Schema:
        """The type that comes out at the end; a literal is an example, as an argument it is what it is."""
        value = self._value(pipe.head, place)
        for name, function, operands in pipe.steps:
            read = self._value if name == "else" else self._operand
            value = _filtered(name, function, value, [read(each, place) for each in operands])
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
        return hint(forms.Uuid) if kind == "uuid" else _INTEGER


def _closed(properties: Schema, required: list[str]) -> Schema:
    found: Schema = {"type": "object", "properties": properties}
    if required:
        found["required"] = required
    return {**found, "additionalProperties": False}


def _holding(inner: Schema) -> Schema:
    """A text that is JSON."""
    found = {"type": "string", "contentMediaType": "application/json"}
    return {**found, "contentSchema": inner} if inner else found


def _is_text(found: Schema) -> bool:
    """Whether something goes into a text as it is and not as JSON."""
    kinds = _kinds(found)
    return bool(kinds) and kinds <= {"string", "null"}


def _example(value: Any) -> Schema:
    return {} if value is None else hint(type(value))


def _form(pieces: Sequence[Any]) -> Schema:
    """A text with holes; that an ARN or a host name is one, and of which service, is checked."""
    text = "".join(piece if isinstance(piece, str) else "\0" for piece in pieces)
    if host := _HOST_NAME.fullmatch(text):
        return {"type": "string", "title": f"{HOST} {host[1]}", "pattern": rf"\.{re.escape(host[1])}\."}
    parts = text.split(":")
    if parts[0] != "arn":
        return _STRING
    service = parts[2] if len(parts) > 2 and "\0" not in parts[2] else ""  # noqa: PLR2004 - arn:partition:service:…
    title, more = (f"an ARN of {service}", f"{re.escape(service)}:") if service else ("an ARN", "")
    return {"type": "string", "title": title, "pattern": f"^arn:[^:]*:{more}"}


# Filters


def _filtered(name: str, function: Any, value: Schema, arguments: list[Schema]) -> Schema:
    """What comes out of a filter."""
    takes_null = name in filters.TAKE_NULL
    if not takes_null and value == _NULL:
        return _NULL
    if all("const" in each or each == _NULL for each in (value, *arguments)):
        try:
            found = function(value.get("const"), *[each.get("const") for each in arguments])
        except expressions.FAILURES:
            return {}
        return {"const": found} if isinstance(found, (str, int, float)) else _of(found)
    if name in _FOLLOWING:
        return _FOLLOWING[name](value, *arguments)
    found = returned(function)
    return nullable(found) if not takes_null and may_be_null(value) else found


def _of(value: Any) -> Schema:
    """The schema of a value that is known."""
    if value is None:
        return _NULL
    if isinstance(value, dict):
        return _closed({key: _of(each) for key, each in value.items()}, list(value))
    if isinstance(value, list):
        return {"type": "array", "items": any_of([_of(each) for each in value])} if value else {"type": "array"}
    return _STRING if isinstance(value, bytes) else {"const": value}


def _when(value: Schema, chosen: Schema, *allowed: Schema) -> Schema:
    if "const" in chosen and all("const" in each for each in allowed):
        return value if chosen in allowed else _NULL
    return nullable(value)


def _unless(value: Schema, chosen: Schema, *refused: Schema) -> Schema:
    if "const" in chosen and all("const" in each for each in refused):
        return _NULL if chosen in refused else value
    return nullable(value)


def _if(value: Schema, wanted: Schema) -> Schema:
    if "const" in wanted or wanted == _NULL:
        return value if wanted.get("const") else _NULL
    return nullable(value)


def _else(value: Schema, other: Schema) -> Schema:
    return any_of([not_null(value), other]) if value != _NULL else other


def _get(value: Schema, name: Schema) -> Schema:
    properties = value.get("properties", {})
    if name.get("const") in properties:
        found: Schema = properties[name["const"]]
        return found if name["const"] in value.get("required", ()) else nullable(found)
    return {}


def _text(value: Schema) -> Schema:
    kinds = _kinds(value) - {"null"}
    if kinds == {"string"}:
        return value
    found = hint(forms.Digits) if kinds == {"integer"} else _STRING
    return nullable(found) if may_be_null(value) else found


def _base64(value: Schema) -> Schema:
    content: Schema = {key: value[key] for key in ("contentMediaType", "contentSchema") if key in value}
    found = {**hint(forms.Base64), **({} if "contentEncoding" in value else content)}
    return nullable(found) if may_be_null(value) else found


def _base64_if(value: Schema, wanted: Schema) -> Schema:
    if "const" in wanted:
        return _base64(value) if wanted["const"] else _text(value)
    return nullable(_STRING) if may_be_null(value) else _STRING


def _unbase64(value: Schema) -> Schema:
    content: Schema = {key: value[key] for key in ("contentMediaType", "contentSchema") if key in value}
    return {**(nullable(_STRING) if may_be_null(value) else _STRING), **content}


def _gzip(value: Schema) -> Schema:
    inner = {"contentSchema": value["contentSchema"]} if "contentSchema" in value else {}
    return {**_STRING, "contentMediaType": "application/gzip", **inner}


def _json(value: Schema) -> Schema:
    return _holding(value)


def _same(value: Schema, *_others: Schema) -> Schema:
    """What arithmetic leaves: the type."""
    kinds = _kinds(value)
    return hint(forms.Digits) if kinds == {"string"} else {key: each for key, each in value.items() if key != "const"}


# What these return depends on what they are given.
_FOLLOWING: Mapping[str, Callable[..., Schema]] = {
    "when": _when,
    "unless": _unless,
    "if": _if,
    "else": _else,
    "get": _get,
    "text": _text,
    "base64": _base64,
    "base64_if": _base64_if,
    "unbase64": _unbase64,
    "gzip": _gzip,
    "json": _json,
    "plus": _same,
    "minus": _same,
}


@cache
def returned(function: Any) -> Schema:
    """The schema of what a filter is annotated to return."""
    names = {**vars(sys.modules[function.__module__]), **vars(forms)}
    return hint(typing.get_type_hints(function, globalns=names, include_extras=True).get("return", Any))


_PLAIN: Mapping[type[Any], Schema] = {
    str: _STRING,
    bytes: _STRING,
    bool: {"type": "boolean"},
    int: _INTEGER,
    float: {"type": "number"},
    dict: {"type": "object"},
    list: {"type": "array"},
    types.NoneType: _NULL,
}


def hint(kind: Any) -> Schema:
    """The schema of a type as Python writes it."""
    if kind in {Any, object}:
        return {}
    if kind in _PLAIN:
        return _PLAIN[kind]
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Annotated:
        return {"type": hint(arguments[0])["type"], **arguments[1].keywords}
    if origin in {typing.Union, types.UnionType}:
        return any_of([hint(each) for each in arguments])
    if origin is dict:
        inner = hint(arguments[1])
        return {"type": "object", "additionalProperties": inner} if inner else {"type": "object"}
    inner = hint(arguments[0])
    return {"type": "array", "items": inner} if inner else {"type": "array"}


# Parameters

_TYPES: Mapping[str, Schema] = {
    "str": _STRING,
    "bytes": _STRING,
    "int": _INTEGER,
    "digits": hint(forms.Digits),
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "json": {},
    "object": {"type": "object"},
    "list": {"type": "array"},
    "time": _INTEGER,  # milliseconds
}


def _converted(parameter: Parameter, given: Schema) -> Schema:
    """What a parameter makes of what it is given, as `parameters.convert`."""
    if given == _NULL:
        return _NULL
    plain = _TYPES[parameter.type]
    if "const" in given:
        try:
            return _of(convert(parameter, given["const"]))
        except EventError:
            return plain
    if parameter.type in {"json", "object", "list"} and _is_text(given):
        given = given.get("contentSchema", {}) if "contentEncoding" not in given else {}
    wanted, kinds = _kinds(plain), _kinds(given) - {"null"}
    if not wanted or (kinds and kinds <= wanted and parameter.type not in {"time", "digits"}):
        return given
    return nullable(plain) if may_be_null(given) and given else plain


# Schemas


def _kinds(found: Schema) -> set[str]:
    """The types that a schema allows; none when it allows any."""
    if "const" in found:
        return {_kind(found["const"])}
    if "enum" in found:
        return {_kind(each) for each in found["enum"]}
    if "anyOf" in found:
        inner = [_kinds(each) for each in found["anyOf"]]
        return set().union(*inner) if all(inner) else set()
    kind = found.get("type", ())
    return {kind} if isinstance(kind, str) else set(kind)


def _kind(value: Any) -> str:
    return typing.cast("str", _PLAIN[type(value)]["type"])


def may_be_null(found: Schema) -> bool:
    """Whether null fits."""
    kinds = _kinds(found)
    return not kinds or "null" in kinds


def nullable(found: Schema) -> Schema:
    """The same or null."""
    if may_be_null(found):
        return found
    if isinstance(found.get("type"), str):
        return {**found, "type": [found["type"], "null"]}
    return any_of([found, _NULL])


def not_null(found: Schema) -> Schema:
    """The same without null."""
    if "anyOf" in found:
        return any_of([not_null(each) for each in found["anyOf"] if each != _NULL])
    if "enum" in found:
        return _one_of([each for each in found["enum"] if each is not None])
    if isinstance(found.get("type"), list):
        kinds = [each for each in found["type"] if each != "null"]
        return {**found, "type": kinds[0] if len(kinds) == 1 else kinds}
    return found


def any_of(schemas: Iterable[Schema]) -> Schema:
    """One of several; constants become one enum."""
    constants: list[Any] = []
    others: list[Schema] = []
    null = False
    for each in schemas:
        for one in each.get("anyOf", [each]):
            if not one:
                return {}
            if "const" in one or "enum" in one:
                constants += [value for value in one.get("enum", [one.get("const")]) if not _among(value, constants)]
            elif one == _NULL:
                null = True
            elif one not in others:
                others.append(one)
    plain = [each["type"] for each in others if len(each) == 1 and "type" in each]
    constants = [each for each in constants if _kind(each) not in plain]
    if null and len(others) == 1 and not constants and isinstance(others[0].get("type"), str):
        return {**others[0], "type": [others[0]["type"], "null"]}
    if null and constants:
        constants.append(None)
        null = False
    found = ([_one_of(constants)] if constants else []) + others + ([_NULL] if null else [])
    return found[0] if len(found) == 1 else {"anyOf": found}


def _among(value: Any, values: Collection[Any]) -> bool:
    return any(value == each and type(value) is type(each) for each in values)


def _one_of(values: list[Any]) -> Schema:
    if len(values) == 1:
        return _NULL if values[0] is None else {"const": values[0]}
    return {"enum": values}


def _laid_over(below: Schema, above: Schema, *, certain: bool = True) -> Schema:
    """`$merge` of two objects; what lies above may be null, or be in an object that may be, and so not `certain`."""
    certain = certain and not may_be_null(above)
    above = not_null(above)
    if "anyOf" in above:
        return any_of([_laid_over(below, each, certain=certain) for each in above["anyOf"]])
    if "anyOf" in below:
        return any_of([_laid_over(each, above, certain=certain) for each in below["anyOf"]])
    if _kinds(above) != {"object"}:
        return below if above == _NULL else {**below, "additionalProperties": True}
    properties = dict(below.get("properties", {}))
    required = list(below.get("required", ()))
    for key, value in above.get("properties", {}).items():
        before = properties.get(key)
        sure = certain and key in above.get("required", ())
        if before is not None and _kinds(before) == _kinds(value) == {"object"}:
            properties[key] = _laid_over(before, value, certain=certain)
        else:
            properties[key] = value if sure or before is None else any_of([before, value])
        if sure and key not in required:
            required.append(key)
    more = [each.get("additionalProperties", True) for each in (below, above)]
    closed = [each for each in more if each is not False]
    found = _closed(properties, required)
    if True in closed or {} in closed:
        del found["additionalProperties"]
    elif closed:
        found["additionalProperties"] = any_of(closed)
    return found


def _part(found: Schema, step: str, place: Place) -> Schema:
    """A key or an item of what a schema describes."""
    if "anyOf" in found:
        return any_of([_part(each, step, place) for each in found["anyOf"]])
    if step.isdigit() and "items" in found:
        return typing.cast("Schema", found["items"])
    inner = found.get("properties", {}).get(step, found.get("additionalProperties", {}))
    if inner is False:
        raise place.error(f"there is no {step!r} in the embedded event")
    return inner if isinstance(inner, dict) else {}
