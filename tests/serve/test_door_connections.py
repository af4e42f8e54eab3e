"""Connections, good and bad: kept, pipelined, handed over, slow, malformed, gone; a thousand at once."""

from __future__ import annotations

import asyncio
import json
import re
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from doors import Echo, free_descriptors, manifest, serving, until
from websockets.asyncio.client import connect

from lambdacli.errors import MachineError
from lambdacli.serve.door import lane, listening
from lambdacli.serve.fleet import Call

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from doors import Served

SOURCE = """
import time
def handler(event, context):
    time.sleep(event.get("seconds", 0))
    return event
"""
FUNCTIONS = {"hello": {"handler": "app.handler"}}
INVOKE = "/2015-03-31/functions/hello/invocations"


def run(folder: Path, test: Callable[[Served], Awaitable[None]], **given: Any) -> None:
    async def main() -> None:
        async with serving(manifest(folder, SOURCE, FUNCTIONS), **given) as served:
            await test(served)

    asyncio.run(main())


def request(
    body: str = "{}", *, method: str = "POST", path: str = INVOKE, more: str = "", version: str = "1.1"
) -> bytes:
    return (
        f"{method} {path} HTTP/{version}\r\nHost: localhost\r\n{more}Content-Length: {len(body)}\r\n\r\n{body}".encode()
    )


async def answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)).decode()
    status, _, rest = head.partition("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in rest.split("\r\n") if line)}
    if headers.get("transfer-encoding") == "chunked":
        body = b""
        while size := int(await reader.readline(), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readline()
        return int(status[9:12]), headers, body
    return int(status[9:12]), headers, await reader.readexactly(int(headers.get("content-length", 0)))


def test_a_connection_is_kept_and_pipelined_requests_are_answered_in_order(tmp_path: Path) -> None:
    async def test(served: Served) -> None:
        reader, writer = await served.connection()
        events = ['{"n": 0, "seconds": 0.2}', *(f'{{"n": {n}}}' for n in range(1, 20))]
        writer.write(b"".join(map(request, events)))
        for n in range(20):
            status, _, body = await answer(reader)
            assert (status, json.loads(body)["n"]) == (200, n)
        writer.write(request(version="1.0"))
        assert (await answer(reader))[1]["connection"] == "close"
        assert await reader.read() == b""
        writer.close()

    run(tmp_path, test)


def test_a_connection_goes_to_the_application_between_two_requests(tmp_path: Path) -> None:
    async def test(served: Served) -> None:
        reader, writer = await served.connection()
        other = request("hello", path="/orders/1?x=1")
        writer.write(request('{"n": 1}') + other + request("more", path="/orders/2")[:-2])
        assert json.loads((await answer(reader))[2]) == {"n": 1}
        assert json.loads((await answer(reader))[2]) == {"path": "/orders/1", "body": "hello"}
        writer.write(b"re")
        assert json.loads((await answer(reader))[2]) == {"path": "/orders/2", "body": "more"}
        writer.close()
        assert [scope["query_string"] for scope in served.app.scopes] == [b"x=1", b""]

    run(tmp_path, test)


def test_hosts_of_fronts_go_to_the_application_even_where_a_path_looks_like_ours(tmp_path: Path) -> None:
    async def test(served: Served) -> None:
        for host in ("a.execute-api.localhost:3000", "hello.lambda-url.localhost", "alb.localhost:3000"):
            found = await served.ask(httpx.post, served.url + INVOKE, headers={"Host": host}, content=b"1")
            assert found.json() == {"path": INVOKE, "body": "1"}

    run(tmp_path, test)


def test_a_websocket_is_the_applications(tmp_path: Path) -> None:
    async def test(served: Served) -> None:
        async with connect(f"ws://127.0.0.1:{served.door.port}/chat") as socket:
            await socket.send("loud")
            assert await socket.recv() == "LOUD"

    run(tmp_path, test)


@pytest.mark.parametrize("pieces", [1, 7, 4096])
def test_bodies_in_chunks_and_requests_in_pieces(tmp_path: Path, pieces: int) -> None:
    async def test(served: Served) -> None:
        reader, writer = await served.connection()
        head = f"POST {INVOKE} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        sent = f'{head}3;x=y\r\n{{"n\r\n4\r\n": 1\r\n1\r\n}}\r\n0\r\nTrailer: yes\r\n\r\n'.encode() + request(
            '{"n": 2}'
        )
        for at in range(0, len(sent), pieces):
            writer.write(sent[at : at + pieces])
            await writer.drain()
            if pieces < 10:
                await asyncio.sleep(0)
        assert json.loads((await answer(reader))[2]) == {"n": 1}
        assert json.loads((await answer(reader))[2]) == {"n": 2}
        writer.close()

    run(tmp_path, test)


def test_a_client_that_asks_before_it_sends_the_body(tmp_path: Path) -> None:
    async def test(served: Served) -> None:
        reader, writer = await served.connection()
        whole = request('{"n": 1}', more="Expect: 100-continue\r\n")
        head, body = whole[:-8], whole[-8:]
        writer.write(head)
        assert await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10) == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(body)
        assert json.loads((await answer(reader))[2]) == {"n": 1}
        writer.write(request(path=INVOKE.replace("hello", "nobody"), more="Expect: 100-continue\r\n")[:-2])
        assert (await answer(reader))[0] == 404
        assert await reader.read() == b""
        writer.close()

    run(tmp_path, test)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 100 + b"\r\n\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost : x\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\n folded\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: +1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (request("zz\r\n", more="X: y\r\n").replace(b"Content-Length: 4", b"Transfer-Encoding: chunked"), 400),
        (b"GET /" + b"a" * 70_000, 431),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 12_000 + b"\r\n", 431),
    ],
)
def test_what_is_no_request_is_refused_and_the_server_goes_on(tmp_path: Path, sent: bytes, status: int) -> None:
    async def test(served: Served) -> None:
        got = await served.raw(sent)
        assert got.startswith(f"HTTP/1.1 {status} ".encode())
        assert b"\r\nConnection: close\r\n" in got
        assert (await answer_of(served))[0] == 200

    run(tmp_path, test)


