"""A source that does not answer: told once, asked again after a pause that grows, and told when it is back."""

from __future__ import annotations

import asyncio  # noqa: TID253 - this module is only imported once a loop is wanted
import contextlib
from typing import TYPE_CHECKING

from lambdacli.refusals import Refused

if TYPE_CHECKING:
    from lambdacli.errors import LambdacliError
    from lambdacli.serve.telling import Telling

_FIRST_PAUSE = 0.1  # seconds, doubled each time
_LONGEST_PAUSE = 2.0
_STARTING = 2.0  # seconds in which a source of ours that was killed is there again


class Reach:
    """Whether one mapping reaches its source, for all who ask for it.

    Args:
        name: of the source: sqs orders.
        where: in the manifest: functions.orders.triggers[0].sqs.queue.
        telling: hears of it.
        ours: the source is started again if it dies, and whoever does that tells of it.
    """

    def __init__(self, name: str, where: str, telling: Telling, *, ours: bool = False) -> None:
        self._name = name
        self._where = where
        self._telling = telling
        self._patience = _STARTING if ours else 0.0
        self._told = False
        self._since = 0.0  # of the loop's clock; 0: it answers
        self._pause = _FIRST_PAUSE
        self._back = asyncio.Event()

    async def lost(self, error: LambdacliError) -> None:
        """It does not answer, or says no: returns when it makes sense to ask again."""
        now = asyncio.get_running_loop().time()
        self._since = self._since or now
        if not self._told and now - self._since >= self._patience:
            self._told = True
            self._telling.warning(f"{self._where}: {self._reason(error)}", f"{error.hint or 'it is asked again'}")
        self._back.clear()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._back.wait(), self._pause)
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)

    def found(self) -> None:
        """It answers."""
        if self._told:
            self._told = False
            self._telling.note(f"{self._name}: it is there again")
        self._since = 0.0
        self._pause = _FIRST_PAUSE

    def again(self) -> None:
        """It was started again: whoever waits asks at once."""
        self._pause = _FIRST_PAUSE
        self._back.set()

    def _reason(self, error: LambdacliError) -> str:
        if isinstance(error, Refused) and error.absent:
            return f"{self._name} is not there ({error.code})"
        return f"{self._name}: {error.message}"
