"""One HTTP request as a value, made from what an ASGI server tells. Header names are lower case."""

from __future__ import annotations

import base64
import os
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from lambdacli.local.once import trace_id

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from typing import TypeAlias

    Receive: TypeAlias = Callable[[], Awaitable[Mapping[str, Any]]]

_NOTED = frozenset(  # headers that are looked at, replaced, or concern one connection only
    (
        b"host", b"user-agent", b"content-type", b"content-length", b"content-encoding", b"origin", b"x-forwarded-for",
        b"x-forwarded-port", b"x-forwarded-proto", b"x-amzn-trace-id", b"connection", b"keep-alive",
        b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade", b"expect",
    )
)  # fmt: skip
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Gone(Exception):  # noqa: N818 - what has become of the client
    """The client left before it had sent the whole request."""


class TooLarge(Exception):  # noqa: N818 - what the request is
    """The body is over the limit."""


class Request:
    """A request. `raw_path` and `query` are as they were sent; `body` is empty until it was read.

    `added` are the headers that AWS adds in front of a function: where the request came from, and its trace.
    """

    __slots__ = (
        "_receive", "added", "body", "encoding", "forwarded", "has_body", "headers", "host", "length", "media",
        "method", "moment", "origin", "path", "port", "query", "raw_path", "scope", "size", "source_ip", "trace",
        "user_agent",
    )  # fmt: skip

    def __init__(self, scope: Mapping[str, Any], receive: Receive) -> None:
        self.scope = scope
        self._receive = receive
        self.moment = time.time()
        self.method: str = scope["method"]
        raw = scope.get("raw_path")
        self.raw_path = raw.decode("latin-1") if raw is not None else str(scope["path"])
        self.path = unquote(self.raw_path) if "%" in self.raw_path else self.raw_path
        self.query: str = scope["query_string"].decode("latin-1")
        client, server = scope.get("client"), scope.get("server")
        self.source_ip: str = client[0] if client else "127.0.0.1"
        self.port = str(server[1]) if server and server[1] else "80"
        self.body = b""
        self.has_body = False
        self.length = 0
        self.host = self.user_agent = self.origin = self.media = self.encoding = ""
        self._take_headers(scope["headers"])

    def header(self, name: str) -> str:
        """The value of a header, by its name in lower case; several joined by commas; "" for none."""
        return ",".join(value for each, value in self.headers if each == name)

    def parameter(self, name: str) -> str:
        """The decoded value of a query parameter, the last of several; "" for none."""
        return dict(self.parameters()).get(name, "")

    def parameters(self) -> list[tuple[str, str]]:
        """The decoded query."""
        query = self.query
        if "%" in query or "+" in query:
            return parse_qsl(query, keep_blank_values=True)
        pairs = [each.partition("=") for each in query.split("&") if each]
        return [(name, value) for name, _, value in pairs]

    def spellings(self) -> dict[str, str]:
        """Names of headers as the client wrote them, if the server tells, by those in lower case."""
        told = (self.scope.get("extensions") or {}).get("lambdacli.headers", {}).get("names", ())
        return {name.lower(): name for name in (raw.decode("latin-1") for raw in told)}

    async def read(self, limit: int) -> None:
        """Take the body in.

        Raises:
            TooLarge: it has more bytes than the limit.
            Gone: the client left.
        """
        if not self.has_body or self.body:
            return
        if self.length > limit:
            raise TooLarge
        chunks: list[bytes] = []
        size, more = 0, True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise Gone
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            more = message.get("more_body", False)
            if size > limit:
                raise TooLarge
        self.body = chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def _take_headers(self, given: list[tuple[bytes, bytes]]) -> None:
        headers: list[tuple[str, str]] = []
        self.size = len(self.method) + len(self.raw_path) + len(self.query) + 10
        self.forwarded = self.trace = ""
        for raw, content in given:
            self.size += len(raw) + len(content)
            value = content.decode("latin-1")
            if raw not in _NOTED or self._note(raw, value):
                headers.append((raw.decode("latin-1"), value))
        self.headers = headers
        self._add()

    def _note(self, name: bytes, value: str) -> bool:
        """Keep a header that is looked at; whether it is passed on as it is."""
        if name == b"host":
            self.host = value
        elif name == b"user-agent":
            self.user_agent = value
        elif name == b"content-type":
            self.media = value.partition(";")[0].strip().lower()
        elif name == b"content-length":
            self.has_body, self.length = value != "0", int(value)
        elif name == b"origin":
            self.origin = value
        elif name == b"content-encoding":
            self.encoding = value
        else:
            self._note_of_the_way(name, value)
            return False
        return True

    def _note_of_the_way(self, name: bytes, value: str) -> None:
        """Keep a header that is replaced, or concerns one connection only."""
        if name == b"x-forwarded-for":
            self.forwarded = f"{self.forwarded}, {value}" if self.forwarded else value
        elif name == b"x-amzn-trace-id":
            self.trace = value
        elif name == b"transfer-encoding":
            self.has_body = True

    def _add(self) -> None:
        given = self.trace
        if not given.startswith("Root="):
            self.trace = trace_id()
        way = f"{self.forwarded}, {self.source_ip}" if self.forwarded else self.source_ip
        self.added = [
            ("x-amzn-trace-id", given or self.trace.partition(";")[0]),
            ("x-forwarded-for", way),
            ("x-forwarded-port", self.port),
            ("x-forwarded-proto", self.scope["scheme"]),
        ]


def request_id() -> str:
    """An id as API Gateway's HTTP APIs give their requests."""
    return base64.urlsafe_b64encode(os.urandom(11)).decode()


class _Second:
    """The second that was told last: many requests come in the same."""

    number = 0
    text = ""


def common_log_time(moment: float) -> str:
    """The moment (epoch seconds) as web servers log it: 12/Mar/2020:19:03:58 +0000."""
    second = int(moment)
    if second != _Second.number:
        at = time.gmtime(second)
        day = f"{at.tm_mday:02}/{MONTHS[at.tm_mon - 1]}/{at.tm_year}"
        _Second.text = f"{day}:{at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02} +0000"
        _Second.number = second
    return _Second.text
