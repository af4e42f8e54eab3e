"""Topics of a real broker, read as Lambda's event source mappings read them."""

from __future__ import annotations

import asyncio
import base64
import json
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from brokers import Broker, Unavailable, jars
from clocks import Clock
from heard import Heard
from serving import Serving

from lambdacli.local.invocation import Outcome, Report
from lambdacli.model import Destination, Function, Manifest, Trigger
from lambdacli.serve.fleet import Call, Throttled
from lambdacli.serve.parts import Common
from lambdacli.serve.polled import kafka
from lambdacli.serve.polled.mapping import Wiring

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from lambdacli.serve.destinations.records import Message
    from lambdacli.serve.polled.mapping import Mapping
    from lambdacli.serve.telling import Step

pytestmark = pytest.mark.toolchain
pytest.importorskip("confluent_kafka", reason="confluent-kafka is not installed")

BAD = {"errorMessage": "no", "errorType": "ValueError"}


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    try:
        classpath = jars()
    except Unavailable as reason:
        pytest.skip(str(reason))
    with Broker(classpath) as running:
        yield running


@pytest.fixture
def topic(broker: Broker) -> str:
    return broker.topic(f"orders-{uuid.uuid4().hex[:8]}", 2)


class Functions:
    """A fleet whose function does as a test says, and keeps what it gets."""

    def __init__(self) -> None:
        function = Function("orders", "app.handler", "python3.13", Path("/code"))
        self.manifest = Manifest(Path("/lambdacli.yaml"), "shop", "dev", "eu-west-1", {"orders": function})
        self.events: list[Any] = []
        self.answer: Callable[[Any], Any] = lambda _event: {}

    def arn(self, name: str) -> str:
        return f"arn:aws:lambda:eu-west-1:123456789012:function:{name}"

    async def invoke(self, name: str, call: Call) -> Outcome:
        assert name == "orders"
        event = json.loads(call.event)
        self.events.append(event)
        answer = self.answer(event)
        answer = await answer if asyncio.iscoroutine(answer) else answer
        if isinstance(answer, Exception):
            raise answer
        failed = isinstance(answer, dict) and "errorMessage" in answer
        status: Any = "error" if failed else "success"
        payload = json.dumps(answer).encode()
        return Outcome(call.request_id, payload, status, "ValueError" if failed else "", Report(1, 128, 1))

    def values(self) -> list[str]:
        return [value for event in self.events for value in values(event)]


def values(event: Any) -> list[str]:
    return [base64.b64decode(each["value"]).decode() for its in event["records"].values() for each in its]


class Destinations:
    """Keeps what is sent."""

    def __init__(self) -> None:
        self.got: list[tuple[Destination, Message]] = []

    async def send(self, end: Destination, message: Message, _step: Step) -> bool:
        self.got.append((end, message))
        return True


class World:
    """All that a mapping works with."""

    def __init__(self, broker: Broker, topic: str) -> None:
        self.broker, self.topic = broker, topic
        self.fleet, self.heard, self.sent = Functions(), Heard(), Destinations()
        self.executor = ThreadPoolExecutor(4)
        any_: Any = self.fleet
        self.common = Common(any_, cast("Any", None), Clock(), self.heard)

    @asynccontextmanager
    async def mapping(self, end: str = "stop", **settings: Any) -> AsyncIterator[Mapping]:
        usual = {"topic": self.topic, "bootstrap_servers": [self.broker.servers], "starting_position": "TRIM_HORIZON"}
        wiring = Wiring(self.common, cast("Any", None), cast("Any", self.sent), self.executor)
        made = kafka.mapping(wiring, "orders", Trigger("kafka", {**usual, "maximum_batching_window": 0, **settings}))
        await made.start()
        try:
            yield made
        finally:
            await getattr(made, end)()

    async def until(self, true: Callable[[], bool]) -> None:
        await self.heard.until(lambda _: true())

    async def put(self, *values: str, **options: Any) -> None:
        await asyncio.to_thread(self.broker.put, self.topic, *values, **options)

    def of(self, what: Any) -> list[tuple[str, ...]]:
        return [each.records for each in self.heard.of(what)]

    def group(self) -> str:
        return f"lambdacli-shop-dev-orders-{self.topic}"


