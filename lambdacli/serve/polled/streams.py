"""Streams of shards: found, begun parents first, gone on with where they were left.

Source: "Polling and batching streams" of the chapters on Kinesis and DynamoDB in the AWS Lambda developer guide.
"""

from __future__ import annotations

import asyncio  # noqa: TID253 - this module is only imported once a loop is wanted
import contextlib
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdacli import triggers
from lambdacli.errors import LambdacliError
from lambdacli.local.invocation import new_id
from lambdacli.patterns.records import Filters
from lambdacli.refusals import Refused
from lambdacli.serve.polled.reach import Reach
from lambdacli.serve.polled.shard import Shard
from lambdacli.serve.polled.stream_api import Position
from lambdacli.serve.polled.stream_settings import Wired, settings
from lambdacli.serve.tasks import Tasks
from lambdacli.serve.telling import Step
from lambdacli.triggers._mappings import seconds

if TYPE_CHECKING:
    from collections.abc import Container, Iterable
    from collections.abc import Mapping as Values

    from lambdacli.model import Trigger
    from lambdacli.serve.polled.mapping import Wiring
    from lambdacli.serve.polled.stream_api import Api, Identity, ShardInfo

_LOOK, _NEAR_LOOK = 30.0, 3.0  # seconds between two looks for new shards, and at whether it is still the same stream
_SENDING = 5.0  # seconds that records may take to be at their destination, when everything ends
_BROKEN = 1.0  # seconds before what broke off begins again

_OLDEST = Position("TRIM_HORIZON")


class Left(NamedTuple):
    """How far a stream is done."""

    made: str  # which stream it was
    shards: Values[str, Position]
    done: frozenset[str]


class Stream:
    """One stream and one function: a `Mapping`."""

    def __init__(self, wiring: Wiring, function: str, trigger: Trigger, api: Api, key: str) -> None:
        self.name = api.name
        self._wiring = wiring
        self._trigger = trigger
        self._api = api
        self._step = Step("received", api.name, function)
        telling = wiring.common.telling
        self._reach = Reach(api.name, triggers.where(function, trigger, key), telling, ours=wiring.source.ours)
        self._filters = Filters(trigger.settings.get("filters", ()), api.data_key)
        self._uuid = new_id()
        self._watching = Tasks(api.name, telling)
        self._reading = Tasks(api.name, telling)
        self._sending = Tasks(api.name, telling)
        self._identity: Identity | None = None
        self._first: Position | None = _starting(trigger)  # None: what is open is read from now on, once
        self._shards: dict[str, Shard] = {}
        self._done: set[str] = set()
        self._left: dict[str, Position] = {}  # of shards that are to be gone on with
        self._look = asyncio.Event()
        self._new = False  # all that was in it is gone

    @property
    def position(self) -> Any:
        """How far it is done."""
        made = self._identity.made if self._identity else ""
        positions = {**self._left, **{key: each.position for key, each in self._shards.items()}}
        return Left(made, positions, frozenset(self._done))

    async def start(self, position: Any = None) -> None:
        """As `Mapping`: iterators are taken when it returns."""
        try:
            await self._refresh(position)
        except LambdacliError as error:
            self._missed(error)
            self._watching.begin(self._reach.lost(error))
        self._watching.keep(self._watch)

    async def again(self) -> None:
        """As `Mapping`."""
        self._new = True
        self._look.set()
        self._reach.again()

    async def pause(self) -> None:
        """As `Mapping`."""
        await self._watching.cancel()
        for each in self._shards.values():
            each.leave()

    async def finish(self) -> None:
        """As `Mapping`."""
        await self.pause()
        await self._reading.done()
        await self._sending.done()

    async def stop(self) -> None:
        """As `Mapping`."""
        await self._watching.cancel()
        for each in self._shards.values():
            each.abandon()
        await self._reading.done()
        await self._sending.done(_SENDING)

    # Following the stream

    async def _watch(self) -> None:
        near = bool(self._wiring.source.endpoint)
        while True:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._look.wait(), _NEAR_LOOK if near else _LOOK)
            self._look.clear()
            try:
                await self._refresh()
            except LambdacliError as error:
                self._missed(error)
                await self._reach.lost(error)
            else:
                self._reach.found()

    def _missed(self, error: LambdacliError) -> None:
        """It is asked again; where there is none now, all that will be in it is new."""
        self._look.set()
        if isinstance(error, Refused) and error.absent:
            self._new = True

    async def _refresh(self, left: Left | None = None) -> None:
        identity = await self._api.identity()
        if left is not None:
            self._go_on(left, identity)
        if self._new or (self._identity is not None and identity.made != self._identity.made):
            self._drop()
        self._new = False
        shards = await self._api.shards()
        wired = self._wired(identity)
        wanted = [(key, at) for key, at in self._wanted(shards) if key not in self._shards]
        new = [Shard(wired, key, at, self._look.set) for key, at in wanted]
        await asyncio.gather(*(each.open() for each in new))
        self._identity = identity
        self._first = self._first or _OLDEST
        for each in new:
            self._left.pop(each.id, None)
            self._shards[each.id] = each
            self._reading.begin(self._read(each))
        self._end(self._shards.keys() - {each.id for each in shards})

    def _go_on(self, left: Left, identity: Identity) -> None:
        self._first = _OLDEST
        if left.made == identity.made:
            self._left, self._done = dict(left.shards), set(left.done)

    def _wired(self, identity: Identity) -> Wired:
        wiring = self._wiring
        return Wired(
            wiring.common, wiring.sender, self._api, settings(self._trigger), self._filters, identity, self._step,
            self._uuid, self._reach, self._sending, local=bool(wiring.source.endpoint),
        )  # fmt: skip

    def _wanted(self, shards: Iterable[ShardInfo]) -> Iterable[tuple[str, Position]]:
        """The shards that can be begun now, and where."""
        if self._first is None:
            self._done |= {each.id for each in shards if each.closed}
            return [(each.id, Position("LATEST")) for each in shards if not each.closed]
        known = {each.id for each in shards}
        open_ = [each for each in shards if each.id not in self._done]
        first = self._first
        return [
            (each.id, self._left.get(each.id, first))
            for each in open_
            if each.id in self._left or _follows(each, known, self._done)
        ]

    def _drop(self) -> None:
        """It is another stream by now, whose records are all new."""
        for each in self._shards.values():
            each.leave()
        self._shards, self._left = {}, {}
        self._done = set()
        self._first = _OLDEST

    def _end(self, gone: Iterable[str]) -> None:
        for key in gone:
            self._shards[key].end()

    async def _read(self, shard: Shard) -> None:
        try:
            await shard.run()
        except Exception:
            await asyncio.sleep(_BROKEN)
            if self._forgotten(shard):
                self._left[shard.id] = shard.position
            raise
        if shard.over and self._forgotten(shard):
            self._done.add(shard.id)

    def _forgotten(self, shard: Shard) -> bool:
        """Whether it was one of this stream's; what comes after it can be begun."""
        if self._shards.get(shard.id) is not shard:
            return False
        del self._shards[shard.id]
        self._look.set()
        return True


def _follows(shard: ShardInfo, known: Container[str], done: Container[str]) -> bool:
    """Whether all that comes before it is done, or not there any more."""
    return all(parent in done or parent not in known for parent in shard.parents)


def _starting(trigger: Trigger) -> Position | None:
    kind = trigger.settings["starting_position"]
    if kind == "AT_TIMESTAMP":
        return Position(kind, time=seconds(trigger.settings.get("starting_position_timestamp", time.time())))
    return _OLDEST if kind == "TRIM_HORIZON" else None
