"""A function's log on AWS: what has been logged, and what is being logged, merged by time.

Source: FilterLogEvents and StartLiveTail in the CloudWatch Logs API reference.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdacli.deploy.resources.log_group import group_name
from lambdacli.errors import UsageError
from lambdacli.refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from lambdacli.deploy.aws import Aws

_ASK = 2.0  # seconds between two questions where there is no live tail
_LATE = 15_000  # ms that an event may come after a younger one
_ENDED = "SessionTimeoutException"  # a live tail ends after three hours
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_AGO = re.compile(r"(\d+)\s*(s|m|h|d|w|sec(?:ond)?s?|min(?:ute)?s?|hours?|days?|weeks?)(?:\s+ago)?", re.IGNORECASE)


class Entry(NamedTuple):
    """One entry of a log."""

    time: int  # ms since 1970
    stream: str  # one per execution environment
    message: str


class Source(NamedTuple):
    """Which log, and what of it."""

    group: str
    arn: str
    pattern: str = ""  # of CloudWatch Logs


def of(aws: Aws, name: str, pattern: str = "") -> Source:
    """The log of a function of the manifest.

    Args:
        aws: where it is deployed.
        name: the function's.
        pattern: what entries have to match, in CloudWatch Logs' syntax.
    """
    group = group_name(name, aws.place)
    return Source(group, aws.place.arn("logs", f"log-group:{group}"), pattern)


def when(text: str, now: datetime) -> int:
    """A time in ms since 1970.

    Args:
        text: `10m`, `2 hours ago`, `17:30` of today, or as ISO 8601 writes it, local unless it says otherwise.
        now: with a time zone.

    Raises:
        UsageError: it is none of these.
    """
    if told := _AGO.fullmatch(text.strip()):
        seconds = int(told[1]) * _UNITS[told[2][0].lower()]
        return max(0, int((now.timestamp() - seconds) * 1000))
    try:
        if re.fullmatch(r"\d\d?:\d\d(:\d\d)?", text):
            text = f"{now.astimezone():%Y-%m-%d}T{text.zfill(5)}"
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
        return int((moment if moment.tzinfo else moment.astimezone()).timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        raise UsageError(
            f"--since {text!r} is no time", hint="as 10m, '2 hours ago', 17:30 or 2026-11-21T17:30:00Z"
        ) from None


def past(aws: Aws, source: Source, since: int) -> Iterator[Entry]:
    """What has been logged since then, the oldest first.

    Raises:
        UsageError: there is no such log.
        Refused: AWS says no.
    """
    try:
        for event in _filtered(aws, source, since):
            yield _entry(event)
    except Refused as refused:
        if not refused.absent:
            raise
        raise UsageError(
            f"there is no log {source.group} in {aws.place.region}",
            hint="`lambdacli deploy` makes it, with its function",
        ) from None


def follow(aws: Aws, source: Source, since: int, tell: Callable[[str], None]) -> Iterator[Entry]:
    """What has been logged since then and what is being logged, until nobody wants any more.

    Args:
        aws: whom to ask.
        source: which log; it may be there only later.
        since: ms since 1970.
        tell: told what whoever reads this should know.

    Raises:
        Refused: AWS says no.
    """
    latest, waiting = since, False
    while True:
        try:
            for entry in _live(aws, source, latest, tell):
                latest = max(latest, entry.time)
                yield entry
        except Refused as refused:
            if refused.absent:
                if not waiting:
                    tell(f"there is no log {source.group} yet: waiting for it")
                waiting = True
                aws.connection.pause(_ASK)
                continue
            if refused.code != _ENDED:
                tell(f"no live tail ({refused.code}): the log is asked for every {_ASK:g} s")
                break
        else:
            aws.connection.pause(_ASK)  # it has come to its end: another one may do so at once
        latest += 1
    yield from _asked(aws, source, latest)


def _live(aws: Aws, source: Source, since: int, tell: Callable[[str], None]) -> Iterator[Entry]:
    """The tail begins before the past is read, so that nothing falls between them."""
    wanted = {"logGroupIdentifiers": [source.arn]} | _filter(source, "logEventFilterPattern")
    stream = aws.connection.events("logs", "start_live_tail", "responseStream", wanted)
    try:
        first = next(stream, {})
        told: Counter[Entry] = Counter()
        for entry in map(_entry, _filtered(aws, source, since)):
            told[entry] += 1
            yield entry
        yield from _new(first, told)
        sampled = False
        for event in stream:
            yield from _new(event, told)
            if not sampled and _sampled(event):
                sampled = True
                tell("more than 500 entries a second: the live tail shows a part of them")
    finally:
        stream.close()  # type: ignore[attr-defined]


def _new(event: Mapping[str, Any], told: Counter[Entry]) -> Iterator[Entry]:
    entries = [_entry(each) for each in event.get("sessionUpdate", {}).get("sessionResults", ())]
    for entry in sorted(entries, key=lambda each: each.time):
        if told[entry]:
            told[entry] -= 1
        else:
            yield entry


def _sampled(event: Mapping[str, Any]) -> bool:
    return bool(event.get("sessionUpdate", {}).get("sessionMetadata", {}).get("sampled"))


def _asked(aws: Aws, source: Source, since: int) -> Iterator[Entry]:
    """Asked for again and again; each entry once, also if it comes late."""
    seen: dict[str, int] = {}
    latest = since
    while True:
        try:
            for event in _filtered(aws, source, max(since, latest - _LATE)):
                if event["eventId"] not in seen:
                    seen[event["eventId"]] = event["timestamp"]
                    latest = max(latest, event["timestamp"])
                    yield _entry(event)
        except Refused as refused:
            if not refused.absent:
                raise
        seen = {each: moment for each, moment in seen.items() if moment >= latest - _LATE}
        aws.connection.pause(_ASK)


def _filtered(aws: Aws, source: Source, since: int) -> Iterator[Mapping[str, Any]]:
    """Page by page: a log may be long."""
    asked = {"logGroupName": source.group, "startTime": since, **_filter(source, "filterPattern")}
    while True:
        answer = aws.connection.patient("logs", "filter_log_events", asked)
        yield from sorted(answer.get("events", ()), key=lambda event: event["timestamp"])
        if not answer.get("nextToken"):
            return
        asked["nextToken"] = answer["nextToken"]


def _filter(source: Source, name: str) -> dict[str, str]:
    return {name: source.pattern} if source.pattern else {}


def _entry(event: Mapping[str, Any]) -> Entry:
    return Entry(int(event["timestamp"]), str(event.get("logStreamName", "")), str(event["message"]))
