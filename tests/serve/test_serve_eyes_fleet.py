"""Functions that are replaced at the worst moment lose no invocation."""

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
from lambdacli.serve.fleet import Call, Fleet

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from lambdacli.model import Manifest

RUNTIME = f"python{sys.version_info[0]}.{sys.version_info[1]}"


def written(folder: Path, version: int = 1, **settings: str) -> Manifest:
    (folder / "app.py").write_text(
        f"import time\ndef handler(event, context):\n    time.sleep(event.get('seconds', 0))\n    return {version}\n"
    )
    defaults = {"runtime": RUNTIME, "handler": "app.handler", "code": "app.py", "timeout": 20}
    path = folder / "lambdacli.yaml"
    path.write_text(json.dumps({"app": "shop", "defaults": defaults, "functions": {"orders": settings, "mails": {}}}))
    return manifests.load(path, environ={})


@asynccontextmanager
async def running(manifest: Manifest, most: int = 10) -> AsyncIterator[tuple[Fleet, Heard]]:
    heard = Heard()
    guard.current()
    fleet = Fleet(manifest, lambda function: Machine({}, {}, function.timeout), heard, most)
    await fleet.start()
    try:
        yield fleet, heard
    finally:
        await fleet.close()


async def called(fleet: Fleet, name: str = "orders", seconds: float = 0) -> Any:
    call = Call(json.dumps({"seconds": seconds}).encode())
    return json.loads((await asyncio.wait_for(fleet.invoke(name, call), 15)).payload)


@pytest.mark.parametrize("turns", range(6))
@pytest.mark.parametrize("most", [1, 10])
def test_a_save_while_an_environment_starts_loses_no_invocation(tmp_path: Path, turns: int, most: int) -> None:
    async def main() -> None:
        async with running(written(tmp_path), most) as (fleet, _):
            calls = [asyncio.create_task(called(fleet)) for _ in range(2)]
            for _ in range(turns):
                await asyncio.sleep(0)
            fleet.change(written(tmp_path, 2), ["orders"])
            assert [await each for each in calls] == [2, 2]

    asyncio.run(main())


def test_code_that_cannot_be_loaded_fails_at_once_every_time(tmp_path: Path) -> None:
    async def main() -> None:
        manifest = written(tmp_path)
        (tmp_path / "app.py").write_text("import nothing_of_this_name\n")
        async with running(manifest) as (fleet, _):
            loop = asyncio.get_running_loop()
            for _ in range(3):
                begun = loop.time()
                assert (await called(fleet))["errorType"] == "Runtime.ImportModuleError"
                assert loop.time() - begun < 5

    asyncio.run(main())


def test_what_a_busy_function_leaves_idle_makes_room_for_another_that_waits(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(written(tmp_path), most=1) as (fleet, heard):
            busy = asyncio.create_task(called(fleet, seconds=0.5))
            await asyncio.sleep(0.2)
            assert await called(fleet, "mails") == 1
            assert await busy == 1
            assert heard.warnings == []

    asyncio.run(main())


def test_who_waits_long_for_room_is_told_why(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(written(tmp_path), most=1) as (fleet, heard):
            busy = asyncio.create_task(called(fleet, seconds=3))
            await asyncio.sleep(0.1)
            assert await called(fleet, "mails") == 1
            await busy
            assert len(heard.warnings) == 1
            assert "all 1 environments that may be there at once are busy (--concurrency" in heard.warnings[0]

    asyncio.run(main())


def test_an_env_file_that_is_missing_is_what_the_caller_hears_of(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(written(tmp_path, env_file="values.env")) as (fleet, _):
            assert "values.env does not exist" in (await called(fleet))["errorMessage"]

    asyncio.run(main())
