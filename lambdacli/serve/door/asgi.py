"""The public HTTP and WebSocket side: uvicorn on connections that are given to it, without a socket of its own.

uvicorn's `Server` is what ticks its Date header and knows its connections, so its own phases are used: `startup` and
`main_loop` without sockets and without its signal handlers; the end is shorter than its `shutdown`, for by then nobody
is waited for any more.
"""

from __future__ import annotations

import asyncio  # noqa: TID253 - this module is only imported once a loop is wanted
import logging
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from lambdacli.errors import LambdacliError
from lambdacli.serve.door import answers
from lambdacli.serve.door.lane import HEAD_TIME, IDLE_TIME, LINGER, last_words
from lambdacli.serve.door.requests import MAX_HEAD

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from lambdacli.serve.door.frames import Frames
    from lambdacli.serve.telling import Telling

    Receive = Callable[[], Awaitable[Any]]
    Send = Callable[[Any], Awaitable[None]]
    Application = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

_MAX_MESSAGE = 128 * 1024  # bytes of a WebSocket message, "Amazon API Gateway quotas" in its developer guide
_SLACK = 1024  # a message as large as allowed would be refused if its frames are deflated; who takes it counts exactly
_LAST_WORDS = 0.5  # seconds for tasks that were cancelled


class Public:
    """uvicorn around one ASGI application."""

    def __init__(self, app: Application, check: Callable[[MutableMapping[str, Any]], str], telling: Telling) -> None:
        """Prepare it.

        Args:
            app: what answers.
            check: why a scope must not be answered; "" if it may be.
            telling: hears of what the application does not catch.
        """
        _silence()
        self.seconds = 0
        self._config = uvicorn.Config(
            Checked(app, check, telling),
            http=self._protocol_class(),
            ws=_frames,  # type: ignore[arg-type]
            ws_max_size=_MAX_MESSAGE + _SLACK,
            ws_ping_interval=None,  # API Gateway sends none, and a client may stand at a breakpoint
            interface="asgi3",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=IDLE_TIME,
        )
        self._server = uvicorn.Server(self._config)
        self._ticking: asyncio.Task[None] | None = None

    @property
    def connections(self) -> int:
        """How many it serves."""
        return len(self._server.server_state.connections)

    async def start(self) -> None:
        """Be ready for connections."""
        self._config.load()
        self._server.lifespan = self._config.lifespan_class(self._config)
        await self._server.startup(sockets=[])
        self._ticking = asyncio.create_task(self._server.main_loop())
        await asyncio.sleep(0)  # its first tick makes the default headers

    def take(self, transport: asyncio.Transport, data: bytes) -> None:
        """Serve a connection of which `data` has been read."""
        protocol: Any = self._config.http_protocol_class(  # type: ignore[call-arg]
            config=self._config,
            server_state=self._server.server_state,
            app_state=self._server.lifespan.state,
            _loop=asyncio.get_running_loop(),
        )
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        transport.resume_reading()
        protocol.data_received(data)

    def look(self, seconds: int) -> None:
        """Drop clients that do not finish their requests; `seconds` is the server's age."""
        self.seconds = seconds
        for connection in [*self._server.server_state.connections]:
            if isinstance(connection, _Watched):
                connection.look()

    def pause(self) -> None:
        """Take no further requests; what runs is answered, and WebSockets stay."""
        for connection in [*self._server.server_state.connections]:
            if isinstance(connection, HttpToolsProtocol):
                connection.shutdown()

    async def stop(self) -> None:
        """Close everything."""
        state = self._server.server_state
        for connection in [*state.connections]:
            connection.shutdown()
        await asyncio.sleep(0)
        for connection in [*state.connections]:
            if connection.transport is not None:
                connection.transport.close()
        tasks = [*state.tasks]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=_LAST_WORDS)
        self._server.should_exit = True
        if self._ticking is not None:
            self._ticking.cancel()
            await asyncio.gather(self._ticking, return_exceptions=True)

    def _protocol_class(self) -> type[asyncio.Protocol]:
        """The protocol of uvicorn, which knows who watches it."""
        return type("Watched", (_Watched,), {"public": self})


