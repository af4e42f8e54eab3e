"""One shard of a stream read from where it was left, its records dealt out to lanes that keep their order."""

from __future__ import annotations

import asyncio  # noqa: TID253 - this module is only imported once a loop is wanted
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from zlib import crc32

from lambdacli.errors import LambdacliError
from lambdacli.refusals import Refused, throttled
from lambdacli.serve.polled.checkpoint import Checkpoint
from lambdacli.serve.polled.lane import Lane
from lambdacli.serve.polled.packing import written
from lambdacli.serve.polled.stream_api import Page, Position, Raw, Record

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lambdacli.serve.polled.stream_settings import Wired

_SHORTEST, _LONGEST = 0.1, 0.25  # seconds between two looks at a shard of a source that is near
_SLOWER = 1.01  # each time that nothing came: a quarter of a minute from the shortest to the longest
_FEWEST = 100  # records that are asked for at once
_THROTTLED = 1.0  # seconds: five reads a second and 2 MB, for all who read
_ABSENT = 0.5


class Shard:
    """Reads one shard.

    Attributes:
        id: the shard's.
        over: all of its records are done, and no more will come.
    """

    def __init__(self, wired: Wired, shard: str, position: Position, look: Callable[[], object]) -> None:
        """Nothing is read yet; `look` is called when the stream may have changed."""
        self.id = shard
        self.over = False
        self._wired = wired
        self._look = look
        self._first = position
        self._next = position
        self._opened = time.time()
        self._not_before = position.time
        self._iterator = ""
        self._checkpoint = Checkpoint(position.sequence)
        self._drained = asyncio.Event()
        self._lanes = [
            Lane(wired, shard, self._checkpoint, self._drained.set) for _ in range(wired.settings.lanes)
        ]  # fmt: skip
        self._working: list[asyncio.Task[None]] = []
        self._reading: asyncio.Task[None] | None = None

    @property
    def position(self) -> Position:
        """Where to go on."""
        if self._checkpoint.sequence:
            return Position("AFTER_SEQUENCE_NUMBER", self._checkpoint.sequence)
        return Position("AT_TIMESTAMP", time=self._opened) if self._first.kind == "LATEST" else self._first

    async def open(self) -> None:
        """Take the iterator: what comes from now on is not missed.

        Raises:
            Refused: there is no such shard, or nobody answers.
        """
        self._opened = time.time()
        self._iterator = await self._wired.api.iterator(self.id, self._next)

    async def run(self) -> None:
        """Until all is done of a shard that is closed, or it is left."""
        loop = asyncio.get_running_loop()
        self._working = [loop.create_task(lane.run()) for lane in self._lanes]
        self._reading = loop.create_task(self._read())
        try:
            await self._unbroken(self._reading)
        finally:
            self._reading.cancel()
            for lane in self._lanes:
                lane.close()
            results = await asyncio.gather(self._reading, *self._working, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                raise result
        self.over = not isinstance(results[0], BaseException)

    def end(self) -> None:
        """The shard is not there any more: what was read of it is done, and no more comes."""
        self._next = Position("TRIM_HORIZON")
        self.over = True

    def leave(self) -> None:
        """Read no more; invocations that run are finished."""
        if self._reading is not None:
            self._reading.cancel()
        for lane, task in zip(self._lanes, self._working, strict=False):
            lane.leave(task)

    def abandon(self) -> None:
        """Leave, and wait for no invocation."""
        self.leave()
        for task in self._working:
            task.cancel()

    async def _unbroken(self, reading: asyncio.Task[None]) -> None:
        """Wait until reading ends, or a lane breaks off."""
        pending = {reading, *self._working}
        while reading in pending:
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            if any(not each.cancelled() and each.exception() for each in done):
                return

    # Reading

    async def _read(self) -> None:
        pause = self._interval()
        while not self.over:
            await self._room()
            asked = time.time()
            if (page := await self._page()) is None:
                continue
            self._deal(page.records)
            if not page.following:
                return
            self._iterator = page.following
            if page.records:
                pause = self._interval()
                continue
            for lane in self._lanes:
                lane.caught_up(asked)
            await asyncio.sleep(pause)
            pause = min(pause * _SLOWER, max(_LONGEST, pause))

    def _interval(self) -> float:
        return _SHORTEST if self._wired.local else self._wired.api.interval

    async def _room(self) -> None:
        while any(lane.full for lane in self._lanes):
            self._drained.clear()
            await self._drained.wait()

    async def _page(self) -> Page | None:
        """None: something was in the way, and has been waited for."""
        wired = self._wired
        try:
            if not self._iterator:
                self._iterator = await wired.api.iterator(self.id, self._next)
            page = await wired.api.page(self._iterator, max(_FEWEST, wired.settings.size * wired.settings.lanes))
        except LambdacliError as error:
            await self._trouble(error)
            return None
        wired.reach.found()
        return page

    async def _trouble(self, error: LambdacliError) -> None:
        code = error.code if isinstance(error, Refused) else ""
        if isinstance(error, Refused) and throttled(error):
            await asyncio.sleep(_THROTTLED)
            return
        self._iterator = ""
        if self._next.kind == "LATEST":  # the newest record was another one when it was opened
            self._not_before = self._opened
            self._next = Position("AT_TIMESTAMP", time=self._opened)
        if code == "TrimmedDataAccessException":
            self._wired.common.telling.warning(f"{self._wired.step.source}: records of {self.id} expired unread")
            self._next = Position("TRIM_HORIZON")
        elif code != "ExpiredIteratorException":
            self._look()
            if isinstance(error, Refused) and error.absent:  # whoever looks tells of it, if it is not there
                await asyncio.sleep(_ABSENT)
            else:
                await self._wired.reach.lost(error)

    # Dealing out

    def _deal(self, page: Sequence[Any]) -> None:
        if not page:
            return
        wired = self._wired
        read = [wired.api.record(given, self.id, wired.identity.arn) for given in page]
        self._next = Position("AFTER_SEQUENCE_NUMBER", read[-1].sequence)
        moment = int(self._not_before)  # the service may not know where that is
        wanted = tuple(raw.sequence for raw in read if raw.arrival >= moment)
        if wanted:
            wired.common.telling.step(wired.step._replace(records=wanted))
        for raw in read:
            if raw.arrival >= moment:
                self._offer(raw)
            else:
                self._checkpoint.read(raw.sequence, wanted=False)

    def _offer(self, raw: Raw) -> None:
        passes, reason = self._wired.filters.passes(raw.seen)
        self._checkpoint.read(raw.sequence, wanted=passes)
        if passes:
            self._lanes[crc32(raw.key.encode()) % len(self._lanes)].put(self._record(raw))
            return
        step = self._wired.step._replace(what="filtered", records=(raw.sequence,), detail=reason)
        self._wired.common.telling.step(step)

    def _record(self, raw: Raw) -> Record:
        now = self._wired.common.clock.now()
        since = now - timedelta(seconds=max(0.0, time.time() - raw.arrival)) if raw.arrival else now
        return Record(raw.sequence, raw.arrival, since, written(raw.seen))
