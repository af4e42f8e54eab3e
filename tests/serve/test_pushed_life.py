"""What is pushed, over the life of a source: killed and started again, on AWS itself, full, broken, ended."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest
from emulator import Unavailable, executable
from heard import Heard
from pushing import running, written

from lambdacli.connection import Connection, Target
from lambdacli.local import guard, memory
from lambdacli.serve.later import Queueing
from lambdacli.serve.pushed.mending import kept
from lambdacli.serve.sources.local import Local
from lambdacli.serve.tasks import Tasks

if TYPE_CHECKING:
    from pathlib import Path

    from lambdacli.serve.parts import Source

PATTERN = {"source": ["my.shop"]}
QUEUE = "lambdacli-serve-shop-dev-eventbridge"


async def put(source: Source, number: int = 0) -> None:
    entry = {"Source": "my.shop", "DetailType": "paid", "Detail": json.dumps({"number": number})}
    await asyncio.to_thread(source.connection.client("events").put_events, Entries=[entry])


def waiting(source: Source) -> int:
    """Messages in the queue, received ones too."""
    sqs = source.connection.client("sqs")
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    url = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    return sum(map(int, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"].values()))


@pytest.fixture
def _installed(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        folder = executable().parent
    except Unavailable as reason:
        pytest.skip(str(reason))
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


@pytest.mark.usefixtures("_installed")
def test_a_source_that_is_killed_and_started_again(tmp_path: Path) -> None:
    functions: dict[str, Any] = {
        "photo": [{"s3": "photos"}],
        "alarm": [{"sns": "alerts"}],
        "ship": [{"eventbridge": {"pattern": PATTERN}}],
        "device": [{"iot": "SELECT * FROM 'devices/#'"}],
    }

    async def all_of_them(source: Source) -> None:
        client = source.connection.client
        topic = f"arn:aws:sns:{source.region}:{source.account}:alerts"
        await asyncio.to_thread(client("s3").put_object, Bucket="photos", Key="a", Body=b"x")
        await asyncio.to_thread(client("sns").publish, TopicArn=topic, Message="x")
        await asyncio.to_thread(client("iot-data").publish, topic="devices/a", payload=b"{}")
        await put(source)

    async def main() -> None:
        guard.current()
        manifest = written(tmp_path, functions)
        before = set(memory.children(os.getpid()))
        local = Local(manifest, Heard(), port=0)
        source = await local.start()
        try:
            [process] = set(memory.children(os.getpid())) - before
            async with running(tmp_path, source, functions) as served:
                back = asyncio.Event()
                local.on_restart += [served.pushed.again, lambda: _set(back)]
                await all_of_them(source)
                assert sorted(each.function for each in await served.got(4)) == ["alarm", "device", "photo", "ship"]
                os.kill(process, signal.SIGKILL)
                await asyncio.wait_for(back.wait(), 15)
                await all_of_them(source)
                assert sorted(each.function for each in await served.got(4)) == ["alarm", "device", "photo", "ship"]
                assert served.heard.warnings == []
        finally:
            await local.stop()

    asyncio.run(main())


async def _set(event: asyncio.Event) -> None:
    event.set()


def test_a_source_that_lost_everything_without_a_word(tmp_path: Path, source: Source, emulator: Any) -> None:
    async def main() -> None:
        async with running(tmp_path, source, {"ship": [{"eventbridge": {"pattern": PATTERN}}]}) as served:
            await put(source)
            await served.got()
            emulator.reset()
            await served.until(lambda: served.heard.notes == ["eventbridge: it is there again"])
            await put(source)
            await served.got()
            assert len(served.heard.warnings) == 1

    asyncio.run(main())


def test_aws_itself_is_left_alone(tmp_path: Path, source: Source) -> None:
    nowhere = Connection(region="eu-west-1", target=Target("http://127.0.0.1:9", ("test", "test")))
    source = source._replace(connection=nowhere, endpoint="", ours=False)

    async def main() -> None:
        functions = {"ship": [{"eventbridge": {"pattern": PATTERN}}, {"sns": "alerts"}], "photo": [{"s3": "photos"}]}
        async with running(tmp_path, source, functions) as served:
            await served.change(functions)
            assert served.heard.warnings == [
                (
                    "eventbridge, s3, sns: what AWS itself pushes is not brought here"
                    " (`--sources local` runs an emulator, and your clients can push there)"
                )
            ]

    asyncio.run(main())


def test_messages_are_deleted_once_they_are_handed_over(tmp_path: Path, source: Source) -> None:
    async def main() -> None:
        async with running(tmp_path, source, {"ship": [{"eventbridge": {"pattern": PATTERN}}]}) as served:
            for number in range(25):
                await put(source, number)
            await served.got(25)
            await asyncio.sleep(0.2)
            assert waiting(source) == 0

    asyncio.run(main())


def test_what_is_no_message_of_the_service_is_discarded(tmp_path: Path, source: Source) -> None:
    async def main() -> None:
        async with running(tmp_path, source, {"ship": [{"eventbridge": {"pattern": PATTERN}}]}) as served:
            sqs = source.connection.client("sqs")
            url = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
            for body in ("text", "[]", "{}", '{"bus": "default", "event": 1}'):
                await asyncio.to_thread(sqs.send_message, QueueUrl=url, MessageBody=body)
            await served.until(lambda: len(served.heard.of("discarded")) == 4)
            await put(source)
            await served.got()
            await asyncio.sleep(0.2)
            assert waiting(source) == 0
            assert all(
                "nothing that events.amazonaws.com sends" in each.detail for each in served.heard.of("discarded")
            )

    asyncio.run(main())


def test_nothing_is_received_while_too_much_waits(tmp_path: Path, source: Source) -> None:
    async def main() -> None:
        async with running(tmp_path, source, {"ship": [{"eventbridge": {"pattern": PATTERN}}]}) as served:
            served.later.full = True
            await put(source)
            await served.got()  # a long poll had begun
            await put(source)
            await asyncio.sleep(0.5)
            assert served.later.got == []
            assert waiting(source) == 1
            served.later.full = False
            await served.got()

    asyncio.run(main())


def test_it_ends_at_once_and_what_comes_meanwhile_stays(tmp_path: Path, source: Source) -> None:
    async def main() -> None:
        async with running(tmp_path, source, {"ship": [{"eventbridge": {"pattern": PATTERN}}]}) as served:
            await asyncio.sleep(0.2)
            begun = time.monotonic()
            await served.pushed.pause()
            assert time.monotonic() - begun < 1.5
            await put(source)
            await asyncio.sleep(0.3)
            assert served.later.got == []
        assert waiting(source) >= 1

    asyncio.run(main())


def test_with_the_queue_of_asynchronous_invocations(tmp_path: Path, source: Source) -> None:
    async def main() -> None:
        functions = {"ship": [{"eventbridge": {"pattern": {**PATTERN, "detail": {"number": [1]}}}}]}
        async with running(tmp_path, source, functions, later=Queueing) as served:
            await put(source, 0)
            await put(source, 1)
            await served.until(lambda: served.heard.of("succeeded"))
            told = [(each.what, each.function) for each in served.heard.steps if each.what != "batched"]
            assert told == [("received", ""), ("filtered", "ship"), ("received", ""), ("succeeded", "ship")]
            [done] = served.heard.of("succeeded")
            assert done.source == "eventbridge default"
            assert done.records == served.heard.of("received")[1].records

    asyncio.run(main())


def test_what_fails_in_a_way_that_nobody_thought_of_is_told_and_begins_anew() -> None:
    async def main() -> None:
        heard = Heard()
        tasks = Tasks("logs", heard)
        tries: list[int] = []

        async def work() -> None:
            tries.append(1)
            if len(tries) == 1:
                raise KeyError("x")

        await kept(tasks, work)
        assert len(tries) == 2
        assert [each.message for each in heard.troubles] == ["logs: KeyError: 'x'"]

    asyncio.run(main())
