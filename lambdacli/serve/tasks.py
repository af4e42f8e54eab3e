"""Tasks that nobody waits for, none of them forgotten."""

from __future__ import annotations

import asyncio  # noqa: TID253 - this module is only imported once a loop is wanted
from typing import TYPE_CHECKING, Any

from lambdacli.errors import LambdacliError

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from lambdacli.serve.telling import Telling


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
        task.add_done_callback(self._done)
        return task

    async def wait(self, seconds: float) -> None:
        """Return when all are done, or after so long."""
        if self._running:
            await asyncio.wait(self._running, timeout=seconds)

    async def cancel(self) -> None:
        """End all that run."""
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            known = isinstance(error, LambdacliError)
            self._telling.trouble(
                error if known else LambdacliError(f"{self._name}: {type(error).__name__}: {error}")  # type: ignore[arg-type]
            )
