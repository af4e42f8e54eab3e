"""When schedules fire: AWS's own examples, and the days on which clocks change."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

from lambdacli.timetable.firings import Timetable, firings


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


def local(expression: str, since: str, number: int = 3, zone: str = "UTC") -> list[str]:
    """The first firings as the zone's clocks show them, since a moment that they show."""
    there = ZoneInfo(zone)
    begin = datetime.fromisoformat(since).replace(tzinfo=there)
    found = islice(firings(Timetable(expression, zone), begin), number)
    return [moment.astimezone(there).isoformat()[:16].replace("T", " ") for moment in found]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [  # "Cron expressions reference" in EventBridge's user guide; since Thursday 2026-12-31 09:00
        ("cron(0 10 * * ? *)", ["2026-12-31 10:00", "2027-01-01 10:00", "2027-01-02 10:00"]),
        ("cron(15 12 * * ? *)", ["2026-12-31 12:15", "2027-01-01 12:15", "2027-01-02 12:15"]),
        ("cron(0 18 ? * MON-FRI *)", ["2026-12-31 18:00", "2027-01-01 18:00", "2027-01-04 18:00"]),
        ("cron(0 8 1 * ? *)", ["2027-01-01 08:00", "2027-02-01 08:00", "2027-03-01 08:00"]),
        ("cron(0/15 * * * ? *)", ["2026-12-31 09:00", "2026-12-31 09:15", "2026-12-31 09:30"]),
        ("cron(0/10 * ? * MON-FRI *)", ["2026-12-31 09:00", "2026-12-31 09:10", "2026-12-31 09:20"]),
        ("cron(0/5 8-17 ? * MON-FRI *)", ["2026-12-31 09:00", "2026-12-31 09:05", "2026-12-31 09:10"]),
        ("cron(0/30 20-2 ? * MON-FRI *)", ["2026-12-31 20:00", "2026-12-31 20:30", "2026-12-31 21:00"]),
        ("cron(5,35 14 * * ? *)", ["2026-12-31 14:05", "2026-12-31 14:35", "2027-01-01 14:05"]),
        ("cron(15 10 ? * 6L 2019-2027)", ["2027-01-29 10:15", "2027-02-26 10:15", "2027-03-26 10:15"]),
        # "Cron-based schedules" in EventBridge Scheduler's
        ("cron(15 10 ? * 6L 2027-2028)", ["2027-01-29 10:15", "2027-02-26 10:15", "2027-03-26 10:15"]),
        # "Schedule expressions using rate or cron" in Lambda's developer guide
        ("cron(0 9 ? * 2#1 *)", ["2027-01-04 09:00", "2027-02-01 09:00", "2027-03-01 09:00"]),
        # the wildcards that are explained there
        ("cron(1/10 9 * * ? *)", ["2026-12-31 09:01", "2026-12-31 09:11", "2026-12-31 09:21"]),
        ("cron(0 9 ? * 3#2 *)", ["2027-01-12 09:00", "2027-02-09 09:00", "2027-03-09 09:00"]),
        ("cron(0 9 3W * ? *)", ["2027-01-04 09:00", "2027-02-03 09:00", "2027-03-03 09:00"]),
        ("cron(0 9 L * ? *)", ["2026-12-31 09:00", "2027-01-31 09:00", "2027-02-28 09:00"]),
        ("cron(0 9 ? * L *)", ["2027-01-02 09:00", "2027-01-09 09:00", "2027-01-16 09:00"]),
        ("cron(0 9 1 JAN,FEB,MAR ? *)", ["2027-01-01 09:00", "2027-02-01 09:00", "2027-03-01 09:00"]),
    ],
)
def test_the_examples_of_aws(expression: str, expected: list[str]) -> None:
    assert local(expression, "2026-12-31T09:00") == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("cron(0 9 LW * ? *)", ["2027-01-29 09:00", "2027-02-26 09:00", "2027-03-31 09:00"]),  # never in the next month
        ("cron(0 9 1W * ? *)", ["2027-01-01 09:00", "2027-02-01 09:00", "2027-03-01 09:00"]),
        ("cron(0 9 1W 5 ? *)", ["2027-05-03 09:00", "2028-05-01 09:00", "2029-05-01 09:00"]),  # nor in the one before
        ("cron(0 9 31W * ? *)", ["2027-01-29 09:00", "2027-03-31 09:00", "2027-05-31 09:00"]),  # where there is a 31st
        ("cron(0 9 15W,L * ? *)", ["2027-01-15 09:00", "2027-01-31 09:00", "2027-02-15 09:00"]),
        ("cron(0 9 29 2 ? *)", ["2028-02-29 09:00", "2032-02-29 09:00", "2036-02-29 09:00"]),
        ("cron(0 9 ? * 1 *)", ["2027-01-03 09:00", "2027-01-10 09:00", "2027-01-17 09:00"]),
        ("cron(0 9 ? * fri-mon *)", ["2027-01-01 09:00", "2027-01-02 09:00", "2027-01-03 09:00"]),
        ("cron(0 9 ? * 6-2/2 *)", ["2027-01-01 09:00", "2027-01-03 09:00", "2027-01-08 09:00"]),
        ("cron(0 9 30-2 * ? *)", ["2027-01-01 09:00", "2027-01-02 09:00", "2027-01-30 09:00"]),
        ("cron(0 9 1 NOV-FEB ? *)", ["2027-01-01 09:00", "2027-02-01 09:00", "2027-11-01 09:00"]),
        ("cron(0 9 ? * TUE#5 *)", ["2027-03-30 09:00", "2027-06-29 09:00", "2027-08-31 09:00"]),
        ("cron(50-10/10 9 * * ? *)", ["2026-12-31 09:10", "2026-12-31 09:50", "2027-01-01 09:00"]),
        ("cron(0 0 1 1 ? 2028/2)", ["2028-01-01 00:00", "2030-01-01 00:00", "2032-01-01 00:00"]),
    ],
)
def test_all_that_the_fields_may_say(expression: str, expected: list[str]) -> None:
    assert local(expression, "2026-12-31T09:01") == expected


