"""A clock that a test moves: nothing happens before it says so, and a day takes no time."""

from __future__ import annotations

import asyncio
import heapq
from datetime import datetime, timedelta, timezone
from itertools import count

_PATIENCE = 20  # real seconds until somebody has to sleep
_TURNS = 20  # of the loop: what was woken goes on to where it sleeps again, or waits for the outside world


class Clock:
    """Stands still but for `reach`, `passes` and `skip`; sleepers wake in the order of their moments."""

    def __init__(self, start: datetime = datetime(2026, 1, 1, tzinfo=timezone.utc)) -> None:
        self._now = start.astimezone(timezone.utc)
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._numbers = count()

    def now(self) -> datetime:
        return self._now

    async def sleep_until(self, moment: datetime) -> None:
        if moment <= self._now:
            await asyncio.sleep(0)
            return
        sleeper = (moment, next(self._numbers), asyncio.get_running_loop().create_future())
        heapq.heappush(self._sleepers, sleeper)
        try:
            await sleeper[2]
        finally:
            if sleeper in self._sleepers:  # cancelled
                self._sleepers.remove(sleeper)
                heapq.heapify(self._sleepers)

    @property
    def waiting(self) -> list[datetime]:
        """Until when somebody sleeps, the earliest first."""
        return sorted(moment for moment, _, _ in self._sleepers)

    async def asleep(self, number: int = 1) -> list[datetime]:
        """Wait in real time until at least so many sleep; `waiting` then."""
        loop = asyncio.get_running_loop()
        until = loop.time() + _PATIENCE
        while len(self._sleepers) < number:
            assert loop.time() < until, f"{len(self._sleepers)} of {number} sleep"
            await asyncio.sleep(0.002)
        return self.waiting

    async def reach(self, moment: datetime) -> None:
        """Go on to a moment, from sleeper to sleeper: each sees the time that it has asked for."""
        await _settled()
        while self._sleepers and self._sleepers[0][0] <= moment:
            await self._wake(self._sleepers[0][0])
        self._now = max(self._now, moment)
        await _settled()

    async def passes(self, seconds: float) -> None:
        """Go on for so long."""
        await self.reach(self._now + timedelta(seconds=seconds))

    async def skip(self) -> datetime:
        """Wait in real time until somebody sleeps, and go on to when the first of them wants to wake; that moment."""
        await self.asleep()
        moment = self._sleepers[0][0]
        await self.reach(moment)
        return moment

    async def _wake(self, moment: datetime) -> None:
        self._now = moment
        while self._sleepers and self._sleepers[0][0] <= moment:
            sleeper = heapq.heappop(self._sleepers)[2]
            if not sleeper.done():
                sleeper.set_result(None)
        await _settled()


async def _settled() -> None:
    for _ in range(_TURNS):
        await asyncio.sleep(0)
