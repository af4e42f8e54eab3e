"""The frames of `application/vnd.amazon.eventstream`, as InvokeWithResponseStream answers with them. Pure.

Source: "Amazon event stream specification" of Smithy (smithy.io/2.0/aws/amazon-eventstream.html).
"""

from __future__ import annotations

import struct
from binascii import crc32
from functools import cache

CONTENT_TYPE = "application/vnd.amazon.eventstream"
MAX_PAYLOAD = 1024 * 1024  # bytes that we put into one frame; clients take up to 24 MB
_PRELUDE = struct.Struct(">II")  # bytes in all, bytes of the headers
_SUM = struct.Struct(">I")
_STRING = 7  # a header's type


def event(kind: str, payload: bytes, content_type: str) -> bytes:
    """One event as a frame; `kind` is its name in the service's model."""
    headers = _headers(kind, content_type)
    prelude = _PRELUDE.pack(16 + len(headers) + len(payload), len(headers))
    message = b"".join((prelude, _SUM.pack(crc32(prelude)), headers, payload))
    return message + _SUM.pack(crc32(message))


@cache
def _headers(kind: str, content_type: str) -> bytes:
    named = ((":event-type", kind), (":content-type", content_type), (":message-type", "event"))
    return b"".join(
        struct.pack(f">B{len(name)}sBH{len(value)}s", len(name), name.encode(), _STRING, len(value), value.encode())
        for name, value in named
    )
