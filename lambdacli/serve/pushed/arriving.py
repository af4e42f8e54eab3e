"""What arrives of a source and what becomes of it: who gets it, who does not and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from lambdacli.serve.fleet import Call
from lambdacli.serve.telling import Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from concurrent.futures import Executor

    from lambdacli.errors import LambdacliError
    from lambdacli.model import Trigger
    from lambdacli.serve.asking import Asking
    from lambdacli.serve.parts import Common, Source


class Given(NamedTuple):
    """What every kind works with."""

    common: Common
    source: Source
    ask: Asking
    executor: Executor
    prefix: str  # of the names of all that is made for this: lambdacli-serve-<app>-<stage>


class Subscriber(NamedTuple):
    """A function's trigger."""

    function: str
    trigger: Trigger
    where: str  # in the manifest: functions.orders.triggers[0].s3


class Fate(NamedTuple):
    """What a trigger does with something: its function gets an event, or there is a reason why not."""

    function: str
    event: bytes = b""
    why: str = ""


class Arrival(NamedTuple):
    """One thing that a source says, and what each trigger does with it."""

    source: str  # as people say it: s3 photos
    record: str  # what tells it from others: a key, a message id
    fates: Sequence[Fate]


class Problem(NamedTuple):
    """Something that could not be set up yet."""

    what: str  # as people say it: s3 photos
    error: LambdacliError


class Feed(Protocol):
    """Brings the events of one kind here."""

    async def follow(self, subscribers: Sequence[Subscriber]) -> None:
        """From now on bring what these triggers want. Returns when it is set up, or was tried."""

    async def again(self) -> None:
        """Set everything up anew."""

    async def pause(self) -> None:
        """Take nothing new; what is at hand is handed over."""

    async def stop(self) -> None:
        """Let go; nothing of ours is left in a source that others have, too."""


def hand_over(common: Common, arrival: Arrival) -> None:
    """Tell of it, and put it into the functions' own queues: from there on it is an asynchronous invocation."""
    tell = common.telling.step
    records = (arrival.record,) if arrival.record else ()
    tell(Step("received", arrival.source, records=records))
    for fate in arrival.fates:
        if fate.why:
            tell(Step("filtered", arrival.source, fate.function, records, fate.why))
        else:
            common.later.submit(fate.function, Call(fate.event), arrival.source, arrival.record)


def grouped(subscribers: Iterable[Subscriber], setting: str, default: str = "") -> dict[str, list[Subscriber]]:
    """Triggers by the name of what they subscribe to."""
    from lambdacli.triggers._parts import name_of

    found: dict[str, list[Subscriber]] = {}
    for each in subscribers:
        found.setdefault(name_of(each.trigger.settings.get(setting, default)), []).append(each)
    return found
