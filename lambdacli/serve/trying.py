"""When an asynchronous event is tried again, and when it is given up. Pure.

Source: "How Lambda handles errors and retries with asynchronous invocation" in the AWS Lambda developer guide.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from lambdacli.serve.telling import Step

if TYPE_CHECKING:
    from datetime import datetime

    from lambdacli.local.invocation import Outcome
    from lambdacli.model import Function
    from lambdacli.serve.destinations.records import Condition
    from lambdacli.serve.fleet import Call
    from lambdacli.serve.telling import What

_AFTER_ERRORS = (60.0, 120.0)  # seconds after the first failed try, and after the second
_FIRST_BACKOFF = 1.0  # seconds, doubled each time
_LONGEST_BACKOFF = 300.0
_LONGEST_REASON = 200  # characters of an error message


@dataclass(slots=True)
class Event:
    """An event that nobody waits for, and how far it has come."""

    function: str
    call: Call  # with the request id that all its tries have
    source: str
    record: str
    since: datetime
    tries: int = 0  # that reached the function
    refusals: int = 0  # in a row that did not
    last: Outcome | None = None  # of the newest try


def expiry(event: Event, function: Function) -> datetime:
    """When it is too old to be tried."""
    return event.since + timedelta(seconds=function.maximum_event_age)


def tries(function: Function) -> int:
    """How often a function that fails gets an event."""
    return function.maximum_retry_attempts + 1


def later(now: datetime, seconds: float) -> datetime:
    """So many seconds from now."""
    return now + timedelta(seconds=seconds)


def after_error(event: Event) -> float:
    """Seconds until the next try of a function that has failed."""
    event.refusals = 0
    return _AFTER_ERRORS[min(event.tries, len(_AFTER_ERRORS)) - 1]


def after_refusal(event: Event) -> float:
    """Seconds until the next try of a function that was throttled, or not reached; doubled each time."""
    event.refusals += 1
    return min(_LONGEST_BACKOFF, _FIRST_BACKOFF * 2.0 ** min(event.refusals - 1, 16))


def reason(outcome: Outcome) -> str:
    """Why a try failed, in a line."""
    try:
        answer = json.loads(outcome.payload)
    except (ValueError, RecursionError):
        answer = None
    message = str(answer.get("errorMessage") or "") if isinstance(answer, dict) else ""
    first = message.partition("\n")[0]
    short = first if len(first) <= _LONGEST_REASON else f"{first[:_LONGEST_REASON]}…"
    return ": ".join(filter(None, (outcome.error_type, short))) or "it failed"


def given_up(event: Event, condition: Condition) -> str:
    """Why it is not tried any more."""
    times = f"{event.tries} {'time' if event.tries == 1 else 'times'}"
    if condition == "EventAgeExceeded":
        return f"too old after {times}" if event.tries else "too old before it could run"
    return f"failed {times}" if event.tries else "its function has no concurrency"


def step(event: Event, what: What, detail: str = "", milliseconds: float | None = None) -> Step:
    """What is told of an event."""
    named = (event.record,) if event.record else ()
    return Step(what, event.source, event.function, named, detail, event.call.request_id, milliseconds)
