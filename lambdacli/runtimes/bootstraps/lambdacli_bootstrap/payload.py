"""JSON as AWS's client for Python reads and writes it: named tuples are objects, bytes strings, Decimals numbers.

Values of plain types, nearly all, are coded by the standard library's C code alone; the `json` package is not
imported until something needs it, for its regular expressions are a fifth of a start.
"""

import os

try:
    from _json import encode_basestring, encode_basestring_ascii, make_encoder, make_scanner
except ImportError:  # an interpreter without the C accelerator
    from json.encoder import py_encode_basestring as encode_basestring
    from json.encoder import py_encode_basestring_ascii as encode_basestring_ascii

    make_encoder = make_scanner = None  # type: ignore[assignment, misc]
from marshal import dumps as _marshal

TYPE_CHECKING = False  # importing `typing` costs a start
if TYPE_CHECKING:
    from typing import Any

_UNICODE = {"AWS_Lambda_python3." + minor for minor in ("12", "13", "14", "15")}
_NUMBERS = {float("inf"): "Infinity", float("-inf"): "-Infinity"}
_BLANK = " \t\n\r"


def _refuse(name: str) -> None:
    raise ValueError(f"Expecting value: {name} is no JSON")


class _Reading:
    """What the C scanner asks of its decoder."""

    strict = True
    object_hook = object_pairs_hook = array_hook = None
    parse_float = float
    parse_int = int
    parse_constant = staticmethod(_refuse)
    memo: "dict[str, str]" = {}  # noqa: RUF012 - the C scanner's own


try:
    _scan: "Any" = make_scanner(_Reading)  # type: ignore[arg-type]
except (AttributeError, TypeError):
    _scan = None


def decode(body: bytes) -> object:
    """The event. Raises ValueError for what is no JSON, NaN and the infinities included."""
    text = str(body, "utf-8")
    if _scan is not None:
        try:
            value, end = _scan(text, len(text) - len(text.lstrip(_BLANK)))
        except StopIteration:
            pass
        else:
            if end == len(text) or not text[end:].strip(_BLANK):
                return value
    import json

    return json.loads(text, parse_constant=_refuse)


class Encoder:
    """Encodes results as the runtime in AWS_EXECUTION_ENV does: plain Unicode from Python 3.12, ASCII before."""

    def __init__(self) -> None:
        self._unicode = os.environ.get("AWS_EXECUTION_ENV") in _UNICODE
        self._string = encode_basestring if self._unicode else encode_basestring_ascii

    def encode(self, value: object) -> str:
        """JSON text. Raises what the value gives cause to: TypeError, ValueError, RecursionError."""
        if make_encoder is None:
            return self._general(value, {})
        try:
            _marshal(value, 2)  # type: ignore[arg-type]  # refuses subclasses, where named tuples hide
            chunks = make_encoder({}, _not_plain, self._string, None, ": ", ", ", False, False, True)(value, 0)  # noqa: FBT003 - the C function's parameters
        except (ValueError, TypeError, RecursionError):
            return self._general(value, {})
        return "".join(chunks)

    def _general(self, value: object, inside: "dict[int, object]") -> str:
        if value is None:
            return "null"
        if value is True:
            return "true"
        if value is False:
            return "false"
        if isinstance(value, str):
            return self._string(value)
        if isinstance(value, bytes):
            return self._string(str(value, "utf-8"))
        if isinstance(value, int):
            return int.__repr__(value)
        if isinstance(value, float):
            return _float(value)
        return self._container(value, inside)

    def _container(self, value: object, inside: "dict[int, object]") -> str:
        if id(value) in inside:
            raise ValueError("Circular reference detected")
        inside[id(value)] = value
        try:
            fields = _fields(value)
            if fields is not None:
                return self._object(fields, inside)
            if isinstance(value, (list, tuple)):
                return "[" + ", ".join([self._general(item, inside) for item in value]) + "]"
            if isinstance(value, dict):
                return self._object(value, inside)
            return _decimal(value)
        finally:
            del inside[id(value)]

    def _object(self, fields: "dict[Any, Any]", inside: "dict[int, object]") -> str:
        members = [
            self._string(key if isinstance(key, str) else _key(key)) + ": " + self._general(value, inside)
            for key, value in fields.items()
        ]
        return "{" + ", ".join(members) + "}"


def _not_plain(_value: object) -> None:
    raise TypeError


def _float(value: float) -> str:
    if value != value:  # noqa: PLR0124 - NaN
        return "NaN"
    return _NUMBERS.get(value) or float.__repr__(value)


def _fields(value: object) -> "dict[Any, Any] | None":
    """The fields of a named tuple, or of anything else with `_asdict`."""
    method = getattr(value, "_asdict", None)
    if not callable(method):
        return None
    try:
        fields = method()
    except TypeError:
        return None
    if not isinstance(fields, dict):
        raise TypeError("_asdict() must return a dict, not " + type(fields).__name__)
    return fields


def _key(key: object) -> str:
    if isinstance(key, bytes):
        return str(key, "utf-8")
    if key is None:
        return "null"
    if isinstance(key, bool):
        return "true" if key else "false"
    if isinstance(key, float):
        return _float(key)
    if isinstance(key, int):
        return int.__repr__(key)
    raise TypeError("keys must be str, int, float, bool or None, not " + type(key).__name__)


def _decimal(value: object) -> str:
    import decimal

    if isinstance(value, decimal.Decimal):
        return "NaN" if value.is_nan() else str(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