def test_a_firing_at_the_very_moment_counts_and_one_of_the_minute_that_has_begun_does_not() -> None:
    assert local("cron(0 10 * * ? *)", "2026-12-31T10:00", 1) == ["2026-12-31 10:00"]
    assert local("cron(0 10 * * ? *)", "2026-12-31T10:00:01", 1) == ["2027-01-01 10:00"]


@pytest.mark.parametrize(
    "expression",
    ["cron(0 0 31 2 ? *)", "cron(0 0 31W 4,6,9,11 ? *)", "cron(0 0 * * ? 2025)", "cron(0 0 29 2 ? 2027)"],
)
def test_what_can_never_be_ends(expression: str) -> None:
    assert local(expression, "2026-12-31T09:00") == []


@pytest.mark.parametrize(
    ("zone", "expression", "since", "expected"),
    [
        # clocks go from 2:00 to 3:00: what falls in between is left out that day
        ("Europe/Berlin", "cron(30 2 * * ? *)", "2027-03-27T12:00", ["2027-03-29 02:30", "2027-03-30 02:30"]),
        ("America/New_York", "cron(30 2 * * ? *)", "2027-03-13T12:00", ["2027-03-15 02:30", "2027-03-16 02:30"]),
        ("Europe/Berlin", "cron(0 1-4 * * ? *)", "2027-03-28T00:30", ["2027-03-28 01:00", "2027-03-28 03:00"]),
        # by half an hour, from 2:00 to 2:30
        ("Australia/Lord_Howe", "cron(15 2 * * ? *)", "2027-10-02T12:00", ["2027-10-04 02:15", "2027-10-05 02:15"]),
        ("Australia/Lord_Howe", "cron(45 2 * * ? *)", "2027-10-02T12:00", ["2027-10-03 02:45", "2027-10-04 02:45"]),
        # and back: what the clocks show twice happens once
        ("Europe/Berlin", "cron(30 2 * * ? *)", "2027-10-30T12:00", ["2027-10-31 02:30", "2027-11-01 02:30"]),
        ("America/New_York", "cron(30 1 * * ? *)", "2027-11-06T12:00", ["2027-11-07 01:30", "2027-11-08 01:30"]),
        ("Australia/Lord_Howe", "cron(45 1 * * ? *)", "2027-04-03T12:00", ["2027-04-04 01:45", "2027-04-05 01:45"]),
    ],
)
def test_days_on_which_clocks_change(zone: str, expression: str, since: str, expected: list[str]) -> None:
    assert local(expression, since, 2, zone) == expected


