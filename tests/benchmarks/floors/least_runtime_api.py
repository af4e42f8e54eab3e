"""Floor: the least Runtime API on asyncio and httptools, for one client that stays connected."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import httptools

_ACCEPTED = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"
_NEXT = b"HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: floor\r\nContent-Length: %d\r\n\r\n%b"


class LeastRuntimeApi(asyncio.Protocol):
    """Serves `raw_client.py`, which it starts."""

    @classmethod
    async def start(cls, folder: Path) -> LeastRuntimeApi:
        """A server whose client runs the sample function in this folder."""
        one = cls()
        one.server = await asyncio.get_running_loop().create_server(lambda: one, "127.0.0.1", 0)
        port = one.server.sockets[0].getsockname()[1]
        one.client = subprocess.Popen(  # noqa: ASYNC220 - nothing else runs yet
            [sys.executable, Path(__file__).with_name("raw_client.py")],
            cwd=folder,
            env={**os.environ, "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}"},
        )
        await one.idle.wait()
        return one

    def __init__(self) -> None:
        self.server: asyncio.Server
        self.client: subprocess.Popen[bytes]
        self.idle = asyncio.Event()
        self._parser = httptools.HttpRequestParser(self)
        self._body = b""
        self._result: asyncio.Future[bytes]

    async def invoke(self, event: bytes) -> bytes:
        """The function's result."""
        await self.idle.wait()
        self.idle.clear()
        self._result = asyncio.get_running_loop().create_future()
        self._transport.write(_NEXT % (len(event), event))
        return await self._result

    def stop(self) -> None:
        """End the client and the server."""
        self.client.kill()
        self.client.wait()
        self.server.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Called by asyncio."""
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        """Called by httptools."""
        self._body = body

    def on_message_complete(self) -> None:
        """Called by httptools."""
        if self._parser.get_method() == b"GET":
            self.idle.set()
        else:
            self._transport.write(_ACCEPTED)
            self._result.set_result(self._body)
