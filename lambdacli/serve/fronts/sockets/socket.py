"""One client's connection to a WebSocket API, from its handshake until $disconnect.

Sources: "Manage connected users and client apps: $connect and $disconnect routes", "Set up a $connect route that
requires a WebSocket subprotocol", "Binary media types for WebSocket APIs" and "Amazon API Gateway quotas" in the API
Gateway developer guide.
"""

from __future__ import annotations

import asyncio  # noqa: TID253 - this module is only imported once a loop is wanted
from datetime import timedelta
from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol

from lambdacli.serve.fronts import contract
from lambdacli.serve.fronts.answer import Answer, Refusal
from lambdacli.serve.fronts.apis import execute_arn
from lambdacli.serve.fronts.authorizers import Asked, tokens
from lambdacli.serve.fronts.request import request_id
from lambdacli.serve.fronts.site import Turn
from lambdacli.serve.fronts.sockets import events
from lambdacli.serve.fronts.sockets.api import MAX_MESSAGE
from lambdacli.serve.fronts.sockets.ends import ABNORMAL, GOING_AWAY, LOST, NO_BINARY, TOO_BIG, End, refuse, told
from lambdacli.serve.telling import Step

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Mapping
    from datetime import datetime

    from lambdacli.serve.clock import Clock
    from lambdacli.serve.fronts.answer import Send
    from lambdacli.serve.fronts.request import Request
    from lambdacli.serve.fronts.sockets.api import Route, SocketApi

    Receive = Callable[[], Awaitable[Mapping[str, Any]]]

IDLE = timedelta(minutes=10)
LONGEST = timedelta(hours=2)
_AT_ONCE = 100  # messages of a connection whose functions run
_SUCCESS = range(200, 300)


class Gone(Exception):  # noqa: N818 - what has become of the client
    """The connection is not there any more, or not yet."""


