"""Schedules fire here: rules of EventBridge and schedules of EventBridge Scheduler, by the clock that `serve` goes by.

Each firing is handed over for asynchronous invocation, as on AWS. What a trigger says of its delivery to Lambda
(maximum_event_age, maximum_retry_attempts, dead_letter_queue) does nothing here: that delivery always succeeds.
"""

from __future__ import annotations

import asyncio  # noqa: TID253 - this module is only imported once a loop is wanted
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lambdacli import triggers
from lambdacli.errors import LambdacliError
from lambdacli.serve.fleet import Call
from lambdacli.serve.schedules.schedule import Content, Identity, Schedule, identify, opened
from lambdacli.serve.schedules.wording import coming, over
from lambdacli.serve.telling import Step

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from lambdacli.model import Manifest
    from lambdacli.serve.parts import Common


class Schedules:
    """A `Part`: every firing once, in the order of their moments, however fast the clock goes.

    Schedules are there from `start`, new and changed ones from the `change` that brings them: their rates count from
    then. Those that a change leaves as they are keep their rhythm.
    """

    def __init__(self, common: Common) -> None:
        self._common = common
        self._schedules: dict[tuple[Identity, int], Schedule] = {}  # those that are over among them
        self._firing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Tell when they fire, and begin."""
        await self.change(self._common.fleet.manifest)

    async def change(self, manifest: Manifest) -> None:
        """Follow a manifest; tells when what is new or different fires."""
        await self.pause()
        before, self._schedules = self._schedules, {}
        since, seen = self._common.clock.now(), Counter[Identity]()
        for content in _contents(manifest):
            with self._troubles():
                identity = identify(content)
                key = (identity, seen[identity])
                seen[identity] += 1
                if (schedule := before.get(key)) is None:
                    schedule = opened(identity, content, since)
                    self._introduce(schedule, since)
                schedule.follow(content)
                self._schedules[key] = schedule
        self._firing = asyncio.create_task(self._fire_all())

    async def pause(self) -> None:
        """Nothing fires any more."""
        if self._firing is not None:
            self._firing.cancel()
            await asyncio.gather(self._firing, return_exceptions=True)
            self._firing = None

    async def stop(self) -> None:
        """As `pause`: what has fired is with those who invoke."""
        await self.pause()

    @contextmanager
    def _troubles(self) -> Iterator[None]:
        try:
            yield
        except LambdacliError as error:
            self._common.telling.trouble(error)

    def _introduce(self, schedule: Schedule, now: datetime) -> None:
        if schedule.due is None:
            self._common.telling.warning(*over(schedule, now))
        else:
            self._common.telling.note(coming(schedule))

    async def _fire_all(self) -> None:
        while awake := [each for each in self._schedules.values() if each.due is not None]:
            schedule = min(awake, key=Schedule.next_due)
            await self._common.clock.sleep_until(schedule.next_due())
            self._fire(schedule)

    def _fire(self, schedule: Schedule) -> None:
        moment = schedule.passed()
        record = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        try:
            event = schedule.event(record)
            self._common.telling.step(Step("received", schedule.source, schedule.function, (record,)))
            self._common.later.submit(schedule.function, Call(event), schedule.source, record)
        except Exception as error:  # noqa: BLE001 - the next firing is not lost for what went wrong here
            self._common.telling.trouble(_trouble(schedule, error))
        if schedule.due is None:
            self._common.telling.note(over(schedule, moment)[0])


def _contents(manifest: Manifest) -> Iterator[Content]:
    for function, trigger in triggers.active(manifest, "clock"):
        yield Content(manifest, function, trigger)


def _trouble(schedule: Schedule, error: Exception) -> LambdacliError:
    if isinstance(error, LambdacliError):
        return error
    return LambdacliError(f"{schedule.source} of {schedule.function}: {type(error).__name__}: {error}")
