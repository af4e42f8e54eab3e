"""JSON as RFC 8259 has it: Python's NaN and Infinity are none, and no number may become one."""

from __future__ import annotations

import json
import math
from typing import Any

REASONS = {
    "Expecting value": "a value is wanted here",
    "Expecting property name enclosed in double quotes": "a key in double quotes is wanted here",
    "Expecting ':' delimiter": "a colon is wanted here",
    "Expecting ',' delimiter": "a comma is wanted here, or the end of the list or object",
    "Extra data": "something follows its end",
    "Invalid control character at": "a line break or another control character in a text: write \\n, \\t or \\u00XX",
    "Invalid \\escape": "a backslash that escapes nothing: write \\\\",
    "Invalid \\uXXXX escape": "four hexadecimal digits are wanted behind \\u",
    "Unterminated string starting at": "a text without its closing quote",
    "Illegal trailing comma before end of object": "a comma before the end of an object",
    "Illegal trailing comma before end of array": "a comma before the end of a list",
}


class TooDeepError(ValueError):
    """More arrays and objects inside one another than Python reads."""

    def __init__(self) -> None:
        super().__init__("nested too deeply")


def loads(text: str | bytes) -> Any:
    """What a JSON text says.

    Raises:
        TooDeepError: nested too deeply.
        ValueError: it is no JSON; a JSONDecodeError, which knows line and column, unless it is a word such as NaN or
            a number such as 1e999.
    """
    try:
        return json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except RecursionError:
        raise TooDeepError from None


def reason(error: json.JSONDecodeError) -> str:
    """What is wrong with a text, in plain words; `error` has the place."""
    if error.pos >= len(error.doc.rstrip()):
        return "it ends too early"
    return next((plain for said, plain in REASONS.items() if error.msg.startswith(said)), error.msg)


class BytesError(ValueError):
    """Bytes where JSON has none."""

    def __init__(self) -> None:
        super().__init__("bytes, which JSON has not: add |base64")


def no_json(value: Any) -> Any:
    """What an encoder does with what is no JSON.

    Raises:
        BytesError: of bytes.
        TypeError: of anything else, which no template makes.
    """
    if isinstance(value, bytes):
        raise BytesError
    raise TypeError(f"{type(value).__name__} is no JSON")


compact = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, default=no_json).encode  # on one line


def bytes_in(value: Any, path: str = "$") -> str:
    """The JSON path of the first bytes, or ""."""
    if isinstance(value, bytes):
        return path
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ways = (bytes_in(each, f"{path}[{key}]" if isinstance(key, int) else f"{path}.{key}") for key, each in entries)
    return next(filter(None, ways), "")


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON value")


def _finite(digits: str) -> float:
    """Python reads a number that is too large as infinite, and would write `Infinity`."""
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"{digits[:40]} is too large: a finite number is wanted")
    return number
