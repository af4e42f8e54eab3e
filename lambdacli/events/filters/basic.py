"""Filters over text, numbers, times and choices, which templates of any service use."""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from lambdacli import partitions
from lambdacli.events import moments, strict

if TYPE_CHECKING:
    from collections.abc import Callable

    from lambdacli.events.forms import Base64, Bytes, Digits, Hex, Md5, Sha1, Sha256, UrlKey

_KEPT = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~/")
_QUOTED = {byte: "+" if byte == ord(" ") else chr(byte) if byte in _KEPT else f"%{byte:02X}" for byte in range(256)}


def as_text(value: Any) -> str:
    """What a filter over text takes: text; numbers and truths as JSON writes them; objects as compact JSON."""
    return value if isinstance(value, str) else _json(value)


def in_bytes(value: Any) -> bytes:
    """What a filter over bytes takes: bytes; all else as the UTF-8 of its text."""
    return value if isinstance(value, bytes) else as_text(value).encode()


def _number(value: Any) -> int:
    try:
        if not isinstance(value, bool):
            return int(value)
    except (ValueError, TypeError):
        pass
    raise ValueError(f"expected a number, not {_json(value)[:40]}")


def as_object(value: Any, what: str = "an object") -> dict[str, Any]:
    """What a filter over names and values takes."""
    if not isinstance(value, dict):
        raise ValueError(f"expected {what}, not {_json(value)[:40]}")  # noqa: TRY004 - what every filter raises
    return value


def _json(value: Any) -> str:
    return strict.compact(value)


def _quote_plus(value: Any) -> UrlKey:
    """As S3 writes keys: a space is +, a slash stays. `urllib` has this too and costs 3 ms."""
    return "".join([_QUOTED[byte] for byte in in_bytes(value)])


def _base64(value: Any) -> Base64:
    return b2a_base64(in_bytes(value), newline=False).decode()


def _base64_if(value: Any, wanted: Any) -> str:
    return _base64(value) if wanted else as_text(value)


def _unbase64(value: Any) -> bytes:
    return a2b_base64(in_bytes(value))


def _digest(name: str, value: Any) -> str:
    return cast("str", hasher(name)(in_bytes(value)).hexdigest())


def _md5(value: Any) -> Md5:
    return _digest("md5", value)


def _sha1(value: Any) -> Sha1:
    return _digest("sha1", value)


def _sha256(value: Any) -> Sha256:
    return _digest("sha256", value)


def hasher(name: str) -> Any:
    """A hash of the standard library without OpenSSL where the interpreter has its own: `hashlib` costs 10 ms."""
    for module in (f"_{name}", "_sha2"):
        try:
            return getattr(import_module(module), name)
        except (ImportError, AttributeError):  # noqa: PERF203 - twice at most
            continue
    import hashlib

    return lambda data: hashlib.new(name, data, usedforsecurity=False)


def _plus(value: Any, other: Any) -> Any:
    """A number as text stays text of at least the same length: sequence numbers are longer than 64 bits."""
    if isinstance(value, str):
        return str(_number(value) + _number(other)).zfill(len(value))
    return (value if isinstance(value, float) else _number(value)) + _number(other)


def _minus(value: Any, other: Any) -> Any:
    return _plus(value, -_number(other))


def _times(value: Any, other: Any) -> int:
    return _number(value) * _number(other)


def _modulo(value: Any, other: Any) -> int:
    return _number(value) % _number(other)


