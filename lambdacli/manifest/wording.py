"""What JSON Schema finds wrong, in words for people: what was expected, what stands there, the nearest valid name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lambdacli import suggest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from jsonschema import ValidationError

    from lambdacli.manifest.document import Document, Step
    from lambdacli.model import Problem

    # message, hint, the offending key ("" is the value itself)
    Said = tuple[str, str, str]

_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "nothing",
}
_OF_VALUES = frozenset(("type", "enum", "minLength", "maxLength", "pattern", "minimum", "maximum"))
_MOST_LISTED = 12
_LONGEST = 60


def nearest(name: str, valid: Iterable[str]) -> str:
    """`did you mean …?`, or nothing when no valid name is near."""
    names = [str(each) for each in valid]
    wanted = name.lower()
    holds = [each for each in names if len(wanted) > 1 and (wanted in each.lower() or each.lower() in wanted)][:1]
    return suggest.nearest(name, names, f"did you mean {holds[0]}?" if holds else "")


def listed(names: Iterable[Any]) -> str:
    """`one of a, b, c`, shortened where that would be long."""
    texts = [str(name) for name in names]
    more = f" and {len(texts) - _MOST_LISTED} more" if len(texts) > _MOST_LISTED else ""
    return f"one of {', '.join(texts[:_MOST_LISTED])}{more}" if len(texts) != 1 else f"expected {texts[0]}"


def problems(document: Document, errors: Iterable[ValidationError]) -> Iterator[Problem]:
    """Every mistake that JSON Schema found, in our words; of one value only the first, as others follow from it."""
    values: set[tuple[Step, ...]] = set()
    found = list(errors)
    unindented = {tuple(error.absolute_path) for error in found if _is_unindented(error)}
    for error in found:
        path: tuple[Step, ...] = tuple(error.absolute_path)
        follows = any(path[:length] in unindented for length in range(len(path) + 1))
        if follows and not _is_unindented(error):
            continue
        if error.validator in _OF_VALUES and "propertyNames" not in error.absolute_schema_path:
            if path in values:
                continue
            values.add(path)
        for message, hint, key in said(error):
            yield document.problem((*path, key) if key else path, message, hint=hint, key=_is_key(error))


def _is_unindented(error: ValidationError) -> bool:
    """A trigger's settings stand beside its kind: what else is wrong there follows from that."""
    known = _schema(error).get("properties", {})
    one = error.validator == "maxProperties" and error.validator_value == 1
    return one and len([key for key in _instance(error) if key in known]) == 1


def _is_key(error: ValidationError) -> bool:
    return error.validator == "additionalProperties" or "propertyNames" in error.absolute_schema_path


def _value(error: ValidationError) -> Any:
    return error.validator_value


def _instance(error: ValidationError) -> Any:
    return error.instance


def _schema(error: ValidationError) -> dict[str, Any]:
    return error.schema if isinstance(error.schema, dict) else {}


def said(error: ValidationError) -> Iterator[Said]:
    """What one error of JSON Schema says, in our words."""
    if "propertyNames" in error.absolute_schema_path and isinstance(error.instance, str):
        yield _key_name(error)
        return
    yield from _WORDS.get(str(error.validator), _other)(error)


def _key_name(error: ValidationError) -> Said:
    schema = _schema(error)
    name = str(error.instance)
    if error.validator == "not":
        return f"the name {name} is reserved", schema.get("notErrorMessage", "choose another name"), name
    return schema.get("patternErrorMessage", f"not a valid name: {found(name)}"), "", name


def _unknown_keys(error: ValidationError) -> Iterator[Said]:
    schema = _schema(error)
    known = schema.get("properties", {})
    noun = "kind" if schema.get("maxProperties") == 1 else "key"
    instance = _instance(error)
    for key in instance:
        if key not in known and not any(key.startswith(p.lstrip("^")) for p in schema.get("patternProperties", {})):
            yield f"unknown {noun} {found(key, quote=False)}", nearest(key, known) or listed(known), key


