"""What texts of events hold: JSON, base64, gzip; as the content keywords of a JSON Schema say."""

from __future__ import annotations

import binascii
import re
import zlib
from functools import lru_cache
from typing import Any

from lambdacli.events import strict

_BASE64 = re.compile(r"[A-Za-z0-9+/\r\n]*={0,2}")
_MOST = 64 * 1024 * 1024  # bytes that a small text may unpack to


def inside(text: str, schema: dict[str, Any]) -> Any:
    """What a text holds.

    Raises:
        ValueError: it is not what the schema says; the message is what was expected.
    """
    media = schema.get("contentMediaType", "")
    is_json = media == "application/json" or "contentSchema" in schema
    return _inside(text, schema.get("contentEncoding", ""), media, is_json=is_json)


@lru_cache(maxsize=256)
def _inside(text: str, encoding: str, media: str, *, is_json: bool) -> Any:
    data: Any = text
    if encoding == "base64":
        data = _bytes(text)
    if media == "application/gzip":
        data = _unzipped(data)
    if is_json:
        try:
            return strict.loads(data)
        except ValueError:
            raise ValueError("JSON in base64" if encoding and "gzip" not in media else "JSON") from None
    return data


def _bytes(text: str) -> bytes:
    try:
        if _BASE64.fullmatch(text.rstrip()):
            return binascii.a2b_base64(text)
    except ValueError:  # its length
        pass
    raise ValueError("base64")


def _unzipped(data: bytes) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)
    try:
        found = unpacker.decompress(data, _MOST)
    except zlib.error:
        raise ValueError("gzip in base64") from None
    if unpacker.unconsumed_tail:
        raise ValueError(f"gzip of {_MOST >> 20} MiB at most")
    if unpacker.unused_data or not unpacker.eof:
        raise ValueError("gzip in base64")
    return found
