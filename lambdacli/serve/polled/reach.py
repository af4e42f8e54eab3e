"""A source that does not answer: told once, asked again after a pause that grows, and told when it is back."""

from __future__ import annotations

import asyncio  # noqa: TID253 - this module is only imported once a loop is wanted
from typing import TYPE_CHECKING

from lambdacli.refusals import Refused

if TYPE_CHECKING:
    from lambdacli.errors import LambdacliError
    from lambdacli.serve.telling import Telling

_FIRST_PAUSE = 0.1  # seconds, doubled each time
_LONGEST_PAUSE = 2.0


class Reach:
    """Whether one mapping reaches its source, for all who ask for it.

    Args:
        name: of the source: sqs orders.
        where: in the manifest: functions.orders.triggers[0].sqs.queue.
        telling: hears of it.
    """

    def __init__(self, name: str, where: str, telling: Telling) -> None:
        self._name = name
        self._where = where
        self._telling = telling
        self._told = False
        self._pause = _FIRST_PAUSE

    async def lost(self, error: LambdacliError) -> None:
        """It does not answer, or says no: returns when it makes sense to ask again."""
        if not self._told:
            self._told = True
            self._telling.warning(f"{self._where}: {self._reason(error)}", f"{error.hint or 'it is asked again'}")
        await asyncio.sleep(self._pause)
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)

    def found(self) -> None:
        """It answers."""
        if self._told:
            self._told = False
            self._telling.note(f"{self._name}: it is there again")
        self._pause = _FIRST_PAUSE

    def _reason(self, error: LambdacliError) -> str:
        if isinstance(error, Refused) and error.absent:
            return f"{self._name} is not there ({error.code})"
        return f"{self._name}: {error.message}"
