"""Work in the background that never dies silently, and that somebody waits for in the end."""

from __future__ import annotations

import asyncio  # noqa: TID253 - this module is only imported once a loop is wanted
from typing import TYPE_CHECKING, Any

from lambdacli.errors import LambdacliError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from lambdacli.serve.telling import Telling

_PAUSE = 1.0  # seconds before what broke off begins again


class Tasks:
    """The tasks of one mapping."""

    def __init__(self, name: str, telling: Telling) -> None:
        self._name = name
        self._telling = telling
        self._all: set[asyncio.Task[None]] = set()

    def keep(self, work: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
        """Do it, and begin it again whenever it breaks off."""
        return self.begin(self._kept(work))

    def once(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Do it; what goes wrong is told."""
        return self.begin(self._told(work))

    def begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """The task, kept until it is done."""
        task = asyncio.get_running_loop().create_task(work)
        self._all.add(task)
        task.add_done_callback(self._all.discard)
        return task

    async def done(self, seconds: float | None = None) -> None:
        """Wait for all of them, and for those that they begin; after so many seconds they are cancelled."""
        if seconds is not None:
            await asyncio.wait(self._all, timeout=seconds) if self._all else None
            for task in self._all:
                task.cancel()
        while self._all:
            await asyncio.gather(*self._all, return_exceptions=True)

    async def cancel(self) -> None:
        """End all of them."""
        await self.done(0)

    async def _kept(self, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                return await work()
            except Exception as error:  # noqa: BLE001 - whatever it is, it is told, and the source is served on
                self._trouble(error)
            await asyncio.sleep(_PAUSE)

    async def _told(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001 - as above
            self._trouble(error)

    def _trouble(self, error: Exception) -> None:
        if isinstance(error, LambdacliError):
            self._telling.trouble(error)
            return
        hint = "this is a bug of lambdacli; the source is served on"
        self._telling.trouble(LambdacliError(f"{self._name}: {type(error).__name__}: {error}", hint=hint))
