"""What cannot be set up, or does not answer, is told of once and tried again, with pauses that grow."""

from __future__ import annotations

import asyncio  # noqa: TID253 - this module is only imported once a loop is wanted
from typing import TYPE_CHECKING

from lambdacli.errors import LambdacliError
from lambdacli.refusals import Refused
from lambdacli.serve.pushed.arriving import Problem
from lambdacli.serve.tasks import Tasks

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from lambdacli.serve.telling import Telling

_FIRST_PAUSE = 0.1  # seconds, doubled each time
_LONGEST_PAUSE = 2.0
_PATIENCE = 2.0  # seconds


class Mending:
    """Sets something up until it is.

    Args:
        telling: hears of what is not there, and when it is.
        set_up: tries once, and says what is still missing.
    """

    def __init__(self, telling: Telling, set_up: Callable[[], Awaitable[list[Problem]]]) -> None:
        self._telling = telling
        self._set_up = set_up
        self._tasks = Tasks("what is pushed", telling)
        self._lock = asyncio.Lock()
        self._silent: dict[str, float] = {}  # since when they do not answer
        self._told: set[str] = set()  # those of them that are told of
        self._absent: set[str] = set()  # those that could not be set up
        self._task: asyncio.Task[None] | None = None
        self._pause = _FIRST_PAUSE

    async def try_now(self) -> None:
        """One try; where it is not enough, others follow by themselves."""
        if await self.once() and (self._task is None or self._task.done()):
            self._task = self._tasks.begin(self._go_on())

    async def once(self) -> bool:
        """One try alone; whether something is still missing."""
        async with self._lock:
            try:
                problems = await self._set_up()
            except LambdacliError as error:
                problems = [Problem("what is pushed", error)]
            for each in problems:
                if each.what not in self._absent:
                    self._tell(*each)
            now = {each.what for each in problems}
            for what in sorted(self._absent - now):
                self._telling.note(f"{what}: it is there now")
            self._absent = now
        return bool(problems)

    async def lost(self, what: str, error: LambdacliError) -> bool:
        """It does not answer: returns when it makes sense to ask again; whether it has been so for long.

        What comes back soon, as an emulator that is started again, is not worth a word.
        """
        now = asyncio.get_running_loop().time()
        long = now - self._silent.setdefault(what, now) >= _PATIENCE
        if long and what not in self._told:
            self._told.add(what)
            self._tell(what, error)
        await asyncio.sleep(self._pause)
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)
        return long

    def found(self, what: str) -> None:
        """It answers."""
        self._pause = _FIRST_PAUSE
        self._silent.pop(what, None)
        if what in self._told:
            self._told.discard(what)
            self._telling.note(f"{what}: it is there again")

    async def close(self) -> None:
        """Try no more."""
        await self._tasks.cancel()

    async def _go_on(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            await asyncio.sleep(pause)
            if not await self.once():
                return
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _tell(self, what: str, error: LambdacliError) -> None:
        if isinstance(error, Refused) and error.absent:
            self._telling.warning(f"{what} is not there ({error.code})", "it is looked for again and again")
        else:
            self._telling.warning(f"{what}: {error.message}", error.hint or "it is tried again and again")
