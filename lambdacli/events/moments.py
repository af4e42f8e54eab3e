"""Times in events: kept as integer milliseconds since the epoch, written in the many ways AWS writes them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lambdacli.events.forms import Clf, Iso

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_ISO = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:?\d\d)?")
_MILLISECONDS_FROM = 100_000_000_000  # an epoch beyond is in milliseconds: as seconds it would be the year 5138
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def now() -> int:
    """The current time."""
    return (datetime.now(timezone.utc) - _EPOCH) // timedelta(milliseconds=1)


def parse(value: Any) -> int:
    """Epoch milliseconds of an ISO 8601 time (UTC unless it says otherwise), an epoch, or `now`.

    Raises:
        ValueError: it is none of these.
    """
    if value == "now":
        return now()
    try:
        milliseconds = _iso(value) if isinstance(value, str) and _ISO.fullmatch(value) else _epoch(value)
        at(milliseconds)
    except (ValueError, TypeError, OverflowError):
        raise ValueError("expected a time as 2026-01-02T03:04:05Z, an epoch, or now") from None
    return milliseconds


def _epoch(value: Any) -> int:
    if isinstance(value, bool):
        raise TypeError(value)
    number = float(value)
    return round(number if abs(number) >= _MILLISECONDS_FROM else number * 1000)


def _iso(value: str) -> int:
    match = _ISO.fullmatch(value)
    if not match:
        raise ValueError(value)
    day, clock, fraction, zone = match.groups()
    offset = "+00:00" if zone in {None, "Z"} else f"{zone[:3]}:{zone[-2:]}"
    moment = datetime.fromisoformat(f"{day}T{clock or '00:00'}{offset}")
    return (moment - _EPOCH) // timedelta(milliseconds=1) + int((fraction or "0").ljust(3, "0")[:3])


def at(milliseconds: int) -> datetime:
    """The moment in UTC.

    Raises:
        OverflowError: it lies outside the years 1 to 9999.
    """
    return _EPOCH + timedelta(milliseconds=milliseconds)


def iso(milliseconds: int) -> Iso:
    """2026-01-02T03:04:05Z."""
    return f"{at(milliseconds).isoformat()[:19]}Z"


def iso_ms(milliseconds: int) -> Iso:
    """2026-01-02T03:04:05.678Z."""
    return f"{at(milliseconds).isoformat()[:19]}.{milliseconds % 1000:03d}Z"


def iso_offset(milliseconds: int) -> Iso:
    """2026-01-02T03:04:05.678+0000, as Cognito's and Amazon Connect's services write it."""
    return f"{at(milliseconds).isoformat()[:19]}.{milliseconds % 1000:03d}+0000"


def clf(milliseconds: int) -> Clf:
    """02/Jan/2026:03:04:05 +0000, the common log format of API Gateway's request times."""
    moment = at(milliseconds)
    return f"{moment:%d}/{_MONTHS[moment.month - 1]}/{moment:%Y:%H:%M:%S} +0000"


def rfc2822(milliseconds: int) -> str:
    """Fri, 2 Jan 2026 03:04:05 +0000, as in the header of a mail."""
    moment = at(milliseconds)
    return f"{_DAYS[moment.weekday()]}, {moment.day} {_MONTHS[moment.month - 1]} {moment:%Y %H:%M:%S} +0000"


def http_date(milliseconds: int) -> str:
    """Fri, 02 Jan 2026 03:04:05 GMT, as in headers of HTTP."""
    moment = at(milliseconds)
    return f"{_DAYS[moment.weekday()]}, {moment:%d} {_MONTHS[moment.month - 1]} {moment:%Y %H:%M:%S} GMT"


def rabbit(milliseconds: int) -> str:
    """Jan 2, 2026, 3:04:05 AM, as Lambda writes the time of RabbitMQ's messages."""
    return _american(milliseconds, ", ")


def us_time(milliseconds: int) -> str:
    """Jan 2, 2026 3:04:05 AM, as Systems Manager writes the times of an automation."""
    return _american(milliseconds, " ")


def _american(milliseconds: int, separator: str) -> str:
    moment = at(milliseconds)
    day = f"{_MONTHS[moment.month - 1]} {moment.day}, {moment.year}"
    half = "AM" if moment.hour < 12 else "PM"  # noqa: PLR2004 - noon
    return f"{day}{separator}{moment.hour % 12 or 12}:{moment:%M:%S} {half}"


def java_time(milliseconds: int) -> str:
    """Fri Jan 02 03:04:05 UTC 2026, as REST APIs write the times of a user pool's claims."""
    moment = at(milliseconds)
    return f"{_DAYS[moment.weekday()]} {_MONTHS[moment.month - 1]} {moment:%d %H:%M:%S UTC %Y}"


def date(milliseconds: int, pattern: str) -> str:
    """In a pattern of strftime; for numbers, as %Y/%m/%d."""
    return at(milliseconds).strftime(pattern)


def epoch(milliseconds: int) -> int:
    """Whole seconds since the epoch."""
    return milliseconds // 1000


def epoch_ms(milliseconds: int) -> int:
    """As they are kept."""
    return milliseconds


def epoch_float(milliseconds: int) -> float:
    """Seconds with their fraction."""
    return milliseconds / 1000
