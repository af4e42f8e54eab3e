"""What comes out of a template's filters, and of the conversion of its parameters, as JSON Schemas."""

from __future__ import annotations

import sys
import typing
from functools import cache
from typing import TYPE_CHECKING, Any

from lambdacli.errors import EventError
from lambdacli.events import expressions, filters, forms, schemas
from lambdacli.events.parameters import Parameter, convert

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lambdacli.events.schemas import Schema


def filtered(name: str, function: Any, value: Schema, arguments: list[Schema]) -> Schema:
    """What comes out of a filter."""
    takes_null = name in filters.TAKE_NULL
    if not takes_null and value == schemas.NULL:
        return schemas.NULL
    if all("const" in each or each == schemas.NULL for each in (value, *arguments)):
        try:
            found = function(value.get("const"), *[each.get("const") for each in arguments])
        except expressions.FAILURES:
            return {}
        return {"const": found} if isinstance(found, (str, int, float)) else schemas.of(found)
    if name in _FOLLOWING:
        return _FOLLOWING[name](value, *arguments)
    found = returned(function)
    return schemas.nullable(found) if not takes_null and schemas.may_be_null(value) else found


def _when(value: Schema, chosen: Schema, *allowed: Schema) -> Schema:
    if "const" in chosen and all("const" in each for each in allowed):
        return value if chosen in allowed else schemas.NULL
    return schemas.nullable(value)


def _unless(value: Schema, chosen: Schema, *refused: Schema) -> Schema:
    if "const" in chosen and all("const" in each for each in refused):
        return schemas.NULL if chosen in refused else value
    return schemas.nullable(value)


def _if(value: Schema, wanted: Schema) -> Schema:
    if "const" in wanted or wanted == schemas.NULL:
        return value if wanted.get("const") else schemas.NULL
    return schemas.nullable(value)


def _else(value: Schema, other: Schema) -> Schema:
    return schemas.any_of([schemas.not_null(value), other]) if value != schemas.NULL else other


def _get(value: Schema, name: Schema) -> Schema:
    properties = value.get("properties", {})
    if name.get("const") in properties:
        found: Schema = properties[name["const"]]
        return found if name["const"] in value.get("required", ()) else schemas.nullable(found)
    return {}


def _text(value: Schema) -> Schema:
    kinds = schemas.kinds(value) - {"null"}
    if kinds == {"string"}:
        return value
    found = schemas.hint(forms.Digits) if kinds == {"integer"} else schemas.STRING
    return schemas.nullable(found) if schemas.may_be_null(value) else found


def _base64(value: Schema) -> Schema:
    content: Schema = {key: value[key] for key in ("contentMediaType", "contentSchema") if key in value}
    found = {**schemas.hint(forms.Base64), **({} if "contentEncoding" in value else content)}
    return schemas.nullable(found) if schemas.may_be_null(value) else found


def _base64_if(value: Schema, wanted: Schema) -> Schema:
    if "const" in wanted:
        return _base64(value) if wanted["const"] else _text(value)
    return schemas.nullable(schemas.STRING) if schemas.may_be_null(value) else schemas.STRING


def _unbase64(value: Schema) -> Schema:
    content: Schema = {key: value[key] for key in ("contentMediaType", "contentSchema") if key in value}
    return {**(schemas.nullable(schemas.STRING) if schemas.may_be_null(value) else schemas.STRING), **content}


def _gzip(value: Schema) -> Schema:
    inner = {"contentSchema": value["contentSchema"]} if "contentSchema" in value else {}
    return {**schemas.STRING, "contentMediaType": "application/gzip", **inner}


def _json(value: Schema) -> Schema:
    return schemas.holding(value)


def _same(value: Schema, *_others: Schema) -> Schema:
    """What arithmetic leaves: the type."""
    kinds = schemas.kinds(value)
    return (
        schemas.hint(forms.Digits)
        if kinds == {"string"}
        else {key: each for key, each in value.items() if key != "const"}
    )


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
    return schemas.hint(typing.get_type_hints(function, globalns=names, include_extras=True).get("return", Any))


TYPES: Mapping[str, Schema] = {
    "str": schemas.STRING,
    "bytes": schemas.STRING,
    "int": schemas.INTEGER,
    "digits": schemas.hint(forms.Digits),
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "json": {},
    "object": {"type": "object"},
    "list": {"type": "array"},
    "time": schemas.INTEGER,  # milliseconds
}


def converted(parameter: Parameter, given: Schema) -> Schema:
    """What a parameter makes of what it is given, as `parameters.convert`."""
    if given == schemas.NULL:
        return schemas.NULL
    plain = TYPES[parameter.type]
    if "const" in given:
        try:
            return schemas.of(convert(parameter, given["const"]))
        except EventError:
            return plain
    if parameter.type in {"json", "object", "list"} and schemas.is_text(given):
        given = given.get("contentSchema", {}) if "contentEncoding" not in given else {}
    wanted, kinds = schemas.kinds(plain), schemas.kinds(given) - {"null"}
    if not wanted or (kinds and kinds <= wanted and parameter.type not in {"time", "digits"}):
        return given
    return schemas.nullable(plain) if schemas.may_be_null(given) and given else plain
