"""One API, load balancer or function URL: how every request to it goes, from the client to the function and back."""

from __future__ import annotations

import asyncio  # noqa: TID253 - this module is only imported once a loop is wanted
import contextlib
import json
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from lambdacli.errors import LambdacliError
from lambdacli.model import MAX_EVENT
from lambdacli.serve.fleet import Call, NoSuchFunction, Throttled
from lambdacli.serve.fronts.answer import Answer, Refusal
from lambdacli.serve.fronts.contract import Malformed
from lambdacli.serve.fronts.payloads import dumps
from lambdacli.serve.fronts.request import Gone, TooLarge
from lambdacli.serve.telling import Step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lambdacli.local.invocation import Outcome
    from lambdacli.local.streaming import Streaming
    from lambdacli.model import Manifest
    from lambdacli.serve.fronts.answer import Send
    from lambdacli.serve.fronts.limits import Manners
    from lambdacli.serve.fronts.request import Request
    from lambdacli.serve.fronts.streams import Relay
    from lambdacli.serve.parts import Common

_LONGEST = 300  # characters of a reason that are told


class Late(Exception):  # noqa: N818 - what the function is
    """The function took longer than its caller waits."""


class Desk:
    """Invokes functions for callers that do not wait for ever: what they leave behind runs on."""

    def __init__(self, common: Common) -> None:
        self.common = common
        self.manifest: Manifest = common.fleet.manifest
        self._running: set[asyncio.Task[Outcome]] = set()

    async def ask(self, function: str, call: Call, seconds: float, source: str) -> Outcome:
        """Invoke a function of the manifest, and wait for so many seconds; `source` is for those who watch.

        Raises:
            Late: it has not answered; the invocation goes on.
            Throttled: its reserved concurrency is in use.
            NoSuchFunction: it is not in the manifest.
        """
        loop = asyncio.get_running_loop()
        task = loop.create_task(self.common.fleet.invoke(function, call))
        self._running.add(task)
        enough: asyncio.Future[None] = loop.create_future()
        wake = partial(_wake, enough)
        timer = loop.call_later(seconds, wake)
        task.add_done_callback(wake)
        try:
            await enough
        finally:
            timer.cancel()
            if not task.done():
                task.add_done_callback(partial(self._nobody_waits, function, source))
            else:
                self._running.discard(task)
        if not task.done():
            raise Late
        return task.result()

    async def stop(self) -> None:
        """End what still runs."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _nobody_waits(self, function: str, source: str, task: asyncio.Task[Outcome]) -> None:
        self._running.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if isinstance(error, LambdacliError):
            self.common.telling.trouble(error)
        elif error is not None:
            self.common.telling.warning(f"{function}: {type(error).__name__}: {error}")
        else:
            outcome = task.result()
            detail = f"{outcome.status}, when its caller had got another answer"
            took = outcome.report.duration
            step = Step("discarded", source, function, (), detail, outcome.request_id, milliseconds=took)
            self.common.telling.step(step)


def _wake(waiting: asyncio.Future[None], _task: object = None) -> None:
    if not waiting.done():
        waiting.set_result(None)


class Turn:
    """One request on its way: what is known of it for those who watch."""

    __slots__ = ("api_id", "begun", "detail", "function", "invocation", "request", "send", "source", "status")

    def __init__(self, request: Request, send: Send) -> None:
        self.request = request
        self.send = send
        self.source = f"{request.method} {request.path}"
        self.function = ""
        self.invocation = ""  # the function's request id
        self.api_id = ""  # the service's request id
        self.detail = ""
        self.status = 0  # of an answer that has begun
        self.begun = time.perf_counter()


class Site:
    """What all fronts have in common. `labels` are the host names, before `.localhost`, that lead here."""

    manners: Manners
    what = ""  # HTTP API, …
    labels: tuple[str, ...] = ()
    root = ""  # the path under which its own address shows it
    shares_root = True  # it answers where no host name chooses, with others
    title = ""  # for people: HTTP API, function URL of orders

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.telling = desk.common.telling

    def wants(self, request: Request) -> bool:
        """Whether it has something for the request's method and path."""
        raise NotImplementedError

    def allows(self, origin: str, path: str) -> bool:
        """Whether scripts of a web page of that origin may ask for that path."""
        raise NotImplementedError

    async def respond(self, turn: Turn) -> Answer | None:
        """The answer, or None when it has been sent already.

        Raises:
            Refusal: the service itself answers.
            Malformed: the function's answer is none.
        """
        raise NotImplementedError

    def finish(self, turn: Turn, answer: Answer) -> Answer:  # noqa: ARG002 - others look at it
        """The answer with what the service adds to every one."""
        return answer

    async def serve(self, request: Request, send: Send) -> None:
        """Answer one request."""
        turn = Turn(request, send)
        try:
            answer = await self.respond(turn)
        except Refusal as refusal:
            answer = self._refused(turn, refusal)
        except Malformed as problem:
            self._complain(turn, f"{turn.function} answered what {self.what} does not take: {problem}")
            answer = self.manners.malformed
        except Gone:
            return
        if answer is not None:
            answer = self.finish(turn, answer)
            turn.status = answer.status
            await answer.deliver(send)
        self._tell(turn)

    async def take(self, turn: Turn) -> None:
        """Read the request, within the service's limits."""
        if turn.request.size > self.manners.headers:
            raise Refusal(self.manners.too_many_headers, f"more than {self.manners.headers} bytes of headers")
        try:
            await turn.request.read(self.manners.body)
        except TooLarge:
            raise Refusal(self.manners.too_large, f"a body of more than {self.manners.body} bytes") from None

    async def invoke(
        self, turn: Turn, event: Mapping[str, Any], seconds: float, stream: Streaming | None = None
    ) -> Outcome:
        """The function's success.

        Raises:
            Refusal: there is none.
        """
        payload = dumps(event).encode("utf-8", "surrogatepass")
        if len(payload) > MAX_EVENT:
            raise Refusal(self.manners.too_large, f"an event of more than {MAX_EVENT} bytes")
        call = Call(payload, trace_id=turn.request.trace, request_id=turn.invocation, stream=stream)
        outcome = await self.ask(turn, turn.function, call, seconds)
        turn.invocation = outcome.request_id
        if outcome.status != "success":
            reason = failure(outcome)
            self.telling.step(Step("failed", turn.source, turn.function, (), reason, outcome.request_id))
            raise Refusal(self.manners.failed, reason)
        return outcome

    async def stream(self, turn: Turn, event: Mapping[str, Any], seconds: float, relay: Relay) -> bytes | None:
        """Invoke, and send the response as it comes.

        Returns:
            A payload that came as a whole; None when all was sent, or broken off in the middle.

        Raises:
            Refusal: there is no success, and the client has nothing of it.
            Malformed: what came cannot be sent.
        """
        try:
            outcome = await self.invoke(turn, event, seconds, relay)
        except Refusal as refusal:
            relay.closed = True
            if not relay.sent:
                raise
            turn.detail = f"broken off: {refusal.reason}"
            return None
        if not relay.begun:
            return outcome.payload
        await relay.end()
        return None

    async def ask(self, turn: Turn, function: str, call: Call, seconds: float) -> Outcome:
        """Invoke; what keeps the function from answering is the service's refusal.

        Raises:
            Refusal: there is no outcome.
        """
        try:
            return await self.desk.ask(function, call, seconds, turn.source)
        except Late:
            raise Refusal(self.manners.late, f"{function} has not answered within {seconds:g} s") from None
        except Throttled as error:
            self.telling.step(Step("throttled", turn.source, function, (), error.message))
            raise Refusal(self.manners.throttled, error.message) from None
        except NoSuchFunction as error:
            raise Refusal(self.manners.failed, error.message) from None

    def _refused(self, turn: Turn, refusal: Refusal) -> Answer:
        turn.detail = refusal.reason
        return refusal.answer

    def _complain(self, turn: Turn, text: str) -> None:
        self.telling.warning(f"{turn.source}: {text}")

    def _tell(self, turn: Turn) -> None:
        took = (time.perf_counter() - turn.begun) * 1000
        detail = f"{turn.status} {turn.detail}" if turn.detail else str(turn.status)
        self.telling.step(Step("answered", turn.source, turn.function, (), detail, turn.invocation, took))


def failure(outcome: Outcome) -> str:
    """Why an invocation failed, in one line."""
    text = outcome.error_type or outcome.status
    with contextlib.suppress(ValueError, RecursionError, AttributeError):
        told = json.loads(outcome.payload)
        text = f"{told.get('errorType', text)}: {told.get('errorMessage', '')}"
    return " ".join(text.split())[:_LONGEST]
