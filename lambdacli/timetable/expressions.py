"""Schedule expressions as text: rate(…), cron(…) of six fields, at(…).

Source: "Schedule types in EventBridge Scheduler"; "Cron expressions reference" in EventBridge's user guide.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import NamedTuple

from lambdacli.timetable.cron import Cron, Days

_RATE = re.compile(r"rate\(\s*(\S+)\s+(\S+?)\s*\)")
_CRON = re.compile(r"cron\((.*)\)")
_AT = re.compile(r"at\((.*)\)")
_UNITS = ("minute", "minutes", "hour", "hours", "day", "days")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_FIELDS = (
    ("minutes", 0, 59, ()),
    ("hours", 0, 23, ()),
    ("day of month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of week", 1, 7, _DAYS),
    ("year", 1970, 2199, ()),
)
_MINUTES, _HOURS, _DAY_OF_MONTH, _MONTH, _DAY_OF_WEEK, _YEAR = range(6)
_NTHS = 5
_SATURDAY = 7


class Rate(NamedTuple):
    """Again and again after the same time; days are 24 hours long."""

    interval: timedelta


class At(NamedTuple):
    """Once."""

    local: datetime  # without a zone


class Wrong(ValueError):  # noqa: N818 - the name is what the expression is
    """What is wrong with an expression, and what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def read(expression: str) -> Rate | Cron | At:
    """What a schedule expression says.

    Raises:
        Wrong: AWS would not take it.
    """
    if match := _RATE.fullmatch(expression):
        return _rate(match[1], match[2])
    if match := _CRON.fullmatch(expression):
        return _cron(match[1])
    if match := _AT.fullmatch(expression):
        return _at(match[1])
    raise Wrong(f"{expression} is no schedule", "rate(5 minutes), cron(0 8 ? * MON-FRI *) or at(2027-01-31T08:00:00)")


def mistake(expression: str) -> tuple[str, str]:
    """What is wrong with a schedule expression and what to do, or two empty strings."""
    try:
        read(expression)
    except Wrong as wrong:
        return str(wrong), wrong.hint
    return "", ""


def _rate(value: str, unit: str) -> Rate:
    if not re.fullmatch(r"[0-9]{1,9}", value) or int(value) < 1:
        raise Wrong(f"a rate is a whole number of 1 or more, not {value}")
    if unit not in _UNITS:
        raise Wrong(f"{unit} is no unit of a rate", f"one of {', '.join(_UNITS)}")
    if (int(value) == 1) == unit.endswith("s"):
        right = unit.rstrip("s") if int(value) == 1 else f"{unit}s"
        raise Wrong(f"rate({value} {unit}) is refused by AWS", f"write rate({value} {right})")
    return Rate(timedelta(**{f"{unit.rstrip('s')}s": int(value)}))


def _at(value: str) -> At:
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", value):
            return At(datetime.fromisoformat(value))
    except ValueError:
        pass
    raise Wrong(f"{value} is no time", "write at(2027-01-31T08:00:00), without a zone; `timezone` is a setting")


def _cron(text: str) -> Cron:
    fields = text.split()
    if len(fields) != len(_FIELDS):
        hint = "minutes hours day-of-month month day-of-week year, as cron(0 8 ? * MON-FRI *)"
        if len(fields) == len(_FIELDS) - 1:
            hint = f"AWS has a year as well: {hint}"
        raise Wrong(f"cron has {len(_FIELDS)} fields, found {len(fields)}", hint)
    unset = [index for index in (_DAY_OF_MONTH, _DAY_OF_WEEK) if fields[index] == "?"]
    if len(unset) != 1:
        message = "exactly one of day of month and day of week is ?"
        raise Wrong(message, "as in cron(0 8 * * ? *) or cron(0 8 ? * MON *)")
    of_days = _DAY_OF_WEEK if unset == [_DAY_OF_MONTH] else _DAY_OF_MONTH
    values = {i: _values(fields[i], i) for i in (_MINUTES, _HOURS, _MONTH, _YEAR)}
    return Cron(values[_MINUTES], values[_HOURS], _days(fields[of_days], of_days), values[_MONTH], values[_YEAR])


def _values(field: str, index: int) -> tuple[int, ...]:
    """The numbers that a field stands for, in ascending order."""
    return tuple(sorted({value for part in field.split(",") for value in _numbers(part, index)}))


def _days(field: str, index: int) -> tuple[Days, ...]:
    if "#" in field and "," in field:
        raise Wrong(f"{field}: a day of week with # stands alone", "write a trigger for each")
    found: list[Days] = []
    for part in field.split(","):
        special = _day_of_month(part) if index == _DAY_OF_MONTH else _day_of_week(part)
        rule: Days = Days("date") if index == _DAY_OF_MONTH else Days("weekday")
        found += [special] if special else [rule._replace(number=each) for each in _numbers(part, index)]
    return tuple(found)


def _day_of_month(part: str) -> Days | None:
    """L, LW and 15W."""
    if part in {"L", "LW"}:
        return Days("last") if part == "L" else Days("last weekday")
    if part.endswith("W") and (day := _value(part[:-1], _DAY_OF_MONTH)) is not None:
        return Days("nearest weekday", day)
    return None


def _day_of_week(part: str) -> Days | None:
    """L, which is the last day of the week, 6L and 3#2."""
    name, hash_sign, nth = part.partition("#")
    day = _value(name.removesuffix("L"), _DAY_OF_WEEK)
    if hash_sign:
        right = day is not None and not name.endswith("L") and re.fullmatch(r"[0-9]", nth) and 1 <= int(nth) <= _NTHS
        return Days("nth", day or 0, int(nth)) if right else None
    if part == "L":
        return Days("weekday", _SATURDAY)
    return Days("last of its kind", day) if day is not None and name.endswith("L") else None


def _numbers(part: str, index: int) -> list[int]:
    """What one part of a list stands for: a value, a range, steps.

    A range goes round where the values do: FRI-MON, 20-2. Years do not.
    """
    _, low, high, _ = _FIELDS[index]
    base, slash, step = part.partition("/")
    first_name, dash, last_name = base.partition("-")
    first, last = (low, high) if base == "*" else (_value(first_name, index), _value(last_name, index))
    if not dash:
        last = high if slash or base == "*" else first
    if first is None or last is None or (slash and not (re.fullmatch(r"[0-9]{1,4}", step) and int(step) > 0)):
        raise _wrong(part, index)
    if last < first:
        if index == _YEAR:
            raise _wrong(part, index)
        last += high - low + 1
    return [(value - low) % (high - low + 1) + low for value in range(first, last + 1, int(step or 1))]


def _wrong(part: str, index: int) -> Wrong:
    name, low, high, _ = _FIELDS[index]
    return Wrong(f"{part or 'an empty part'} is no {name} of a cron expression", f"from {low} to {high}, with , - * /")


def _value(text: str, index: int) -> int | None:
    """A number of a field, by its name too; None where it is none."""
    _, low, high, names = _FIELDS[index]
    if text.upper() in names:
        return low + [*names].index(text.upper())
    return int(text) if re.fullmatch(r"[0-9]{1,4}", text) and low <= int(text) <= high else None
