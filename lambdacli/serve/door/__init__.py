"""The door: one port for SDK clients, browsers and WebSockets, open to this machine alone unless told otherwise."""

from __future__ import annotations

import asyncio  # noqa: TID253 - this module is only imported once a loop is wanted
import socket
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

from lambdacli.serve.door import listening
from lambdacli.serve.door.api import Api
from lambdacli.serve.door.asgi import Public
from lambdacli.serve.door.lane import Lane
from lambdacli.serve.door.verdicts import verdict
from lambdacli.serve.hosts import Hosts

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from lambdacli.errors import LambdacliError
    from lambdacli.model import Manifest
    from lambdacli.serve.door.asgi import Application
    from lambdacli.serve.door.requests import Head
    from lambdacli.serve.door.verdicts import Verdict
    from lambdacli.serve.parts import Common

_MOST_TOLD = 100  # foreign hosts that are warned of


class Door:
    """Listens, answers the Invoke API, and gives every other connection to the ASGI application.

    `bind` before the loop runs, so that a taken port ends the command before anything was started.
    """

    def __init__(self, common: Common, app: Application) -> None:
        self.api = Api(common)
        self.port = common.port
        self.date = ""
        self.seconds = 0
        self.paused = False
        self._common = common
        self._app = app
        self._hosts = Hosts(common.host, {socket.gethostname()})
        self._told: set[str] = set()
        self._sockets: list[socket.socket] = []
        self._servers: list[asyncio.Server] = []
        self._lanes: set[Lane] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._tick: asyncio.TimerHandle | None = None
        self._public = Public(app, self._scope_forbidden, common.telling)

    @property
    def connections(self) -> int:
        """How many there are, of all kinds."""
        return len(self._lanes) + self._public.connections

    # A part

    def bind(self) -> None:
        """Take the port.

        Raises:
            MachineError: it is taken, or the machine does not let us.
        """
        listening.raise_limit()
        self._sockets = listening.listen(self._common.host, self._common.port)
        self.port = self._sockets[0].getsockname()[1]
        if self._hosts.public:
            self._common.telling.warning(
                f"listening on {self._common.host}: everybody in this network can invoke the functions, "
                "which run with your rights and credentials",
                hint="without --host it is this machine alone",
            )

    async def start(self) -> None:
        """Answer from now on.

        Raises:
            MachineError: the port is taken, if `bind` was not called.
        """
        if not self._sockets:
            self.bind()
        await self._public.start()
        self._second()
        loop = asyncio.get_running_loop()
        for each in self._sockets:
            server = await loop.create_server(lambda: Lane(self), sock=each, backlog=listening.BACKLOG)
            self._servers.append(server)

    async def change(self, manifest: Manifest) -> None:
        """Nothing to do: every request looks at the newest manifest."""

    async def pause(self) -> None:
        """Accept no more connections and requests; what runs is answered."""
        self.paused = True
        for server in self._servers:
            server.close()
        for lane in [*self._lanes]:
            lane.retire()
        self._public.pause()

    async def stop(self) -> None:
        """Close everything; invocations that still run are the fleet's to end."""
        await self.pause()
        await self._public.stop()
        for lane in [*self._lanes]:
            lane.abort()
        for each in self._sockets:
            each.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._tick is not None:
            self._tick.cancel()

    # What connections share

    def enter(self, lane: Lane) -> None:
        """A connection is there."""
        self._lanes.add(lane)

    def leave(self, lane: Lane) -> None:
        """It is gone, or uvicorn's."""
        self._lanes.discard(lane)

    def hand_over(self, transport: asyncio.Transport, data: bytes) -> None:
        """Give a connection to uvicorn."""
        self._public.take(transport, data)

    def keep(self, task: asyncio.Task[None]) -> None:
        """Hold a task until it is done."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def failed(self, error: LambdacliError) -> None:
        """Something of ours went wrong."""
        self._common.telling.trouble(error)

    def verdict(self, head: Head) -> Verdict | None:
        """What becomes of a request; None: it is not for the Invoke API."""
        return verdict(head, self.api, self._common.fleet.manifest, self._forbidden)

    def _forbidden(self, head: Head) -> str:
        """Why a request to the Invoke API must not be answered."""
        origin = head.headers.get("origin")
        return self._foreign(head.headers.get("host", ""), "" if origin is None else origin or "null")

    def _scope_forbidden(self, scope: MutableMapping[str, Any]) -> str:
        """Why a request to the application must not be answered: an Origin that CORS allows is its own matter."""
        headers: dict[bytes, bytes] = dict(scope["headers"])
        host = headers.get(b"host", b"").decode("latin-1")
        origin = headers.get(b"origin", b"").decode("latin-1")
        admits = getattr(self._app, "admits", None)
        if origin and not self._hosts.trusts(origin) and admits is not None and admits(scope, origin):
            origin = ""
        return self._foreign(host, origin)

    def _foreign(self, host: str, origin: str) -> str:
        if host and not self._hosts.knows(host):
            return self._refused("host", host, f"Host {host}")
        if origin and not self._hosts.trusts(origin):
            return self._refused("page", origin, f"Origin {origin}")
        return ""

    def _refused(self, what: str, who: str, header: str) -> str:
        if who not in self._told and len(self._told) < _MOST_TOLD:
            self._told.add(who)
            hint = "use localhost or a name below it" if what == "host" else "the route's CORS settings can allow it"
            self._common.telling.warning(f"refused a request with a foreign {header!r}", hint=hint)
        return f"lambdacli answers this machine only, and the request's header is {header}"

    def _second(self) -> None:
        self._tick = asyncio.get_running_loop().call_later(1.0, self._second)
        self.seconds += 1
        self.date = formatdate(usegmt=True)
        for lane in [*self._lanes]:
            lane.look()
        self._public.look(self.seconds)


__all__ = ["Door"]
