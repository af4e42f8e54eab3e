"""What follows an asynchronous event: its record goes to a destination, the event to a dead-letter queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdacli.serve import trying
from lambdacli.serve.destinations import Sender, records
from lambdacli.serve.tasks import Tasks

if TYPE_CHECKING:
    from collections.abc import Callable

    from lambdacli.model import Function
    from lambdacli.serve.clock import Clock
    from lambdacli.serve.destinations.records import Condition
    from lambdacli.serve.fleet import Fleet
    from lambdacli.serve.later import Later
    from lambdacli.serve.parts import Source
    from lambdacli.serve.telling import Telling
    from lambdacli.serve.trying import Event

_LAST = 5.0  # seconds that records may still take to their destinations when everything ends


class Endings:
    """Sends what the functions want sent."""

    def __init__(self, fleet: Fleet, later: Later, clock: Clock, telling: Telling) -> None:
        self._fleet = fleet
        self._later = later
        self._clock = clock
        self._telling = telling
        self._sending = Tasks("destinations", telling)
        self.source = None

    @property
    def source(self) -> Source | None:
        """Where queues, topics, buckets and buses are."""
        return self._source

    @source.setter
    def source(self, source: Source | None) -> None:
        self._source = source
        self._sender = Sender(source, self._fleet, self._later, self._telling)

    @staticmethod
    def wanted(function: Function, condition: Condition) -> bool:
        """Whether anybody wants to know."""
        if condition == "Success":
            return function.on_success is not None
        return function.on_failure is not None or function.dead_letter is not None

    def begin(self, event: Event, function: Function, condition: Condition, over: Callable[[Event], None]) -> None:
        """Send all that is to be sent, then call `over`."""
        self._sending.begin(self._all(event, function, condition, over))

    async def stop(self) -> None:
        """Let what is on its way arrive, for some seconds; the rest is told of."""
        await self._sending.wait(_LAST)
        await self._sending.cancel()
        self._sender.close()

    async def _all(self, event: Event, function: Function, condition: Condition, over: Callable[[Event], None]) -> None:
        try:
            await self._send(event, function, condition)
        finally:
            over(event)

    async def _send(self, event: Event, function: Function, condition: Condition) -> None:
        call, good = event.call, condition == "Success"
        arn = call.arn or self._fleet.arn(function.name)
        tried = records.Tried(function.name, arn, call.request_id, event.tries, event.last, self._clock.now())
        reason = "" if good else trying.given_up(event, condition)
        if end := function.on_success if good else function.on_failure:
            message = records.invoked(tried, call.event, condition)
            await self._sender.send(end, message, trying.step(event, "sent", reason))
        if function.dead_letter is not None and not good:
            letter = records.dead_letter(tried, call.event)
            await self._sender.send(function.dead_letter, letter, trying.step(event, "dead-lettered", reason))
