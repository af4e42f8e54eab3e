"""The moments of a cron expression, on a clock that is never put forward or back.

Source: "Schedule types in EventBridge Scheduler"; "Cron expressions reference" in EventBridge's user guide. What they
leave open is as in Quartz, whose expressions these are: `15W` stays in its month, a month without that day has none.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_WEEK = 7
_SATURDAY, _SUNDAY = 5, 6  # as Python counts from Monday on


class Days(NamedTuple):
    """Some days of a month, by one part of one of the two fields of days."""

    rule: Literal[
        "date",  # 15
        "last",  # L in the day of month
        "last weekday",  # LW
        "nearest weekday",  # 15W
        "weekday",  # TUE
        "last of its kind",  # TUEL
        "nth",  # TUE#2
    ]
    number: int = 0  # day of the month, or of the week: 1 is Sunday
    nth: int = 0


class Cron(NamedTuple):
    """A cron expression, each field as what it stands for, in ascending order."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[Days, ...]
    months: tuple[int, ...]
    years: tuple[int, ...]


def moments(cron: Cron, since: datetime) -> Iterator[datetime]:
    """Local times without a zone, from `since` on and in order; ends where the years do."""
    for day in _dates(cron, since):
        for hour in cron.hours:
            for minute in cron.minutes:
                moment = day.replace(hour=hour, minute=minute)
                if moment >= since:
                    yield moment


def _dates(cron: Cron, since: datetime) -> Iterator[datetime]:
    first = (since.year, since.month, since.day)
    for year in cron.years:
        for month in cron.months:
            if (year, month) >= first[:2]:
                days = {day for each in cron.days for day in _days(each, year, month)}
                yield from (datetime(year, month, day) for day in sorted(days) if (year, month, day) >= first)  # noqa: DTZ001 - local time


def _days(days: Days, year: int, month: int) -> Iterator[int]:
    first = date(year, month, 1)
    monday_based, length = first.weekday(), (date(year + month // 12, month % 12 + 1, 1) - first).days
    if days.rule == "date":
        yield from {days.number} & {*range(1, length + 1)}
    elif days.rule == "last":
        yield length
    elif days.rule == "last weekday":
        yield _nearest_weekday(length, monday_based, length)
    elif days.rule == "nearest weekday":
        if days.number <= length:
            yield _nearest_weekday(days.number, monday_based, length)
    else:
        same = range((days.number - 2 - monday_based) % _WEEK + 1, length + 1, _WEEK)
        chosen = {"weekday": same, "last of its kind": same[-1:], "nth": same[days.nth - 1 : days.nth]}
        yield from chosen[days.rule]


def _nearest_weekday(day: int, monday_based: int, length: int) -> int:
    """The day itself, or the nearest from Monday to Friday that is in the same month."""
    weekday = (monday_based + day - 1) % _WEEK
    if weekday == _SATURDAY:
        return day - 1 if day > 1 else day + 2
    if weekday == _SUNDAY:
        return day + 1 if day < length else day - 2
    return day
