"""The door and clients that mean no good, or go at the worst moment."""

from __future__ import annotations

import asyncio
import socket
import time
from typing import TYPE_CHECKING

from doors import manifest, serving, until

from lambdacli.serve.door import lane

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from doors import Served

SOURCE = "def handler(event, context):\n    return event\n"
FUNCTIONS = {"hello": {"handler": "app.handler"}}


def run(folder: Path, test: Callable[[Served], Awaitable[None]]) -> None:
    async def main() -> None:
        async with serving(manifest(folder, SOURCE, FUNCTIONS)) as served:
            await test(served)

    asyncio.run(main())


def test_a_slow_client_that_goes_as_it_is_told_off_does_not_end_the_watch_over_the_others(tmp_path: Path) -> None:
    async def test(served: Served) -> None:
        slow = socket.create_connection(("127.0.0.1", served.door.port))
        slow.sendall(b"POST /2015")
        await until(lambda: served.door.connections == 1)
        await asyncio.sleep(0.05)
        served.door.seconds += lane.IDLE_TIME  # as if that much time had passed
        asyncio.get_running_loop().call_soon(lambda: asyncio.get_running_loop().call_later(0, slow.close))
        await asyncio.sleep(0)
        time.sleep(1.2)  # noqa: ASYNC251 - the client's end and the door's look fall into one turn of the loop
        await until(lambda: served.door.connections == 0)
        reader, writer = await served.connection()
        writer.write(b"POST /2015")
        await until(lambda: served.door.connections == 1)
        await asyncio.sleep(0.05)
        served.door.seconds += lane.IDLE_TIME
        assert b" 408 " in await asyncio.wait_for(reader.read(), 5)
        writer.close()

    run(tmp_path, test)
