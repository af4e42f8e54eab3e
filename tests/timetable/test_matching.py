"""Firings against a matcher of the tests' own that looks at every minute and knows nothing of how they are found."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from lambdacli.timetable.firings import Timetable, firings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca")
CHANGES = ("2027-03-14", "2027-03-28", "2027-04-03", "2027-10-02", "2027-10-31", "2027-11-07", "2026-12-31")
MINUTE = timedelta(minutes=1)
MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]


@dataclass(frozen=True)
class Part:
    """A text of a field, and which values or days it means."""

    text: str
    means: Callable[[int], bool]
    on: Callable[[date], bool] | None = None


def number(low: int, high: int, names: list[str]) -> st.SearchStrategy[tuple[str, int]]:
    named = st.booleans() if names else st.just(value=False)
    return st.tuples(st.integers(low, high), named).map(
        lambda both: (names[both[0] - low] if both[1] else str(both[0]), both[0])
    )


def parts(low: int, high: int, names: list[str], *, around: bool = True) -> st.SearchStrategy[Part]:
    one = number(low if around else 2020, high, names)
    step = st.integers(1, high - low + 3 if around else 5)

    def ranged(first: tuple[str, int], last: tuple[str, int], by: int | None) -> Part:
        if not around and last[1] < first[1]:
            first, last = last, first
        allowed, value = [], first[1]
        while True:  # walk around the clock face, from the first to the last
            allowed.append(value)
            if value == last[1]:
                break
            value = low if value == high else value + 1
        kept = set(allowed[:: by or 1])
        return Part(f"{first[0]}-{last[0]}" + (f"/{by}" if by else ""), kept.__contains__)

    return st.one_of(
        st.just(Part("*", lambda _: True)),
        one.map(lambda each: Part(each[0], lambda value: value == each[1])),
        st.builds(ranged, one, one, st.none() | step),
        st.builds(
            lambda first, by: Part(
                f"{first[0]}/{by}", lambda value: value >= first[1] and (value - first[1]) % by == 0
            ),
            one,
            step,
        ),
        step.map(lambda by: Part(f"*/{by}", lambda value: (value - low) % by == 0)),
    )


def workday(day: date) -> bool:
    return day.isoweekday() <= 5


def month_of(day: date) -> list[date]:
    return [day.replace(day=each) for each in range(1, monthrange(day.year, day.month)[1] + 1)]


def nearest(day: date, wanted: int) -> bool:
    month = month_of(day)
    if wanted > len(month):
        return False
    return day == min(filter(workday, month), key=lambda each: abs((each - month[wanted - 1]).days))


def weekday(day: date) -> int:
    return day.isoweekday() % 7 + 1


def days_of_month() -> st.SearchStrategy[Part]:
    def never(_: int) -> bool:
        return False

    return st.one_of(
        parts(1, 31, []),
        st.just(Part("L", never, lambda day: day == month_of(day)[-1])),
        st.just(Part("LW", never, lambda day: day == [*filter(workday, month_of(day))][-1])),
        st.integers(1, 31).map(lambda wanted: Part(f"{wanted}W", never, lambda day: nearest(day, wanted))),
    )


def days_of_week() -> st.SearchStrategy[Part]:
    def never(_: int) -> bool:
        return False

    def same(day: date) -> list[date]:
        return [each for each in month_of(day) if each.weekday() == day.weekday()]

    return st.one_of(
        parts(1, 7, DAYS),
        st.just(Part("L", lambda value: value == 7)),
        number(1, 7, DAYS).map(
            lambda each: Part(f"{each[0]}L", never, lambda day: weekday(day) == each[1] and day == same(day)[-1])
        ),
    )


def nths() -> st.SearchStrategy[Part]:
    def made(each: tuple[str, int], nth: int) -> Part:
        return Part(
            f"{each[0]}#{nth}",
            lambda _: False,
            lambda day: weekday(day) == each[1] and (day.day - 1) // 7 + 1 == nth,
        )

    return st.builds(made, number(1, 7, DAYS), st.integers(1, 5))


def lists(part: st.SearchStrategy[Part]) -> st.SearchStrategy[list[Part]]:
    return st.lists(part, min_size=1, max_size=3)


@st.composite
def crons(draw: st.DrawFn) -> tuple[str, Callable[[datetime], bool]]:
    """An expression, and whether it means a local time."""
    minutes, hours = draw(lists(parts(0, 59, []))), draw(lists(parts(0, 23, [])))
    months, years = draw(lists(parts(1, 12, MONTHS))), draw(lists(parts(1970, 2199, [], around=False)))
    by_week = draw(st.booleans())
    days = draw(lists(days_of_week()) | nths().map(lambda each: [each]) if by_week else lists(days_of_month()))

    def means(when: datetime) -> bool:
        day = when.date()
        return (
            any(each.means(when.minute) for each in minutes)
            and any(each.means(when.hour) for each in hours)
            and any(each.means(when.month) for each in months)
            and any(year.means(when.year) for year in years)
            and any(each.on(day) if each.on else each.means(weekday(day) if by_week else when.day) for each in days)
        )

    def written(field: list[Part]) -> str:
        return ",".join(each.text for each in field)

    both = ("?", written(days)) if by_week else (written(days), "?")
    text = f"cron({written(minutes)} {written(hours)} {both[0]} {written(months)} {both[1]} {written(years)})"
    return text, means


def looked_at(means: Callable[[datetime], bool], zone: str, since: datetime, until: datetime) -> Iterator[datetime]:
    """Every minute at which the expression's time is shown, if the clocks did not show it before."""
    there, shown = ZoneInfo(zone), set()
    moment = since.replace(second=0, microsecond=0) - timedelta(hours=3)
    while moment < until:
        on_the_clock = moment.astimezone(there).replace(tzinfo=None)
        if on_the_clock not in shown and means(on_the_clock) and moment >= since:
            yield moment
        shown.add(on_the_clock)
        moment += MINUTE


