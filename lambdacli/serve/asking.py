"""Calls of a source's services from the loop: each in a thread, refused in words of ours."""

from __future__ import annotations

import asyncio  # noqa: TID253 - this module is only imported once a loop is wanted
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

    from lambdacli.connection import Answer, Connection


class Asking:
    """Makes the calls of one connection in the threads of one executor."""

    def __init__(self, connection: Connection, executor: Executor) -> None:
        self._connection = connection
        self._executor = executor

    def begin(self, service: str, operation: str, **parameters: Any) -> Future[Answer]:
        """A call that has begun, or waits for a thread; its result as of `__call__`."""
        return self._executor.submit(self._connection.once, service, operation, parameters)

    async def __call__(self, service: str, operation: str, **parameters: Any) -> Answer:
        """One call, made once; it is made even if whoever waits for it is cancelled.

        Raises:
            Refused: the service says no, or nothing.
            MachineError: there are no credentials, or no such region.
        """
        return await asyncio.wrap_future(self.begin(service, operation, **parameters))
