"""Event buses: a rule of ours sends everything to a queue; patterns are matched here.

Source: "Amazon EventBridge event patterns" and "Amazon EventBridge input transformation" in the EventBridge user guide.
"""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from lambdacli.errors import LambdacliError
from lambdacli.patterns import Pattern, parsed
from lambdacli.refusals import Refused
from lambdacli.serve.pushed.arriving import Arrival, Fate, Problem, grouped
from lambdacli.serve.pushed.queued import Queued
from lambdacli.triggers._pushed import written
from lambdacli.triggers.eventbridge import delivery

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lambdacli.serve.pushed.arriving import Given, Subscriber

_DEFAULT = "default"  # every account's event bus
_FIELDS = ("version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail")
_EVERYTHING = '{"source":[{"prefix":""}]}'


def feed(given: Given) -> Queued:
    """Brings what is put on event buses."""
    return Queued(given, Buses(given))


class Buses:
    """A rule on each bus that triggers name."""

    kind = "eventbridge"
    principal = "events.amazonaws.com"

    def __init__(self, given: Given) -> None:
        self._ask = given.ask
        self._app = given.common.fleet.manifest.app
        self._name = given.prefix  # of the rules, and of their targets
        self._connected: set[str] = set()
        self._rules: list[_Rule] = []
        self._subscribers: Sequence[Subscriber] = ()

    @property
    def subscribers(self) -> Sequence[Subscriber]:
        """See `Way`."""
        return self._subscribers

    @subscribers.setter
    def subscribers(self, those: Sequence[Subscriber]) -> None:
        buses = grouped(those, "event_bus", _DEFAULT)
        self._subscribers = those
        self._rules = [_Rule(bus, each, self._app) for bus, several in buses.items() for each in several]

    async def connect(self, queue: str) -> list[Problem]:
        """See `Way`."""
        buses = {rule.bus for rule in self._rules}
        problems = [each for bus in sorted(buses - self._connected) for each in await self._lead(bus, queue)]
        return problems + [each for bus in sorted(self._connected - buses) for each in await self._remove(bus)]

    def forget(self) -> None:
        """See `Way`."""
        self._connected = set()

    async def disconnect(self) -> list[Problem]:
        """See `Way`."""
        return [each for bus in sorted(self._connected) for each in await self._remove(bus)]

    def arrivals(self, body: str) -> Iterator[Arrival]:
        """See `Way`."""
        message = json.loads(body)
        bus, event = message["bus"], _as_aws_sends(message["event"])
        fates = [rule.fate(event) for rule in self._rules if rule.bus == bus]
        yield Arrival(f"eventbridge {bus}", event["id"], fates)

    # Parts

    async def _lead(self, bus: str, queue: str) -> list[Problem]:
        # which bus it was on is not to be seen in an event
        template = f'{{"bus":{json.dumps(bus)},"event":<aws.events.event.json>}}'
        target = {"Id": self._name, "Arn": queue, "InputTransformer": {"InputTemplate": template}}
        try:
            await self._ask("events", "put_rule", Name=self._name, EventBusName=bus, EventPattern=_EVERYTHING)
            await self._ask("events", "put_targets", Rule=self._name, EventBusName=bus, Targets=[target])
        except LambdacliError as error:
            return [Problem(f"eventbridge {bus}", error)]
        self._connected.add(bus)
        return []

    async def _remove(self, bus: str) -> list[Problem]:
        self._connected.discard(bus)
        try:
            await self._ask("events", "remove_targets", Rule=self._name, EventBusName=bus, Ids=[self._name])
            await self._ask("events", "delete_rule", Name=self._name, EventBusName=bus)
        except LambdacliError as error:
            absent = isinstance(error, Refused) and error.absent
            return [] if absent else [Problem(f"eventbridge {bus}", error)]
        return []


def _as_aws_sends(event: dict[str, Any]) -> dict[str, Any]:
    """The event with its own fields alone, and a time in whole seconds; emulators differ."""
    told = {key: event[key] for key in _FIELDS}
    if isinstance(told["time"], (int, float)):
        told["time"] = written(datetime.fromtimestamp(told["time"], timezone.utc))
    return told


class _Rule:
    """A trigger, its pattern read once."""

    def __init__(self, bus: str, subscriber: Subscriber, app: str) -> None:
        self.bus = bus
        self._function = subscriber.function
        self._settings = subscriber.trigger.settings
        self._pattern = Pattern(parsed(self._settings["pattern"]))
        self._transform: Callable[[Any], Any] | None = delivery(subscriber.trigger, f"{app}-{subscriber.function}")

    def fate(self, event: dict[str, Any]) -> Fate:
        """What the function gets of an event, or why nothing."""
        if reason := self._pattern.why(event):
            return Fate(self._function, why=f"pattern: {reason}")
        given = self._settings.get("input", event) if self._transform is None else self._transform(event)
        return Fate(self._function, json.dumps(given, separators=(",", ":"), ensure_ascii=False).encode())
