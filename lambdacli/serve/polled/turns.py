"""Batches that share a message group wait for each other: a group's messages run one batch at a time, in order."""

from __future__ import annotations

import asyncio  # noqa: TID253 - this module is only imported once a loop is wanted
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Turns:
    """The groups of one queue that are at work."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._freed = asyncio.Condition()

    @asynccontextmanager
    async def of(self, groups: frozenset[str]) -> AsyncIterator[None]:
        """Wait until none of the groups is at work, and keep others waiting until the end."""
        if not groups:
            yield
            return
        async with self._freed:
            await self._freed.wait_for(lambda: self._taken.isdisjoint(groups))
            self._taken |= groups
        try:
            yield
        finally:
            self._taken -= groups
            async with self._freed:
                self._freed.notify_all()
