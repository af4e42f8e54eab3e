"""One member of a consumer group, in a thread of its own: it reads, keeps what is not due yet, commits what is done."""

from __future__ import annotations

import asyncio  # noqa: TID253 - this module is only imported once a loop is wanted
import contextlib
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from lambdacli.errors import LambdacliError, MachineError
from lambdacli.serve.polled.kafka_records import Read
from lambdacli.serve.polled.kafka_shelf import Shelf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from concurrent.futures import Executor

_PATIENCE = 3.0  # seconds for an answer of the brokers
_DEAD = 6000  # milliseconds after which the brokers give up a member: the least that they allow
_LONGEST_BATCH = 1_200_000  # milliseconds: a function runs for 15 minutes at most
_READ_AHEAD = 16_384  # KiB
_AT_ONCE = 500  # records of one call
QUIET = logging.getLogger("lambdacli.kafka")  # librdkafka's own words: what counts of them is told
QUIET.addHandler(logging.NullHandler())
QUIET.propagate = False
QUIET.setLevel(logging.CRITICAL + 1)


class Away(LambdacliError):  # noqa: N818 - what has happened
    """The brokers do not answer, or there is no such topic (exit code 1)."""

    exit_code = 1


class Position:
    """Where partitions without a committed offset are read from, settled when the mapping begins.

    Partitions that come later are read from their beginning: all in them is new.
    """

    def __init__(self, name: str, milliseconds: int = 0) -> None:
        self.name = name
        self.milliseconds = milliseconds  # since 1970, of AT_TIMESTAMP
        self.starts: dict[int, int] = {}


