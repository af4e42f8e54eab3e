"""How many batches of one mapping run at once: five to begin with, more while messages wait, fewer after failures.

Source: "Configuring scaling behavior for SQS event source mappings" and "Backoff strategy for failed invocations" in
the AWS Lambda developer guide.
"""

from __future__ import annotations

import asyncio  # noqa: TID253 - this module is only imported once a loop is wanted
import time
from collections import deque

START = 5
MOST = 1250
_MORE_PER_SECOND = 5.0  # 300 a minute


class Slots:
    """Places for batches; `most` is the limit that no load exceeds."""

    def __init__(self, most: int = MOST) -> None:
        self.most = max(1, most)
        self.limit = min(START, self.most)
        self.taken = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._grown = time.monotonic()

    async def take(self) -> None:
        """Wait for a free place, and take it."""
        while self.taken >= self.limit:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(waiter)
            try:
                await waiter
            except asyncio.CancelledError:
                self._wake()
                raise
        self.taken += 1

    def free(self) -> None:
        """Give a place back."""
        self.taken -= 1
        self._wake()

    def busy(self) -> None:
        """More messages wait than there are places for."""
        now = time.monotonic()
        more = int((now - self._grown) * _MORE_PER_SECOND)
        if more and self.taken >= self.limit < self.most:
            self._grown = now
            self.limit = min(self.limit + min(more, START), self.most)
            self._wake()

    def calm(self) -> None:
        """No message waits."""
        self.limit = min(START, self.most)
        self._grown = time.monotonic()
        self._wake()

    def better(self) -> None:
        """A batch succeeded."""
        if self.limit < min(START, self.most):
            self.limit += 1
            self._wake()

    def worse(self) -> None:
        """A batch failed, or found no environment."""
        self.limit = max(1, self.limit - 1)

    def _wake(self) -> None:
        places = self.limit - self.taken
        while places > 0 and self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                places -= 1