class House(Protocol):
    """Where connections live."""

    clock: Clock
    closing: bool  # everything is about to end: no message is taken any more

    def api(self, key: tuple[str, str]) -> SocketApi | None:
        """The API as the manifest has it now, by its name and stage; None if it has it no more."""

    def entered(self, socket: Socket) -> None:
        """The connection is established."""

    def left(self, socket: Socket) -> None:
        """It has ended."""

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Something that outlives the connection."""


class Socket:
    """A connection. `last_active` is when a message last went in either direction."""

    def __init__(self, house: House, api: SocketApi, request: Request, receive: Receive, send: Send) -> None:
        now = house.clock.now()
        self.connected_at: datetime = now
        self.last_active: datetime = now
        self.open = False
        milliseconds = int(now.timestamp() * 1000)
        self.client = events.Client(
            request_id(), api.api, request.host, milliseconds, request.source_ip, request.user_agent
        )
        self._house = house
        self._key = (api.name, api.api.stage)
        self._first = api
        self._request = request
        self._receive = receive
        self._send = send
        self._ending: End | None = None  # by us
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def run(self) -> None:
        """The whole life of the connection."""
        await self._receive()
        if self._house.closing:
            await refuse(self._request.scope, Answer(503, []), self._send)
            return
        turn = self._turn("$connect")
        try:
            answer = await self._connected(turn)
        except Refusal as refusal:
            turn.detail = refusal.reason
            answer = refusal.answer
        except contract.Malformed as problem:
            self._complain(turn, problem)
            answer = self._first.manners.malformed
        if turn.function or answer.status not in _SUCCESS:
            self._tell("answered", turn, answer.status)
        if answer.status not in _SUCCESS:
            await refuse(self._request.scope, answer, self._send)
            return
        await self._live(answer)

    async def post(self, data: bytes) -> None:
        """Send to the client: a text, or a binary message where the data is none.

        Raises:
            Gone: it is not connected.
        """
        if not self.open or self._ending is not None:
            raise Gone
        try:
            kind, content = "text", data.decode()  # type: str, str | bytes
        except UnicodeDecodeError:
            kind, content = "bytes", data
        try:
            await self._send({"type": "websocket.send", kind: content})
        except LOST:
            raise Gone from None
        self.last_active = self._house.clock.now()

    async def close(self, end: End) -> None:
        """End the connection from here; $disconnect follows."""
        if self._ending is not None or not self.open:
            return
        self._ending = end
        try:
            await self._send({"type": "websocket.close", "code": end.code, "reason": end.reason})
        except LOST:  # it has just ended by itself
            return

    # Its phases

    async def _connected(self, turn: Turn) -> Answer:
        """What $connect answers.

        Raises:
            Refusal: the client may not connect.
            Malformed: the function's answer is none.
        """
        api = self._first
        if self._request.size > api.manners.headers:
            raise Refusal(api.manners.too_many_headers, f"more than {api.manners.headers} bytes of headers")
        route = api.lifecycle("$connect")
        if route is None:
            return Answer(200, [])
        turn.function = route.function
        await self._authorize(turn, route)
        event = events.connects(self.client, self._request, self._moment())
        outcome = await api.invoke(turn, event, route.seconds)
        return contract.proxied(outcome.payload, decode=True, strict=True)

    async def _authorize(self, turn: Turn, route: Route) -> None:
        api = self._first.api
        arn = execute_arn(api, "$connect", "").rstrip("/")
        event = events.authorizes(self.client, self._request, self._moment())
        asked = Asked(turn, arn, "$connect", api.stage, lambda _form: event)
        verdict = await route.judge(asked)
        if verdict.kind == "lambda":
            said: dict[str, Any] = {name: tokens.as_text(value) for name, value in verdict.details.items()}
            said |= {"principalId": verdict.principal, "integrationLatency": verdict.milliseconds}
            self.client = self.client._replace(authorizer=said)

    async def _live(self, answer: Answer) -> None:
        """From the accepted handshake until the end, which is told exactly once."""
        end = ABNORMAL
        watch = asyncio.ensure_future(self._watch())
        try:
            await self._accept(answer)
            self.open = True
            self._house.entered(self)
            end = await self._talk()
        except LOST:  # which its last message would have told, too
            return
        finally:
            self.open = False
            watch.cancel()
            self._house.left(self)
            self._house.spawn(self._disconnected(self._ending or end))
            await asyncio.gather(watch, return_exceptions=True)

    async def _accept(self, answer: Answer) -> None:
        chosen = next((value for name, value in answer.headers if name == "sec-websocket-protocol"), None)
        await self._send({"type": "websocket.accept", "subprotocol": chosen, "headers": []})

    async def _talk(self) -> End:
        """Take messages until the connection ends."""
        while True:
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                return told(message)
            text = message.get("text")
            if self._ending is not None or self._house.closing:
                continue
            if text is None:
                await self.close(NO_BINARY)
            elif len(text) > MAX_MESSAGE or len(text.encode()) > MAX_MESSAGE:
                await self.close(TOO_BIG)
            else:
                self.last_active = self._house.clock.now()
                await self._slots.acquire()
                self._house.spawn(self._said(text))

    async def _said(self, text: str) -> None:
        """Bring one message to its function; others of the connection do not wait for it."""
        try:
            await self._message(text)
        finally:
            self._slots.release()

    async def _message(self, text: str) -> None:
        api = self._house.api(self._key)
        route = api.route(text) if api is not None else None
        if api is None or route is None:
            turn = self._turn("message")
            turn.detail = "no route takes it"
            await self._answer_error(turn, events.says(self.client, "$default", text, self._moment()), "Forbidden", 403)
            return
        turn = self._turn(route.key)
        turn.function = route.function
        event = events.says(self.client, route.key, text, self._moment())
        try:
            outcome = await api.invoke(turn, event, route.seconds)
            answer = contract.proxied(outcome.payload, decode=False, strict=True)
        except Refusal as refusal:
            turn.detail = refusal.reason
            late = refusal.answer is api.manners.late
            said = "Endpoint request timed out" if late else "Internal server error"
            await self._answer_error(turn, event, said, refusal.answer.status)
        except contract.Malformed as problem:
            self._complain(turn, problem)
            await self._answer_error(turn, event, "Internal server error", api.manners.malformed.status)
        else:
            if route.responds and answer.body:
                await self._try_to_post(turn, answer.body)
            self._tell("answered" if route.responds else "succeeded", turn, answer.status)

    async def _answer_error(self, turn: Turn, event: Mapping[str, Any], text: str, status: int) -> None:
        """What API Gateway itself says in such a case; the spaces are its own."""
        context = event["requestContext"]
        ids = f'"connectionId":"{self.client.id}", "requestId":"{context["requestId"]}"'
        await self._try_to_post(turn, f'{{"message": "{text}", {ids}}}'.encode())
        self._tell("answered", turn, status)

    async def _try_to_post(self, turn: Turn, data: bytes) -> None:
        try:
            await self.post(data)
        except Gone:
            turn.detail = "the client has gone" if not turn.detail else f"{turn.detail}; the client has gone"

    async def _disconnected(self, end: End) -> None:
        api = self._house.api(self._key) or self._first
        route = api.lifecycle("$disconnect")
        if route is None:
            return
        turn = self._turn("$disconnect")
        turn.function = route.function
        event = events.disconnects(self.client, end.code, end.reason, self._moment())
        try:
            await api.invoke(turn, event, route.seconds)
        except Refusal as refusal:
            turn.detail = refusal.reason
            self._tell("discarded", turn)
        else:
            turn.detail = f"{end.code} {end.reason}"
            self._tell("succeeded", turn)

    async def _watch(self) -> None:
        """Ten minutes without a message, or two hours, are enough."""
        clock = self._house.clock
        while (until := min(self.last_active + IDLE, self.connected_at + LONGEST)) > clock.now():
            await clock.sleep_until(until)
        await self.close(GOING_AWAY)

    # What it needs

    def _moment(self) -> float:
        return self._house.clock.now().timestamp()

    def _turn(self, route: str) -> Turn:
        turn = Turn(self._request, self._send)
        turn.source = f"{self._first.title}: {route}"
        return turn

    def _complain(self, turn: Turn, problem: Exception) -> None:
        turn.detail = str(problem)
        self._first.telling.warning(f"{turn.source}: {turn.function} answered what no WebSocket API takes: {problem}")

    def _tell(self, what: Any, turn: Turn, status: int = 0) -> None:
        detail = " ".join(filter(None, (str(status) if status else "", turn.detail)))
        took = (perf_counter() - turn.begun) * 1000
        step = Step(what, turn.source, turn.function, (self.client.id,), detail, turn.invocation, took)
        self._first.telling.step(step)
