"""Records of a shard gathered into batches, in order: by size, by time, by the window that they belong to."""

from __future__ import annotations

import asyncio  # noqa: TID253 - this module is only imported once a loop is wanted
import contextlib
from collections import deque
from typing import TYPE_CHECKING

from lambdacli.serve.polled import windows
from lambdacli.serve.polled.attempts import Attempts, Left
from lambdacli.serve.polled.packing import fits

if TYPE_CHECKING:
    from collections.abc import Callable

    from lambdacli.serve.polled.checkpoint import Checkpoint
    from lambdacli.serve.polled.stream_api import Record
    from lambdacli.serve.polled.stream_settings import Wired
    from lambdacli.serve.polled.windows import Window

_BATCHES = 2  # that wait, before no more is read
_LOOK = 0.25  # seconds between two looks whether a window is over


class Lane:
    """One batch after another. `drained` is called when there is room for more records."""

    def __init__(self, wired: Wired, shard: str, checkpoint: Checkpoint, drained: Callable[[], object]) -> None:
        self._settings = wired.settings
        self._wired = wired
        self._checkpoint = checkpoint
        self._drained = drained
        self._attempts = Attempts(wired, shard, checkpoint)
        self._buffer: deque[Record] = deque()
        self._since = 0.0  # of the loop's clock: when the first of them came
        self._size = 0  # bytes
        self._changed = asyncio.Event()
        self._closed = False
        self._caught_up = 0.0  # seconds since 1970 when there was nothing more to read
        self._at_hand: tuple[Record, ...] = ()

    @property
    def full(self) -> bool:
        """Enough records wait."""
        return len(self._buffer) >= _BATCHES * self._settings.size or not fits(self._size, b"")

    def put(self, record: Record) -> None:
        """The next record."""
        if not self._buffer:
            self._since = asyncio.get_running_loop().time()
        self._buffer.append(record)
        self._size += len(record.text) + 1
        self._changed.set()

    def caught_up(self, moment: float) -> None:
        """There was nothing more in the shard at that time."""
        self._caught_up = moment
        if self._attempts.window is not None:
            self._changed.set()

    def close(self) -> None:
        """No record follows any more."""
        self._closed = True
        self._changed.set()

    def leave(self, task: asyncio.Task[None]) -> None:
        """Begin nothing new; an invocation that runs is finished."""
        self._attempts.leaving = True
        if not self._attempts.invoking:
            task.cancel()

    async def run(self) -> None:
        """Until it is closed and empty, or left."""
        try:
            with contextlib.suppress(Left):
                while await self._wanted():
                    await self._next()
        finally:
            if ids := self._checkpoint.left(each.sequence for each in self._at_hand):
                step = self._wired.step._replace(what="returned", records=ids, detail="its stream still has it")
                self._wired.common.telling.step(step)

    async def _next(self) -> None:
        if self._is_over():
            await self._attempts.close()
            return
        batch = self._taken()
        if self._settings.tumbling and self._attempts.window is None:
            self._attempts.window = self._window(batch[0])
        self._at_hand = batch
        await self._attempts.process(batch)
        self._at_hand = ()

    async def _wanted(self) -> bool:
        """Wait until a batch is ready, or a window is over; whether there is more to do."""
        while not (self._is_over() or self._is_ready()):
            if self._closed:
                return False
            self._changed.clear()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._changed.wait(), self._patience())
        return True

    def _patience(self) -> float | None:
        if self._buffer:
            return max(0.0, self._since + self._settings.window - asyncio.get_running_loop().time())
        return _LOOK if self._attempts.window is not None else None

    def _is_ready(self) -> bool:
        if not self._buffer:
            return False
        settings = self._settings
        waited = asyncio.get_running_loop().time() - self._since >= settings.window
        return waited or self._closed or len(self._buffer) >= settings.size or not fits(self._size, b"")

    def _is_over(self) -> bool:
        """Whether the window that is open has had all of its records."""
        window = self._attempts.window
        if window is None:
            return False
        if self._buffer:
            return self._window(self._buffer[0]).start > window.start
        return self._closed or self._caught_up >= window.end

    def _window(self, record: Record) -> Window:
        return windows.window(record.arrival, self._settings.tumbling)

    def _taken(self) -> tuple[Record, ...]:
        """The next batch: of one window, no larger than an event may be."""
        batch: list[Record] = []
        size = 0
        window = self._attempts.window or (self._window(self._buffer[0]) if self._settings.tumbling else None)
        while self._buffer and len(batch) < self._settings.size:
            following = self._buffer[0]
            if batch and not fits(size, following.text):
                break
            if window is not None and self._window(following).start > window.start:
                break
            size += len(following.text) + 1
            batch.append(self._buffer.popleft())
        self._size -= size
        self._since = asyncio.get_running_loop().time()
        self._drained()
        return tuple(batch)
