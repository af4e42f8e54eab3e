"""Peer: AWS's Runtime Interface Emulator as a process that serves invocations over HTTP."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_REQUEST = b"POST /2015-03-31/functions/function/invocations HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n\r\n{}"


class Emulator:
    """One emulator on free ports, in its own process group, with one connection that stays open."""

    def __init__(self, command: Sequence[str | Path], cwd: Path | None = None) -> None:
        """Start it. `command`: the emulator and the runtime's command."""
        front, api = _free_ports(2)
        flags = (
            "--runtime-interface-emulator-address",
            f"127.0.0.1:{front}",
            "--runtime-api-address",
            f"127.0.0.1:{api}",
        )
        self._process = subprocess.Popen(
            [command[0], "--log-level", "error", *flags, *command[1:]],
            cwd=cwd,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._connection = _connected(front)
        self._stream = self._connection.makefile("rb")

    def invoke(self) -> bytes:
        """The result of the function for an empty event."""
        self._connection.sendall(_REQUEST)
        length = 0
        while (line := self._stream.readline()) not in {b"\r\n", b""}:
            name, _, value = line.lower().partition(b":")
            length = int(value) if name == b"content-length" else length
        return self._stream.read(length)

    def stop(self) -> None:
        """End it and the runtime."""
        self._stream.close()
        self._connection.close()
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def _free_ports(count: int) -> list[int]:
    servers = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [server.getsockname()[1] for server in servers]
    for server in servers:
        server.close()
    return ports


def _connected(port: int) -> socket.socket:
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port))
        except ConnectionRefusedError:  # noqa: PERF203 - waiting is what the loop is for
            time.sleep(0.001)
