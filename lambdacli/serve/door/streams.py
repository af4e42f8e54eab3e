"""A streamed invocation's response on its way to the client, as events."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

from lambdacli.serve.door import eventstream

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from lambdacli.local.invocation import Outcome
    from lambdacli.serve.door.requests import Head
    from lambdacli.serve.fleet import Call


class Wire(Protocol):
    """Where the bytes go."""

    def write(self, data: bytes) -> Awaitable[None] | None:
        """Send; returns what to wait for before more is sent."""


class Moment(Protocol):
    """What is true of the server now."""

    date: str
    paused: bool


class Taker:
    """Takes the pieces of one response as `lambdacli.local.streaming.Streaming`; the answer begins with the first."""

    def __init__(self, wire: Wire, head: Head, call: Call, moment: Moment) -> None:
        self._wire = wire
        self._head = head
        self._call = call
        self._moment = moment
        self._keep_alive = False
        self.begun = False  # the client has got the beginning of an answer

    def begins(self, content_type: str) -> Awaitable[None] | None:  # noqa: ARG002 - of the function's response, inside
        """The function has begun to answer."""
        return self._begin()

    def chunk(self, data: bytes) -> Awaitable[None] | None:
        """The next piece of it."""
        self._begin()
        frames = b""
        for at in range(0, len(data), eventstream.MAX_PAYLOAD):
            frames += eventstream.event(
                "PayloadChunk", data[at : at + eventstream.MAX_PAYLOAD], "application/octet-stream"
            )
        return self._send(frames)

    def end(self, outcome: Outcome, tail: str) -> bool:
        """The function has come to its end; returns whether the connection can take another request."""
        failed = outcome.status != "success"
        if outcome.payload and not failed:  # as a whole: it did not stream
            self.chunk(outcome.payload)
        self._begin()
        told: dict[str, Any] = {}
        if failed:
            told = {"ErrorCode": outcome.error_type, "ErrorDetails": outcome.payload.decode("utf-8", "replace")}
        if tail:
            told["LogResult"] = tail
        self._send(eventstream.event("InvokeComplete", json.dumps(told).encode(), "application/json"))
        if self._head.newest:
            self._wire.write(b"0\r\n\r\n")
        return self._keep_alive

    def _begin(self) -> Awaitable[None] | None:
        if self.begun:
            return None
        self.begun = True
        self._keep_alive = self._head.newest and self._head.keep_alive and not self._moment.paused
        how = "Transfer-Encoding: chunked\r\n" if self._head.newest else ""
        close = "" if self._keep_alive else "Connection: close\r\n"
        return self._wire.write(
            (
                f"HTTP/1.1 200 OK\r\nDate: {self._moment.date}\r\nContent-Type: {eventstream.CONTENT_TYPE}\r\n"
                f"x-amzn-RequestId: {self._call.request_id}\r\nX-Amzn-Trace-Id: {self._call.trace_id}\r\n"
                f"X-Amz-Executed-Version: $LATEST\r\n{how}{close}\r\n"
            ).encode("latin-1", "replace")
        )

    def _send(self, frames: bytes) -> Awaitable[None] | None:
        return self._wire.write(b"%x\r\n%b\r\n" % (len(frames), frames) if self._head.newest else frames)
