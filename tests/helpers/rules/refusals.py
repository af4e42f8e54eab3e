"""Errors as each of AWS's protocols sends them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from rules.http import Answer

if TYPE_CHECKING:
    from rules.calls import Call

_REQUEST = "00000000-0000-4000-8000-000000000000"
_SHORT_TEXT = 24  # bytes whose length fits in CBOR's first byte


@dataclass(frozen=True)
class Refusal:
    """What AWS says instead of doing it."""

    code: str
    message: str
    status: int = 400

    def answer(self, call: Call) -> Answer:
        """It, in the protocol of the call."""
        kind, body = _SPELT.get(call.protocol, _json)(self, call)
        headers = {"content-type": kind, "x-amzn-requestid": _REQUEST, "x-amzn-errortype": self.code}
        if call.protocol == "smithy-rpc-v2-cbor":
            headers["smithy-protocol"] = "rpc-v2-cbor"
        return Answer(self.status, headers, body)


def _json(refusal: Refusal, _: Call) -> tuple[str, bytes]:
    body = {"__type": refusal.code, "message": refusal.message, "Message": refusal.message}
    return "application/x-amz-json-1.1", json.dumps(body).encode()


def _query(refusal: Refusal, _: Call) -> tuple[str, bytes]:
    inner = f"<Type>Sender</Type><Code>{escape(refusal.code)}</Code><Message>{escape(refusal.message)}</Message>"
    text = f"<ErrorResponse><Error>{inner}</Error><RequestId>{_REQUEST}</RequestId></ErrorResponse>"
    return "text/xml", text.encode()


def _xml(refusal: Refusal, _: Call) -> tuple[str, bytes]:
    inner = f"<Code>{escape(refusal.code)}</Code><Message>{escape(refusal.message)}</Message>"
    return "application/xml", f"<Error>{inner}<RequestId>{_REQUEST}</RequestId></Error>".encode()


def _cbor(refusal: Refusal, _: Call) -> tuple[str, bytes]:
    pairs = (("__type", refusal.code), ("message", refusal.message))
    return "application/cbor", b"\xa2" + b"".join(_text(name) + _text(value) for name, value in pairs)


def _text(value: str) -> bytes:
    raw = value.encode()
    if len(raw) < _SHORT_TEXT:
        return bytes([0x60 + len(raw)]) + raw
    return b"\x79" + len(raw).to_bytes(2, "big") + raw


_SPELT = {"query": _query, "ec2": _query, "rest-xml": _xml, "smithy-rpc-v2-cbor": _cbor}