@pytest.mark.parametrize(
    ("zone", "day", "expression", "moments"),
    [
        ("Europe/Berlin", "2027-10-31", "cron(0/30 2 31 10 ? 2027)", ["00:00", "00:30"]),
        ("America/New_York", "2027-11-07", "cron(0/30 1 7 11 ? 2027)", ["05:00", "05:30"]),
        ("Australia/Lord_Howe", "2027-04-03", "cron(0/15 1 4 4 ? 2027)", ["14:00", "14:15", "14:30", "14:45"]),
    ],
)
def test_what_clocks_show_twice_happens_the_first_time(
    zone: str, day: str, expression: str, moments: list[str]
) -> None:
    found = [*firings(Timetable(expression, zone), utc("2027-01-01T00:00"))]
    assert found == [utc(f"{day}T{each}") for each in moments]
    for each in found:  # and whoever comes in between gets no second one
        assert [*firings(Timetable(expression, zone), each + timedelta(seconds=1))] == [m for m in found if m > each]


def test_a_rate_goes_by_hours_that_have_passed() -> None:
    table = Timetable("rate(1 day)", "Europe/Berlin", at_once=True)
    found = [*islice(firings(table, utc("2027-03-27T11:00")), 3)]
    assert found == [utc("2027-03-27T11:00"), utc("2027-03-28T11:00"), utc("2027-03-29T11:00")]


def test_a_rule_waits_once_before_it_fires_and_a_schedule_fires_at_once() -> None:
    since = utc("2027-01-01T12:34:56.789")
    rule = islice(firings(Timetable("rate(5 minutes)"), since), 2)
    assert [*rule] == [utc("2027-01-01T12:39:56"), utc("2027-01-01T12:44:56")]
    schedule = islice(firings(Timetable("rate(2 hours)", at_once=True), since), 2)
    assert [*schedule] == [utc("2027-01-01T12:34:56"), utc("2027-01-01T14:34:56")]


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("2027-01-02T00:00", ["2027-01-02T00:00", "2027-01-02T05:00"]),
        ("2027-01-01T09:00", ["2027-01-01T14:00", "2027-01-01T19:00"]),
        ("2027-01-01T12:00", ["2027-01-01T12:00", "2027-01-01T17:00"]),
    ],
)
def test_a_rate_counts_from_its_start(start: str, expected: list[str]) -> None:
    table = Timetable("rate(5 hours)", at_once=True, start=utc(start))
    assert [*islice(firings(table, utc("2027-01-01T12:00")), 2)] == [utc(each) for each in expected]


def test_nothing_fires_before_the_start_or_after_the_end() -> None:
    table = Timetable("cron(0 9 * * ? *)", start=utc("2027-02-01T09:00"), end=utc("2027-02-03T09:00"))
    expected = [utc(f"2027-02-0{day}T09:00") for day in (1, 2, 3)]
    assert [*firings(table, utc("2027-01-01T00:00"))] == expected
    rate = Timetable("rate(1 hour)", at_once=True, end=utc("2027-01-01T02:00"))
    assert len([*firings(rate, utc("2027-01-01T00:00"))]) == 3


def test_once() -> None:
    table = Timetable("at(2027-07-01T08:00:30)", "Europe/Berlin", at_once=True, start=utc("2030-01-01T00:00"))
    assert [*firings(table, utc("2027-01-01T00:00"))] == [utc("2027-07-01T06:00:30")]  # it ignores the dates
    assert [*firings(table, utc("2027-07-01T06:00:31"))] == []
    assert [*firings(Timetable("at(2027-03-28T02:30:00)", "Europe/Berlin"), utc("2027-01-01T00:00"))] == []


def test_the_end_of_time_is_the_end_of_a_rate() -> None:
    assert len([*firings(Timetable("rate(999999999 days)", at_once=True), utc("2027-01-01T00:00"))]) == 1
