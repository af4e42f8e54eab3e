"""Where an event departs from its JSON Schema: jsonschema validates, this says it in a line each."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from lambdacli.events import content, schemas
from lambdacli.suggest import closest, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jsonschema import ValidationError

_LONGEST = 60  # characters of a value that are shown
_FEW = 8  # values that are listed
_PLAIN_KEY = re.compile(r"[A-Za-z_]\w*")
_TYPES = {
    "object": "an object",
    "array": "an array",
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}
_INSIDE = "→"


class _Step(str):
    """In a path: into what a text holds. No key of an event is one."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Departure:
    """One place where an event is not as its kind is.

    A note is no mistake: AWS adds keys without notice, and a test may call its message "message-1".
    """

    path: str  # JSON path; behind an arrow it goes on inside of what a text holds
    message: str
    hint: str = ""
    note: bool = False
    more: int = 0  # in as many more records, or items

    def __str__(self) -> str:
        hint = f"; {self.hint}" if self.hint else ""
        label = "note: " if self.note else ""
        where = "records" if re.match(r"\$(?:\.\w+)?\[\d+\].", self.path) else "items"
        more = f" (and in {self.more:,} more {where})" if self.more else ""
        return f"{label}{self.path}: {self.message}{hint}{more}"


def departures(schema: dict[str, Any], event: Any) -> list[Departure]:
    """All of them, mistakes first; the same one in other records or items is counted, not repeated."""
    first: dict[Any, tuple[ValidationError, int]] = {}
    for error in _validator()(schema).iter_errors(event):
        ways = tuple(0 if isinstance(step, int) else step for step in error.absolute_path)
        kind = (ways, error.validator, error.message if error.validator == "required" else "")
        before = first.get(kind)
        first[kind] = (error, 0) if before is None else (before[0], before[1] + 1)
    found = [replace(_said(error), more=more) for error, more in first.values()]
    return sorted(found, key=lambda each: each.note)


def _said(error: ValidationError) -> Departure:
    steps = list(error.absolute_path)
    schema: Any = error.schema
    if error.validator == "additionalProperties":
        hint = nearest(str(steps[-1]), schema.get("properties", ()))
        return Departure(_path(steps), "unknown key", hint, note=True)
    if error.validator == "properties":
        return Departure(_path(steps), "null, where AWS leaves the key out", note=True)
    if error.validator == "required":
        return Departure(_path(steps), f"the key {_shown(error.message)} is missing", _meant(error.message, error))
    if error.validator == "minItems":
        return Departure(_path(steps), "expected a record at least, not an empty array")
    if error.validator == "minProperties":
        return Departure(_path(steps), f"expected one of {', '.join(schema['properties'])}, not an empty object")
    if error.validator in {"contentEncoding", "contentMediaType"}:
        return Departure(_path(steps), f"expected {error.message}, not {_shown(error.instance)}")
    names = [each for each in schema.get("enum", ()) if isinstance(each, str)]
    return Departure(
        _path(steps),
        f"expected {_expected(schema)}, not {_shown(error.instance)}",
        nearest(error.instance, names) if isinstance(error.instance, str) else "",
        note=error.validator in _NOTES,
    )


def _meant(key: str, error: ValidationError) -> str:
    """The key that stands there instead, where keys that the schema does not name are no notes of their own."""
    schema: Any = error.schema
    if schema.get("additionalProperties") is False or not isinstance(error.instance, dict):
        return ""
    near = closest(key, [each for each in error.instance if each not in schema["properties"]])
    return f"is it {near}?" if near else ""


def _constants(schema: dict[str, Any]) -> list[Any]:
    if "const" in schema:
        return [schema["const"]]
    return list(schema.get("enum", ()))


def _expected(schema: dict[str, Any]) -> str:
    """What a schema wants, in words."""
    return _either(dict.fromkeys(_words(schema)))


def _words(schema: dict[str, Any]) -> list[str]:
    if "anyOf" in schema:
        return [word for each in schema["anyOf"] for word in _words(each)]
    if values := _constants(schema):
        shown = [_shown(each) for each in values[:_FEW]]
        return [*shown, f"{len(values) - _FEW} others"] if len(values) > _FEW else shown
    if "pattern" in schema and "title" in schema:
        return [str(schema["title"])]
    kinds = schema["type"]
    return [_TYPES[kind] for kind in ([kinds] if isinstance(kinds, str) else kinds)]


