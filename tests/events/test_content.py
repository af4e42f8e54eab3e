"""What texts of events hold."""

from __future__ import annotations

import base64
import gzip
import time
import zlib
from contextlib import suppress
from typing import Any

import pytest

from lambdacli.events import content

PACKED: dict[str, Any] = {"contentEncoding": "base64", "contentMediaType": "application/gzip", "contentSchema": {}}


def packed(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.mark.parametrize(
    ("schema", "text", "expected"),
    [
        ({"contentEncoding": "base64"}, "AP8=", b"\x00\xff"),
        ({"contentEncoding": "base64"}, "", b""),
        ({"contentEncoding": "base64"}, "YWJj\r\nZGVm\n", b"abcdef"),
        ({"contentMediaType": "application/json"}, '{"a": 1}', {"a": 1}),
        ({"contentEncoding": "base64", "contentSchema": {}}, packed(b"[1]"), [1]),
        (PACKED, packed(gzip.compress(b"[1]", mtime=0)), [1]),
    ],
)
def test_what_is_inside(schema: dict[str, Any], text: str, expected: Any) -> None:
    assert content.inside(text, schema) == expected


WHOLE = gzip.compress(b'{"a": 1}', mtime=0)


@pytest.mark.parametrize(
    ("schema", "text", "expected"),
    [
        ({"contentEncoding": "base64"}, "YWJ", "base64"),
        ({"contentEncoding": "base64"}, "a b=", "base64"),
        ({"contentEncoding": "base64"}, "YQ===", "base64"),
        ({"contentMediaType": "application/json"}, "{", "JSON"),
        ({"contentMediaType": "application/json"}, "NaN", "JSON"),
        ({"contentMediaType": "application/json"}, "[" * 100_000, "JSON"),
        ({"contentEncoding": "base64", "contentSchema": {}}, packed(b"{"), "JSON in base64"),
        (PACKED, packed(b"{}"), "gzip in base64"),
        (PACKED, packed(WHOLE[:-1]), "gzip in base64"),
        (PACKED, packed(WHOLE[:12]), "gzip in base64"),
        (PACKED, packed(WHOLE + b"more"), "gzip in base64"),
        (PACKED, packed(gzip.compress(b"{", mtime=0)), "JSON"),
    ],
)
def test_what_is_not(schema: dict[str, Any], text: str, expected: str) -> None:
    with pytest.raises(ValueError, match=f"^{expected}$"):
        content.inside(text, schema)


@pytest.mark.parametrize("text", ["\n" * 1_000_000 + "%", "\n" * 1_000_000, "A=" * 500_000])
def test_a_long_text_takes_no_longer_than_its_length(text: str) -> None:
    started = time.perf_counter()
    with suppress(ValueError):
        content.inside(text, {"contentEncoding": "base64"})
    assert time.perf_counter() - started < 2


def test_a_small_text_that_would_fill_the_memory() -> None:
    squeezer = zlib.compressobj(1, wbits=31)
    bomb = b"".join(squeezer.compress(bytes(1024 * 1024)) for _ in range(65)) + squeezer.flush()
    with pytest.raises(ValueError, match="gzip of 64 MiB at most"):
        content.inside(packed(bomb), PACKED)
