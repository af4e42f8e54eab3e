"""One API, load balancer or function URL: how every request to it goes, from the client to the function and back."""

from __future__ import annotations

import contextlib
import json
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from lambdacli.model import MAX_EVENT
from lambdacli.serve.fleet import Call, NoSuchFunction, Throttled
from lambdacli.serve.fronts.answer import Answer, Refusal
from lambdacli.serve.fronts.contract import Malformed
from lambdacli.serve.fronts.desk import Late
from lambdacli.serve.fronts.payloads import dumps
from lambdacli.serve.fronts.request import Gone, TooLarge
from lambdacli.serve.telling import Step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lambdacli.local.invocation import Outcome
    from lambdacli.serve.fronts.answer import Send
    from lambdacli.serve.fronts.desk import Desk
    from lambdacli.serve.fronts.limits import Manners
    from lambdacli.serve.fronts.request import Request
    from lambdacli.serve.fronts.streams import Relay

_LONGEST = 300  # characters of a reason that are told


class Turn:
    """One request on its way: what is known of it for those who watch."""

    __slots__ = ("api_id", "begun", "detail", "function", "invocation", "request", "send", "source", "status")

    def __init__(self, request: Request, send: Send) -> None:
        self.request = request
        self.send = send
        self.source = f"{request.method} {request.raw_path}"  # encoded, so that it is one line
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
            turn.detail = str(problem)
            answer = self.manners.malformed
        except (Gone, Late):  # nobody is there, or has had an answer
            return
        await self._end(turn, answer)

    async def take(self, turn: Turn) -> None:
        """Read the request, within the service's limits."""
        if turn.request.size > self.manners.headers:
            raise Refusal(self.manners.too_many_headers, f"more than {self.manners.headers} bytes of headers")
        try:
            await turn.request.read(self.manners.body)
        except TooLarge:
            raise Refusal(self.manners.too_large, f"a body of more than {self.manners.body} bytes") from None

    async def invoke(
        self, turn: Turn, event: Mapping[str, Any], seconds: float, stream: Relay | None = None
    ) -> Outcome:
        """The function's success.

        Raises:
            Refusal: there is none.
            Late: it comes after the answer that the client had.
        """
        payload = dumps(event).encode()
        if len(payload) > MAX_EVENT:
            raise Refusal(self.manners.too_large, f"an event of more than {MAX_EVENT} bytes")
        call = Call(payload, trace_id=turn.request.trace, request_id=turn.invocation, stream=stream)
        outcome = await self.ask(turn, turn.function, call, seconds, self.manners.late)
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

    async def ask(self, turn: Turn, function: str, call: Call, seconds: float, late: Answer) -> Outcome:
        """Invoke; what keeps the function from answering is the service's refusal.

        Args:
            turn: for which request.
            function: of the manifest.
            call: with its event.
            seconds: after which the client has the answer `late`.
            late: see there.

        Raises:
            Refusal: there is no outcome.
            Late: it comes after the answer that the client had.
        """
        refusal = Refusal(late, f"{function} has not answered within {seconds:g} s")
        try:
            if call.stream is None:
                return await self.desk.ask(function, call, seconds, partial(self._too_late, turn, refusal))
            return await self._ask_apart(function, call, seconds, refusal)
        except Throttled as error:
            self.telling.step(Step("throttled", turn.source, function, (), error.message))
            raise Refusal(self.manners.throttled, error.message) from None
        except NoSuchFunction as error:
            raise Refusal(self.manners.failed, error.message) from None

    async def _ask_apart(self, function: str, call: Call, seconds: float, refusal: Refusal) -> Outcome:
        """A stream that is late has to be broken off, which only who has begun it can do."""
        try:
            return await self.desk.ask_apart(function, call, seconds)
        except Late:
            raise refusal from None

    async def _too_late(self, turn: Turn, refusal: Refusal) -> None:
        """Answer in the place of a function that still runs."""
        await self._end(turn, self._refused(turn, refusal))

    async def _end(self, turn: Turn, answer: Answer | None) -> None:
        if answer is not None:
            answer = self.finish(turn, answer)
            turn.status = answer.status
            await answer.deliver(turn.send)
        self._tell(turn)

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