@settings(max_examples=100)
@given(
    crons(),
    st.sampled_from(ZONES),
    st.sampled_from(CHANGES),
    st.integers(0, 86_400),
)
def test_firings_are_the_minutes_that_the_expression_means(
    cron: tuple[str, Callable[[datetime], bool]], zone: str, day: str, second: int
) -> None:
    expression, means = cron
    since = datetime.fromisoformat(day).replace(tzinfo=timezone.utc) - timedelta(hours=12) + timedelta(seconds=second)
    until = since + timedelta(hours=36)
    found = []
    for moment in firings(Timetable(expression, zone), since):
        if moment >= until:
            break
        found.append(moment)
    assert found == [*looked_at(means, zone, since, until)]


@given(crons(), st.sampled_from(ZONES), st.integers(0, 3_000))
def test_days_are_the_days_that_the_expression_means(
    cron: tuple[str, Callable[[datetime], bool]], zone: str, days: int
) -> None:
    """The same over a longer time, a day at once: the minutes are left to the other test."""
    expression, means = cron
    fields = expression[5:-1].split()
    daily = f"cron(0 12 {' '.join(fields[2:])})"
    minute, hour = means_of(fields[0], fields[1])
    since = datetime(2024, 1, 1, 12, tzinfo=ZoneInfo(zone)) + timedelta(days=days)
    until = since + timedelta(days=70)
    found = []
    for moment in firings(Timetable(daily, zone), since):
        if moment >= until:
            break
        found.append(moment.astimezone(ZoneInfo(zone)).date())
    noons = [(since + timedelta(days=each)).date() for each in range(70)]
    assert found == [day for day in noons if means(datetime(day.year, day.month, day.day, hour, minute))]  # noqa: DTZ001


def means_of(minutes: str, hours: str) -> tuple[int, int]:
    """A time of the day that both fields mean."""
    table = Timetable(f"cron({minutes} {hours} * * ? *)")
    first = next(firings(table, datetime(2024, 1, 1, tzinfo=timezone.utc)))
    return first.minute, first.hour
