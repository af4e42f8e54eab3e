"""Every text in an event, wherever it is packed."""

from __future__ import annotations

import base64
import binascii
import gzip
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

if TYPE_CHECKING:
    from collections.abc import Iterator


def texts(value: Any) -> Iterator[str]:
    """Every text in an event, keys and numbers too; with what it is once decoded."""
    if isinstance(value, dict):
        yield from (text for pair in value.items() for each in pair for text in texts(each))
    elif isinstance(value, list):
        yield from (text for each in value for text in texts(each))
    elif isinstance(value, str) and value:
        yield value
        yield unquote_plus(value)
        yield from (text for inner in _decoded(value) for text in texts(inner))
    elif isinstance(value, (int, float)):
        yield str(value)


def _decoded(text: str) -> Iterator[Any]:
    """What a text holds as JSON, or in base64, gzipped or not."""
    if text[:1] in {"{", "["}:
        try:
            yield json.loads(text)
        except ValueError:
            return
    try:
        data = base64.b64decode(text, validate=True)
        yield (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode(errors="replace")
    except (binascii.Error, ValueError, OSError):
        return
