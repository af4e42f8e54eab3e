"""Responses that come in pieces: as they come, as fast as they are taken, and every way in which they can end."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from lambdacli.local.execution import ExecutionEnvironment
from lambdacli.local.invocation import Invocation, Outcome, new_id

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from lambdacli.local.plan import Plan

    from .conftest import Harness

ARN = "arn:aws:lambda:us-east-1:123456789012:function:f"

# A custom runtime whose `handle(event, send)` streams; `send` is given bytes.
STREAMS = """
import base64, socket
host, _, port = os.environ["AWS_LAMBDA_RUNTIME_API"].partition(":")
HEAD = ("POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\\r\\nHost: x\\r\\nContent-Type: text/plain\\r\\n"
        "Lambda-Runtime-Function-Response-Mode: streaming\\r\\nTransfer-Encoding: chunked\\r\\n"
        "Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\\r\\n\\r\\n")
answer = b""
def stream(handle):
    global answer
    while True:
        _, headers, event = call("GET", "invocation/next")
        s = socket.create_connection((host, int(port)))
        s.sendall((HEAD % headers["lambda-runtime-aws-request-id"]).encode())
        def send(data):
            s.sendall(b"%x\\r\\n%b\\r\\n" % (len(data), data))
        trailers = ""
        try:
            handle(json.loads(event), send)
        except Exception as error:
            described = json.dumps({"errorType": type(error).__name__, "errorMessage": str(error)}).encode()
            trailers = (f"Lambda-Runtime-Function-Error-Type: {type(error).__name__}\\r\\n"
                        f"Lambda-Runtime-Function-Error-Body: {base64.b64encode(described).decode()}\\r\\n")
        s.sendall(b"0\\r\\n" + trailers.encode() + b"\\r\\n")
        answer = s.recv(1000)
        s.close()
"""


@dataclass
class Taker:
    """Takes a response, and knows when each piece came."""

    begun: list[str] = field(default_factory=list)
    pieces: list[bytes] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    def begins(self, content_type: str) -> Awaitable[None] | None:
        self.begun.append(content_type)
        return None

    def chunk(self, data: bytes) -> Awaitable[None] | None:
        self.pieces.append(data)
        self.times.append(time.monotonic())
        return None

    @property
    def body(self) -> bytes:
        return b"".join(self.pieces)


def run(plan: Plan, *takers: Taker | None, event: bytes = b"{}") -> list[Outcome]:
    async def main() -> list[Outcome]:
        environment = ExecutionEnvironment(plan, bytearray().extend)
        try:
            await environment.start()
            return [await environment.invoke(Invocation(event, new_id(), ARN), taker) for taker in takers]
        finally:
            await environment.stop()

    return asyncio.run(main())


def streams(harness: Harness, body: str, **changes: float) -> Plan:
    return harness.plan(f"{STREAMS}\ndef handle(event, send):\n    {body}\nstream(handle)", **changes)


def test_pieces_come_while_the_function_still_runs(harness: Harness) -> None:
    taker = Taker()
    (outcome,) = run(streams(harness, "send(b'a'); time.sleep(0.3); send(b'b'); time.sleep(0.3)"), taker)
    ended = time.monotonic()
    assert (taker.begun, taker.pieces) == (["text/plain"], [b"a", b"b"])
    assert taker.times[1] - taker.times[0] > 0.2
    assert ended - taker.times[1] > 0.2
    assert (outcome.status, outcome.payload) == ("success", b"")


def test_an_environment_streams_again_and_again(harness: Harness) -> None:
    takers = [Taker(), Taker(), Taker()]
    outcomes = run(streams(harness, "send(b'a'); send(b'b')"), *takers)
    assert [taker.body for taker in takers] == [b"ab"] * 3
    assert [outcome.status for outcome in outcomes] == ["success"] * 3


def test_a_caller_who_takes_no_pieces_gets_the_whole(harness: Harness) -> None:
    (outcome,) = run(streams(harness, "send(b'a'); send(b'b')"), None)
    assert outcome.payload == b"ab"


def test_a_whole_of_more_than_six_megabytes_is_too_large_for_a_caller_who_takes_no_pieces(harness: Harness) -> None:
    plan = streams(harness, "[send(b'x' * 1_000_000) for _ in range(7)]")
    whole, again = run(plan, None, None)
    assert (whole.error_type, again.error_type) == ("Function.ResponseSizeTooLarge",) * 2
    taker = Taker()
    (outcome,) = run(plan, taker)
    assert (outcome.status, len(taker.body)) == ("success", 7_000_000)


def test_a_runtime_that_answers_as_a_whole_does_so_in_the_outcome_alone(harness: Harness) -> None:
    taker = Taker()
    (outcome,) = run(harness.plan("loop(lambda e, h: 'whole')"), taker)
    assert outcome.payload == b'"whole"'
    assert (taker.begun, taker.pieces) == ([], [])


def test_an_error_in_the_middle_comes_after_what_was_sent(harness: Harness) -> None:
    taker, after = Taker(), Taker()
    failed, again = run(streams(harness, "send(b'a'); 1 / 0"), taker, after)
    assert taker.body == b"a"
    assert (failed.status, failed.error_type) == ("error", "ZeroDivisionError")
    assert json.loads(failed.payload) == {"errorType": "ZeroDivisionError", "errorMessage": "division by zero"}
    assert (after.body, again.error_type) == (b"a", "ZeroDivisionError")  # the process goes on


@pytest.mark.parametrize(
    ("ending", "error_type", "message"),
    [
        ("os._exit(3)", "Runtime.ExitError", "Runtime exited with error: exit status 3"),
        ("os.kill(os.getpid(), 9)", "Runtime.ExitError", "Runtime exited with error: signal: killed"),
        ("time.sleep(60)", "Sandbox.Timedout", "Task timed out after 0.50 seconds"),
    ],
)
def test_a_function_that_dies_in_the_middle(harness: Harness, ending: str, error_type: str, message: str) -> None:
    taker = Taker()
    plan = streams(harness, f"send(b'a'); send(b'b' * 500_000); {ending}", timeout=0.5)
    (outcome,) = run(plan, taker)
    assert taker.body == b"a" + b"b" * 500_000
    assert outcome.error_type == error_type
    assert json.loads(outcome.payload)["errorMessage"] == f"RequestId: {outcome.request_id} Error: {message}"


@pytest.mark.parametrize("tear", ["s.close()", "s.sendall(b'nonsense'); print(s.recv(99))"])
def test_a_runtime_that_tears_its_response_and_lives_on(harness: Harness, tear: str) -> None:
    taker = Taker()
    plan = harness.plan(f"""{STREAMS}
