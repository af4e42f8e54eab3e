"""Sources that die and come back, shards that split, iterators that expire: what no emulator does when told to."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from emulator import ACCOUNT, REGION, Emulator, Unavailable, executable
from heard import Heard
from polling import Nobody, polling, saved

from lambdacli.connection import Connection, Target
from lambdacli.local import guard
from lambdacli.local.plan import Machine
from lambdacli.refusals import Refused
from lambdacli.serve.clock import Real
from lambdacli.serve.destinations import Sender
from lambdacli.serve.fleet import Fleet
from lambdacli.serve.parts import Common, Source
from lambdacli.serve.polled.mapping import Wiring
from lambdacli.serve.polled.reach import Reach
from lambdacli.serve.polled.stream_api import Identity, Page, Position, Raw, ShardInfo
from lambdacli.serve.polled.streams import Stream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from pathlib import Path

    from lambdacli.serve.telling import Step


def test_a_source_of_ours_that_is_back_soon_is_not_complained_of() -> None:
    async def main() -> None:
        heard = Heard()
        reach = Reach("sqs orders", "functions.orders.triggers[0].sqs.queue", heard, ours=True)
        error = Refused("sqs", "receive_message", "Unreachable", "nobody", lost=True)
        for _ in range(3):
            await reach.lost(error)
        waiting = asyncio.create_task(reach.lost(error))
        await asyncio.sleep(0)
        begun = time.monotonic()
        reach.again()
        await waiting
        assert time.monotonic() - begun < 0.5  # not the pause that it had come to
        reach.found()
        assert not heard.warnings
        assert not heard.notes

    asyncio.run(main())


def test_an_emulator_that_is_killed_and_comes_back_is_polled_again(tmp_path: Path) -> None:
    try:
        command = executable()
    except Unavailable as reason:
        pytest.skip(str(reason))
    first = Emulator(command)
    port = int(first.url.rpartition(":")[2])
    connection = Connection(region=REGION, target=Target(first.url, ("test", "test")))
    source = Source(connection, first.url, ACCOUNT, REGION, ours=True)
    triggers = ({"sqs": "orders"}, {"kinesis": {"stream": "clicks", "starting_position": "LATEST"}})

    def filled(emulator: Emulator, text: str) -> None:
        sqs, kinesis = emulator.client("sqs"), emulator.client("kinesis")
        sqs.send_message(QueueUrl=sqs.create_queue(QueueName="orders")["QueueUrl"], MessageBody=text)
        if text == "new":
            kinesis.create_stream(StreamName="clicks", ShardCount=1)
        kinesis.put_record(StreamName="clicks", Data=text.encode(), PartitionKey="a")

    async def main() -> None:
        first.client("kinesis").create_stream(StreamName="clicks", ShardCount=1)
        first.client("sqs").create_queue(QueueName="orders")
        async with polling(source, saved(tmp_path, "return", *triggers)) as at:
            filled(first, "old")
            await at.until("succeeded", records=2)
            await asyncio.to_thread(first.close)
            await at.heard.until(lambda heard: len(heard.warnings) >= 2)
            await asyncio.sleep(1)
            assert len(at.heard.warnings) == 2  # told once each, though it was asked again and again
            with await asyncio.to_thread(Emulator, command, port) as second:
                filled(second, "new")
                await at.polled.again()
                await at.until("succeeded", records=4)
                assert sorted(at.heard.notes) == ["kinesis clicks: it is there again", "sqs orders: it is there again"]
                await at.polled.pause()
                await at.polled.stop()

    asyncio.run(main())
    connection.close()


class Fake:
    """A stream that is told what to do. Records are numbers, put into shards."""

    name = "kinesis fake"
    most = 100
    interval = 0.05
    information = "KinesisBatchInfo"
    data_key = "data"

    def __init__(self, **shards: tuple[str, ...]) -> None:
        """Shards by name, with their parents."""
        self.made = "first"
        self.parents: dict[str, tuple[str, ...]] = shards
        self.records: dict[str, list[int]] = {name: [] for name in shards}
        self.closed: set[str] = set()
        self.asked: list[tuple[str, Position]] = []
        self.errors: list[Exception] = []  # of the next pages
        self._number = 0

    def put(self, shard: str, *numbers: int) -> None:
        self.records[shard] += numbers

    async def identity(self) -> Identity:
        return Identity("arn:aws:kinesis:eu-west-1:123456789012:stream/fake", self.made, 86_400)

    async def shards(self) -> Sequence[ShardInfo]:
        return [ShardInfo(name, parents, name in self.closed) for name, parents in self.parents.items()]

    async def iterator(self, shard: str, position: Position) -> str:
        self.asked.append((shard, position))
        records = self.records[shard]
        after = [place + 1 for place, each in enumerate(records) if f"{each:04}" == position.sequence]
        return f"{shard}:{len(records) if position.kind == 'LATEST' else (after or [0])[0]}"

    async def page(self, iterator: str, most: int) -> Page:
        shard, _, begin = iterator.partition(":")
        if self.errors:
            raise self.errors.pop(0)
        records = self.records[shard][int(begin) : int(begin) + most]
        end = int(begin) + len(records)
        over = shard in self.closed and end == len(self.records[shard])
        return Page([{"number": each} for each in records], "" if over else f"{shard}:{end}")

    def record(self, given: Mapping[str, Any], shard: str, arn: str) -> Raw:
        number = given["number"]
        if number < 0:
            raise ValueError("this is no record")
        return Raw(f"{number:04}", str(number), time.time(), {"shard": shard, "number": number, "arn": arn})


class Watched:
    """The mapping of a fake stream, and what its function has got."""

    def __init__(self, heard: Heard, stream: Stream, folder: Path) -> None:
        self.heard = heard
        self.stream = stream
        self._folder = folder

    async def got(self, number: int) -> list[tuple[str, int]]:
        """Shard and number of each record, in the order of the invocations, once there are so many."""
        await self.heard.until(lambda heard: sum(len(each.records) for each in heard.of("succeeded")) >= number)
        import json

        events = map(json.loads, (self._folder / "got").read_text().splitlines())
        return [(each["shard"], each["number"]) for event in events for each in event["Records"]]


@asynccontextmanager
async def watching(
    folder: Path, fake: Fake, work: str = "return", position: Any = None, heard: Heard | None = None, **settings: Any
) -> AsyncIterator[Watched]:
    trigger = {"kinesis": {"stream": "fake", "starting_position": "TRIM_HORIZON", **settings}}
    manifest = saved(folder, work, trigger)
    heard = heard or Heard()
    guard.current()
    fleet = Fleet(manifest, lambda function: Machine({}, {}, function.timeout), heard, 10)
    await fleet.start()
    source = Source(Connection(region=REGION), "http://127.0.0.1:1", ACCOUNT, REGION, ours=True)
    common = Common(fleet, Nobody(), Real(), heard)
    with ThreadPoolExecutor() as executor:
        wiring = Wiring(common, source, Sender(source, fleet, Nobody(), heard), executor)
        stream = Stream(wiring, "orders", manifest.functions["orders"].triggers[0], fake, "stream")
        await stream.start(position)
        try:
            yield Watched(heard, stream, folder)
        finally:
            await stream.stop()
            await fleet.close()


def test_children_begin_when_their_parents_are_done(tmp_path: Path) -> None:
    fake = Fake(parent=(), left=("parent",), right=("parent",), merged=("left", "right"))
    fake.closed = {"parent", "left", "right"}
    for number, shard in enumerate(fake.parents):
        fake.put(shard, number * 10, number * 10 + 1)

    async def main() -> None:
        async with watching(tmp_path, fake, "time.sleep(0.05)", batch_size=1) as at:
            got = [shard for shard, _ in await at.got(8)]
            assert got[:2] == ["parent"] * 2
            assert got[6:] == ["merged"] * 2
            assert {position.kind for _, position in fake.asked} == {"TRIM_HORIZON"}

    asyncio.run(main())


def test_latest_means_open_shards_now_and_all_of_those_that_come(tmp_path: Path) -> None:
    fake = Fake(old=(), now=("old",))
    fake.closed = {"old"}
    fake.put("old", 1)
    fake.put("now", 2)

    async def main() -> None:
        async with watching(tmp_path, fake, starting_position="LATEST") as at:
            fake.put("now", 3)
            await at.got(1)
            fake.parents["child"], fake.records["child"] = ("now",), [4]
            fake.closed.add("now")
            assert await at.got(2) == [("now", 3), ("child", 4)]

    asyncio.run(main())


def test_an_expired_iterator_is_taken_anew_behind_what_was_read(tmp_path: Path) -> None:
    fake = Fake(one=())
    fake.put("one", 1, 2)

    async def main() -> None:
        async with watching(tmp_path, fake) as at:
            await at.got(2)
            fake.errors = [Refused("kinesis", "get_records", "ExpiredIteratorException", "late")]
            fake.put("one", 3)
            assert await at.got(3) == [("one", 1), ("one", 2), ("one", 3)]
            assert fake.asked[-1] == ("one", Position("AFTER_SEQUENCE_NUMBER", "0002"))
            assert not at.heard.warnings

    asyncio.run(main())


def test_a_latest_iterator_that_expired_unused_misses_nothing(tmp_path: Path) -> None:
    fake = Fake(one=())
    fake.errors = [Refused("kinesis", "get_records", "ExpiredIteratorException", "late")]
    begun = time.time()

    async def main() -> None:
        async with watching(tmp_path, fake, starting_position="LATEST") as at:
            fake.put("one", 1)
            assert await at.got(1) == [("one", 1)]
            _, position = fake.asked[-1]
            assert position.kind == "AT_TIMESTAMP"
            assert position.time >= begun

    asyncio.run(main())


@pytest.mark.parametrize(
    "error",
    [
        Refused("kinesis", "get_records", "ProvisionedThroughputExceededException", "slow down"),
        Refused("kinesis", "get_records", "Unreachable", "nobody", lost=True),
        Refused("kinesis", "get_records", "TrimmedDataAccessException", "gone"),
    ],
)
def test_whatever_is_in_the_way_reading_goes_on(tmp_path: Path, error: Refused) -> None:
    fake = Fake(one=())
    fake.errors = [error]
    fake.put("one", 1)

    async def main() -> None:
        async with watching(tmp_path, fake) as at:
            assert await at.got(1) == [("one", 1)]

    asyncio.run(main())


def test_a_record_that_nobody_can_read_is_told_of_and_what_was_before_it_is_done(tmp_path: Path) -> None:
    fake = Fake(one=(), two=())
    fake.put("one", 1)
    fake.put("two", 2)

    async def main() -> None:
        async with watching(tmp_path, fake) as at:
            await at.got(2)
            fake.put("one", -1)
            fake.put("two", 3)
            await at.got(3)
            await at.heard.until(lambda heard: bool(heard.troubles))
            assert "this is no record" in at.heard.troubles[0].message
            fake.records["one"][-1] = 5
            assert ("one", 5) in await at.got(4)

    asyncio.run(main())


class Clumsy(Heard):
    """Breaks the first time that a batch begins."""

    clumsy = True

    def step(self, step: Step) -> None:
        if step.what == "batched" and self.clumsy:
            self.clumsy = False
            raise ZeroDivisionError("a bug")
        super().step(step)


def test_a_bug_in_the_middle_is_told_of_and_its_records_are_not_lost(tmp_path: Path) -> None:
    fake = Fake(one=())
    fake.put("one", 1, 2)
    heard = Clumsy()

    async def main() -> None:
        async with watching(tmp_path, fake, heard=heard, batch_size=1) as at:
            assert await at.got(2) == [("one", 1), ("one", 2)]
            assert "ZeroDivisionError: a bug" in heard.troubles[0].message

    asyncio.run(main())


def test_another_stream_of_the_same_name_is_read_from_its_beginning(tmp_path: Path) -> None:
    fake = Fake(one=())
    fake.put("one", 1)

    async def main() -> None:
        async with watching(tmp_path, fake, starting_position="LATEST") as at:
            fake.put("one", 2)
            await at.got(1)
            fake.made, fake.records["one"] = "second", [1, 2, 3]
            await at.stream.again()
            assert await at.got(4) == [("one", 2), ("one", 1), ("one", 2), ("one", 3)]

    asyncio.run(main())


def test_whoever_takes_the_place_goes_on_behind_what_was_done(tmp_path: Path) -> None:
    fake = Fake(one=())
    fake.put("one", *range(6))
    slow = "time.sleep(0.3)"

    async def main() -> None:
        async with watching(tmp_path, fake, slow, batch_size=2) as at:
            await at.got(2)
            await at.stream.finish()
            done = len(await at.got(0))
            position = at.stream.position
        async with watching(tmp_path, fake, slow, position, batch_size=2) as at:
            got = await at.got(6 - done)
            assert [number for _, number in got] == list(range(6))

    asyncio.run(main())
