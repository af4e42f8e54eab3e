"""Asynchronous invocation: a queue of events, tried up to three times, whose outcome goes to destinations.

Source: "How Lambda handles errors and retries with asynchronous invocation" and "Capturing records of Lambda
asynchronous invocations" in the AWS Lambda developer guide.
"""

from __future__ import annotations

import asyncio  # noqa: TID253 - this module is only imported once a loop is wanted
from collections import deque
from typing import TYPE_CHECKING, Protocol

from lambdacli.errors import LambdacliError
from lambdacli.local.invocation import new_id
from lambdacli.serve import trying
from lambdacli.serve.alarms import Alarms
from lambdacli.serve.endings import Endings
from lambdacli.serve.fleet import NoSuchFunction, Throttled
from lambdacli.serve.tasks import Tasks
from lambdacli.serve.trying import Event

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from lambdacli.model import Function, Manifest
    from lambdacli.serve.clock import Clock
    from lambdacli.serve.destinations.records import Condition
    from lambdacli.serve.fleet import Call, Fleet
    from lambdacli.serve.parts import Source
    from lambdacli.serve.telling import Telling, What

_AT_ONCE = 50  # events of one function that run or wait for an environment: who calls and waits comes in between
_MOST = 256 << 20  # bytes of all events that are not over
_OVERHEAD = 1024  # bytes that even the smallest event takes
_LEFT = "its function has left the manifest"


class Later(Protocol):
    """Takes events for functions that nobody waits for."""

    @property
    def full(self) -> bool:
        """Whether the next event might be discarded: whoever can wait should."""

    def submit(self, function: str, call: Call, source: str, record: str = "") -> None:
        """Invoke as soon as possible; retries, dead letters and destinations follow as the function says.

        What happens to the event from here on is told; that it has come is told by whoever has it.

        Args:
            function: its name in the manifest.
            call: its event; `hear` and `stream` are not used.
            source: as people say it: s3 photos, schedule rate(5 minutes).
            record: what tells the event from others: an object's key, a message id; "" for none.
        """


