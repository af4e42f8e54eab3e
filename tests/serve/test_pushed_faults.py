"""What is pushed when its source is killed, hangs or forgets everything, and when we fail ourselves."""

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

from lambdacli.local import guard, memory
from lambdacli.serve.sources.local import Local
from lambdacli.serve.tasks import Tasks

if TYPE_CHECKING:
    from pathlib import Path

    from lambdacli.serve.parts import Source

PATTERN = {"source": ["my.shop"]}


async def put(source: Source, number: int = 0) -> None:
    entry = {"Source": "my.shop", "DetailType": "paid", "Detail": json.dumps({"number": number})}
    await asyncio.to_thread(source.connection.client("events").put_events, Entries=[entry])


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


@pytest.mark.usefixtures("_installed")
def test_a_source_that_hangs_is_not_waited_for_at_the_end(tmp_path: Path) -> None:
    async def main() -> None:
        guard.current()
        functions = {"ship": [{"eventbridge": {"pattern": PATTERN}}], "photo": [{"s3": "photos"}]}
        before = set(memory.children(os.getpid()))
        local = Local(written(tmp_path, functions), Heard(), port=0)
        source = await local.start()
        [process] = set(memory.children(os.getpid())) - before
        try:
            async with running(tmp_path, source, functions) as served:
                await asyncio.sleep(0.3)
                os.kill(process, signal.SIGSTOP)
                begun = time.monotonic()
                await served.pushed.stop()
                assert time.monotonic() - begun < 8
        finally:
            os.kill(process, signal.SIGCONT)
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


def test_what_fails_in_a_way_that_nobody_thought_of_is_told_and_begins_anew() -> None:
    async def main() -> None:
        heard = Heard()
        tasks = Tasks("logs", heard)
        tries: list[int] = []

        async def work() -> None:
            tries.append(1)
            if len(tries) == 1:
                raise KeyError("x")

        await tasks.keep(work)
        assert len(tries) == 2
        assert [each.message for each in heard.troubles] == ["logs: KeyError: 'x'"]

    asyncio.run(main())