def _either(words: Iterable[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last


def _shown(value: Any) -> str:
    """A value on a line; what is large is only named."""
    if isinstance(value, dict):
        return "an object" if value else "{}"
    if isinstance(value, list):
        return "an array" if value else "[]"
    if isinstance(value, str) and len(value) > _LONGEST:
        value = value[:_LONGEST] + "…"
    return json.dumps(value, ensure_ascii=False)


def _path(steps: Iterable[Any]) -> str:
    out = "$"
    for step in steps:
        if isinstance(step, _Step):
            out += f" {step} $"
        elif isinstance(step, int):
            out += f"[{step}]"
        elif _PLAIN_KEY.fullmatch(step):
            out += f".{step}"
        else:
            out += f"[{_shown(step)}]"
    return out


# Keywords that JSON Schema leaves to whoever validates, and those that are said otherwise here


@cache
def _validator() -> Any:
    from jsonschema import Draft202012Validator, validators

    keywords = {
        "properties": _properties,
        "required": _required,
        "additionalProperties": _additional_properties,
        "anyOf": _any_of,
        "contentEncoding": _content_encoding,
        "contentMediaType": _content_media_type,
    }
    extend: Any = validators.extend
    return extend(Draft202012Validator, keywords)


def _properties(validator: Any, properties: dict[str, Any], instance: Any, schema: Any) -> Iterator[Any]:
    if not isinstance(instance, dict):
        return
    for key, inner in properties.items():
        if key not in instance:
            continue
        if instance[key] is None and key not in schema.get("required", ()) and not schemas.may_be_null(inner):
            yield _error("null", path=(key,))
        else:
            yield from validator.descend(instance[key], inner, path=key)


def _required(_validator: Any, required: list[str], instance: Any, _schema: Any) -> Iterator[Any]:
    if isinstance(instance, dict):
        for key in required:
            if key not in instance:
                yield _error(key)


def _additional_properties(validator: Any, inner: Any, instance: Any, schema: Any) -> Iterator[Any]:
    if not isinstance(instance, dict):
        return
    known = schema.get("properties", {})
    for key, value in instance.items():
        if key in known:
            continue
        if inner is False:
            yield _error("unknown", path=(key,))
        else:
            yield from validator.descend(value, inner, path=key)


def _any_of(validator: Any, choices: list[Any], instance: Any, _schema: Any) -> Iterator[Any]:
    """The nearest choice alone says what is wrong."""
    best: tuple[tuple[int, int], list[Any]] | None = None
    for choice in choices:
        errors = list(validator.descend(instance, choice))
        if not errors:
            return
        notes = sum(error.validator in _NOTES for error in errors)
        weight = sum(_WEIGHTS.get(error.validator, 2) for error in errors), notes
        other = any(not error.path and error.validator in {"type", "const", "enum"} for error in errors)
        if not other and (best is None or weight < best[0]):
            best = weight, errors
    yield from best[1] if best else [_error("none")]


_NOTES = frozenset({"additionalProperties", "pattern", "properties"})
_WEIGHTS = {"const": 10, "enum": 10} | dict.fromkeys(_NOTES, 0)


def _content_encoding(_validator: Any, _encoding: str, instance: Any, schema: Any) -> Iterator[Any]:
    if isinstance(instance, str) and "contentMediaType" not in schema:
        try:
            content.inside(instance, schema)
        except ValueError as error:
            yield _error(str(error))


def _content_media_type(validator: Any, _media: str, instance: Any, schema: Any) -> Iterator[Any]:
    if not isinstance(instance, str):
        return
    try:
        found = content.inside(instance, schema)
    except ValueError as error:
        yield _error(str(error))
        return
    if "contentSchema" in schema:
        yield from validator.descend(found, schema["contentSchema"], path=_Step(_INSIDE))


def _error(message: str, **more: Any) -> Any:
    from jsonschema import ValidationError

    return ValidationError(message, **more)
