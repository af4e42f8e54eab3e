"""What time it is for schedules, retries and the age of events: real, faster, or a test's."""

from __future__ import annotations

import asyncio  # noqa: TID253 - this module is only imported once a loop is wanted
import time
from datetime import datetime, timedelta, timezone
from typing import Protocol

_LONGEST = 10.0  # real seconds of one sleep: a machine that was suspended has slept on


class Clock(Protocol):
    """Time as the served functions' schedules and retries see it."""

    def now(self) -> datetime:
        """The moment, in UTC."""

    async def sleep_until(self, moment: datetime) -> None:
        """Return when it is that late."""


class Real:
    """Time that passes by itself, from the first look at it; it never goes back.

    It counts what has really passed, also while the machine was suspended: whoever sets the system's clock meanwhile
    changes nothing here.
    """

    def __init__(self, scale: float = 1.0, start: datetime | None = None) -> None:
        """Nothing passes yet.

        Args:
            scale: how many seconds pass in a real one: with 1440 a day is a minute long. More than 0.
            start: what time it is at the first look, with a zone; None: as the system's clock says then.
        """
        self._scale = scale
        self._start = start
        self._begun: tuple[datetime, float] | None = None  # the moment, and what had really passed then

    def now(self) -> datetime:
        """The moment, in UTC."""
        if self._begun is None:
            self._begun = (self._start or datetime.now(timezone.utc)).astimezone(timezone.utc), _passed()
            return self._begun[0]
        moment, passed = self._begun
        return moment + timedelta(seconds=(_passed() - passed) * self._scale)

    async def sleep_until(self, moment: datetime) -> None:
        """Return when it is that late, not before; at once, but after everybody else's turn, where it is already."""
        while (left := (moment - self.now()).total_seconds() / self._scale) > 0:  # noqa: ASYNC110 - time is no event
            await asyncio.sleep(min(left, _LONGEST))
        await asyncio.sleep(0)


def _passed() -> float:
    """Seconds since some moment, those in which the machine was suspended among them."""
    if hasattr(time, "CLOCK_BOOTTIME"):  # Linux, whose monotonic clock stops meanwhile
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    if hasattr(time, "clock_gettime"):  # macOS, where Python's monotonic() stops
        return time.clock_gettime(time.CLOCK_MONOTONIC)
    return time.monotonic()
