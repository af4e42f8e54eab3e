"""HTTP/1.1 by hand: one thread for each connection, kept alive on both sides."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_CHUNK = 65536
_PATIENCE = 120  # seconds
_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"})


@dataclass
class Request:
    """What a client asks. Names of headers are small letters."""

    method: str
    target: str  # path and query as sent
    headers: dict[str, str]
    body: bytes


@dataclass
class Answer:
    """What it is told. A `stream` follows the body, as long as there is something in it."""

    status: int
    headers: dict[str, str]
    body: bytes = b""
    stream: http.client.HTTPResponse | None = field(default=None, repr=False)


class Hangup(Exception):  # noqa: N818 - no error: the connection is closed on purpose
    """The connection is closed without an answer."""


class Upstream:
    """Connections to the emulator, kept alive and lent to one request at a time."""

    def __init__(self, url: str) -> None:
        self._place = url.removeprefix("http://")
        self._idle: deque[http.client.HTTPConnection] = deque()

    def __call__(self, request: Request) -> Answer:
        """The emulator's answer; a connection that it closed meanwhile is opened again."""
        while True:
            try:
                connection, fresh = self._idle.pop(), False
            except IndexError:
                connection, fresh = http.client.HTTPConnection(self._place, timeout=_PATIENCE), True
            try:
                answer = _asked(connection, request)
            except (http.client.RemoteDisconnected, ConnectionError):
                connection.close()
                if fresh:
                    raise
                continue
            if answer.stream is None:
                self._idle.append(connection)
            return answer

    def close(self) -> None:
        """End those that nobody uses."""
        while self._idle:
            self._idle.pop().close()


def _asked(connection: http.client.HTTPConnection, request: Request) -> Answer:
    connection.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
    for name, value in request.headers.items():
        if name not in ("connection", "expect", "transfer-encoding", "content-length"):
            connection.putheader(name, value)
    connection.putheader("content-length", str(len(request.body)))
    connection.endheaders(request.body or None)
    told = connection.getresponse()
    kept = {name.lower(): value for name, value in told.getheaders() if name.lower() not in _HOP}
    if "eventstream" in kept.get("content-type", ""):
        return Answer(told.status, kept, stream=told)
    return Answer(told.status, kept, told.read())


class Server:
    """Answers on a port of its own with what `answer` says to each request."""

    def __init__(self, answer: Callable[[Request], Answer]) -> None:
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._listen, daemon=True).start()

    def close(self) -> None:
        """Accept and answer nothing more."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for each in list(self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        self._open.add(connection)
        try:
            with connection, connection.makefile("rb") as reader, contextlib.suppress(Hangup, OSError):
                while (request := _read(reader, connection)) is not None:
                    _send(connection, self._answer(request), request)
        finally:
            self._open.discard(connection)


def _read(reader: socket.SocketIO | object, connection: socket.socket) -> Request | None:
    read_line, read = reader.readline, reader.read  # type: ignore[union-attr]
    first = read_line(_CHUNK).decode("latin-1").split()
    if len(first) != 3:
        return None
    headers = {}
    while line := read_line(_CHUNK).decode("latin-1").strip():
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    if headers.get("expect", "").lower() == "100-continue":
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    if "chunked" in headers.get("transfer-encoding", ""):
        body = b"".join(_chunks(read_line, read))
    else:
        length = int(headers.get("content-length", 0))
        body = read(length)
        if len(body) < length:  # who asked has been killed meanwhile
            return None
    return Request(first[0], first[1], headers, body)


def _chunks(read_line: Callable[[int], bytes], read: Callable[[int], bytes]) -> list[bytes]:
    found = []
    while size := int(read_line(_CHUNK).split(b";")[0], 16):
        found.append(read(size))
        read_line(_CHUNK)
    read_line(_CHUNK)
    return found


def _send(connection: socket.socket, answer: Answer, request: Request) -> None:
    reason = http.client.responses.get(answer.status, "")
    lines = [f"HTTP/1.1 {answer.status} {reason}", *(f"{name}: {value}" for name, value in answer.headers.items())]
    if answer.stream is None:
        lines.append(f"content-length: {len(answer.body)}")
        body = b"" if request.method == "HEAD" else answer.body
        connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        return
    connection.sendall("\r\n".join([*lines, "transfer-encoding: chunked", "", ""]).encode("latin-1"))
    with answer.stream:
        while piece := answer.stream.read1(_CHUNK):
            connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
        connection.sendall(b"0\r\n\r\n")
