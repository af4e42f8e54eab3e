"""What time it is for schedules, retries and the age of events: real, faster, or a test's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime


class Clock(Protocol):
    """Time as the served functions' schedules and retries see it."""

    def now(self) -> datetime:
        """The moment, in UTC."""

    async def sleep_until(self, moment: datetime) -> None:
        """Return when it is that late."""
