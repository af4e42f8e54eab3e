"""The Runtime API's sockets: HTTP/1.1 on asyncio.Protocol and httptools."""

from __future__ import annotations

import asyncio  # noqa: TID253 - this module is only imported once a loop is wanted
import re
from typing import TYPE_CHECKING, Any

import httptools  # noqa: TID253 - as above

from lambdacli.local.runtime_api import ACCEPTED, MAX_RESPONSE, Reply, Request

if TYPE_CHECKING:
    from lambdacli.local.runtime_api import RuntimeApi

_REASONS = {200: "OK", 202: "Accepted", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 413: "Too Large"}
_TRUNCATED = Reply(400, b'{"errorMessage":"Truncated or malformed request","errorType":"TruncatedHTTPRequest"}')
# What our own Python runtime sends; everything else is the parser's.
_USUAL = re.compile(
    rb"POST /2018-06-01/runtime/invocation/([0-9a-f-]+)/response HTTP/1\.1\r\nHost: ([^\r\n]+)\r\n"
    rb"Content-Type: application/json\r\nLambda-Runtime-Invocation-Id: [0-9a-f-]+\r\n"
    rb"Content-Length: ([0-9]{1,7})\r\n\r\n"
)
_NEXT = re.compile(rb"GET /2018-06-01/runtime/invocation/next HTTP/1\.1\r\nHost: [^\r\n]+\r\n\r\n")


class Connection(asyncio.Protocol):
    """One connection of a runtime: reads requests, hands them to the state machine, writes its replies.

    It is in `all_open` as long as it is open.
    """

    def __init__(self, api: RuntimeApi, all_open: set[Connection]) -> None:
        self._api = api
        self._all_open = all_open
        self._transport: Any = None
        self._parser: Any = httptools.HttpRequestParser(self)
        self._request = Request("", "", {})
        self._chunks: list[bytes] = []
        self._limit = MAX_RESPONSE
        self._in_body = False
        self._keep_alive = True
        self._paused = False
        self._reading = False  # what has come is being read: replies to it go out together
        self._between = True  # no request has begun
        self._next_request = b""  # how this runtime asks for an event
        self._waits = False  # the last request has no reply yet
        self._unsent: list[bytes] = []
        self._unhandled = False  # the request is whole, and waits for its last piece to be taken

    def connection_made(self, transport: Any) -> None:
        """Asyncio: the runtime has connected."""
        self._transport = transport
        self._all_open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the signature is asyncio's
        """Asyncio: the runtime has closed the connection or died."""
        self._all_open.discard(self)
        self._api.forget(self._answer)
        if self._request.streamed:
            self._api.cut()

    def abort(self) -> None:
        """Close it at once, whatever is under way."""
        self._transport.abort()

    def pause(self) -> None:
        """The state machine: nobody takes more of the streamed response for now."""
        self._paused = True
        self._transport.pause_reading()

    def resume(self) -> None:
        """The state machine: what has come is taken."""
        self._paused = False
        if self._transport.is_closing():
            return
        self._transport.resume_reading()
        if self._unhandled:
            self._unhandled = False
            self._api.handle(self._request, self._answer)

    def data_received(self, data: bytes) -> None:
        """Asyncio: bytes have come.

        A runtime that posts a response and asks for the next event at once has the reply to the one with the other.
        """
        self._reading = True
        try:
            self._read(data)
        finally:
            self._reading = False
        if not self._waits:
            self._flush()

    def _read(self, data: bytes) -> None:
        if self._between and (usual := _USUAL.match(data)) is not None and len(data) >= usual.end() + int(usual[3]):
            data = self._read_usual(data, usual)
            if not data:
                return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._without_upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            self._keep_alive = False
            if self._request.streamed:
                self._api.cut()
            self._answer(_TRUNCATED)

    def _read_usual(self, data: bytes, usual: re.Match[bytes]) -> bytes:
        """A whole result of our own Python runtime, without a call for each header; returns what follows."""
        end = usual.end() + int(usual[3])
        body = data[usual.end() : end]
        self._keep_alive = True
        self._answer(self._api.result(usual[1].decode(), body))
        if data[end:] == self._next_request:
            self._waits = True
            self._api.next(self._answer)
            return b""
        self._next_request = data[end:] if _NEXT.fullmatch(data, end) else self._next_request
        return data[end:]

    def _without_upgrade(self, rest: bytes) -> None:
        """Java's client offers HTTP/2, and the parser leaves it at that: read the same request without the offer."""
        fields = "".join(f"{n}: {v}\r\n" for n, v in self._request.headers.items() if n != "upgrade")
        head = f"{self._request.method} {self._request.path} HTTP/1.1\r\n{fields}\r\n"
        self._parser = httptools.HttpRequestParser(self)
        self._read(head.encode() + rest)

    def on_message_begin(self) -> None:
        """Httptools: a request begins."""
        self._between = False
        self._request = Request("", "", {})
        self._chunks.clear()
        self._in_body = False

    def on_url(self, url: bytes) -> None:
        """Httptools: the request's target."""
        self._request.path += url.decode("latin-1")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Httptools: one header, or after the body one trailer."""
        fields = self._request.trailers if self._in_body else self._request.headers
        fields[name.decode("latin-1").lower()] = value.decode("utf-8", "replace")

    def on_headers_complete(self) -> None:
        """Httptools: the head is read."""
        self._request.method = self._parser.get_method().decode("latin-1")
        self._in_body = True
        self._api.begin(self._request, self)
        self._limit = self._request.limit
        if self._request.headers.get("expect", "").lower() == "100-continue":
            self._flush()
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        """Httptools: a piece of the body; beyond the limit it is counted and dropped."""
        self._request.size += len(body)
        if self._request.streamed:
            self._pass_on(body)
        elif self._request.size <= self._limit:
            self._chunks.append(body)

    def _pass_on(self, body: bytes) -> None:
        """A piece of a streamed response, up to the limit; whoever sends more is told so at once."""
        over = self._request.size - self._limit
        if over <= 0:
            self._api.piece(body)
        elif over <= len(body):
            self._keep_alive = False
            if over < len(body):
                self._api.piece(body[: len(body) - over])
            self._api.handle(self._request, self._answer)

    def on_message_complete(self) -> None:
        """Httptools: the request is whole, or its rest is left to another protocol."""
        self._between = True
        if self._parser.should_upgrade():
            return
        if self._request.size > self._limit and self._request.streamed:
            return
        self._request.body = b"".join(self._chunks)
        self._keep_alive = self._parser.should_keep_alive()
        self._waits = True
        if self._paused:
            self._unhandled = True
        else:
            self._api.handle(self._request, self._answer)

    def _answer(self, reply: Reply) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        self._waits = False
        self._unsent.append(_ACCEPTED if reply is ACCEPTED else _written(reply))
        if not self._keep_alive:
            self._flush()
            self._transport.close()
        elif not self._reading:
            self._flush()

    def _flush(self) -> None:
        if self._unsent:
            self._transport.write(self._unsent[0] if len(self._unsent) == 1 else b"".join(self._unsent))
            self._unsent.clear()


def _written(reply: Reply) -> bytes:
    body = reply.body
    head = f"HTTP/1.1 {reply.status} {_REASONS[reply.status]}\r\nContent-Length: {len(body)}\r\n{reply.head}\r\n"
    return head.encode() + body


_ACCEPTED = _written(ACCEPTED)
