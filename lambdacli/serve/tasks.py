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
    """Some tasks with one purpose; what goes wrong in one is told under its name."""

    def __init__(self, name: str, telling: Telling) -> None:
        self._name = name
        self._telling = telling
        self._running: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        return len(self._running)

    def begin(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run it from now on."""
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def keep(self, work: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
        """Run it from now on, and again after a pause whenever it breaks off."""
        return self.begin(self._kept(work))

    async def wait(self, seconds: float) -> None:
        """Return when all are done, or after so long."""
        if self._running:
            await asyncio.wait(self._running, timeout=seconds)

    async def done(self, seconds: float | None = None) -> None:
        """Wait for all of them, and for those that they begin; after so many seconds they are cancelled."""
        if seconds is not None:
            await self.wait(seconds)
            for task in self._running:
                task.cancel()
        while self._running:
            await asyncio.gather(*self._running, return_exceptions=True)

    async def cancel(self) -> None:
        """End all of them."""
        await self.done(0)

    async def _kept(self, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                return await work()
            except Exception as error:  # noqa: BLE001 - whatever it is, it is told, and the work goes on
                self._tell(error)
            await asyncio.sleep(_PAUSE)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._tell(error)

    def _tell(self, error: BaseException) -> None:
        if isinstance(error, LambdacliError):
            self._telling.trouble(error)
            return
        hint = "this is a bug of lambdacli; all else goes on"
        self._telling.trouble(LambdacliError(f"{self._name}: {type(error).__name__}: {error}", hint=hint))