def run(broker: Broker, topic: str, work: Callable[[World], Awaitable[None]]) -> World:
    async def main() -> World:
        world = World(broker, topic)
        with world.executor:
            await work(world)
        return world

    return asyncio.run(main())


def test_records_arrive_as_lambda_hands_them_over_and_are_committed(broker: Broker, topic: str) -> None:
    begun = time.time() * 1000
    broker.put(topic, "one", "two", key=b"k", partition=0, headers=[("h", "é".encode()), ("none", None)])
    broker.put(topic, None, key=b"gone", partition=1)
    broker.put(topic, "three", partition=1)

    async def work(it: World) -> None:
        async with it.mapping(end="finish", maximum_batching_window=1):
            await it.until(lambda: len(it.fleet.events) == 1)

    it = run(broker, topic, work)
    [event] = it.fleet.events
    assert (event["eventSource"], event["bootstrapServers"]) == ("SelfManagedKafka", broker.servers)
    assert sorted(event["records"]) == [f"{topic}-0", f"{topic}-1"]
    first, second = event["records"][f"{topic}-0"]
    assert begun - 1000 < first.pop("timestamp") < begun + 20_000
    assert first == {
        "topic": topic,
        "partition": 0,
        "offset": 0,
        "timestampType": "CREATE_TIME",
        "key": "aw==",
        "value": "b25l",
        "headers": [{"h": [-61, -87]}, {"none": []}],
    }
    assert second["offset"] == 1
    tombstone, plain = event["records"][f"{topic}-1"]
    assert "value" not in tombstone
    assert "key" not in plain
    assert plain["headers"] == []
    assert (
        it.of("succeeded") == [(f"{topic}-0/0", f"{topic}-0/1", f"{topic}-1/0", f"{topic}-1/1")]
        or len(it.of("succeeded")[0]) == 4
    )
    assert broker.committed(it.group(), topic) == {0: 2, 1: 2}


