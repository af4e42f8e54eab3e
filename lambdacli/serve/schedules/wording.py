"""What is said of a schedule: when it fires next, in its own time zone, or that it is over."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from lambdacli.timetable.firings import firings, zone_of

if TYPE_CHECKING:
    from lambdacli.serve.schedules.schedule import Schedule

_SHOWN = 3
_EVER = datetime(1970, 1, 1, tzinfo=timezone.utc)  # the first year that a cron expression may have


def coming(schedule: Schedule) -> str:
    """Its next firings on one line; the day is said where it is another one than before."""
    timetable, window = schedule.identity.timetable, schedule.identity.window
    moments = schedule.coming(_SHOWN + 1)
    there = [moment.astimezone(zone_of(timetable.zone)) for moment in moments[:_SHOWN]]
    days = [None, *(each.date() for each in there)]
    said = ", ".join(_shown(each, day=each.date() != before) for each, before in zip(there, days, strict=False))
    last = "" if len(moments) > _SHOWN else ", then no more"
    within = f", within {window} minutes" if window else ""
    return f"{schedule.source} of {schedule.function}: next {said} ({timetable.zone}){within}{last}"


def over(schedule: Schedule, now: datetime) -> tuple[str, str]:
    """That it does not fire any more, or never does, and a hint."""
    named = f"{schedule.source} of {schedule.function}"
    if next(firings(schedule.identity.timetable, _EVER), None) is None:
        return f"{named} never fires", "no date is like that"
    zone = schedule.identity.timetable.zone
    gone = ", and deleted on AWS" if schedule.deletes else ""
    return f"{named} is over{gone}", f"it is {_shown(now.astimezone(zone_of(zone)), day=True)} ({zone})"


def _shown(moment: datetime, *, day: bool) -> str:
    clock = moment.strftime("%H:%M:%S" if moment.second else "%H:%M")
    return f"{moment:%Y-%m-%d} {clock}" if day else clock
