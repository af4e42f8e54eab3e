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


def written(folder: Path, version: int = 1) -> Manifest:
    (folder / "app.py").write_text(f"def handler(event, context):\n    return {version}\n")
    defaults = {"runtime": RUNTIME, "handler": "app.handler", "code": "app.py", "timeout": 20}
    path = folder / "lambdacli.yaml"
    path.write_text(json.dumps({"app": "shop", "defaults": defaults, "functions": {"orders": {}}}))
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


async def called(fleet: Fleet) -> Any:
    return json.loads((await asyncio.wait_for(fleet.invoke("orders", Call(b"{}")), 15)).payload)


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
