"""Schedule expressions: rate(…), cron(…) of six fields, at(…). Source: "Schedule types in EventBridge Scheduler"."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

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
_DAY_OF_MONTH, _DAY_OF_WEEK = 2, 4
_NTHS = 5


def mistake(expression: str) -> tuple[str, str]:
    """What is wrong with a schedule expression and what to do, or two empty strings."""
    if match := _RATE.fullmatch(expression):
        return _rate(match[1], match[2])
    if match := _CRON.fullmatch(expression):
        return _cron(match[1])
    if match := _AT.fullmatch(expression):
        return _at(match[1])
    return f"{expression} is no schedule", "rate(5 minutes), cron(0 8 ? * MON-FRI *) or at(2027-01-31T08:00:00)"


def _rate(value: str, unit: str) -> tuple[str, str]:
    if not re.fullmatch(r"[0-9]{1,9}", value) or int(value) < 1:
        return f"a rate is a whole number of 1 or more, not {value}", ""
    if unit not in _UNITS:
        return f"{unit} is no unit of a rate", f"one of {', '.join(_UNITS)}"
    if (int(value) == 1) == unit.endswith("s"):
        right = unit.rstrip("s") if int(value) == 1 else f"{unit}s"
        return f"rate({value} {unit}) is refused by AWS", f"write rate({value} {right})"
    return "", ""


def _at(value: str) -> tuple[str, str]:
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", value):
            datetime.fromisoformat(value)
            return "", ""
    except ValueError:
        pass
    return f"{value} is no time", "write at(2027-01-31T08:00:00), without a zone; `timezone` is a setting"


def _cron(text: str) -> tuple[str, str]:
    fields = text.split()
    if len(fields) != len(_FIELDS):
        hint = "minutes hours day-of-month month day-of-week year, as cron(0 8 ? * MON-FRI *)"
        if len(fields) == len(_FIELDS) - 1:
            hint = f"AWS has a year as well: {hint}"
        return f"cron has {len(_FIELDS)} fields, found {len(fields)}", hint
    unset = [index for index in (_DAY_OF_MONTH, _DAY_OF_WEEK) if fields[index] == "?"]
    if len(unset) != 1:
        return "exactly one of day of month and day of week is ?", "as in cron(0 8 * * ? *) or cron(0 8 ? * MON *)"
    for index, field in enumerate(fields):
        for wrong in _wrong_parts(field, index):
            name, low, high, _ = _FIELDS[index]
            return f"{wrong} is no {name} of a cron expression", f"from {low} to {high}, with , - * /"
    return "", ""


def _wrong_parts(field: str, index: int) -> Iterator[str]:
    if field == "?" and index in (_DAY_OF_MONTH, _DAY_OF_WEEK):
        return
    for part in field.split(","):
        if not _right(part, index):
            yield part or "an empty part"


def _right(part: str, index: int) -> bool:
    if _special(part, index):
        return True
    base, slash, step = part.partition("/")
    if slash and not (re.fullmatch(r"[0-9]{1,4}", step) and int(step) > 0):
        return False
    if base == "*":
        return True
    first, dash, last = base.partition("-")
    # a range may wrap where names go round, as FRI-MON; numbers are left to AWS, which takes them as well
    return _value(first, index) and (not dash or _value(last, index))


def _special(part: str, index: int) -> bool:
    """L and 15W in the day of month; L, 6L and 3#2 in the day of week."""
    if index == _DAY_OF_MONTH:
        return part in ("L", "LW") or (part.endswith("W") and _value(part[:-1], index))
    if index == _DAY_OF_WEEK:
        day, hash_sign, nth = part.partition("#")
        if hash_sign:
            return _value(day, index) and nth.isdecimal() and len(nth) == 1 and 1 <= int(nth) <= _NTHS
        return part == "L" or (part.endswith("L") and _value(part[:-1], index))
    return False


def _value(text: str, index: int) -> bool:
    _, low, high, names = _FIELDS[index]
    return text.upper() in names or (bool(re.fullmatch(r"[0-9]{1,4}", text)) and low <= int(text) <= high)
