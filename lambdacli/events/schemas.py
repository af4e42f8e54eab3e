"""JSON Schemas put together and taken apart: one of several, with and without null, one object laid over another."""

from __future__ import annotations

import types
import typing
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from lambdacli.events.expressions import Place

    Schema = dict[str, Any]

NULL: Schema = {"type": "null"}
STRING: Schema = {"type": "string"}
INTEGER: Schema = {"type": "integer"}
_PLAIN: Mapping[type[Any], Schema] = {
    str: STRING,
    bytes: STRING,
    bool: {"type": "boolean"},
    int: INTEGER,
    float: {"type": "number"},
    dict: {"type": "object"},
    list: {"type": "array"},
    types.NoneType: NULL,
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


def of(value: Any) -> Schema:
    """The schema of a value that is known."""
    if value is None:
        return NULL
    if isinstance(value, dict):
        return closed({key: of(each) for key, each in value.items()}, list(value))
    if isinstance(value, list):
        return {"type": "array", "items": any_of([of(each) for each in value])} if value else {"type": "array"}
    return STRING if isinstance(value, bytes) else {"const": value}


def closed(properties: Schema, required: list[str]) -> Schema:
    """An object of these keys and no others."""
    found: Schema = {"type": "object", "properties": properties}
    if required:
        found["required"] = required
    return {**found, "additionalProperties": False}


def holding(inner: Schema) -> Schema:
    """A text that is JSON."""
    found = {"type": "string", "contentMediaType": "application/json"}
    return {**found, "contentSchema": inner} if inner else found


def is_text(found: Schema) -> bool:
    """Whether something goes into a text as it is and not as JSON."""
    allowed = kinds(found)
    return bool(allowed) and allowed <= {"string", "null"}


def kinds(found: Schema) -> set[str]:
    """The types that a schema allows; none when it allows any."""
    if "const" in found:
        return {_kind(found["const"])}
    if "enum" in found:
        return {_kind(each) for each in found["enum"]}
    if "anyOf" in found:
        inner = [kinds(each) for each in found["anyOf"]]
        return set().union(*inner) if all(inner) else set()
    kind = found.get("type", ())
    return {kind} if isinstance(kind, str) else set(kind)


def _kind(value: Any) -> str:
    return typing.cast("str", _PLAIN[type(value)]["type"])


def may_be_null(found: Schema) -> bool:
    """Whether null fits."""
    allowed = kinds(found)
    return not allowed or "null" in allowed


def nullable(found: Schema) -> Schema:
    """The same or null."""
    if may_be_null(found):
        return found
    if isinstance(found.get("type"), str):
        return {**found, "type": [found["type"], "null"]}
    return any_of([found, NULL])


def not_null(found: Schema) -> Schema:
    """The same without null."""
    if "anyOf" in found:
        return any_of([not_null(each) for each in found["anyOf"] if each != NULL])
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
            elif one == NULL:
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
    found = ([_one_of(constants)] if constants else []) + others + ([NULL] if null else [])
    return found[0] if len(found) == 1 else {"anyOf": found}


def _among(value: Any, values: Collection[Any]) -> bool:
    return any(value == each and type(value) is type(each) for each in values)


def _one_of(values: list[Any]) -> Schema:
    if len(values) == 1:
        return NULL if values[0] is None else {"const": values[0]}
    return {"enum": values}


def laid_over(below: Schema, above: Schema, *, certain: bool = True) -> Schema:
    """`$merge` of two objects; what lies above may be null, or be in an object that may be, and so not `certain`."""
    certain = certain and not may_be_null(above)
    above = not_null(above)
    if "anyOf" in above:
        return any_of([laid_over(below, each, certain=certain) for each in above["anyOf"]])
    if "anyOf" in below:
        return any_of([laid_over(each, above, certain=certain) for each in below["anyOf"]])
    if kinds(above) != {"object"}:
        return below if above == NULL else {**below, "additionalProperties": True}
    properties = dict(below.get("properties", {}))
    required = list(below.get("required", ()))
    for key, value in above.get("properties", {}).items():
        before = properties.get(key)
        sure = certain and key in above.get("required", ())
        if before is not None and kinds(before) == kinds(value) == {"object"}:
            properties[key] = laid_over(before, value, certain=certain)
        else:
            properties[key] = value if sure or before is None else any_of([before, value])
        if sure and key not in required:
            required.append(key)
    more = [each.get("additionalProperties", True) for each in (below, above)]
    free = [each for each in more if each is not False]
    found = closed(properties, required)
    if True in free or {} in free:
        del found["additionalProperties"]
    elif free:
        found["additionalProperties"] = any_of(free)
    return found


def part(found: Schema, step: str, place: Place) -> Schema:
    """A key or an item of what a schema describes."""
    if "anyOf" in found:
        return any_of([part(each, step, place) for each in found["anyOf"]])
    if step.isdigit() and "items" in found:
        return typing.cast("Schema", found["items"])
    inner = found.get("properties", {}).get(step, found.get("additionalProperties", {}))
    if inner is False:
        raise place.error(f"there is no {step!r} in the embedded event")
    return inner if isinstance(inner, dict) else {}
