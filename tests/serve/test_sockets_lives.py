"""WebSocket APIs: who may connect, how long a connection lasts, and how it ends: told exactly once."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from fronted import departures
from socketed import heard_by, project, run, socketed
from websockets.exceptions import ConnectionClosed, InvalidStatus

if TYPE_CHECKING:
    from pathlib import Path

    from socketed import Socketed
    from websockets.asyncio.client import ClientConnection

ALL = ["$connect", "$disconnect", {"route": "$default", "route_response": True}]


async def refused(here: Socketed, path: str = "/", **more: Any) -> tuple[int, str]:
    """How a handshake is answered that does not succeed."""
    with pytest.raises(InvalidStatus) as caught:
        async with here.connect(path, **more):
            pass
    answer = caught.value.response
    return answer.status_code, (answer.body or b"").decode()


def asking(value: Any) -> str:
    """A path with which $connect answers so."""
    from urllib.parse import quote

    return f"/?answer={quote(json.dumps(value))}"


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ({"statusCode": 401}, 401),
        ({"statusCode": 403, "body": "not you"}, 403),
        ({"statusCode": 500}, 500),
        (None, 502),
    ],
)
def test_connect_may_refuse(tmp_path: Path, value: Any, status: int) -> None:
    async def test(here: Socketed) -> None:
        answered, body = await refused(here, asking(value))
        assert answered == status
        if isinstance(value, dict):
            assert body == value.get("body", "")
        else:
            assert json.loads(body) == {"message": "Internal server error"}
            assert any("null" in each for each in here.heard.warnings)

    run(project(tmp_path, {"tell": ALL}), test)


def test_whoever_was_refused_does_not_disconnect(tmp_path: Path) -> None:
    async def test(here: Socketed) -> None:
        await refused(here, asking({"statusCode": 401}))
        async with here.connect():
            pass
        await here.event("DISCONNECT")
        connected = [each["requestContext"]["connectionId"] for each in await here.all("CONNECT", 2)]
        left = [each["requestContext"]["connectionId"] for each in await here.all("DISCONNECT", 1)]
        assert left == connected[1:]

    run(project(tmp_path, {"tell": ALL}), test)


def test_connect_chooses_the_subprotocol(tmp_path: Path) -> None:
    async def test(here: Socketed) -> None:
        chosen = asking({"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": "second"}})
        async with here.connect(chosen, subprotocols=["first", "second"]) as client:
            assert client.subprotocol == "second"
        assert (await here.event("CONNECT"))["headers"]["Sec-WebSocket-Protocol"] in ("first, second", "first,second")
        async with here.connect(subprotocols=["first"]) as client:
            assert client.subprotocol is None

    run(project(tmp_path, {"tell": ALL}), test)


AUTHORIZED = {"route": "$connect", "authorizer": {"lambda": {"function": "allow"}}}


def test_an_authorizer_decides_before_the_handshake(tmp_path: Path) -> None:
    async def test(here: Socketed) -> None:
        async with here.connect("/?token=x", additional_headers={"Authorization": "good"}) as client:
            await client.send("{}")
            await heard_by(client)
        asked = next(each for each in here.events if each.get("type") == "REQUEST")
        assert not departures(asked, "apigateway-websocket-authorizer")
        assert asked["methodArn"].endswith("/dev/$connect")
        assert asked["queryStringParameters"] == {"token": "x"}
        for kind in ("CONNECT", "MESSAGE", "DISCONNECT"):
            caller = (await here.event(kind))["requestContext"]["authorizer"]
            assert {"principalId": "me", "room": "blue", "level": "3"}.items() <= caller.items()
        number = len(here.events)
        assert await refused(here, "/?token=bad") == (
            403,
            '{"Message":"User is not authorized to access this resource"}',
        )
        assert await refused(here, "/?token=nobody") == (401, '{"message":"Unauthorized"}')
        assert await refused(here, "/?token=broken") == (500, '{"message":"Internal server error"}')
        assert not [each for each in here.events[number:] if each.get("type") != "REQUEST"]

    run(project(tmp_path, {"tell": [AUTHORIZED, *ALL[1:]], "allow": []}), test)


def test_without_its_identity_source_nobody_is_asked(tmp_path: Path) -> None:
    async def test(here: Socketed) -> None:
        assert await refused(here) == (401, '{"message":"Unauthorized"}')
        assert here.events == []
        async with here.connect("/?token=good"):
            pass
        await here.event("CONNECT")

    named = {"function": "allow", "identity_source": ["route.request.querystring.token"]}
    connect = {"route": "$connect", "authorizer": {"lambda": named}}
    run(project(tmp_path, {"tell": [connect], "allow": []}), test)


def test_iam_wants_a_signed_handshake(tmp_path: Path) -> None:
    async def test(here: Socketed) -> None:
        assert await refused(here) == (403, '{"message":"Forbidden"}')
        signed = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/eu-west-1/execute-api/aws4_request, Signature=0"
        async with here.connect(additional_headers={"Authorization": signed}):
            pass

    run(project(tmp_path, {"tell": [{"route": "$connect", "authorizer": "iam"}]}), test)


@pytest.mark.parametrize(
    ("close", "code", "reason"),
    [((), 1000, ""), ((1001, "off"), 1001, "off"), ((4000, ""), 4000, "")],
)
def test_how_a_client_takes_leave(tmp_path: Path, close: tuple[Any, ...], code: int, reason: str) -> None:
    async def test(here: Socketed) -> None:
        async with here.connect() as client:
            await client.close(*close)
        context = (await here.event("DISCONNECT"))["requestContext"]
        assert context["disconnectStatusCode"] == code
        assert (
            context["disconnectReason"] == reason
            or (not reason and "Closed" in context["disconnectReason"])
            or code == 4000
        )
        await asyncio.sleep(0.1)
        assert len(await here.all("DISCONNECT", 1)) == 1

    run(project(tmp_path, {"tell": ALL}), test)


def test_a_client_that_is_lost(tmp_path: Path) -> None:
    async def test(here: Socketed) -> None:
        async with here.connect() as client:
            client.transport.abort()
            context = (await here.event("DISCONNECT"))["requestContext"]
            assert (context["disconnectStatusCode"], context["disconnectReason"]) == (
                1006,
                "Connection closed abnormally",
            )
        await asyncio.sleep(0.1)
        assert len(await here.all("DISCONNECT", 1)) == 1

    run(project(tmp_path, {"tell": ALL}), test)


def test_a_close_frame_without_a_status(tmp_path: Path) -> None:
    async def test(here: Socketed) -> None:
        async with here.connect() as client:
            client.protocol.send_close()
            client.transport.write(b"".join(client.protocol.data_to_send()))
            context = (await here.event("DISCONNECT"))["requestContext"]
        assert context["disconnectStatusCode"] == 1005
        assert context["disconnectReason"] == "Client-side close frame status not set"

    run(project(tmp_path, {"tell": ALL}), test)


def test_a_client_that_leaves_while_it_connects_is_told_of_once(tmp_path: Path) -> None:
    async def test(here: Socketed) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", here.door.port)
        lines = ["GET / HTTP/1.1", f"Host: 127.0.0.1:{here.door.port}", "Upgrade: websocket", "Connection: Upgrade"]
        lines += ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13", "", ""]
        writer.write("\r\n".join(lines).encode())
        await writer.drain()
        await asyncio.sleep(0.02)
        writer.transport.abort()
        del reader
        context = (await here.event("DISCONNECT"))["requestContext"]
        assert context["disconnectStatusCode"] == 1006
        await asyncio.sleep(0.1)
        assert len(await here.all("DISCONNECT", 1)) == 1

    run(project(tmp_path, {"tell": ALL}), test)


async def closed(client: ClientConnection) -> tuple[int, str]:
    """How the other side closes the connection."""
    with contextlib.suppress(ConnectionClosed):
        while True:
            await asyncio.wait_for(client.recv(), 20)
    assert client.protocol.close_rcvd is not None
    return client.protocol.close_rcvd.code, client.protocol.close_rcvd.reason


def test_binary_messages_are_not_taken(tmp_path: Path) -> None:
    async def test(here: Socketed) -> None:
        async with here.connect() as client:
            await client.send(b"\x00\xff")
            assert (await closed(client))[0] == 1003
        assert (await here.event("DISCONNECT"))["requestContext"]["disconnectStatusCode"] == 1003

    run(project(tmp_path, {"tell": ALL}), test)


@pytest.mark.parametrize("deflated", [None, "deflate"])
def test_the_largest_frames_and_messages(tmp_path: Path, deflated: str | None) -> None:
    frame = "x" * 32 * 1024

    async def test(here: Socketed) -> None:
        more: dict[str, Any] = {"max_size": None, "compression": deflated}
        async with here.connect(**more) as client:
            await client.send(frame)
            assert await heard_by(client) == f"$default {frame}"
            await client.send([frame] * 4)
            assert await heard_by(client) == f"$default {frame * 4}"
            with contextlib.suppress(ConnectionClosed):
                await client.send(frame + "x")
            assert (await closed(client))[0] == 1009
        async with here.connect(**more) as client:
            with contextlib.suppress(ConnectionClosed):
                await client.send([frame] * 4 + ["x"])
            assert (await closed(client))[0] == 1009
        assert [e["requestContext"]["disconnectStatusCode"] for e in await here.all("DISCONNECT", 2)] == [1009, 1009]
        assert len(await here.all("MESSAGE", 2)) == 2

    run(project(tmp_path, {"tell": ALL}), test)


def test_ten_minutes_without_a_message_and_two_hours_in_all(tmp_path: Path) -> None:
    async def test(here: Socketed) -> None:
        async with here.connect() as client:
            await here.clock.asleep()
            await here.clock.passes(599)
            await client.send("still there")
            await heard_by(client)
            await here.clock.passes(599)
            await client.send("still there")
            await heard_by(client)
            await here.clock.passes(601)
            assert await closed(client) == (1001, "Going away")
        context = (await here.event("DISCONNECT"))["requestContext"]
        assert (context["disconnectStatusCode"], context["disconnectReason"]) == (1001, "Going away")
        async with here.connect() as client:
            end = here.clock.now() + timedelta(hours=2)
            while here.clock.now() < end - timedelta(seconds=599):
                await here.clock.asleep()
                await here.clock.passes(500)
                await client.send("busy")
                await heard_by(client)
            await here.clock.asleep()
            await here.clock.reach(end)
            assert await closed(client) == (1001, "Going away")

    run(project(tmp_path, {"tell": ALL}), test)


def test_connections_stay_over_changes_of_the_manifest(tmp_path: Path) -> None:
    async def test(here: Socketed) -> None:
        async with here.connect() as client:
            await client.send('{"action": "new"}')
            assert (await heard_by(client))["message"] == "Forbidden"
            changed = project(tmp_path, {"tell": ["$connect", "$disconnect", {"route": "new", "route_response": True}]})
            here.fleet.change(changed)
            await here.app.change(changed)
            await client.send('{"action": "new"}')
            assert await heard_by(client) == 'new {"action": "new"}'
            gone = project(tmp_path, {"tell": []})
            here.fleet.change(gone)
            await here.app.change(gone)
            await client.send('{"action": "new"}')
            assert (await heard_by(client))["message"] == "Forbidden"
            assert (await here.http("GET", "/@connections/AAAA")).status_code == 410

    run(project(tmp_path, {"tell": ["$connect", "$disconnect"]}), test)


def test_new_code_answers_on_old_connections(tmp_path: Path) -> None:
    async def test(here: Socketed) -> None:
        async with here.connect() as client:
            await client.send("x")
            assert await heard_by(client) == "$default x"
            code = tmp_path / "app.py"
            code.write_text(code.read_text().replace("{context['routeKey']} {event['body']}", "new code"))
            here.fleet.change(here.fleet.manifest, ["tell"])
            await client.send("x")
            assert await heard_by(client) == "new code"

    run(project(tmp_path, {"tell": ALL}), test)


def test_the_end_of_everything_is_told_to_clients_and_functions(tmp_path: Path) -> None:
    async def main() -> None:
        async with socketed(project(tmp_path, {"tell": ALL})) as here:
            clients = [await here.connect() for _ in range(5)]
            await clients[0].send(json.dumps({"sleep": 1, "return": {"statusCode": 200, "body": "after all"}}))
            await here.event("MESSAGE")
            await here.app.pause()
            with pytest.raises(InvalidStatus, match="503"):
                await here.connect()
            await clients[1].send("too late")
            assert await heard_by(clients[0]) == "after all"
        ends = [await closed(client) for client in clients]
        assert ends == [(1001, "Going away")] * 5
        left = await here.all("DISCONNECT", 5)
        assert [each["requestContext"]["disconnectStatusCode"] for each in left] == [1001] * 5
        assert len(await here.all("MESSAGE", 1)) == 1

    asyncio.run(main())


def test_the_end_is_told_once_whoever_ends_it_first(tmp_path: Path) -> None:
    async def main() -> None:
        async with socketed(project(tmp_path, {"tell": ALL})) as here:
            clients = [await here.connect() for _ in range(3)]
            await here.door.stop()
            assert [await closed(client) for client in clients] == [(1001, "Going away")] * 3
        left = await here.all("DISCONNECT", 3)
        assert [each["requestContext"]["disconnectStatusCode"] for each in left] == [1001] * 3

    asyncio.run(main())


def test_the_addresses_that_are_shown(tmp_path: Path) -> None:
    async def test(here: Socketed) -> None:
        port = here.door.port
        assert here.app.addresses(port) == [("WebSocket API", f"ws://127.0.0.1:{port}/dev")]
        two = [{"api": "chat", "route": "$default"}, {"api": "game", "route": "$default", "stage": "v1"}]
        await here.app.change(project(tmp_path, {"tell": two}))
        assert here.app.addresses(port) == [
            ("WebSocket API chat", f"ws://chat.execute-api.localhost:{port}/dev"),
            ("WebSocket API game", f"ws://game.execute-api.localhost:{port}/v1"),
        ]

    run(project(tmp_path, {"tell": ALL}), test)


def test_hundreds_of_connections(tmp_path: Path) -> None:
    async def test(here: Socketed) -> None:
        clients = await asyncio.gather(*(here.connect() for _ in range(200)))
        await asyncio.gather(*(client.send(str(number)) for number, client in enumerate(clients)))
        answers = await asyncio.gather(*map(heard_by, clients))
        assert answers == [f"$default {number}" for number in range(200)]
        await asyncio.gather(*(client.close() for client in clients))

    assert os.name == "posix"
    run(project(tmp_path, {"tell": ["$connect", {"route": "$default", "route_response": True}]}), test)
