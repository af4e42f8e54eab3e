"""API Gateway WebSocket APIs: connections come in here, and functions reach them through `@connections`.

How a function makes the client that posts back, on AWS and here: `AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI` names this
server in the environment of functions that run here.

    context = event["requestContext"]
    endpoint = os.environ.get("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI")
    url = endpoint or f"https://{context['domainName']}/{context['stage']}"
    boto3.client("apigatewaymanagementapi", endpoint_url=url).post_to_connection(…)
"""

from __future__ import annotations

import asyncio  # noqa: TID253 - this module is only imported once a loop is wanted
import contextlib
from typing import TYPE_CHECKING, Any

from lambdacli.errors import LambdacliError
from lambdacli.local.invocation import new_id
from lambdacli.serve import hosts
from lambdacli.serve.fronts import apis
from lambdacli.serve.fronts.desk import Desk
from lambdacli.serve.fronts.request import Gone, Request
from lambdacli.serve.fronts.sockets import management
from lambdacli.serve.fronts.sockets.api import FORBIDDEN, SocketApi
from lambdacli.serve.fronts.sockets.ends import GOING_AWAY, refuse
from lambdacli.serve.fronts.sockets.socket import Socket

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping

    from lambdacli.model import Manifest
    from lambdacli.serve.fronts.answer import Send
    from lambdacli.serve.fronts.request import Receive
    from lambdacli.serve.parts import Common

_LAST_WORDS = 3.0  # seconds for $disconnect and what else runs when everything ends


class Sockets:
    """All connections of all WebSocket APIs of the manifest. An ASGI 3 application and a part."""

    def __init__(self, common: Common) -> None:
        self.clock = common.clock
        self.closing = False
        self._common = common
        self._desk = Desk(common)
        self._sockets: dict[str, Socket] = {}
        self._work: set[asyncio.Task[None]] = set()
        self._quiet = asyncio.Event()  # nobody is connected, and nothing runs
        self._quiet.set()
        self._apis = self._compiled(common.fleet.manifest)

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """ASGI: one connection's whole life, or one request of the management API."""
        if scope["type"] == "http":
            try:
                answer = await management.answered(scope, receive, self._sockets)
            except Gone:
                return
            headers = [*answer.headers, ("x-amzn-requestid", new_id())]
            await answer._replace(headers=headers).deliver(send)
            return
        request = Request({**scope, "method": "GET"}, receive)
        api = self._chosen(request)
        if api is None:
            await receive()
            await refuse(scope, FORBIDDEN, send)
            return
        socket = Socket(self, api, request, receive, send)
        await socket.run()

    def wants(self, scope: Mapping[str, Any]) -> bool:
        """Whether a scope is for WebSocket APIs: a handshake, or a request of their management API."""
        if scope["type"] == "websocket":
            return bool(self._apis)
        return "@connections" in scope["path"] and management.connection_of(scope["path"]) is not None

    def addresses(self, port: int = 0) -> list[tuple[str, str]]:
        """What is served, and the URL where it is; `port` is the real one, if another was asked for."""
        at = port or self._common.port
        given = hosts.in_url(self._common.host) if len(self._apis) == 1 else ""
        return [
            (api.title, f"ws://{given or api.labels[0] + hosts.LOCAL}:{at}{api.root}") for api in self._apis.values()
        ]

    # A part

    async def start(self) -> None:
        """Part: nothing to be done before somebody connects."""

    async def change(self, manifest: Manifest) -> None:
        """Part: the next message finds the new routes; connections stay. What cannot be served leaves the old ones."""
        try:
            self._apis = self._compiled(manifest)
        except LambdacliError as error:
            self._common.telling.trouble(error)

    async def pause(self) -> None:
        """Part: nobody may connect, and no message is taken any more; functions that run may still post."""
        self.closing = True

    async def stop(self) -> None:
        """Part: end all connections as going away, and see their $disconnect through for a few seconds."""
        self.closing = True
        await asyncio.gather(*(socket.close(GOING_AWAY) for socket in [*self._sockets.values()]))
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._quiet.wait(), _LAST_WORDS)
        for each in self._work:
            each.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)
        await self._desk.stop()

    # Where connections live

    def api(self, key: tuple[str, str]) -> SocketApi | None:
        """The API as the manifest has it now, by its name and stage; None if it has it no more."""
        return self._apis.get(key)

    def entered(self, socket: Socket) -> None:
        """The connection is established."""
        self._sockets[socket.client.id] = socket
        self._quiet.clear()

    def left(self, socket: Socket) -> None:
        """It has ended."""
        self._sockets.pop(socket.client.id, None)
        self._look_if_quiet()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Something that outlives the connection."""
        task = asyncio.get_running_loop().create_task(work)
        self._work.add(task)
        self._quiet.clear()
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._work.discard(task)
        self._look_if_quiet()
        if not task.cancelled() and (error := task.exception()) is not None:
            trouble = LambdacliError(f"WebSocket: {type(error).__name__}: {error}")
            self._common.telling.trouble(error if isinstance(error, LambdacliError) else trouble)

    def _look_if_quiet(self) -> None:
        if not self._work and not self._sockets:
            self._quiet.set()

    def _compiled(self, manifest: Manifest) -> dict[tuple[str, str], SocketApi]:
        self._desk.manifest = manifest
        found: dict[tuple[str, str], SocketApi] = {}
        for name, uses in apis.by_name(apis.uses(manifest, "websocket")).items():
            for stage in dict.fromkeys(each.settings.get("stage", manifest.stage) for each in uses):
                its = tuple(each for each in uses if each.settings.get("stage", manifest.stage) == stage)
                found[name, stage] = SocketApi(self._desk, its, name, stage)
        return found

    def _chosen(self, request: Request) -> SocketApi | None:
        """By host name; without one the only API, or the only one with the stage that the path begins with."""
        label = hosts.label(request.host)
        known = [api for api in self._apis.values() if label in api.labels] or [*self._apis.values()]
        if len(known) == 1:
            return known[0]
        stage = request.path.strip("/").partition("/")[0]
        fits = [api for api in known if api.api.stage == stage]
        return fits[0] if len(fits) == 1 else None
