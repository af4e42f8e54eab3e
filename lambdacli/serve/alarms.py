"""Things that wait for a moment of the clock, whatever that clock is."""

from __future__ import annotations

import asyncio  # noqa: TID253 - this module is only imported once a loop is wanted
import heapq
from itertools import count
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from lambdacli.serve.clock import Clock

T = TypeVar("T")


class Alarms(Generic[T]):
    """Hands things over when their moment has come, the earliest first, with one sleeper for all of them.

    Args:
        clock: whose moments these are.
        ring: gets each thing, in the loop's thread.
    """

    def __init__(self, clock: Clock, ring: Callable[[T], object]) -> None:
        self._clock = clock
        self._ring = ring
        self._waiting: list[tuple[datetime, int, T]] = []
        self._numbers = count()
        self._sleeper: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, moment: datetime, thing: T) -> None:
        """Hand it over when it is that late."""
        heapq.heappush(self._waiting, (moment, next(self._numbers), thing))
        if self._waiting[0][2] is thing or self._sleeper is None:
            self._sleep()

    def take(self, wanted: Callable[[T], bool]) -> list[tuple[datetime, T]]:
        """Those that are wanted back, with their moments: they are not handed over any more."""
        taken = sorted(each for each in self._waiting if wanted(each[2]))
        self._waiting = [each for each in self._waiting if not wanted(each[2])]
        heapq.heapify(self._waiting)
        if taken:
            self._sleep()
        return [(moment, thing) for moment, _, thing in taken]

    def _sleep(self) -> None:
        if self._sleeper is not None:
            self._sleeper.cancel()
        self._sleeper = asyncio.get_running_loop().create_task(self._rings()) if self._waiting else None

    async def _rings(self) -> None:
        while self._waiting:
            moment = self._waiting[0][0]
            await self._clock.sleep_until(moment)
            now = max(moment, self._clock.now())
            while self._waiting and self._waiting[0][0] <= now:
                self._ring(heapq.heappop(self._waiting)[2])
        self._sleeper = None