_, headers, event = call("GET", "invocation/next")
s = socket.create_connection((host, int(port)))
s.sendall((HEAD % headers["lambda-runtime-aws-request-id"]).encode() + b"2\\r\\nab\\r\\n")
{tear}
time.sleep(60)
""")
    (outcome,) = run(plan, taker)
    assert taker.body == b"ab"
    assert outcome.error_type == "Runtime.TruncatedResponse"


class Slow(Taker):
    """Takes its time; `most` is how much was given while it did."""

    def chunk(self, data: bytes) -> Awaitable[None] | None:
        super().chunk(data)
        return asyncio.sleep(0.05)


def test_a_runtime_is_not_read_from_while_a_piece_is_taken(harness: Harness) -> None:
    slow = Slow()
    body = "n = 0\n    for _ in range(40): send(b'x' * 100_000)\n    print('sent all', flush=True)"
    started = time.monotonic()
    (outcome,) = run(streams(harness, body, timeout=30.0), slow)
    assert outcome.status == "success"
    assert len(slow.body) == 4_000_000
    assert max(map(len, slow.pieces)) <= 1_000_000
    assert time.monotonic() - started > 4 * 0.05


def test_pieces_are_taken_one_at_a_time_and_in_order(harness: Harness) -> None:
    class Jealous(Taker):
        taking = False

        def chunk(self, data: bytes) -> Awaitable[None]:
            return self._take(data)

        async def _take(self, data: bytes) -> None:
            assert not self.taking
            self.taking = True
            await asyncio.sleep(0.01)
            super().chunk(data)
            self.taking = False

    jealous = Jealous()
    (outcome,) = run(streams(harness, "[send(b'%d,' % n) for n in range(1000)]"), jealous)
    assert outcome.status == "success"
    assert jealous.body == b"".join(b"%d," % n for n in range(1000))


def test_a_caller_who_stops_taking_does_not_stop_the_function(harness: Harness) -> None:
    class Gone(Taker):
        def chunk(self, data: bytes) -> Awaitable[None] | None:
            super().chunk(data)
            raise ConnectionError("gone")

    gone, after = Gone(), Taker()
    plan = streams(harness, "[send(b'x' * 100_000) for _ in range(50)]; open('done', 'a').write('.')")

    async def main() -> Outcome:
        environment = ExecutionEnvironment(plan, bytearray().extend)
        try:
            await environment.start()
            with pytest.raises(ConnectionError, match="gone"):
                await environment.invoke(Invocation(b"{}", new_id(), ARN), gone)
            return await environment.invoke(Invocation(b"{}", new_id(), ARN), after)
        finally:
            await environment.stop()

    outcome = asyncio.run(main())
    assert len(gone.pieces) == 1
    assert (outcome.status, len(after.body)) == ("success", 5_000_000)
    assert (harness.folder / "done").read_text() == ".."


def test_a_caller_who_never_takes_a_piece_is_left_at_the_timeout(harness: Harness) -> None:
    class Stuck(Taker):
        def chunk(self, data: bytes) -> Awaitable[None] | None:
            super().chunk(data)
            return asyncio.sleep(60)

    started = time.monotonic()
    (outcome,) = run(streams(harness, "[send(b'x' * 100_000) for _ in range(500)]", timeout=0.5), Stuck())
    assert outcome.status == "timeout"
    assert time.monotonic() - started < 5


def test_more_than_two_hundred_megabytes(harness: Harness) -> None:
    class Counting(Taker):
        size = 0

        def chunk(self, data: bytes) -> Awaitable[None] | None:
            self.size += len(data)
            return None

    counting = Counting()
    started = time.monotonic()
    plan = streams(harness, "x = b'x' * 1_000_000\n    while True: send(x)", timeout=60.0)
    (outcome,) = run(plan, counting)
    assert counting.size == 209_715_200
    assert json.loads(outcome.payload) == {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": "Response payload size exceeded maximum allowed payload size (209715200 bytes).",
    }
    assert time.monotonic() - started < 30


def test_an_invocation_that_is_cancelled_leaves_no_environment_in_the_middle_of_it(harness: Harness) -> None:
    class Telling(Taker):
        def chunk(self, data: bytes) -> Awaitable[None] | None:
            sent.set()
            return super().chunk(data)

    async def main() -> str:
        environment = ExecutionEnvironment(streams(harness, "send(b'a'); time.sleep(60)"), bytearray().extend)
        try:
            await environment.start()
            task = asyncio.create_task(environment.invoke(Invocation(b"{}", new_id(), ARN), Telling()))
            await asyncio.wait_for(sent.wait(), 10)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            return environment.state
        finally:
            await environment.stop()

    sent = asyncio.Event()
    assert asyncio.run(main()) == "dead"
