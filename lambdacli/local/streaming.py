"""A response that comes in pieces: who takes it, and how the runtime is kept waiting while they are taken.

As "Response streaming for Lambda functions" in the AWS Lambda developer guide, without its bandwidth limit.
"""

from __future__ import annotations

import asyncio  # noqa: TID253 - this module is only imported once a loop is wanted
import time
from functools import partial
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from lambdacli.local.runtime_api import Flow


class Streaming(Protocol):
    """Who takes a response piece by piece. Called from the loop's thread, in order, one call at a time.

    Where a call returns something to await, the runtime is not read from until that is done, nor is there another
    call meanwhile. What a call raises ends the passing on: the function still runs to its end, all that it sends is
    dropped, and then `ExecutionEnvironment.invoke` raises it.
    """

    def begins(self, content_type: str) -> Awaitable[object] | None:
        """The runtime has begun to answer, in streaming mode. It may still fail before its first piece."""

    def chunk(self, data: bytes) -> Awaitable[object] | None:
        """The next piece of the body; never empty. Pieces that came while one was taken are joined."""


class Passing:
    """Passes one response on to who takes it; the runtime waits meanwhile."""

    def __init__(self, stream: Streaming) -> None:
        self._stream = stream
        self._flow: Flow | None = None
        self._pending = bytearray()
        self._taking: asyncio.Future[object] | None = None
        self._error: BaseException | None = None
        self._closed = False

    def begins(self, content_type: str, flow: Flow) -> None:
        """The runtime has begun to answer."""
        self._flow = flow
        self._give(partial(self._stream.begins, content_type))

    def piece(self, data: bytes) -> None:
        """A piece has come."""
        if self._taking is not None:
            self._pending += data
        else:
            self._give(partial(self._stream.chunk, data))

    async def close(self, seconds: float) -> None:
        """Nothing more will come: let what has come be taken, for so many seconds.

        Raises:
            BaseException: what the taker raised.
        """
        end = time.monotonic() + seconds
        while self._taking is not None and (left := end - time.monotonic()) > 0:
            await asyncio.wait([self._taking], timeout=left)
        self.cancel()
        if self._error is not None:
            raise self._error

    def cancel(self) -> None:
        """Nobody wants the rest."""
        self._closed = True
        if self._taking is not None:
            self._taking.cancel()

    def _give(self, take: Callable[[], Awaitable[object] | None]) -> bool:
        """Whether the taker needs time for it."""
        if self._error is not None or self._closed:
            return False
        try:
            taken = take()
        except Exception as error:  # noqa: BLE001 - raised by `close`
            self._error = error
            return False
        if taken is None:
            return False
        if self._flow is not None:
            self._flow.pause()
        self._taking = asyncio.ensure_future(taken)
        self._taking.add_done_callback(self._taken)
        return True

    def _taken(self, taking: asyncio.Future[object]) -> None:
        """It is taken: pass on what came meanwhile, then let more come."""
        self._taking = None
        data = bytes(self._pending)
        self._pending.clear()
        if not taking.cancelled():
            self._error = taking.exception()
            if data and self._give(partial(self._stream.chunk, data)):
                return
        if self._flow is not None:
            self._flow.resume()