def _type(error: ValidationError) -> Iterator[Said]:
    wanted = [_value(error)] if isinstance(_value(error), str) else list(_value(error))
    value = error.instance
    message = f"expected {' or '.join(_TYPES[w] for w in wanted if w != 'null')}, found {found(value)}"
    hint = ""
    if "string" in wanted and isinstance(value, (int, float)):
        hint = f'quote it: "{json.dumps(value)}"'
    elif value is None and "object" in wanted:
        required = _schema(error).get("required", ())
        hint = f"it needs {', '.join(required)}" if required else ""
    elif value is None and wanted == ["string"]:
        hint = 'write "" for an empty text'
    elif isinstance(value, str) and (required := _schema(error).get("required")):
        rest = "".join(f", {key}: …" for key in required[1:])
        hint = f"write {{{required[0]}: {value[:_LONGEST]}{rest}}}"
    elif isinstance(value, str) and value in _schema(error).get("properties", {}):
        hint = f"write `{value}: ` and its settings"
    elif "array" in wanted and isinstance(value, str):
        hint = f"write a list: [{value[:_LONGEST]}]"
    elif isinstance(value, str) and "${" in value:
        hint = "a variable stands for text only; give numbers in `stages`"
    elif isinstance(value, str) and value.strip().lstrip("-").isdigit() and {"integer", "number"} & set(wanted):
        hint = "write the number without quotes"
    elif "boolean" in wanted and isinstance(value, str) and value.lower() in ("yes", "on", "no", "off"):
        hint = f"write {'true' if value.lower() in ('yes', 'on') else 'false'}"
    yield message, hint, ""


def _enum(error: ValidationError) -> Iterator[Said]:
    value, valid = error.instance, list(_value(error))
    near = nearest(str(value), valid) if isinstance(value, (str, int, float)) else ""
    schema = _schema(error)
    yield f"{found(value)} is none of the valid values", near or listed(schema.get("examples", valid)), ""


def _bounds(error: ValidationError) -> Iterator[Said]:
    schema = _schema(error)
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        expected = f"from {low} to {high}"
    else:
        expected = f"of at least {low}" if low is not None else f"of at most {high}"
    yield f"expected a number {expected}, found {found(error.instance)}", "", ""


def _length(error: ValidationError) -> Iterator[Said]:
    if error.validator == "minLength":
        yield "expected text, found nothing", "", ""
    else:
        yield f"{len(_instance(error))} characters, at most {error.validator_value} are allowed", "", ""


def _items(error: ValidationError) -> Iterator[Said]:
    limit, count = error.validator_value, len(_instance(error))
    bound = "at least" if error.validator == "minItems" else "at most"
    yield f"expected {bound} {limit} item{'s' if limit != 1 else ''}, found {count}", "", ""


def _size(error: ValidationError) -> Iterator[Said]:
    instance = _instance(error)
    schema = _schema(error)
    known = schema.get("properties", {})
    if schema.get("maxProperties") != 1:
        bound = "at least" if error.validator == "minProperties" else "at most"
        yield f"expected {bound} {error.validator_value} of them, found {len(instance) or 'none'}", "", ""
    elif not instance:
        yield "expected one key", listed(known), ""
    elif len([key for key in instance if key in known]) > 1:
        keys = ", ".join(map(str, instance))
        in_list = error.absolute_path and isinstance(error.absolute_path[-1], int)
        hint = "start a new item with `- ` for each" if in_list else ""
        yield f"expected exactly one key, found {keys[:_LONGEST]}", hint, ""
    else:
        yield f"expected exactly one key, found {len(instance)}", "indent the settings below their kind", ""


def _required(error: ValidationError) -> Iterator[Said]:
    instance = _instance(error)
    for name in _value(error):
        if name not in instance:
            about = _schema(error).get("properties", {}).get(name, {}).get("description", "")
            yield f"{name} is missing", about and f"{name}: {about}", ""


def _pattern(error: ValidationError) -> Iterator[Said]:
    schema = _schema(error)
    expected = schema.get("patternErrorMessage", f"expected text that matches {error.validator_value}")
    yield f"{expected}, found {found(error.instance)}", "", ""


def _unique(_error: ValidationError) -> Iterator[Said]:
    yield "an item stands twice", "remove one of the two", ""


def _other(error: ValidationError) -> Iterator[Said]:
    yield error.message[:200], "", ""


_WORDS: dict[str, Callable[[ValidationError], Iterator[Said]]] = {
    "additionalProperties": _unknown_keys,
    "type": _type,
    "enum": _enum,
    "const": _enum,
    "minimum": _bounds,
    "maximum": _bounds,
    "minLength": _length,
    "maxLength": _length,
    "minItems": _items,
    "maxItems": _items,
    "minProperties": _size,
    "maxProperties": _size,
    "required": _required,
    "pattern": _pattern,
    "uniqueItems": _unique,
}


def found(value: Any, *, quote: bool = True) -> str:
    """A value as an error shows it, short."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "nothing"
    text = value if isinstance(value, str) and not quote else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def in_order(problems: Sequence[Problem]) -> list[Problem]:
    """Each problem once, as they stand in the file."""
    return sorted(dict.fromkeys(problems), key=lambda p: (p.line, p.column, p.severity))