class Queueing:
    """A `Later` and a `Part`: a queue for each function, in memory.

    Args:
        fleet: what runs the functions.
        clock: whose time retries and ages go by.
        telling: hears of every event.
        most: bytes of events that are not over; beyond, the next are discarded.
    """

    def __init__(self, fleet: Fleet, clock: Clock, telling: Telling, most: int = _MOST) -> None:
        self._fleet = fleet
        self._clock = clock
        self._telling = telling
        self._most = most
        self._endings = Endings(fleet, self, clock, telling)
        self._lines: dict[str, _Line] = {}
        self._alarms: Alarms[Event] = Alarms(clock, self._queue)
        self._running = Tasks("asynchronous events", telling)
        self._bytes = 0
        self._count = 0
        self._ended = False

    @property
    def source(self) -> Source | None:
        """Where destinations are; set it once it is there. None: only functions can be reached."""
        return self._endings.source

    @source.setter
    def source(self, source: Source | None) -> None:
        self._endings.source = source

    @property
    def full(self) -> bool:
        """Whether the next event might be discarded: whoever can wait should."""
        return self._bytes >= self._most // 2

    def pending(self) -> int:
        """Events that are not over: that wait, run, or whose record is on its way."""
        return self._count

    def submit(self, function: str, call: Call, source: str, record: str = "") -> None:
        """As `Later.submit`."""
        asked = call._replace(request_id=call.request_id or new_id(), hear=None, stream=None)
        event = Event(function, asked, source, record, self._clock.now())
        if self._ended:
            self._tell(event, "discarded", "everything has ended")
        elif self._function(function) is None:
            self._tell(event, "discarded", f"there is no function {function}")
        elif self._bytes + _size(event) > self._most:
            self._tell(event, "discarded", f"{self._most >> 20} MB of asynchronous events wait already")
        else:
            self._bytes += _size(event)
            self._count += 1
            self._queue(event)

    # Part

    async def start(self) -> None:
        """Nothing to begin: it works whenever an event comes."""

    async def change(self, manifest: Manifest) -> None:
        """Events of functions that have left are discarded; the others follow what their functions say now."""
        left = {name for name in self._lines if name not in manifest.functions}
        for event in self._taken(lambda event: event.function in left):
            self._over(event, _LEFT)
        for name in [*self._lines]:
            if name in left and not self._lines[name].running:
                del self._lines[name]
            else:
                self._advance(name)

    async def pause(self) -> None:
        """What is here goes on."""

    async def stop(self) -> None:
        """Tell of every event that is not over, and let records that are on their way arrive."""
        self._ended = True
        await asyncio.sleep(0)  # a task that is cancelled before its first step would tell nothing
        if self._count:
            self._telling.warning(f"{self._count} asynchronous events were not over when everything ended")
        for moment, event in self._alarms.take(lambda _: True):
            self._over(event, f"everything ended before its retry at {_shown(moment)}")
        for line in self._lines.values():
            while line.waiting:
                self._over(line.waiting.popleft(), "everything ended before its turn came")
        await self._running.cancel()
        await self._endings.stop()

    # An event's way

    def _queue(self, event: Event) -> None:
        self._lines.setdefault(event.function, _Line()).waiting.append(event)
        self._advance(event.function)

    def _advance(self, name: str) -> None:
        """Begin with as many as may run at once."""
        line, function = self._lines[name], self._function(name)
        reserved = function.reserved_concurrency if function else None
        most = _AT_ONCE if reserved is None else max(1, min(_AT_ONCE, reserved))
        while line.waiting and line.running < most:
            line.running += 1
            self._running.begin(self._turn(line, line.waiting.popleft()))

    async def _turn(self, line: _Line, event: Event) -> None:
        try:
            await self._attempt(event)
        except asyncio.CancelledError:
            self._over(event, "everything ended while it ran")
            raise
        finally:
            line.running -= 1
            if not self._ended:
                self._advance(event.function)

    async def _attempt(self, event: Event) -> None:
        function = self._function(event.function)
        if function is None:
            self._over(event, _LEFT)
        elif self._clock.now() >= trying.expiry(event, function):
            self._settle(event, function, "EventAgeExceeded")
        elif function.reserved_concurrency == 0:  # as the guide says: without any retries
            self._settle(event, function, "RetriesExhausted")
        else:
            await self._invoke(event)

    async def _invoke(self, event: Event) -> None:
        self._tell(event, "batched")
        try:
            outcome = await self._fleet.invoke(event.function, event.call)
        except Throttled as error:
            self._tell(event, "throttled", error.message)
            self._again(event, trying.after_refusal(event))
        except NoSuchFunction:
            self._over(event, _LEFT)
        except Exception as error:  # noqa: BLE001 - an event is not lost for what went wrong here
            self._telling.trouble(_trouble(event, error))
            self._again(event, trying.after_refusal(event))
        else:
            event.tries += 1
            event.last = outcome
            self._answered(event)

    def _answered(self, event: Event) -> None:
        outcome, function = event.last, self._function(event.function)
        assert outcome is not None  # noqa: S101 - it has just answered
        took = outcome.report.duration
        if outcome.status == "success":
            self._tell(event, "succeeded", milliseconds=took)
            self._settle(event, function, "Success")
            return
        self._tell(event, "failed", trying.reason(outcome), milliseconds=took)
        if function is None:
            self._over(event, _LEFT)
        elif event.tries > function.maximum_retry_attempts:
            self._settle(event, function, "RetriesExhausted")
        else:
            self._again(event, trying.after_error(event), f"try {event.tries + 1} of {trying.tries(function)}")

    def _again(self, event: Event, seconds: float, detail: str = "") -> None:
        function = self._function(event.function)
        if function is None or self._ended:
            why = "everything has ended" if function else _LEFT
            self._over(event, f"{why}: it is not tried again")
            return
        moment, expiry = trying.later(self._clock.now(), seconds), trying.expiry(event, function)
        if moment < expiry:
            self._tell(event, "retried", ", ".join(filter(None, (f"at {_shown(moment)}", detail))))
        self._alarms.add(min(moment, expiry), event)

    # Its end

    def _settle(self, event: Event, function: Function | None, condition: Condition) -> None:
        """It has succeeded, or failed for good."""
        if function is not None and self._endings.wanted(function, condition):
            self._endings.begin(event, function, condition, self._over)
        else:
            self._over(event, "" if condition == "Success" else trying.given_up(event, condition))

    def _over(self, event: Event, reason: str = "") -> None:
        """Forget it; with a reason it is discarded."""
        self._bytes -= _size(event)
        self._count -= 1
        if reason:
            self._tell(event, "discarded", reason)

    # Parts

    def _function(self, name: str) -> Function | None:
        return self._fleet.manifest.functions.get(name)

    def _taken(self, wanted: Callable[[Event], bool]) -> list[Event]:
        """Events that have not begun, out of their queues."""
        taken = [event for _, event in self._alarms.take(wanted)]
        for line in self._lines.values():
            taken += [event for event in line.waiting if wanted(event)]
            line.waiting = deque(event for event in line.waiting if not wanted(event))
        return taken

    def _tell(self, event: Event, what: What, detail: str = "", milliseconds: float | None = None) -> None:
        self._telling.step(trying.step(event, what, detail, milliseconds))


class _Line:
    """The queue of one function."""

    def __init__(self) -> None:
        self.waiting: deque[Event] = deque()
        self.running = 0


def _trouble(event: Event, error: Exception) -> LambdacliError:
    if isinstance(error, LambdacliError):
        return error
    return LambdacliError(f"{event.function} could not be invoked: {type(error).__name__}: {error}")


def _size(event: Event) -> int:
    return len(event.call.event) + _OVERHEAD


def _shown(moment: datetime) -> str:
    return f"{moment:%H:%M:%S} UTC"