def _of_alphabet(alphabet: str) -> Callable[[Any, Any], str]:
    """The last n digits of a whole number in the base of an alphabet."""
    pairs = _Pairs(alphabet)
    square, fourth, eighth = (len(alphabet) ** power for power in (2, 4, 8))

    def write(value: Any, length: Any) -> str:
        number, wanted = _number(value), _number(length)
        found: list[str] = []
        for _ in range((wanted + 7) // 8):  # one division of the long number for eight digits
            number, eight = divmod(number, eighth)
            high, low = divmod(eight, fourth)
            first, second = divmod(high, square)
            third, last = divmod(low, square)
            found.append(pairs[first] + pairs[second] + pairs[third] + pairs[last])
        found.reverse()
        return "".join(found)[-wanted:] if wanted > 0 else ""

    return write


class _Pairs(dict[int, str]):
    """Two digits at once."""

    def __init__(self, alphabet: str) -> None:
        super().__init__()
        self.alphabet = alphabet

    def __missing__(self, number: int) -> str:
        high, low = divmod(number, len(self.alphabet))
        found = self[number] = self.alphabet[high] + self.alphabet[low]
        return found


_decimal = _of_alphabet("0123456789")


def _digits(value: Any, length: Any) -> Digits:
    return _decimal(value, length)


def _hex(value: Any, length: Any) -> Hex:
    return f"{_number(value) & ((1 << 4 * length) - 1):0{length}x}"


def _as_bytes(value: Any) -> Bytes:
    return list(in_bytes(value))


def _size(value: Any) -> int:
    return len(in_bytes(value))


def _len(value: Any) -> int:
    """Characters of text, entries of anything else."""
    return len(value)


def _get(value: Any, name: Any) -> Any:
    """An entry of an object, or of a list by its number."""
    return value[name] if isinstance(value, list) else as_object(value).get(name)


def _else(value: Any, other: Any) -> Any:
    return other if value in (None, "", [], {}) else value


def _when(value: Any, chosen: Any, *allowed: Any) -> Any:
    """The value where another value is one of those allowed, else null."""
    return value if chosen in allowed else None


def _unless(value: Any, chosen: Any, *refused: Any) -> Any:
    return None if chosen in refused else value


def _if(value: Any, wanted: Any) -> Any:
    """The value where another is not empty, else null."""
    return value if wanted else None


def _not(value: Any) -> bool:
    return not value


def _texts(value: Any) -> dict[str, str]:
    """An object whose values are all text, as Cognito's attributes."""
    return {name: as_text(each) for name, each in as_object(value).items()}


def _split(value: Any, separator: Any = ",") -> list[str]:
    return as_text(value).split(separator)


def _join(value: Any, separator: Any = ",") -> str:
    return str(separator).join(as_text(each) for each in value)


def _prefix(value: Any, text: Any) -> str:
    """With a text before it, unless it starts with that already."""
    return as_text(value) if as_text(value).startswith(text) else f"{text}{as_text(value)}"


def _upper(value: Any) -> str:
    return as_text(value).upper()


def _lower(value: Any) -> str:
    return as_text(value).lower()


def _strip(value: Any, characters: Any) -> str:
    return as_text(value).strip(characters)


def _lstrip(value: Any, characters: Any) -> str:
    return as_text(value).lstrip(characters)


def _before(value: Any, mark: Any) -> str:
    return as_text(value).partition(mark)[0]


def _after(value: Any, mark: Any) -> str:
    return as_text(value).partition(mark)[2]


FILTERS: dict[str, Any] = {
    # text
    "upper": _upper,
    "lower": _lower,
    "text": as_text,
    "quote_plus": _quote_plus,
    "base64": _base64,
    "unbase64": _unbase64,
    "base64_if": _base64_if,
    "json": _json,
    "md5": _md5,
    "sha1": _sha1,
    "sha256": _sha256,
    "bytes": _as_bytes,
    "size": _size,
    "len": _len,
    "split": _split,
    "join": _join,
    "prefix": _prefix,
    "strip": _strip,
    "lstrip": _lstrip,
    "before": _before,
    "after": _after,
    # numbers
    "int": _number,
    "plus": _plus,
    "minus": _minus,
    "times": _times,
    "modulo": _modulo,
    "hex": _hex,
    "digits": _digits,
    "alnum": _of_alphabet("abcdefghijklmnopqrstuvwxyz0123456789"),
    "base62": _of_alphabet("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"),
    # times
    "iso": moments.iso,
    "iso_ms": moments.iso_ms,
    "iso_offset": moments.iso_offset,
    "clf": moments.clf,
    "rfc2822": moments.rfc2822,
    "http_date": moments.http_date,
    "rabbit_time": moments.rabbit,
    "us_time": moments.us_time,
    "java_time": moments.java_time,
    "date": moments.date,
    "epoch": moments.epoch,
    "epoch_ms": moments.epoch_ms,
    "epoch_float": moments.epoch_float,
    # objects and choices
    "get": _get,
    "texts": _texts,
    "else": _else,
    "if": _if,
    "when": _when,
    "unless": _unless,
    "not": _not,
    "partition": partitions.of,
    "dns_suffix": partitions.dns_suffix,
    "console": partitions.console,
}
