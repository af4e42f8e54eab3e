"""Kafka topics: read as a member of a consumer group, one batch of each partition at a time.

Source: "Using Lambda with self-managed Apache Kafka", "Using Lambda with Amazon MSK" and "Batching behavior" in the AWS
Lambda developer guide: records of several partitions may share a batch, offsets are committed when the batch is done.
"""

from __future__ import annotations

import asyncio  # noqa: TID253 - this module is only imported once a loop is wanted
import os
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdacli import triggers
from lambdacli.errors import MachineError
from lambdacli.model import Destination
from lambdacli.patterns.records import Filters
from lambdacli.serve.polled import kafka_records as records
from lambdacli.serve.polled.kafka_brokers import brokers
from lambdacli.serve.polled.kafka_consuming import Away, Consuming, Position
from lambdacli.serve.polled.kafka_failing import ToDestination, ToTopic
from lambdacli.serve.polled.kafka_records import Item, Origin
from lambdacli.serve.polled.kafka_running import Gone, Running
from lambdacli.serve.polled.reach import Reach
from lambdacli.serve.tasks import Tasks
from lambdacli.serve.telling import Step

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lambdacli.model import Manifest, Trigger
    from lambdacli.serve.polled.kafka_brokers import Brokers
    from lambdacli.serve.polled.kafka_running import GivenUp
    from lambdacli.serve.polled.mapping import Mapping as EventSourceMapping
    from lambdacli.serve.polled.mapping import Wiring

_SIZE = 100
_WINDOW = 0.5  # seconds
_LOOK = 0.25  # seconds that the thread waits at once: ending waits for it
_FIRST_PAUSE, _PATIENCE = 0.2, 30.0  # seconds: of commits
_ROOM = 5 << 20  # bytes of records after which a batch is full enough


class _Batch(NamedTuple):
    items: list[Item]
    ends: dict[int, int]  # where each partition goes on, filtered records included


def mapping(wiring: Wiring, function: str, trigger: Trigger) -> EventSourceMapping:
    """The event source mapping of a kafka trigger."""
    return Kafka(wiring, function, trigger)


