"""Invokes functions for callers that do not wait for ever: what they leave behind runs on, and its end is told."""

from __future__ import annotations

import asyncio  # noqa: TID253 - this module is only imported once a loop is wanted
from functools import partial
from typing import TYPE_CHECKING

from lambdacli.errors import LambdacliError
from lambdacli.serve.telling import Step

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from lambdacli.local.invocation import Outcome
    from lambdacli.model import Manifest
    from lambdacli.serve.fleet import Call
    from lambdacli.serve.parts import Common


class Late(Exception):  # noqa: N818 - what the function is
    """The function took longer than its caller waits."""


class Desk:
    """What all sites invoke through."""

    def __init__(self, common: Common) -> None:
        self.common = common
        self.manifest: Manifest = common.fleet.manifest
        self._tasks: set[asyncio.Task[object]] = set()

    async def ask(
        self, function: str, call: Call, seconds: float, answer_late: Callable[[], Coroutine[object, object, None]]
    ) -> Outcome:
        """Invoke a function of the manifest. After so many seconds its caller is answered; this returns all the same.

        Without a task of its own, which would cost a fifth of a request.

        Raises:
            Late: it has come, but somebody has been told that it had not.
            Throttled: its reserved concurrency is in use.
            NoSuchFunction: it is not in the manifest.
        """
        late: list[asyncio.Task[None]] = []
        timer = asyncio.get_running_loop().call_later(seconds, self._begin, answer_late, late)
        try:
            outcome = await self.common.fleet.invoke(function, call)
        except LambdacliError as error:
            if not late:
                raise
            self.common.telling.trouble(error)
            raise Late from None
        finally:
            timer.cancel()
        if late:
            self.nobody_waits(function, outcome)
            raise Late
        return outcome

    async def ask_apart(self, function: str, call: Call, seconds: float) -> Outcome:
        """The same, but return when it is late: the invocation goes on by itself.

        Raises:
            Late, Throttled, NoSuchFunction: as above.
        """
        task = self.keep(self.common.fleet.invoke(function, call))
        done, _ = await asyncio.wait([task], timeout=seconds)
        if not done:
            task.add_done_callback(partial(self._came_late, function))
            raise Late
        return task.result()

    def keep(self, work: Coroutine[object, object, Outcome]) -> asyncio.Task[Outcome]:
        """Begin something that nobody else holds."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def nobody_waits(self, function: str, outcome: Outcome) -> None:
        """Tell what has come after its caller had another answer."""
        detail = f"{outcome.status}, when its caller had got another answer"
        took = outcome.report.duration
        step = Step("discarded", "HTTP", function, (), detail, outcome.request_id, milliseconds=took)
        self.common.telling.step(step)

    async def stop(self) -> None:
        """End what still runs."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(self, work: Callable[[], Awaitable[None]], begun: list[asyncio.Task[None]]) -> None:
        task = asyncio.ensure_future(work())
        begun.append(task)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _came_late(self, function: str, task: asyncio.Task[Outcome]) -> None:
        if task.cancelled():
            return
        error = task.exception()
        if isinstance(error, LambdacliError):
            self.common.telling.trouble(error)
        elif error is not None:
            self.common.telling.warning(f"{function}: {type(error).__name__}: {error}")
        else:
            self.nobody_waits(function, task.result())
