"""The clock that passes by itself: as fast as it is told, never back, and never too early."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from lambdacli.serve.clock import Real

START = datetime(2027, 1, 31, 7, 59, tzinfo=timezone.utc)


def test_it_is_as_late_as_the_system_says() -> None:
    before = datetime.now(timezone.utc)
    clock = Real()
    assert before <= clock.now() <= datetime.now(timezone.utc)


def test_it_begins_when_somebody_looks() -> None:
    clock = Real(1_000_000, START)
    time.sleep(0.01)  # nearly three hours
    assert clock.now() == START


def test_it_begins_in_any_zone_and_tells_utc() -> None:
    clock = Real(1, datetime(2027, 1, 31, 8, 59, tzinfo=ZoneInfo("Europe/Berlin")))
    assert clock.now().utcoffset() == timedelta(0)
    assert timedelta(0) <= clock.now() - START < timedelta(seconds=10)


@pytest.mark.parametrize("scale", [1, 60, 1440, 1_000_000])
def test_it_never_goes_back(scale: float) -> None:
    clock = Real(scale, START)
    seen = [clock.now() for _ in range(1000)]
    assert seen == sorted(seen)


def test_a_day_in_a_moment() -> None:
    async def day() -> list[timedelta]:
        clock = Real(86_400 * 4, START)
        clock.now()
        late = []
        for hour in range(24):
            wanted = START + timedelta(hours=hour)
            await clock.sleep_until(wanted)
            late.append(clock.now() - wanted)
        return late

    began = time.monotonic()
    assert min(asyncio.run(day())) >= timedelta(0)
    assert time.monotonic() - began >= 23 / 24 / 4


def test_a_sleep_ends_with_its_task() -> None:
    async def cancelled() -> bool:
        clock = Real(1, START)
        task = asyncio.create_task(clock.sleep_until(START + timedelta(days=10_000)))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return task.cancelled()

    assert asyncio.run(cancelled())


def test_what_is_past_lets_others_have_their_turn() -> None:
    async def turns() -> list[str]:
        clock, order = Real(1, START), []

        async def other() -> None:
            order.append("other")

        task = asyncio.create_task(other())
        await clock.sleep_until(START - timedelta(days=1))
        order.append("past")
        await task
        return order

    assert asyncio.run(turns()) == ["other", "past"]
