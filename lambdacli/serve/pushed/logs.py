"""Log groups: what is put into their streams is looked for, since emulators do not send it to queues.

Source: "Real-time processing of log data with subscriptions" in the CloudWatch Logs user guide; DescribeLogStreams and
GetLogEvents in its API reference.
"""

from __future__ import annotations

import asyncio  # noqa: TID253 - this module is only imported once a loop is wanted
import base64
import gzip
import json
import time
from collections import Counter
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdacli.errors import LambdacliError
from lambdacli.patterns.logs import LogPattern
from lambdacli.serve.pushed.arriving import Arrival, Fate, Problem, hand_over
from lambdacli.serve.pushed.mending import Mending
from lambdacli.serve.tasks import Tasks
from lambdacli.triggers.logs import log_group_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lambdacli.serve.pushed.arriving import Given, Subscriber

_PAUSE = 0.5  # seconds between two looks
_LONGEST_PAUSE = 2.0  # while a group is not there
_RECENT = 5000  # milliseconds after which nothing can have been put that was not seen
_PAGE = 10_000  # log events in an answer, at most


def feed(given: Given) -> Groups:
    """Brings what is put into log groups."""
    return Groups(given)


class _Stream:
    """What of a stream has been seen."""

    def __init__(self, newest: int) -> None:
        self.newest = newest  # ingestion time, milliseconds since 1970
        self.seen: Counter[tuple[int, str]] = Counter()  # what was put at that very moment: time and message

    def unseen(self, events: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Those that are new."""
        seen = self.seen.copy()
        found: list[Mapping[str, Any]] = []
        for event in events:
            key = event["timestamp"], event["message"]
            if event["ingestionTime"] == self.newest and seen[key]:
                seen[key] -= 1
            elif event["ingestionTime"] >= self.newest:
                found.append(event)
        return found

    def note(self, events: Sequence[Mapping[str, Any]]) -> None:
        """They are not new any more."""
        newest = max((each["ingestionTime"] for each in events), default=self.newest)
        if newest > self.newest:
            self.newest, self.seen = newest, Counter()
        self.seen.update((each["timestamp"], each["message"]) for each in events if each["ingestionTime"] == newest)


class _Subscription(NamedTuple):
    function: str
    name: str  # of the subscription filter
    text: str  # of its pattern
    pattern: LogPattern


class Groups:
    """All log groups that triggers name."""

    def __init__(self, given: Given) -> None:
        self._given = given
        self._mending = Mending(given.common.telling, self._look)
        self._tasks = Tasks("logs", given.common.telling)
        self._subscriptions: dict[str, list[_Subscription]] = {}
        self._told: set[str] = set()  # patterns that cannot be read
        self._streams: dict[str, dict[str, _Stream]] = {}  # by group, and by stream
        self._new: set[str] = set()  # groups whose streams have not been looked at yet
        self._numbers = count()
        self._looking: asyncio.Task[None] | None = None

    async def follow(self, subscribers: Sequence[Subscriber]) -> None:
        """Match by these triggers from now on."""
        self._subscriptions = self._read(subscribers)
        self._new = {group for group in self._subscriptions if group not in self._streams}
        self._streams = {group: self._streams.get(group, {}) for group in self._subscriptions}
        await self._mending.once()
        if self._looking is None:
            self._looking = self._tasks.keep(self._look_on)

    async def again(self) -> None:
        """There is nothing that a source could have forgotten."""

    async def pause(self) -> None:
        """Look no more."""
        await self._tasks.cancel()

    async def stop(self) -> None:
        """There is nothing of ours in the source."""

    # Parts

    def _read(self, subscribers: Sequence[Subscriber]) -> dict[str, list[_Subscription]]:
        found: dict[str, list[_Subscription]] = {}
        manifest = self._given.common.fleet.manifest
        for each in subscribers:
            settings = each.trigger.settings
            text = settings.get("filter_pattern", "")
            name = settings.get("filter_name", f"{manifest.app}-{manifest.stage}-{each.function}.logs")
            try:
                made = _Subscription(each.function, name, text, LogPattern(text))
            except ValueError as error:
                self._tell(f"{each.where}.filter_pattern: {error}", "no log event reaches the function here")
                continue
            if "field_selection_criteria" in settings:
                self._tell(f"{each.where}.field_selection_criteria is not evaluated here", "every log event has them")
            found.setdefault(log_group_name(settings["log_group"]), []).append(made)
        return found

    def _tell(self, text: str, hint: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self._given.common.telling.warning(text, hint)

    async def _look_on(self) -> None:
        pause = _PAUSE
        while True:
            await asyncio.sleep(pause)
            if self._given.common.later.full:
                continue
            missing = await self._mending.once()
            pause = min(2 * pause, _LONGEST_PAUSE) if missing else _PAUSE

    async def _look(self) -> list[Problem]:
        """One look at every group; what could not be looked at."""
        return [problem for group in [*self._subscriptions] for problem in await self._tried(group)]

    async def _tried(self, group: str) -> list[Problem]:
        try:
            await self._look_at(group)
        except LambdacliError as error:
            self._new.discard(group)  # whatever it holds once it is there is new
            return [Problem(f"logs {group}", error)]
        return []

    async def _look_at(self, group: str) -> None:
        streams = self._streams[group]
        now = time.time_ns() // 1_000_000
        async for about in self._described(group):
            name, newest = about["logStreamName"], about.get("lastIngestionTime", 0)
            if group in self._new:
                streams[name] = _Stream(newest + 1)
                continue
            stream = streams.setdefault(name, _Stream(0))
            if newest > stream.newest or (newest == stream.newest and now - newest < _RECENT):
                self._hand_over(group, name, stream, await self._unseen(group, name, stream))
        self._new.discard(group)

    async def _described(self, group: str) -> Any:
        more: dict[str, Any] = {}
        while True:
            answer = await self._given.ask("logs", "describe_log_streams", logGroupName=group, **more)
            for each in answer.get("logStreams", ()):
                yield each
            if not answer.get("nextToken"):
                return
            more = {"nextToken": answer["nextToken"]}

    async def _unseen(self, group: str, name: str, stream: _Stream) -> list[Mapping[str, Any]]:
        """What is new in a stream: its pages from the last one backwards, as far as they hold new events alone."""
        events: list[Mapping[str, Any]] = []
        more: dict[str, Any] = {"startFromHead": False}
        while True:
            answer = await self._given.ask(
                "logs", "get_log_events", logGroupName=group, logStreamName=name, limit=_PAGE, **more
            )
            page = answer.get("events", [])
            events = [*page, *events]
            token = answer.get("nextBackwardToken")
            if len(page) < _PAGE or token == more.get("nextToken") or len(stream.unseen(page)) < len(page):
                return stream.unseen(events)
            more = {"nextToken": token, "startFromHead": False}

    def _hand_over(self, group: str, name: str, stream: _Stream, events: list[Mapping[str, Any]]) -> None:
        if not events:
            return
        stream.note(events)
        fates = [fate for each in self._subscriptions.get(group, ()) for fate in self._fates(each, group, name, events)]
        hand_over(self._given.common, Arrival(f"logs {group}", name, fates))

    def _fates(
        self, subscription: _Subscription, group: str, stream: str, events: list[Mapping[str, Any]]
    ) -> Iterator[Fate]:
        matching = [each for each in events if subscription.pattern.matches(each["message"])]
        if matching:
            yield Fate(subscription.function, self._event(subscription, group, stream, matching))
        if left := len(events) - len(matching):
            entries = "1 log event does" if left == 1 else f"{left} log events do"
            yield Fate(subscription.function, why=f"{entries} not match filter_pattern {subscription.text}")

    def _event(self, subscription: _Subscription, group: str, stream: str, events: list[Mapping[str, Any]]) -> bytes:
        about = {
            "messageType": "DATA_MESSAGE",
            "owner": self._given.source.account,
            "logGroup": group,
            "logStream": stream,
            "subscriptionFilters": [subscription.name],
            "logEvents": [self._log_event(subscription, each) for each in events],
        }
        data = gzip.compress(json.dumps(about, separators=(",", ":"), ensure_ascii=False).encode(), mtime=0)
        return json.dumps({"awslogs": {"data": base64.b64encode(data).decode()}}).encode()

    def _log_event(self, subscription: _Subscription, event: Mapping[str, Any]) -> dict[str, Any]:
        fields = subscription.pattern.fields(event["message"])
        return {
            "id": f"3{event['timestamp']:013d}{next(self._numbers):042d}",
            "timestamp": event["timestamp"],
            "message": event["message"],
            **({"extractedFields": fields} if fields else {}),
        }