async def answer_of(served: Served, sent: bytes | None = None) -> tuple[int, dict[str, str], bytes]:
    reader, writer = await served.connection()
    writer.write(sent or request())
    try:
        return await answer(reader)
    finally:
        writer.close()


def test_endless_headers_on_the_applications_side_are_refused_too(tmp_path: Path) -> None:
    async def test(served: Served) -> None:
        reader, writer = await served.connection()
        writer.write(request("x", path="/first"))
        assert (await answer(reader))[0] == 200
        writer.write(b"GET /second HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 30_000)
        assert (await answer(reader))[0] == 431
        writer.close()

    run(tmp_path, test)


@pytest.mark.parametrize("sent", [b"", b"POST /2015", request("{}")[:-1], request("abc", path="/x")[:-1]])
def test_a_silent_or_slow_client_is_dropped(tmp_path: Path, sent: bytes) -> None:
    async def test(served: Served) -> None:
        reader, writer = await served.connection()
        writer.write(sent)
        await until(lambda: served.door.connections == 1)
        await asyncio.sleep(0.05)
        served.door.seconds += lane.IDLE_TIME  # as if that much time had passed
        got = await asyncio.wait_for(reader.read(), 5)
        assert not got or b" 408 " in got
        writer.close()
        await until(lambda: served.door.connections == 0)

    run(tmp_path, test)


def test_a_client_that_vanishes_leaves_its_invocation_running_and_nothing_behind(tmp_path: Path) -> None:
    async def test(served: Served) -> None:
        await answer_of(served)
        before = free_descriptors()
        for _ in range(3):
            _, writer = await served.connection()
            writer.write(request('{"seconds": 0.3}'))
            await until(lambda: served.fleet.running > 0)
            writer.transport.abort()
            await until(lambda: served.fleet.running == 0)
        await until(lambda: served.door.connections == 0)
        assert [each.detail for each in served.heard.steps] == ["200"] * 4
        assert served.heard.logs["hello"].count(b"REPORT RequestId: ") == 4
        assert free_descriptors() <= before
        assert served.heard.troubles == []

    run(tmp_path, test)


def test_a_thousand_connections_at_once(tmp_path: Path) -> None:
    async def test(served: Served) -> None:
        found = await asyncio.gather(*(served.connection() for _ in range(1000)))
        await until(lambda: served.door.connections == 1000)
        for n, (_, writer) in enumerate(found):
            writer.write(request(f'{{"n": {n}}}') if n % 2 else request(str(n), path="/x"))
        for n, (reader, writer) in enumerate(found):
            status, _, body = await answer(reader)
            assert (status, json.loads(body)) == (200, {"n": n} if n % 2 else {"path": "/x", "body": str(n)})
            writer.close()

    listening.raise_limit()
    run(tmp_path, test)


def test_pausing_ends_idle_connections_and_finishes_what_runs(tmp_path: Path) -> None:
    async def test(served: Served) -> None:
        idle, idle_writer = await served.connection()
        idle_writer.write(request())
        await answer(idle)
        busy, busy_writer = await served.connection()
        busy_writer.write(request('{"seconds": 0.3}'))
        await until(lambda: served.fleet.running == 1)
        await served.door.pause()
        assert await asyncio.wait_for(idle.read(), 5) == b""
        status, headers, _ = await answer(busy)
        assert (status, headers["connection"]) == (200, "close")
        with pytest.raises(OSError, match=r"refused|Connect call failed"):
            await served.connection()
        idle_writer.close()
        busy_writer.close()

    run(tmp_path, test)


def test_a_port_that_is_taken_and_a_host_that_is_none(tmp_path: Path) -> None:
    async def test(served: Served) -> None:
        port = served.door.port
        with pytest.raises(MachineError, match=f"port {port} is taken") as caught:
            listening.listen("127.0.0.1", port)
        assert "--port" in caught.value.hint
        assert caught.value.exit_code == 3
        for host in ("203.0.113.7", "no.such.host.invalid"):
            with pytest.raises(MachineError, match=f"{re.escape(host)} is no address of this machine"):
                listening.listen(host, 0)
        with pytest.raises(MachineError, match="no port 70000"):
            listening.listen("127.0.0.1", 70000)

    run(tmp_path, test)


def test_a_bug_of_the_application_is_told_and_answered(tmp_path: Path) -> None:
    async def test(served: Served) -> None:
        assert (await answer_of(served, request(path="/broken")))[0] == 500
        [trouble] = served.heard.troubles
        assert "broken on purpose" in trouble.message
        assert (await answer_of(served))[0] == 200

    run(tmp_path, test, app=Echo())


def test_health(tmp_path: Path) -> None:
    async def test(served: Served) -> None:
        found = await served.ask(httpx.get, f"{served.url}/_lambdacli/health")
        assert found.json() == {"status": "ok", "functions": ["hello"]}
        assert "date" in found.headers

    run(tmp_path, test)


def test_a_body_that_never_ends_is_refused_with_an_answer(tmp_path: Path) -> None:
    async def test(served: Served) -> None:
        reader, writer = await served.connection()
        writer.write(f"POST {INVOKE} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000000\r\n\r\n".encode())
        for _ in range(70):
            writer.write(b"a" * (1024 * 1024))
            await writer.drain()
        assert (await answer(reader))[0] == 413
        writer.close()

    run(tmp_path, test)


def test_closing_while_invocations_run_and_wait_ends(tmp_path: Path) -> None:
    async def main() -> None:
        got: list[bytes] = []
        async with serving(manifest(tmp_path, SOURCE, FUNCTIONS), most=1) as served:
            found = [await served.connection() for _ in range(5)]
            for _, writer in found:
                writer.write(request('{"seconds": 2}'))
            await until(lambda: served.fleet.running == 5)
            waiting = asyncio.create_task(served.fleet.invoke("hello", Call(b"{}")))
            await asyncio.sleep(0.2)
            await asyncio.wait_for(served.fleet.close(), 10)
            with pytest.raises(asyncio.CancelledError):
                await waiting
            await until(lambda: served.fleet.running == 0)
            for reader, writer in found:
                got.append(await asyncio.wait_for(reader.readuntil(b"\r\n"), 5))
                writer.close()
        assert sorted(got) == [b"HTTP/1.1 200 OK\r\n"] + [b"HTTP/1.1 503 Service Unavailable\r\n"] * 4

    asyncio.run(main())


def test_who_is_cancelled_has_its_invocation_killed_and_the_next_one_runs(tmp_path: Path) -> None:
    async def test(served: Served) -> None:
        running = [asyncio.create_task(served.fleet.invoke("hello", Call(b'{"seconds": 2}'))) for _ in range(3)]
        await until(lambda: b"START" in served.heard.logs.get("hello", b""))
        for each in running:
            each.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await until(lambda: served.fleet.running == 0)
        assert (await served.fleet.invoke("hello", Call(b"{}"))).payload == b"{}"

    run(tmp_path, test, most=1)