def test_a_managed_cluster_is_named_in_its_events(broker: Broker, topic: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAMBDACLI_KAFKA", broker.servers)
    broker.put(topic, "one")
    arn = "arn:aws:kafka:eu-west-1:123456789012:cluster/shop/0-1"

    async def work(it: World) -> None:
        async with it.mapping(cluster=arn, bootstrap_servers=[]):
            await it.until(lambda: bool(it.fleet.events))

    event = run(broker, topic, work).fleet.events[0]
    assert (event["eventSource"], event["eventSourceArn"]) == ("aws:kafka", arn)
    assert event["bootstrapServers"] == broker.servers


def test_latest_is_what_comes_from_now_on_even_before_the_group_is_joined(broker: Broker, topic: str) -> None:
    broker.put(topic, "old", partition=0)

    async def work(it: World) -> None:
        async with it.mapping(starting_position="LATEST"):
            await it.put("new", partition=0)
            await it.until(lambda: bool(it.fleet.events))

    assert run(broker, topic, work).fleet.values() == ["new"]


def test_at_timestamp_begins_with_the_first_record_from_then_on(broker: Broker, topic: str) -> None:
    for number, value in enumerate(("old", "then", "later")):
        broker.put(topic, value, partition=0, timestamp=1_700_000_000_000 + number * 1000)

    async def work(it: World) -> None:
        at = {"starting_position": "AT_TIMESTAMP", "starting_position_timestamp": "2023-11-14T22:13:21Z"}
        async with it.mapping(**at):
            await it.until(lambda: len(it.fleet.values()) == 2)

    assert run(broker, topic, work).fleet.values() == ["then", "later"]


def test_the_next_mapping_goes_on_where_this_one_has_committed(broker: Broker, topic: str) -> None:
    async def work(it: World) -> None:
        async with it.mapping(end="finish", starting_position="LATEST"):
            await it.put("one", partition=0)
            await it.until(lambda: it.fleet.values() == ["one"])
        await it.put("two", partition=0)
        async with it.mapping(end="finish", starting_position="LATEST"):
            await it.until(lambda: it.fleet.values() == ["one", "two"])

    assert broker.committed(run(broker, topic, work).group(), topic)[0] == 2


def test_what_runs_when_everything_ends_comes_again(broker: Broker, topic: str) -> None:
    broker.put(topic, "one", partition=0)

    async def never(_event: Any) -> None:
        await asyncio.Event().wait()

    async def work(it: World) -> None:
        it.fleet.answer = never
        async with it.mapping():
            await it.until(lambda: bool(it.fleet.events))
        assert it.of("returned") == [(f"{topic}-0/0",)]
        it.fleet.answer = lambda _: {}
        async with it.mapping():
            await it.until(lambda: len(it.heard.of("succeeded")) == 1)

    assert run(broker, topic, work).fleet.values() == ["one", "one"]


def test_finishing_waits_for_what_runs_and_takes_nothing_new(broker: Broker, topic: str) -> None:
    async def slow(_event: Any) -> None:
        await asyncio.sleep(0.5)

    async def work(it: World) -> None:
        it.fleet.answer = slow
        async with it.mapping(end="finish") as mapping:
            await it.put("one", partition=0)
            await it.until(lambda: bool(it.fleet.events))
            await mapping.pause()
            await it.put("two", partition=1)
        assert len(it.heard.of("succeeded")) == 1

    it = run(broker, topic, work)
    assert it.fleet.values() == ["one"]
    assert broker.committed(it.group(), topic)[0] == 1


def test_a_batch_is_as_large_as_it_may_be_and_waits_for_its_window(broker: Broker, topic: str) -> None:
    broker.put(topic, *map(str, range(7)), partition=0)

    async def work(it: World) -> None:
        async with it.mapping(batch_size=5, maximum_batching_window=1):
            await it.until(lambda: len(it.fleet.events) == 1)
            await it.put("7", partition=0)
            await it.until(lambda: len(it.fleet.values()) == 8)

    assert [len(values(each)) for each in run(broker, topic, work).fleet.events] == [5, 3]


def test_what_no_filter_wants_is_told_of_and_done(broker: Broker, topic: str) -> None:
    broker.put(topic, '{"kind": "b"}', '{"kind": "a"}', "text", partition=0)

    async def work(it: World) -> None:
        async with it.mapping(end="finish", filters=[{"value": {"kind": ["a"]}}]):
            await it.until(lambda: len(it.heard.of("filtered")) == 2 and len(it.heard.of("succeeded")) == 1)
            await it.until(lambda: broker.committed(it.group(), topic).get(0) == 3)

    it = run(broker, topic, work)
    assert it.fleet.values() == ['{"kind": "a"}']
    assert it.of("filtered") == [(f"{topic}-0/0",), (f"{topic}-0/2",)]


def test_a_partition_is_in_order_while_others_go_on(broker: Broker, topic: str) -> None:
    release = asyncio.Event()

    async def work(it: World) -> None:
        async def answer(event: Any) -> None:
            if "slow" in values(event):
                await release.wait()

        it.fleet.answer = answer
        async with it.mapping():
            await it.put("slow", partition=0)
            await it.until(lambda: len(it.fleet.events) == 1)
            await it.put("behind", partition=0)
            await it.put("beside", partition=1)
            await it.until(lambda: "beside" in it.fleet.values())
            await asyncio.sleep(0.5)
            assert "behind" not in it.fleet.values()
            release.set()
            await it.until(lambda: "behind" in it.fleet.values())

    assert run(broker, topic, work).fleet.values() == ["slow", "beside", "behind"]


def test_thousands_of_records_arrive_once_and_in_order_though_the_function_fails_now_and_then(
    broker: Broker, topic: str
) -> None:
    number = 3000
    for partition in (0, 1):
        broker.put(topic, *map(str, range(number)), partition=partition)

    async def work(it: World) -> None:
        it.fleet.answer = lambda _: BAD if len(it.fleet.events) % 20 == 3 else {}
        async with it.mapping(end="finish"):
            await it.until(lambda: sum(map(len, it.of("succeeded"))) >= 2 * number)

    it = run(broker, topic, work)
    done = [each for records in it.of("succeeded") for each in records]
    for partition in (0, 1):
        mine = [each for each in done if each.startswith(f"{topic}-{partition}/")]
        assert mine == [f"{topic}-{partition}/{offset}" for offset in range(number)]
    assert broker.committed(it.group(), topic) == {0: number, 1: number}


def test_a_batch_that_fails_is_tried_until_it_succeeds_and_committed_only_then(broker: Broker, topic: str) -> None:
    broker.put(topic, "one", partition=0)
    answers = [BAD, Throttled("busy"), OSError("no"), BAD, {}]

    async def work(it: World) -> None:
        def answer(_event: Any) -> Any:
            assert broker.committed(it.group(), topic).get(0, 0) == 0
            return answers.pop(0)

        it.fleet.answer = answer
        async with it.mapping(end="finish"):
            await it.until(lambda: bool(it.heard.of("succeeded")))

    it = run(broker, topic, work)
    whats = [each.what for each in it.heard.steps]
    assert whats == ["received", "batched", "failed", "retried", "batched", "throttled", "failed", "retried",
                     "batched", "succeeded"]  # fmt: skip
    assert [str(each) for each in it.heard.troubles] == [f"kafka {topic}: orders could not be invoked: OSError: no"]
    assert broker.committed(it.group(), topic)[0] == 1


def test_after_its_last_try_a_batch_is_described_at_its_destination_and_the_next_ones_run(
    broker: Broker, topic: str
) -> None:
    broker.put(topic, "bad", "worse", partition=0)

    async def work(it: World) -> None:
        it.fleet.answer = lambda event: BAD if "bad" in values(event) else {}
        async with it.mapping(end="finish", maximum_retry_attempts=1, on_failure={"sqs": "failed"}):
            await it.until(lambda: bool(it.sent.got))
            await it.put("good", partition=0)
            await it.until(lambda: bool(it.heard.of("succeeded")))

    it = run(broker, topic, work)
    [(end, message)] = it.sent.got
    assert end == Destination("sqs", "failed")
    document = json.loads(message.body)
    assert document["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert document["requestContext"]["approximateInvokeCount"] == 2
    assert document["responseContext"]["functionError"] == "Unhandled"
    about = document["KafkaBatchInfo"]
    assert (about["batchSize"], about["bootstrapServers"]) == (2, broker.servers)
    span = about["recordsInfo"][f"{topic}-0"]
    assert (span["firstRecordOffset"], span["lastRecordOffset"]) == ("0", "1")
    assert json.loads(json.loads(message.whole)["payload"]) == it.fleet.events[0]
    assert about["payloadSize"] == len(json.loads(message.whole)["payload"])


def test_a_failed_batch_is_split_until_the_bad_record_stands_alone(broker: Broker, topic: str) -> None:
    broker.put(topic, "a", "b", "bad", "c", partition=0)

    async def work(it: World) -> None:
        it.fleet.answer = lambda event: BAD if "bad" in values(event) else {}
        async with it.mapping(
            end="finish", maximum_retry_attempts=0, bisect_batch_on_function_error=True, on_failure={"sqs": "failed"}
        ):
            await it.until(lambda: len(it.heard.of("succeeded")) == 2)
        await it.until(lambda: bool(it.sent.got))

    it = run(broker, topic, work)
    assert [values(each) for each in it.fleet.events] == [
        ["a", "b", "bad", "c"],
        ["a", "b"],
        ["bad", "c"],
        ["bad"],
        ["c"],
    ]
    assert json.loads(it.sent.got[0][1].body)["KafkaBatchInfo"]["batchSize"] == 1


def test_only_the_records_that_the_function_reports_come_again(broker: Broker, topic: str) -> None:
    broker.put(topic, "a", "b", "c", partition=0)

    async def work(it: World) -> None:
        def answer(event: Any) -> Any:
            if len(it.fleet.events) > 1:
                return {}
            one = event["records"][f"{topic}-0"][1]
            return {"batchItemFailures": [{"itemIdentifier": {"partition": f"{topic}-0", "offset": one["offset"]}}]}

        it.fleet.answer = answer
        async with it.mapping(end="finish", report_batch_item_failures=True):
            await it.until(lambda: len(it.fleet.events) == 2 and len(it.heard.of("succeeded")) == 2)

    it = run(broker, topic, work)
    assert [values(each) for each in it.fleet.events] == [["a", "b", "c"], ["b"]]
    assert broker.committed(it.group(), topic)[0] == 3


def test_a_failed_record_goes_whole_to_another_topic(broker: Broker, topic: str) -> None:
    dead = broker.topic(f"{topic}-dead")
    broker.put(topic, "bad", key=b"k", partition=0)

    async def work(it: World) -> None:
        it.fleet.answer = lambda _: BAD
        async with it.mapping(end="finish", maximum_retry_attempts=0, on_failure={"kafka": dead}):
            await it.until(lambda: bool(it.heard.of("sent")))

    it = run(broker, topic, work)
    [got] = broker.got(dead, 1)
    assert got.key() == b"k"
    document = json.loads(got.value())
    assert document["payload"] == it.fleet.events[0]
    assert document["KafkaBatchInfo"]["recordInfo"]["offset"] == "0"
    assert [each.detail for each in it.heard.of("sent")] == [f"kafka {dead} (failed 1 time)"]


def test_records_that_are_too_old_are_given_up_without_a_try(broker: Broker, topic: str) -> None:
    broker.put(topic, "old", partition=0, timestamp=1_700_000_000_000)
    broker.put(topic, "young", partition=0)

    async def work(it: World) -> None:
        async with it.mapping(end="finish", maximum_record_age=60):
            await it.until(lambda: bool(it.heard.of("succeeded")))

    it = run(broker, topic, work)
    assert it.fleet.values() == ["young"]
    assert [(each.records, each.detail) for each in it.heard.of("discarded")] == [
        ((f"{topic}-0/0",), "older than 60 s")
    ]


def test_a_topic_that_comes_later_is_read_from_its_beginning(broker: Broker) -> None:
    name = f"late-{uuid.uuid4().hex[:8]}"

    async def work(it: World) -> None:
        async with it.mapping(starting_position="LATEST"):
            await it.until(lambda: bool(it.heard.warnings))
            told = f"functions.orders.triggers[0].kafka: kafka {name}: there is no topic {name} yet"
            assert it.heard.warnings[0].startswith(told)
            await asyncio.to_thread(broker.topic, name)
            await it.put("first")
            await it.until(lambda: bool(it.fleet.events))

    it = run(broker, name, work)
    assert it.fleet.values() == ["first"]
    assert it.heard.notes[0] == f"kafka {name}: it is there again"


def test_without_the_extra_one_hint_is_told_and_all_else_goes_on(
    broker: Broker, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "confluent_kafka", None)

    async def work(it: World) -> None:
        async with it.mapping():
            pass

    [warning] = run(broker, topic, work).heard.warnings
    assert warning == (
        f"functions.orders.triggers[0].kafka: topic {topic} is not read: confluent-kafka is not installed"
        " (pip install 'lambdacli[kafka]')"
    )


def test_brokers_that_crash_are_told_of_and_read_on_when_they_are_back(broker: Broker) -> None:
    name = broker.topic(f"crash-{uuid.uuid4().hex[:8]}")

    async def work(it: World) -> None:
        async with it.mapping(end="finish"):
            await it.put("one")
            await it.until(lambda: len(it.heard.of("succeeded")) == 1)
            await asyncio.to_thread(broker.end)
            await it.until(lambda: bool(it.heard.warnings))
            await asyncio.to_thread(broker.start)
            await it.put("two")
            await it.until(lambda: len(it.heard.of("succeeded")) == 2)

    it = run(broker, name, work)
    assert it.fleet.values() == ["one", "two"]
    warning = it.heard.warnings[0]
    assert f"the brokers at {broker.servers} do not answer" in warning
    assert it.heard.notes[0] == f"kafka {name}: it is there again"


def test_serve_reads_a_topic_without_any_other_source(broker: Broker, topic: str, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        "def handler(event, context):\n    print('GOT', *(len(each) for each in event['records'].values()))\n"
    )
    runtime = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    trigger = {"topic": topic, "bootstrap_servers": ["b-1.example.com:9092"], "starting_position": "LATEST"}
    function = {"handler": "app.handler", "code": "app.py", "runtime": runtime, "triggers": [{"kafka": trigger}]}
    manifest = {"app": "shop", "region": "eu-west-1", "functions": {"orders": function}}
    (tmp_path / "lambdacli.yaml").write_text(json.dumps(manifest))
    with Serving(tmp_path, env={"LAMBDACLI_KAFKA": broker.servers}) as served:
        broker.put(topic, "one", "two", partition=0)
        served.wait_for("GOT 2")
        served.wait_for("succeeded")
        assert served.end() == 0
    with Serving(tmp_path) as served:
        served.wait_for(f"topic {topic} is not read: its brokers are not on this machine")