class _Watched(HttpToolsProtocol):
    """Does not wait for ever for a request, nor read headers without end."""

    public: Public
    _head_bytes = -1  # of the head that is being read; -1: none is
    _reading = False  # a request is
    _ended = False  # it was refused
    _last = 0
    _first = 0

    def data_received(self, data: bytes) -> None:
        """Asyncio: bytes have come."""
        if self._ended:  # the rest is read so that the answer is not lost with a reset connection
            return
        self._last = self.public.seconds
        if self._head_bytes >= 0:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._head_bytes >= 0 and not self.transport.is_closing() and self._head_size() > MAX_HEAD:
            answer = answers.unreadable(431, "the request's headers are too large")
            last_words(self.transport, answer.written(keep_alive=False, date=_date(self)))
            self._ended = True

    def on_message_begin(self) -> None:
        """Httptools: a request begins."""
        super().on_message_begin()
        self._head_bytes, self._reading, self._first = 0, True, self.public.seconds
        self._names: list[bytes] = []
        self.scope["extensions"] = {"lambdacli.headers": {"names": self._names}}

    def on_header(self, name: bytes, value: bytes) -> None:
        """Httptools: a header has come. uvicorn tells its name in lower case only."""
        super().on_header(name, value)
        self._names.append(name)

    def on_headers_complete(self) -> None:
        """Httptools: its head is read."""
        self._head_bytes = -1
        super().on_headers_complete()

    def handle_websocket_upgrade(self) -> None:
        """Uvicorn: the handshake goes on to another protocol, with its headers' names as they were written."""
        headers = self.scope["headers"]
        self.scope["headers"] = [(name, value) for name, (_, value) in zip(self._names, headers, strict=True)]
        super().handle_websocket_upgrade()

    def on_message_complete(self) -> None:
        """Httptools: it is whole."""
        self._reading = False
        super().on_message_complete()

    def _head_size(self) -> int:
        """At least so many bytes has the head that is being read: all after its first piece, and what is parsed."""
        return max(self._head_bytes, len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers))

    def look(self) -> None:
        """Drop a client that is too slow."""
        if self._ended and self.public.seconds - self._last > LINGER:
            self.transport.abort()
            return
        since = self._first if self._head_bytes >= 0 else self._last
        waits = self._head_bytes >= 0 or not self.flow.read_paused  # else it is the application that is slow
        if self._reading and waits and self.public.seconds - since > HEAD_TIME:
            self.transport.abort()


class Checked:
    """An ASGI application behind the check, whose bugs are told."""

    def __init__(self, app: Application, check: Callable[[MutableMapping[str, Any]], str], telling: Telling) -> None:
        self._app = app
        self._check = check
        self._telling = telling

    async def __call__(
        self,
        scope: MutableMapping[str, Any],
        receive: Receive,
        send: Send,
    ) -> None:
        """Answer one request or WebSocket."""
        if reason := self._check(scope):
            await _refuse(reason, scope, send)
            return
        try:
            await self._app(scope, receive, send)
        except Exception as error:
            path = scope.get("path", "")
            self._telling.trouble(LambdacliError(f"{path}: {type(error).__name__}: {error}"))
            raise


async def _refuse(reason: str, scope: MutableMapping[str, Any], send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": reason})  # before it was accepted: a 403
        return
    answer = answers.foreign(reason)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer.body)).encode())]
    await send(
        {"type": "http.response.start", "status": answer.status, "headers": [*headers, (b"connection", b"close")]}
    )
    await send({"type": "http.response.body", "body": answer.body})


def _frames(**given: Any) -> Frames:
    """The protocol of a WebSocket: imported with the first one, so that others start sooner."""
    from lambdacli.serve.door.frames import Frames

    return Frames(**given)


def _date(protocol: HttpToolsProtocol) -> str:
    return dict(protocol.server_state.default_headers).get(b"date", b"").decode()


def _silence() -> None:
    """What uvicorn logs is told by us, or concerns nobody."""
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi"):
        logger = logging.getLogger(name)
        logger.propagate = False
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())
