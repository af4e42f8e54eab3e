"""A Runtime API that hands out given events and records what a runtime client posts; it checks no states."""

from __future__ import annotations

import socket
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:f"


@dataclass(frozen=True)
class Event:
    """One invocation: the body and headers beyond the usual ones."""

    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Post:
    """What a client posted, its body without chunking."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    trailers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Run:
    """Everything seen of one process."""

    posts: list[Post]
    log: str
    status: int | None  # None: it was still waiting for the next event, and was killed
    first: float  # seconds from the start of the process to the first post
    warm: float  # seconds from the first post to the last, for each invocation


class RecordingApi:
    """Serves on loopback until closed."""

    def __init__(self, events: Sequence[Event], status: int = 202) -> None:
        self.posts: list[Post] = []
        self.times: list[float] = []
        self.exhausted = threading.Event()
        self._events = list(events)
        self._taken = 0
        self._status = status
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._connections: list[socket.socket] = []
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()
        for connection in self._connections:
            connection.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._connections.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        stream = connection.makefile("rwb")
        try:
            while line := stream.readline():
                method, path, _ = line.decode().split(" ")
                headers = _headers(stream)
                if headers.get("expect", "").lower() == "100-continue":
                    stream.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                    stream.flush()
                if method == "GET":
                    self._give(stream)
                    continue
                body, trailers = _body(stream, headers)
                with self._lock:
                    self.posts.append(Post(path, headers, body, trailers))
                    self.times.append(time.perf_counter())
                answer = b'{"status":"OK"}\n'
                head = f"HTTP/1.1 {self._status} X\r\nContent-Type: application/json\r\n"
                stream.write(f"{head}Content-Length: {len(answer)}\r\n\r\n".encode() + answer)
                stream.flush()
        except (OSError, ValueError):
            return

    def _give(self, stream) -> None:  # noqa: ANN001 - a buffered socket
        with self._lock:
            number = self._taken
            self._taken += 1
        if number >= len(self._events):
            self.exhausted.set()
            threading.Event().wait(60)
            return
        event = self._events[number]
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": request_id(number),
            "Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1000) + 3000),
            "Lambda-Runtime-Invoked-Function-Arn": ARN,
            "Lambda-Runtime-Trace-Id": f"Root=1-5759e988-bd862e3fe1be46a99427279{number % 10};Sampled=0",
            **event.headers,
            "Content-Length": str(len(event.body)),
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items() if value)
        stream.write(b"HTTP/1.1 200 OK\r\n" + head.encode() + b"\r\n" + event.body)
        stream.flush()


def request_id(number: int) -> str:
    return f"8476a536-e9f4-11e8-9739-2dfe598c{number:04d}"


def run(
    argv: Sequence[str], environment: Mapping[str, str], folder: Path, events: Sequence[Event], *, status: int = 202
) -> Run:
    """Start a runtime client and let it answer the events; it is killed when it asks for more."""
    api = RecordingApi(events, status)
    with tempfile.TemporaryFile() as log:
        started = time.perf_counter()
        process = subprocess.Popen(
            list(argv),
            cwd=folder,
            env={**environment, "AWS_LAMBDA_RUNTIME_API": api.address},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        deadline = started + 20
        while process.poll() is None and not api.exhausted.wait(0.005) and time.perf_counter() < deadline:
            pass
        ended = process.poll()
        if ended is None and api.exhausted.is_set():
            time.sleep(0.05)  # left-overs of the invocation, as a second answer, come now
        if ended is None:
            process.kill()
            process.wait()
        api.close()
        log.seek(0)
        text = log.read().decode()
    times = api.times or [started]
    warm = (times[-1] - times[0]) / max(len(times) - 1, 1)
    return Run(api.posts, text, ended, times[0] - started, warm)


def _headers(stream) -> dict[str, str]:  # noqa: ANN001 - as above
    headers = {}
    while (line := stream.readline().decode("utf-8", "replace").strip()) != "":
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return headers


def _body(stream, headers: Mapping[str, str]) -> tuple[bytes, dict[str, str]]:  # noqa: ANN001 - as above
    if headers.get("transfer-encoding", "").lower() != "chunked":
        return stream.read(int(headers.get("content-length", 0))), {}
    body = b""
    while size := int(stream.readline(), 16):
        body += stream.read(size)
        stream.readline()
    return body, _headers(stream)
