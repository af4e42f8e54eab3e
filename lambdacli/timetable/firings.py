"""The moments at which a schedule fires.

Source: "Schedule types in EventBridge Scheduler" (daylight saving time, StartDate of a rate); CreateSchedule in its API
reference (StartDate, EndDate); "Rate expressions reference" in EventBridge's user guide.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone, tzinfo
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from lambdacli.timetable import cron
from lambdacli.timetable.expressions import At, Rate, read

if TYPE_CHECKING:
    from collections.abc import Iterator


class Timetable(NamedTuple):
    """What a schedule's settings say about time."""

    expression: str
    zone: str = "UTC"  # a name such as Europe/Berlin
    at_once: bool = (
        False  # a rate without a start begins with a firing, as EventBridge Scheduler's do; rules wait first
    )
    start: datetime | None = None  # with a zone, as all moments here
    end: datetime | None = None


def firings(timetable: Timetable, since: datetime) -> Iterator[datetime]:
    """When a schedule fires that is there from a moment on: in UTC, in order, none twice; it may go on for ever.

    A local time that the clocks skip in spring has no firing; one that they repeat in autumn has one, the first time.
    A rate goes by hours that have passed, whatever the clocks do.

    Args:
        timetable: of the schedule.
        since: the first moment that it may fire at; a rate without a start counts from here, in whole seconds.

    Raises:
        Wrong: the expression is none.
        KeyError, OSError, ValueError: there is no such time zone, or this machine has no data of it.
    """
    expression, zone = read(timetable.expression), zone_of(timetable.zone)
    if isinstance(expression, At):  # it ignores both dates
        return (moment for moment in _instants(iter([expression.local]), zone) if moment >= since)
    if isinstance(expression, Rate):
        found = _of_rate(expression.interval, timetable, since)
    else:
        found = _of_cron(expression, zone, max(since, timetable.start or since))
    end = timetable.end
    return takewhile(lambda moment: moment <= end, found) if end else found


def zone_of(name: str) -> tzinfo:
    """A time zone by its name; UTC needs no data.

    Raises:
        KeyError, OSError, ValueError: there is none of this name, or this machine has no data of it.
    """
    if name == "UTC":
        return timezone.utc
    from zoneinfo import ZoneInfo

    return ZoneInfo(name)


def _of_cron(expression: cron.Cron, zone: tzinfo, since: datetime) -> Iterator[datetime]:
    local = since.astimezone(zone).replace(tzinfo=None)
    return (moment for moment in _instants(cron.moments(expression, local), zone) if moment >= since)


def _instants(local: Iterator[datetime], zone: tzinfo) -> Iterator[datetime]:
    """Local times as moments; what the zone's clocks never show is left out."""
    for each in local:
        moment = each.replace(tzinfo=zone, fold=0).astimezone(timezone.utc)
        if moment.astimezone(zone).replace(tzinfo=None) == each:
            yield moment


def _of_rate(interval: timedelta, timetable: Timetable, since: datetime) -> Iterator[datetime]:
    if timetable.start:
        first = timetable.start
        passed = max(0, -((first - since) // interval))
    else:
        first = since.replace(microsecond=0)
        passed = 0 if timetable.at_once else 1
    last = (datetime.max.replace(tzinfo=timezone.utc) - first) // interval
    return ((first + number * interval).astimezone(timezone.utc) for number in range(passed, last + 1))
