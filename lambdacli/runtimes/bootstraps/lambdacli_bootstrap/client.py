"""The Lambda Runtime API over one kept connection: HTTP/1.1 on a bare socket (`http.client` takes 20 ms to import)."""

import _socket
import os
import sys

TYPE_CHECKING = False  # importing `typing` costs a start
if TYPE_CHECKING:
    from typing import Any, NoReturn

_ROOT = "/2018-06-01/runtime"
_CHUNK = 65536
_OK = 200
_ACCEPTED = 202


class RuntimeApi:
    """A connection to the Runtime API at `host:port`. The process ends quietly once the other side is gone."""

    __slots__ = ("_address", "_head", "_next", "_rest", "_socket", "_unsent")

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self._address = (host.strip("[]") or "127.0.0.1", int(port or 80))
        self._head = " HTTP/1.1\r\nHost: " + address + "\r\n"
        self._next = ("GET " + _ROOT + "/invocation/next" + self._head + "\r\n").encode()
        self._rest = b""
        self._unsent = b""  # how the last invocation came out
        self._socket: "Any" = None

    def next(self) -> "tuple[dict[str, str], bytes]":
        """Send how the last invocation came out, and wait for an event: (headers by lower-case name, body).

        Both go out at once, but for a large result, which may be refused: half as many turns between two processes.
        A refused result, and anything but an event, ends the process with exit status 1, as the official client does.
        """
        result, self._unsent = self._unsent, b""
        together = len(result) <= _CHUNK
        try:
            self._send(result + self._next if together else result)
            if result and self._answer()[0] != _ACCEPTED:
                leave(1)
            if not together or self._socket is None:  # closed after that answer
                self._send(self._next)
            status, headers, body = self._answer()
        except OSError:
            leave(0)
        if status != _OK:
            leave(1)
        return headers, body

    def respond(self, request_id: str, body: bytes, content_type: str, invocation_id: str) -> None:
        """Give a result; it is sent with the following `next`."""
        self._unsent = self._invocation(request_id, "response", body, content_type, invocation_id)

    def fail(self, request_id: str, body: bytes, error_type: str, invocation_id: str) -> None:
        """Give a function error; it is sent with the following `next`."""
        self._unsent = self._invocation(request_id, "error", body, "application/json", invocation_id, error_type)

    def fail_init(self, body: bytes, error_type: str) -> None:
        """Post the error that kept the handler from being loaded."""
        kind = _header("Lambda-Runtime-Function-Error-Type", error_type)
        try:
            self._send(self._post("/init/error", body, "application/json", kind))
            status = self._answer()[0]
        except OSError:
            leave(0)
        if status != _ACCEPTED:
            leave(1)

    def _invocation(
        self, request_id: str, kind: str, body: bytes, content_type: str, invocation_id: str, error_type: str = ""
    ) -> bytes:
        extra = ""
        if error_type:
            extra = _header("Lambda-Runtime-Function-Error-Type", error_type)
        if invocation_id:
            extra += _header("Lambda-Runtime-Invocation-Id", invocation_id)
        return self._post("/invocation/" + request_id + "/" + kind, body, content_type, extra)

    def _post(self, path: str, body: bytes, content_type: str, extra: str) -> bytes:
        head = (
            f"POST {_ROOT}{path}{self._head}Content-Type: {content_type}\r\n{extra}Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode("utf-8", "replace") + body

    def _send(self, requests: bytes) -> None:
        if self._socket is None:
            self._connect()
        self._socket.sendall(requests)

    def _connect(self) -> None:
        family, kind, protocol, _name, address = _socket.getaddrinfo(*self._address, 0, _socket.SOCK_STREAM)[0]
        self._socket = _socket.socket(family, kind, protocol)
        self._socket.connect(address)
        self._socket.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
        self._rest = b""

    def _more(self) -> bytes:
        data: bytes = self._socket.recv(_CHUNK)
        if not data:
            leave(0)
        return data

    def _answer(self) -> "tuple[int, dict[str, str], bytes]":
        data = self._rest
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self._more()
        lines = data[:end].decode("utf-8", "surrogateescape").split("\r\n")
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        data = data[end + 4 :]
        if headers.get("transfer-encoding", "").lower() == "chunked":
            body = self._chunked(data)
        else:
            body = self._sized(data, int(headers.get("content-length", 0)))
        if headers.get("connection", "").lower() == "close":
            self._socket.close()
            self._socket = None
        return int(lines[0][9:12]), headers, body

    def _sized(self, data: bytes, length: int) -> bytes:
        if len(data) >= length:
            self._rest = data[length:]
            return data[:length]
        parts = [data]
        missing = length - len(data)
        while missing > 0:
            data = self._socket.recv(min(missing, 1 << 20))
            if not data:
                leave(0)
            parts.append(data)
            missing -= len(data)
        self._rest = b""
        return b"".join(parts)

    def _chunked(self, data: bytes) -> bytes:
        body: list[bytes] = []
        while True:
            while (end := data.find(b"\r\n")) < 0:
                data += self._more()
            size = int(data[:end].partition(b";")[0], 16)
            chunk = self._sized(data[end + 2 :], size + 2)
            data = self._rest
            if not size:  # no trailers are sent to runtimes
                return b"".join(body)
            body.append(chunk[:-2])


def _header(name: str, value: str) -> str:
    return "{}: {}\r\n".format(name, value.replace("\r", " ").replace("\n", " "))


def leave(code: int) -> "NoReturn":
    """End the process at once: nobody is left who would read a word or wait for a thread."""
    for stream in (sys.stdout, sys.stderr):
        try:  # noqa: SIM105 - contextlib costs a start
            stream.flush()
        except Exception:  # noqa: S110, PERF203 - whatever the function put there; the process ends anyway
            pass
    os._exit(code)
