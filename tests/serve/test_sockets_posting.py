"""WebSocket APIs: functions post back with the real client of the management API, boto3's."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import httpx
import pytest
from doors import until
from socketed import heard_by, project, run
from websockets.exceptions import ConnectionClosed

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from socketed import Socketed
    from websockets.asyncio.client import ClientConnection

POSTS = {"post": ["$connect", {"route": "$default", "route_response": True}]}


async def asked(client: ClientConnection, **what: Any) -> Any:
    await client.send(json.dumps(what))
    return await heard_by(client)


@pytest.mark.parametrize("path", ["", "/dev"])
def test_a_function_posts_to_others(tmp_path: Path, path: str) -> None:
    async def test(here: Socketed) -> None:
        async with here.connect() as one, here.connect() as two:
            await asked(one, do="nothing")
            other = (await here.all("CONNECT", 2))[1]["requestContext"]["connectionId"]
            assert other.endswith("=")
            assert await asked(one, do="post", to=other, data="hällo", path=path) == '"done"'
            assert await heard_by(two) == "hällo"

    run(project(tmp_path, POSTS), test)


def test_to_post_in_connect_or_disconnect_is_too_early_or_too_late(tmp_path: Path) -> None:
    async def test(here: Socketed) -> None:
        async with here.connect():
            pass
        await here.event("DISCONNECT")
        await until(lambda: [each["gone"] for each in here.events if "gone" in each] == [410, 410])

    run(project(tmp_path, {"post": ["$connect", "$disconnect"]}), test)


def test_what_is_known_of_a_connection(tmp_path: Path) -> None:
    async def test(here: Socketed) -> None:
        async with here.connect(user_agent_header="a client") as client:
            await here.clock.asleep()
            await here.clock.passes(90)
            found = await asked(client, do="get")
            assert found["Identity"] == {"SourceIp": "127.0.0.1", "UserAgent": "a client"}
            assert found["ConnectedAt"].startswith("2026-01-01 00:00:00")
            assert found["LastActiveAt"].startswith("2026-01-01 00:01:30")

    run(project(tmp_path, POSTS), test)


def test_a_function_disconnects(tmp_path: Path) -> None:
    async def test(here: Socketed) -> None:
        async with here.connect() as one, here.connect() as two:
            other = (await here.all("CONNECT", 2))[1]["requestContext"]["connectionId"]
            assert await asked(one, do="delete", to=other) == '"done"'
            with pytest.raises(ConnectionClosed) as caught:
                await two.recv()
            assert caught.value.rcvd is not None
            assert caught.value.rcvd.code == 1000
            context = (await here.event("DISCONNECT"))["requestContext"]
            assert (context["disconnectStatusCode"], context["disconnectReason"]) == (
                1000,
                "Connection Closed Normally",
            )
            for do in ("post", "get", "delete"):
                assert await asked(one, do=do, to=other) == {"code": "GoneException", "status": 410}

    run(project(tmp_path, {**POSTS, "tell": ["$disconnect"]}), test)


def test_what_cannot_be_posted(tmp_path: Path) -> None:
    async def test(here: Socketed) -> None:
        async with here.connect(max_size=None) as client:
            too_large = {"code": "PayloadTooLargeException", "status": 413}
            assert await asked(client, do="post", data="x", times=131_073) == too_large
            await client.send(json.dumps({"do": "post", "data": "x", "times": 131_072}))
            assert {len(await heard_by(client)), len(await heard_by(client))} == {131_072, len('"done"')}
            assert await asked(client, do="post", to="no id!") == {"code": "BadRequestException", "status": 400}
            assert await asked(client, do="post", to="AAAAAAAAAAAAAAA=") == {"code": "GoneException", "status": 410}

    run(project(tmp_path, POSTS), test)


def test_bytes_that_are_no_text_arrive_as_a_binary_message(tmp_path: Path) -> None:
    async def test(here: Socketed) -> None:
        async with here.connect() as client:
            me = (await here.event("CONNECT"))["requestContext"]["connectionId"]
            answer = await here.http("POST", f"/dev/@connections/{me.replace('=', '%3D')}", content=b"\xff\x00")
            assert (answer.status_code, answer.content) == (200, b"")
            assert answer.headers["x-amzn-requestid"]
            assert await heard_by(client) == b"\xff\x00"
            assert (await here.http("PUT", f"/@connections/{me}")).status_code == 403

    run(project(tmp_path, {"tell": ["$connect"]}), test)


def test_a_client_that_takes_nothing_is_a_limit_exceeded(tmp_path: Path) -> None:
    async def test(here: Socketed) -> None:
        async with here.connect(max_queue=1, compression=None, close_timeout=0.1) as client:
            me = (await here.event("CONNECT"))["requestContext"]["connectionId"]
            data = os.urandom(131_072)
            statuses: list[int] = []
            async with httpx.AsyncClient(base_url=here.url, timeout=20) as poster:
                while statuses[-1:] != [429] and len(statuses) < 300:
                    answer = await poster.post(f"/@connections/{me}", content=data)
                    statuses.append(answer.status_code)
            assert {*statuses[:-1]} == {200}
            assert answer.headers["x-amzn-errortype"] == "LimitExceededException"
            assert len(await heard_by(client)) == len(data)

    run(project(tmp_path, {"tell": ["$connect"]}), test)
