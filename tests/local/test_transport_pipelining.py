"""A runtime that posts its result and asks for the next event in one breath."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from lambdacli.local.invocation import Invocation
from lambdacli.local.runtime_api import RuntimeApi
from lambdacli.local.transport import Connection

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lambdacli.local.runtime_api import Flow

NEXT = b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: a\r\n\r\n"


class Told:
    """A listener that remembers."""

    def __init__(self) -> None:
        self.happened: list[str] = []

    def ready(self) -> None:
        self.happened.append("ready")

    def responded(self, body: bytes, headers: Mapping[str, str]) -> None:  # noqa: ARG002 - the protocol's
        self.happened.append(f"responded {body.decode()}")

    def response_begins(self, content_type: str, flow: Flow) -> None:
        raise AssertionError((content_type, flow))

    def response_piece(self, data: bytes) -> None:
        raise AssertionError(data)

    def response_cut(self) -> None:
        raise AssertionError

    def response_too_large(self, limit: int) -> None:
        raise AssertionError(limit)

    def failed(self, body: bytes, error_type: str) -> None:
        raise AssertionError((body, error_type))

    def init_failed(self, body: bytes, error_type: str) -> None:
        raise AssertionError((body, error_type))


def post(request_id: str, body: str) -> bytes:
    path = f"/2018-06-01/runtime/invocation/{request_id}/response"
    return f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


def test_the_reply_to_a_result_goes_out_with_the_next_event_and_in_order() -> None:
    async def main() -> None:
        told = Told()
        api = RuntimeApi(told)
        server = await asyncio.get_running_loop().create_server(lambda: Connection(api, set()), "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
        writer.write(NEXT)
        while told.happened != ["ready"]:  # noqa: ASYNC110 - what happens has no event
            await asyncio.sleep(0.001)
        api.deliver(Invocation(b"1", "a", "arn"), 0)
        assert (await reader.readuntil(b"\r\n\r\n1")).startswith(b"HTTP/1.1 200 OK")
        writer.write(post("a", "one") + NEXT)
        while told.happened[-1] != "ready" or len(told.happened) == 1:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.001)
        assert told.happened == ["ready", "responded one", "ready"]
        api.deliver(Invocation(b"2", "b", "arn"), 0)
        replies = await reader.readuntil(b"\r\n\r\n2")
        assert replies.startswith(b"HTTP/1.1 202 Accepted")
        assert replies.count(b"HTTP/1.1 ") == 2
        writer.write(post("b", "two"))  # and a runtime that wants its reply first has it
        assert (await reader.readuntil(b'"OK"}\n')).startswith(b"HTTP/1.1 202 Accepted")
        writer.close()
        server.close()

    asyncio.run(asyncio.wait_for(main(), 10))
