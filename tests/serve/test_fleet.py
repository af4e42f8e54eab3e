"""Functions as a fleet: warm, one invocation at a time in each environment, within their concurrency, replaced."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from heard import Heard

from lambdacli import manifest as manifests
from lambdacli.local import guard
from lambdacli.local.plan import Machine
from lambdacli.serve.fleet import Call, Fleet, NoSuchFunction, Throttled

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from lambdacli.model import Manifest

RUNTIME = f"python{sys.version_info[0]}.{sys.version_info[1]}"
APP = """
import os, time
seen = []
def handler(event, context):
    seen.append(1)
    print("working")
    time.sleep(event.get("seconds", 0))
    if event.get("exit"): os._exit(3)
    return {"pid": os.getpid(), "times": len(seen), "version": VERSION, "name": context.function_name}
"""


def written(folder: Path, version: int = 1, **settings: Any) -> Manifest:
    (folder / "app.py").write_text(f"VERSION = {version}\n{APP}")
    whole = {
        "app": "shop",
        "region": "eu-west-1",
        "defaults": {"runtime": RUNTIME, "handler": "app.handler", "code": "app.py", "timeout": 20},
        "functions": {"orders": settings, "mails": {}},
    }
    path = folder / "lambdacli.yaml"
    path.write_text(json.dumps(whole))
    return manifests.load(path, environ={})


@asynccontextmanager
async def running(manifest: Manifest, most: int = 10, warm: int = 0) -> AsyncIterator[tuple[Fleet, Heard]]:
    heard = Heard()
    guard.current()
    fleet = Fleet(manifest, lambda function: Machine({}, {}, function.timeout), heard, most, warm)
    await fleet.start()
    try:
        yield fleet, heard
    finally:
        await fleet.close()


async def called(fleet: Fleet, name: str = "orders", **event: Any) -> Any:
    return json.loads((await fleet.invoke(name, Call(json.dumps(event).encode()))).payload)


def test_one_after_another_meets_the_same_warm_environment(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(written(tmp_path)) as (fleet, heard):
            answers = [await called(fleet) for _ in range(3)]
            assert len({each["pid"] for each in answers}) == 1
            assert [each["times"] for each in answers] == [1, 2, 3]
            assert b"working\n" in [chunk for _, chunk in heard.logs]

    asyncio.run(main())


def test_invocations_at_once_have_an_environment_each(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(written(tmp_path)) as (fleet, _):
            answers = await asyncio.gather(*(called(fleet, seconds=0.5) for _ in range(4)))
            assert len({each["pid"] for each in answers}) == 4

    asyncio.run(main())


def test_short_invocations_share_what_is_warm_rather_than_start_more(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(written(tmp_path)) as (fleet, _):
            await called(fleet)
            pids = {each["pid"] for _ in range(20) for each in await asyncio.gather(*(called(fleet) for _ in range(4)))}
            assert len(pids) <= 4

    asyncio.run(main())


def test_many_at_once_do_not_start_a_process_each_where_what_is_warm_keeps_coming_free(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(written(tmp_path), most=40) as (fleet, _):
            await asyncio.gather(*(called(fleet, seconds=0.2) for _ in range(2)))
            await asyncio.sleep(0.1)
            pids: set[int] = set()
            for _ in range(5):
                pids |= {each["pid"] for each in await asyncio.gather(*(called(fleet) for _ in range(40)))}
            assert len(pids) < 20

    asyncio.run(main())


def test_the_machine_has_room_for_so_many_and_the_rest_waits(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(written(tmp_path), most=2) as (fleet, _):
            answers = await asyncio.gather(*(called(fleet, seconds=0.1) for _ in range(6)))
            assert len({each["pid"] for each in answers}) == 2

    asyncio.run(main())


def test_an_idle_environment_of_another_function_makes_room(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(written(tmp_path), most=1) as (fleet, _):
            for name in ("orders", "mails", "orders"):
                assert (await called(fleet, name))["name"] == name

    asyncio.run(main())


def test_reserved_concurrency_throttles_and_lets_go(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(written(tmp_path, reserved_concurrency=1)) as (fleet, _):
            first = asyncio.create_task(called(fleet, seconds=0.3))
            await asyncio.sleep(0.05)
            with pytest.raises(Throttled):
                await called(fleet)
            assert (await called(fleet, "mails"))["name"] == "mails"
            await first
            assert (await called(fleet))["times"] == 2

    asyncio.run(main())


def test_nobody_has_heard_of_it(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(written(tmp_path)) as (fleet, _):
            with pytest.raises(NoSuchFunction, match="no function 'other' in the manifest"):
                await called(fleet, "other")

    asyncio.run(main())


def test_a_crash_costs_one_environment(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(written(tmp_path)) as (fleet, _):
            before = await called(fleet)
            assert (await called(fleet, exit=1))["errorType"] == "Runtime.ExitError"
            after = await called(fleet)
            assert after["times"] == 1
            assert after["pid"] != before["pid"]

    asyncio.run(main())


def test_running_invocations_finish_on_the_old_code_and_new_ones_get_the_new(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(written(tmp_path)) as (fleet, _):
            await called(fleet)
            old = asyncio.create_task(called(fleet, seconds=0.6))
            await asyncio.sleep(0.1)
            assert fleet.change(written(tmp_path, version=2), ["orders"]) == ("orders",)
            assert (await called(fleet))["version"] == 2
            assert not old.done()
            assert (await old)["version"] == 1

    asyncio.run(main())


def test_those_who_wait_while_it_is_replaced_get_the_new_code(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(written(tmp_path), most=1) as (fleet, _):
            await called(fleet)  # the first version is loaded
            old = asyncio.create_task(called(fleet, seconds=0.4))
            await asyncio.sleep(0.1)
            waiting = [asyncio.create_task(called(fleet)) for _ in range(3)]
            await asyncio.sleep(0.05)
            fleet.change(written(tmp_path, version=2), ["orders"])
            assert (await old)["version"] == 1
            assert [(await each)["version"] for each in waiting] == [2, 2, 2]

    asyncio.run(main())


def test_a_setting_that_processes_do_not_see_starts_nothing_anew(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(written(tmp_path)) as (fleet, _):
            pid = (await called(fleet))["pid"]
            assert fleet.change(written(tmp_path, reserved_concurrency=5, description="all of them")) == ()
            assert (await called(fleet))["pid"] == pid
            assert fleet.function("orders").reserved_concurrency == 5
            assert fleet.change(written(tmp_path, environment={"KIND": "b"})) == ("orders",)
            assert (await called(fleet))["pid"] != pid

    asyncio.run(main())


def test_warm_ones_are_there_before_anybody_asks(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(written(tmp_path), warm=2) as (fleet, heard):
            assert sum(chunk.startswith(b"INIT_START") for _, chunk in heard.logs) == 4
            answers = await asyncio.gather(*(called(fleet, seconds=0.3) for _ in range(2)))
            assert len({each["pid"] for each in answers}) == 2
            assert sum(chunk.startswith(b"INIT_START") for _, chunk in heard.logs) == 4

    asyncio.run(main())


def test_a_function_that_cannot_start_answers_why_and_the_others_run(tmp_path: Path) -> None:
    async def main() -> None:
        manifest = written(tmp_path, code="gone", handler="app.handler")
        async with running(manifest) as (fleet, heard):
            answer = await called(fleet)
            assert answer["errorType"] == "Runtime.InvalidEntrypoint"
            assert "no code at" in answer["errorMessage"]
            assert [error.exit_code for error in heard.troubles] == [2]
            assert (await called(fleet, "mails"))["name"] == "mails"

    asyncio.run(main())


def test_draining_waits_and_killing_ends(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(written(tmp_path)) as (fleet, _):
            short, long = (asyncio.create_task(called(fleet, seconds=each)) for each in (0.3, 15))
            await asyncio.sleep(0.1)
            assert fleet.running == 2
            assert await fleet.drain(0.8) == 1
            assert short.done()
            fleet.kill()
            assert (await long)["errorMessage"].endswith("signal: killed")
            assert await fleet.drain(1) == 0

    asyncio.run(main())