class Consuming:
    """Reads one topic.

    Args:
        settings: librdkafka's: where the brokers are, how to sign in, the group.
        topic: its name.
        position: where to begin.
        executor: for what is over soon, while the own thread waits for records.
    """

    def __init__(self, settings: Mapping[str, Any], topic: str, position: Position, executor: Executor) -> None:
        self._settings = settings
        self._topic = topic
        self._position = position
        self._executor = executor
        self._thread = ThreadPoolExecutor(1, "kafka")
        self._consumer: Any = None
        self._doubtful = False  # whether the brokers are there
        self._said = ""  # the last that librdkafka said of them
        self._seen = False  # the topic, or that there is none
        self._taken: dict[int, int] = {}  # behind the last record that was handed out, of each partition
        self._at_work: frozenset[int] = frozenset()
        self._freed = asyncio.Event()  # a partition is not at work any more
        self._shelves: dict[int, Shelf] = {}  # the thread's

    async def begin(self) -> None:
        """Settle where to begin, and join the group.

        Raises:
            Away: the brokers do not answer, or there is no such topic yet.
            MachineError: librdkafka is not installed, or does not take the settings.
        """
        await self._in_thread(self._begin)

    async def some(self, most: int, seconds: float) -> list[Read]:
        """Up to so many records, as soon as there are any, or after so long; none of partitions that are held.

        Raises:
            Away: the brokers do not answer.
        """
        self._freed.clear()
        waiting = any(self._shelves.values())  # for their partitions: then no new record is what comes next
        found: list[Read] = await self._in_thread(self._some, most, 0 if waiting else seconds)
        if waiting and not found:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._freed.wait(), seconds)
        return found

    async def reach(self) -> None:
        """Return if the brokers answer again. Raises as `some`."""
        await self._in_thread(self._described)

    def hold(self, partitions: Iterable[int]) -> None:
        """Hand out no more of them for now: their records are at work."""
        self._at_work = self._at_work.union(partitions)

    def go_on(self, partitions: Iterable[int]) -> None:
        """They are not at work any more."""
        self._at_work = self._at_work.difference(partitions)
        self._freed.set()

    async def commit(self, offsets: Mapping[int, int]) -> None:
        """All before these offsets is done.

        Raises:
            Away: nobody knows now.
        """
        from confluent_kafka import KafkaException, TopicPartition

        done = [TopicPartition(self._topic, partition, offset) for partition, offset in offsets.items()]
        call = self._executor.submit(self._consumer.commit, offsets=done, asynchronous=False)
        try:
            await asyncio.wrap_future(call)
        except KafkaException as error:
            raise Away(_text(error)) from None

    async def close(self) -> None:
        """Leave the group; another member goes on where this one has committed."""
        if self._consumer is not None:
            await self._in_thread(self._consumer.close)
        self._thread.shutdown(wait=False)

    # In the thread

    async def _in_thread(self, work: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)

    def _begin(self) -> None:
        if self._consumer is None:
            self._consumer = self._made()
        partitions = self._described()
        self._settle(partitions)
        self._consumer.subscribe([self._topic], on_assign=self._assigned, on_revoke=self._revoked)

    def _made(self) -> Any:
        try:
            from confluent_kafka import Consumer, KafkaException
        except ImportError:
            raise MachineError(
                f"topic {self._topic} is not read: confluent-kafka is not installed",
                hint="pip install 'lambdacli[kafka]'",
            ) from None
        own = {
            "client.id": "lambdacli",
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "auto.offset.reset": "earliest",
            "topic.metadata.refresh.interval.ms": 5000,
            "session.timeout.ms": _DEAD,
            "heartbeat.interval.ms": _DEAD // 3,
            "max.poll.interval.ms": _LONGEST_BATCH,
            "queued.max.messages.kbytes": _READ_AHEAD,
            "reconnect.backoff.max.ms": 1000,
            "fetch.wait.max.ms": 100,
        }
        try:
            return Consumer({**own, **self._settings, "error_cb": self._failed}, logger=QUIET)
        except KafkaException as error:
            raise MachineError(f"topic {self._topic} is not read: {_text(error)}") from None

    def _described(self) -> list[int]:
        """The numbers of the topic's partitions."""
        from confluent_kafka import KafkaException

        try:
            found = self._consumer.list_topics(self._topic, timeout=_PATIENCE).topics[self._topic]
        except KafkaException:
            raise self._silent() from None
        if found.error is not None:
            if not self._seen:
                self._seen, self._position.name = True, "TRIM_HORIZON"
            raise Away(f"there is no topic {self._topic} yet: {found.error.str()}")
        return sorted(found.partitions)

    def _settle(self, partitions: list[int]) -> None:
        """Where to begin in those of which nothing was ever committed."""
        from confluent_kafka import KafkaException, TopicPartition

        self._seen = True
        try:
            known = self._consumer.committed(self._partitions(partitions), timeout=_PATIENCE)
            fresh = [each.partition for each in known if each.offset < 0]
            if self._position.name == "AT_TIMESTAMP":
                asked = [TopicPartition(self._topic, each, self._position.milliseconds) for each in fresh]
                answer = self._consumer.offsets_for_times(asked, timeout=_PATIENCE)
                starts = {each.partition: each.offset for each in answer}
            else:
                starts = dict.fromkeys(fresh, -1)
            for partition in fresh:
                low, high = self._consumer.get_watermark_offsets(TopicPartition(self._topic, partition), _PATIENCE)
                start = low if self._position.name == "TRIM_HORIZON" else starts[partition]
                self._position.starts.setdefault(partition, start if start >= 0 else high)
        except KafkaException as error:
            raise Away(_text(error)) from None

    def _assigned(self, consumer: Any, partitions: list[Any]) -> None:
        """The group has given us partitions: what is held goes on behind it, what is committed there, all else anew."""
        from confluent_kafka import KafkaException

        try:
            committed = {each.partition: each.offset for each in consumer.committed(partitions, timeout=_PATIENCE)}
        except KafkaException:  # then librdkafka asks for itself, and begins at the beginning
            committed = {}
        begun = []
        for each in partitions:
            start = self._position.starts.get(each.partition)
            done = committed.get(each.partition, -1)
            if (taken := self._taken.get(each.partition, 0)) > max(done, 0):
                each.offset = taken
            elif done < 0 and start is not None:
                each.offset = start
                begun.append(each)
        self._revoked(consumer, partitions)
        consumer.assign(partitions)
        if begun:  # so that it is known where we were, even if nothing comes
            consumer.commit(offsets=begun, asynchronous=True)

    def _revoked(self, _consumer: Any, partitions: Iterable[Any]) -> None:
        """What lies here of them is read again, by whoever has them now."""
        for each in partitions:
            self._shelves.pop(each.partition, None)

    def _some(self, most: int, seconds: float) -> list[Read]:
        found = self._from_shelves(most)
        self._fill(0 if found else seconds)
        found += self._from_shelves(most - len(found))
        if not found and self._doubtful:  # what librdkafka says may be over by now
            self._described()
            self._doubtful = False
        return found

    def _from_shelves(self, most: int) -> list[Read]:
        found: list[Read] = []
        for partition, shelf in self._shelves.items():
            if partition not in self._at_work and len(found) < most and shelf:
                found += shelf.take(most - len(found))
                self._taken[partition] = found[-1].offset + 1
        return found

    def _fill(self, seconds: float) -> None:
        """Read on, of all partitions whose shelf has room."""
        from confluent_kafka import KafkaException

        again = [number for number, shelf in self._shelves.items() if shelf.closed and shelf.low]
        try:
            self._reopened(again)
            messages = self._consumer.consume(1, seconds)
            if messages:
                messages += self._consumer.consume(_AT_ONCE, 0)
            for each in messages:
                self._shelve(each)
            self._close([number for number, shelf in self._shelves.items() if shelf.full and not shelf.closed])
        except KafkaException as error:
            raise Away(_text(error)) from None

    def _shelve(self, message: Any) -> None:
        from confluent_kafka import KafkaError

        if (wrong := message.error()) is None:
            self._shelves.setdefault(message.partition(), Shelf()).add(_read(message))
        elif wrong.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            self._doubtful = True

    def _reopened(self, numbers: list[int]) -> None:
        if numbers:
            self._consumer.resume(self._partitions(numbers))
            for each in numbers:
                self._shelves[each].closed = False

    def _close(self, numbers: list[int]) -> None:
        """Read no more of them until their shelves are low."""
        if numbers:
            self._consumer.pause(self._partitions(numbers))
            for each in numbers:
                self._shelves[each].closed = True

    def _failed(self, error: Any) -> None:
        """What librdkafka has to say: it matters if nobody can be reached, or never will be."""
        from confluent_kafka import KafkaError

        grave = (KafkaError._ALL_BROKERS_DOWN, KafkaError._AUTHENTICATION)  # noqa: SLF001 - their names
        self._doubtful |= bool(error.fatal()) or error.code() in grave
        if error.code() != KafkaError._ALL_BROKERS_DOWN:  # noqa: SLF001 - as above
            self._said = error.str()

    def _silent(self) -> Away:
        said, self._said = self._said, ""
        reason = f": {said}" if said else ""
        return Away(f"the brokers at {self._settings['bootstrap.servers']} do not answer{reason}")

    def _partitions(self, numbers: Iterable[int]) -> list[Any]:
        from confluent_kafka import TopicPartition

        return [TopicPartition(self._topic, each) for each in numbers]


def _read(message: Any) -> Read:
    return Read(
        message.topic(), message.partition(), message.offset(), message.timestamp(), message.key(), message.value(),
        message.headers() or (),
    )  # fmt: skip


def _text(error: Exception) -> str:
    inner = error.args[0] if error.args else error
    return str(inner.str()) if hasattr(inner, "str") else str(inner)
