"""What one coroutine waits for, as cheap as it gets: a queue for one reader, and a timer that is set over and over."""

from __future__ import annotations

import asyncio  # noqa: TID253 - this module is only imported once a loop is wanted
from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Mail(Generic[T]):
    """Happenings in order, for one reader at a time: who awaits them one by one, or a function that takes each."""

    __slots__ = ("_reader", "_taker", "_waiting")

    def __init__(self) -> None:
        self._waiting: deque[T] = deque()
        self._reader: asyncio.Future[None] | None = None
        self._taker: Callable[[T], object] | None = None

    def put(self, happening: T) -> None:
        """Something happened."""
        if self._taker is not None:
            self._taker(happening)
            return
        self._waiting.append(happening)
        reader = self._reader
        if reader is not None and not reader.done():
            reader.set_result(None)

    def give(self, taker: Callable[[T], object] | None) -> None:
        """From now on call a function with each, at once; None: keep them for `get`."""
        self._taker = taker
        while self._waiting and self._taker is not None:
            self._taker(self._waiting.popleft())

    async def get(self) -> T:
        """The first that nobody has got yet."""
        while not self._waiting:
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        return self._waiting.popleft()


class Alarm:
    """Rings once, unless it is cleared or set anew before.

    Setting and clearing it costs next to nothing: the loop's timer stays, and looks when it is due whether it is time.
    """

    __slots__ = ("_due", "_ring", "_timer")

    def __init__(self, ring: Callable[[], object]) -> None:
        self._ring = ring
        self._due: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    def set(self, seconds: float | None) -> None:
        """Ring after so many seconds; None: never."""
        if seconds is None:
            self._due = None
            return
        loop = asyncio.get_running_loop()
        self._due = due = loop.time() + max(0.0, seconds)
        if self._timer is None or self._timer.when() > due:
            self._cancel()
            self._timer = loop.call_at(due, self._look)

    def clear(self) -> None:
        """Do not ring."""
        self._due = None

    def end(self) -> None:
        """Do not ring, and hold nothing any more."""
        self._due = None
        self._cancel()

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        if self._due is None:
            return
        loop = asyncio.get_running_loop()
        if loop.time() + _RESOLUTION >= self._due:
            self._due = None
            self._ring()
        else:
            self._timer = loop.call_at(self._due, self._look)


_RESOLUTION = 1e-6  # seconds by which a loop's timers may come early
