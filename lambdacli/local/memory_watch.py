"""Watches the memory of a process and its descendants, closely while it works and now and then while it is idle."""

from __future__ import annotations

import asyncio  # noqa: TID253 - this module is only imported once a loop is wanted
import time
from typing import TYPE_CHECKING

from lambdacli.local import guard, memory

if TYPE_CHECKING:
    from collections.abc import Callable

_PERIOD = 0.02  # seconds between two looks at all descendants of a process that works
_IDLE_PERIOD = 1.0  # and of one that does not: Lambda freezes these, so nothing should grow
_SOON = 0.005  # seconds: who worked for less has not used much more than the last time
_FRESH = 0.1  # seconds for which a process's peak is believed then: asking for it costs as much as a short invocation


class MemoryWatch:
    """Calls `exceeded` once when they use more than the limit together, in bytes. Begins as they begin to work."""

    def __init__(self, pid: int, limit: int, exceeded: Callable[[], object]) -> None:
        self._pid = pid
        self._limit = limit
        self._exceeded = exceeded
        self._most = 0
        self._asked = float("-inf")  # when the peak was asked for, by time.monotonic
        self._busy = True
        self._worked = True  # since the last look
        self._closely = True  # the next look comes soon
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        if memory.CAN_MEASURE:
            self._look()

    def begin(self) -> None:
        """It works from now on."""
        self._busy = self._worked = True
        if not self._closely and self._timer is not None:
            self._timer.cancel()
            self._closely = True
            self._timer = self._loop.call_later(_PERIOD, self._look)

    def rest(self) -> None:
        """It works no more."""
        self._busy = False

    def most(self, seconds: float) -> int:
        """Bytes that were used at most, after work that took so long."""
        now = time.monotonic()
        if seconds > _SOON or now - self._asked > _FRESH:
            self._asked = now
            self._most = max(self._most, memory.peak(self._pid))
        return self._most

    def stop(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        guard.current().note_orphans()
        self._most = max(self._most, memory.resident(self._pid))
        if self._most > self._limit:
            self._exceeded()
            return
        self._closely, self._worked = self._worked, self._busy
        self._timer = self._loop.call_later(_PERIOD if self._closely else _IDLE_PERIOD, self._look)