class Kafka:
    """One topic and one function.

    Attributes:
        position: the group remembers it; but whoever takes this one's place waits until it has committed.
    """

    def __init__(self, wiring: Wiring, function: str, trigger: Trigger) -> None:
        values = trigger.settings
        self.name = f"kafka {values['topic']}"
        self.position: Any = True
        self._wiring = wiring
        self._telling = wiring.common.telling
        self._function = function
        self._values: Mapping[str, Any] = values
        self._where = triggers.where(function, trigger)
        self._step = Step("received", self.name, function)
        self._filters = Filters(values.get("filters", ()), "value")
        self._size: int = values.get("batch_size", _SIZE)
        self._window: float = values.get("maximum_batching_window", _WINDOW)
        self._reach = Reach(self.name, self._where, self._telling)
        self._reading = Tasks(self.name, self._telling)
        self._batches = Tasks(self.name, self._telling)
        self._consuming: Consuming | None = None

    async def start(self, position: Any = None) -> None:  # noqa: ARG002 - the group remembers
        """As `Mapping`: where to begin is settled when it returns, if the brokers answer."""
        try:
            found = await asyncio.get_running_loop().run_in_executor(self._wiring.executor, self._brokers)
            self._consuming = self._consumer(found)
            running = self._running(found)
            await self._consuming.begin()
        except MachineError as error:
            await self._close()
            self._telling.warning(f"{self._where}: {error.message}", error.hint)
            return
        except Away as error:
            away = error
            self._reading.keep(lambda: self._begin_late(running, away))
            return
        self._tell_limits()
        self._reading.keep(lambda: self._read(running))

    async def again(self) -> None:
        """As `Mapping`: the brokers are none of ours."""

    async def pause(self) -> None:
        """As `Mapping`: what is not committed is read again by whoever comes next."""
        await self._reading.cancel()

    async def finish(self) -> None:
        """As `Mapping`."""
        try:
            await self.pause()
            await self._batches.done()
        except asyncio.CancelledError:
            await self.stop()
            raise
        await self._close()

    async def stop(self) -> None:
        """As `Mapping`."""
        await self.pause()
        await self._batches.cancel()
        await self._close()

    # How it is made

    def _brokers(self) -> Brokers:
        source: Any = self._wiring.source
        ask: Callable[..., Any] | None = source.connection.once if source is not None and not source.endpoint else None
        return brokers(self._values, os.environ, ask)

    def _consumer(self, found: Brokers) -> Consuming:
        values = self._values
        manifest = self._wiring.common.fleet.manifest
        group = values.get("consumer_group_id") or _group(manifest, self._function, values["topic"])
        name = values.get("starting_position", "LATEST")
        position = Position(name, _milliseconds(values.get("starting_position_timestamp", 0)))
        return Consuming({**found.settings, "group.id": group}, values["topic"], position, self._wiring.executor)

    def _running(self, found: Brokers) -> Running:
        origin = Origin(found.shown, self._values.get("cluster", ""))
        return Running(self._wiring.common, self._step, origin, self._values, self._given_up(found, origin))

    def _given_up(self, found: Brokers, origin: Origin) -> GivenUp | None:
        for kind, target in self._values.get("on_failure", {}).items():
            if kind == "kafka":
                return ToTopic(target, found.settings, self._wiring.executor, origin, self._telling)
            return ToDestination(
                Destination(kind, target), self._wiring.sender, origin, f"{self._function}/{self.name}"
            )
        return None

    def _tell_limits(self) -> None:
        if self._values.get("consumption_mode") == "Queue":
            self._telling.warning(f"{self._where}: a share group is read here as a consumer group, in order")
        if "schema_registry" in self._values:
            text = "no schema registry is asked here: records come as they lie in the topic"
            self._telling.warning(f"{self._where}.schema_registry: {text}")

    # How it runs

    async def _begin_late(self, running: Running, error: Away) -> None:
        """Ask again until the brokers answer, and there is such a topic."""
        assert self._consuming is not None  # noqa: S101 - start has made it
        while True:
            await self._reach.lost(error)
            try:
                await self._consuming.begin()
            except Away as still:
                error = still
                continue
            break
        self._reach.found()
        self._tell_limits()
        await self._read(running)

    async def _read(self, running: Running) -> None:
        assert self._consuming is not None  # noqa: S101 - start has made it
        while True:
            try:
                batch = await self._gathered(self._consuming)
            except Away as error:
                await self._lost(self._consuming, error)
                continue
            if batch.items:
                self._consuming.hold(batch.ends)
                self._batches.begin(self._run(self._consuming, running, batch))
            elif batch.ends:
                await self._commit(self._consuming, batch.ends)

    async def _lost(self, consuming: Consuming, error: Away) -> None:
        while True:
            await self._reach.lost(error)
            try:
                await consuming.reach()
            except Away as still:
                error = still
                continue
            self._reach.found()
            return

    async def _gathered(self, consuming: Consuming) -> _Batch:
        """The next batch: full, or all that came in the window."""
        now = asyncio.get_running_loop().time
        batch = _Batch([], {})
        try:
            self._take(batch, await consuming.some(1, _LOOK))
            until = now() + self._window
            while batch.items and self._has_room(batch):
                left = until - now()
                more = await consuming.some(self._size - len(batch.items), max(0.0, min(left, _LOOK)))
                self._take(batch, more)
                if left <= 0:
                    break
        except asyncio.CancelledError:
            self._returned(batch)
            raise
        except Away:
            if not batch.ends:
                raise
        return batch

    def _has_room(self, batch: _Batch) -> bool:
        return len(batch.items) < self._size and sum(len(each.text) for each in batch.items) < _ROOM

    def _take(self, batch: _Batch, found: list[records.Read]) -> None:
        for each in found:
            seen = records.record(each)
            item = records.item(each, seen)
            batch.ends[each.partition] = each.offset + 1
            self._tell("received", [item])
            passes, reason = self._filters.passes(seen)
            if passes:
                batch.items.append(item)
            else:
                self._tell("filtered", [item], reason)

    async def _run(self, consuming: Consuming, running: Running, batch: _Batch) -> None:
        try:
            await running.run(batch.items)
        except asyncio.CancelledError:
            self._returned(batch)
            raise
        except Gone:
            self._tell("returned", batch.items, "the function has left the manifest")
            return
        await self._commit(consuming, batch.ends)
        consuming.go_on(batch.ends)

    async def _commit(self, consuming: Consuming, ends: Mapping[int, int]) -> None:
        """Tried again while the brokers are away; what they never hear of comes again after the next start."""
        pause, until = _FIRST_PAUSE, asyncio.get_running_loop().time() + _PATIENCE
        while True:
            try:
                return await consuming.commit(ends)
            except Away as error:
                if asyncio.get_running_loop().time() + pause > until:
                    text = f"{self.name}: what is done could not be committed and may come again: {error.message}"
                    self._telling.warning(text)
                    return None
            await asyncio.sleep(pause)
            pause *= 2

    async def _close(self) -> None:
        consuming, self._consuming = self._consuming, None
        if consuming is not None:
            await consuming.close()

    def _returned(self, batch: _Batch) -> None:
        if batch.items:
            self._tell("returned", batch.items, "everything ends")

    def _tell(self, what: Any, items: list[Item], detail: str = "") -> None:
        self._telling.step(self._step._replace(what=what, records=tuple(each.id for each in items), detail=detail))


def _group(manifest: Manifest, function: str, topic: str) -> str:
    """The same at every start, so that a mapping goes on where it was."""
    return f"lambdacli-{manifest.app}-{manifest.stage}-{function}-{topic}"


def _milliseconds(moment: str | float) -> int:
    from lambdacli.triggers._mappings import seconds

    return int(seconds(moment) * 1000)
