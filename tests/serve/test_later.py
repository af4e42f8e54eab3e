"""Asynchronous invocation: tried again as Lambda does, given up with a record, and never lost without a word."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from clocks import Clock
from heard import Heard

from lambdacli import manifest as manifests
from lambdacli.local import guard
from lambdacli.local.invocation import Outcome, Report
from lambdacli.local.plan import Machine
from lambdacli.model import Destination, Function, Manifest
from lambdacli.serve.fleet import Call, Fleet, Throttled
from lambdacli.serve.later import Queueing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from lambdacli.serve.parts import Source

MINUTE = 60.0


class Functions:
    """A fleet whose functions do as a test says."""

    def __init__(self, **settings: Any) -> None:
        function = Function("orders", "app.handler", "python3.13", Path("/code"), **settings)
        self.manifest = Manifest(
            Path("/lambdacli.yaml"), "shop", "dev", "eu-west-1",
            {"orders": function, "mails": Function("mails", "app.handler", "python3.13", Path("/code"))},
        )  # fmt: skip
        self.calls: list[tuple[str, Call]] = []
        self.answers: list[Any] = []  # in turn: a payload, an exception, or a coroutine function; then successes
        self.running = self.most = 0

    def function(self, name: str) -> Function:
        return self.manifest.functions[name]

    def arn(self, name: str) -> str:
        return f"arn:aws:lambda:eu-west-1:123456789012:function:{name}"

    async def invoke(self, name: str, call: Call) -> Outcome:
        self.calls.append((name, call))
        answer = self.answers.pop(0) if self.answers else {"ok": True}
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            answer = await answer() if callable(answer) else answer
        finally:
            self.running -= 1
        if isinstance(answer, Exception):
            raise answer
        failed = isinstance(answer, dict) and "errorMessage" in answer
        report = Report(12.5, 128, 30)
        status: Any = "error" if failed else "success"
        return Outcome(
            call.request_id, json.dumps(answer).encode(), status, answer["errorType"] if failed else "", report
        )


BAD = {"errorMessage": "no items\nat all", "errorType": "ValueError"}


class World:
    """A queue with all that it works with."""

    def __init__(self, functions: Functions, source: Source | None = None) -> None:
        self.fleet, self.clock, self.heard = functions, Clock(), Heard()
        self.start = self.clock.now()
        self.later = Queueing(cast("Fleet", functions), self.clock, self.heard)
        self.later.source = source

    def submit(self, event: Any = None, name: str = "orders", **call: Any) -> None:
        self.later.submit(name, Call(json.dumps(event or {}).encode(), **call), "s3 photos", "one")

    async def over(self) -> None:
        """Until every event is."""
        for _ in range(2000):
            if not self.later.pending():
                return
            await asyncio.sleep(0.005)
        raise AssertionError(self.heard.steps)

    def told(self) -> list[tuple[str, str]]:
        return [(each.what, each.detail) for each in self.heard.steps]

    def whats(self) -> list[str]:
        return [each.what for each in self.heard.steps]

    def elapsed(self) -> float:
        return (self.clock.now() - self.start).total_seconds()


@asynccontextmanager
async def world(functions: Functions, source: Source | None = None) -> AsyncIterator[World]:
    made = World(functions, source)
    await made.later.start()
    try:
        yield made
    finally:
        await made.later.pause()
        await made.later.stop()


def run(functions: Functions, work: Callable[[World], Awaitable[None]], source: Source | None = None) -> World:
    async def main() -> World:
        async with world(functions, source) as made:
            await work(made)
        return made

    return asyncio.run(main())


def test_an_event_is_invoked_at_once() -> None:
    async def work(it: World) -> None:
        it.submit({"a": 1}, request_id="r-1", trace_id="Root=1")
        await it.over()

    it = run(Functions(), work)
    [(name, call)] = it.fleet.calls
    assert (name, call.event, call.request_id, call.trace_id) == ("orders", b'{"a": 1}', "r-1", "Root=1")
    assert it.whats() == ["batched", "succeeded"]
    step = it.heard.steps[1]
    assert (step.source, step.function, step.records) == ("s3 photos", "orders", ("one",))
    assert (step.request_id, step.milliseconds) == ("r-1", 12.5)


def test_a_function_that_fails_is_tried_after_one_and_after_two_more_minutes_with_the_same_request_id() -> None:
    moments: list[float] = []

    async def work(it: World) -> None:
        it.fleet.answers = [BAD] * 3
        it.submit()
        moments.extend([((await it.clock.skip()) - it.start).total_seconds() for _ in range(2)])
        await it.over()

    it = run(Functions(), work)
    assert moments == [MINUTE, 3 * MINUTE]
    assert len({call.request_id for _, call in it.fleet.calls}) == 1
    assert it.fleet.calls[0][1].request_id
    assert it.told() == [
        ("batched", ""),
        ("failed", "ValueError: no items"),
        ("retried", "at 00:01:00 UTC, try 2 of 3"),
        ("batched", ""),
        ("failed", "ValueError: no items"),
        ("retried", "at 00:03:00 UTC, try 3 of 3"),
        ("batched", ""),
        ("failed", "ValueError: no items"),
        ("discarded", "failed 3 times"),
    ]


def test_a_retry_that_succeeds_is_the_end() -> None:
    async def work(it: World) -> None:
        it.fleet.answers = [BAD]
        it.submit()
        await it.clock.skip()
        await it.over()

    assert run(Functions(), work).whats()[-2:] == ["batched", "succeeded"]


def test_as_many_retries_as_the_function_says() -> None:
    async def work(it: World) -> None:
        it.fleet.answers = [BAD]
        it.submit()
        await it.over()

    it = run(Functions(maximum_retry_attempts=0), work)
    assert it.told()[-1] == ("discarded", "failed 1 time")
    assert len(it.fleet.calls) == 1


def test_throttled_events_come_again_after_one_second_doubled_up_to_five_minutes() -> None:
    moments: list[float] = []

    async def work(it: World) -> None:
        it.fleet.answers = [Throttled("busy")] * 11
        it.submit()
        moments.extend([((await it.clock.skip()) - it.start).total_seconds() for _ in range(11)])
        await it.over()

    it = run(Functions(), work)
    pauses = [after - before for before, after in zip([0.0, *moments], moments, strict=False)]
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    assert it.told()[:3] == [("batched", ""), ("throttled", "busy"), ("retried", "at 00:00:01 UTC")]
    assert it.whats()[-1] == "succeeded"


def test_what_goes_wrong_here_is_told_and_tried_again() -> None:
    async def work(it: World) -> None:
        it.fleet.answers = [OSError("no more processes")]
        it.submit()
        await it.clock.skip()
        await it.over()

    it = run(Functions(), work)
    assert [str(each) for each in it.heard.troubles] == ["orders could not be invoked: OSError: no more processes"]
    assert it.whats() == ["batched", "retried", "batched", "succeeded"]


@pytest.mark.parametrize("why", [Throttled("busy"), BAD])
def test_an_event_that_grows_too_old_is_given_up_at_that_moment(why: Any) -> None:
    async def work(it: World) -> None:
        it.fleet.answers = [why] * 20
        it.submit()
        while it.later.pending():
            await it.clock.skip()
            await asyncio.sleep(0)

    it = run(Functions(maximum_event_age=100), work)
    assert it.elapsed() == 100
    tries = "too old before it could run" if isinstance(why, Exception) else "too old after 2 times"
    assert it.told()[-1] == ("discarded", tries)
    retried = [each.detail for each in it.heard.of("retried")]
    assert retried
    assert all(each < "at 00:01:40" for each in retried)


def test_a_function_without_concurrency_gets_nothing_and_its_destination_everything() -> None:
    async def work(it: World) -> None:
        it.submit()
        await it.over()

    it = run(Functions(reserved_concurrency=0, on_failure=Destination("function", "mails")), work)
    assert it.told()[0] == ("sent", "function mails (its function has no concurrency)")
    assert [name for name, _ in it.fleet.calls] == ["mails"]


def test_more_events_than_the_function_has_reserved_wait_for_their_turn() -> None:
    async def busy() -> Any:
        await asyncio.sleep(0.01)
        return {}

    async def work(it: World) -> None:
        it.fleet.answers = [busy] * 20
        for number in range(20):
            it.submit(number)
        assert it.later.pending() == 20
        await it.over()

    it = run(Functions(reserved_concurrency=2), work)
    assert it.fleet.most == 2
    assert len(it.heard.of("succeeded")) == 20
    assert not it.heard.of("throttled")


def test_records_go_to_functions_on_success_and_on_failure() -> None:
    async def work(it: World) -> None:
        it.fleet.answers = [{"done": 1}]
        it.submit({"a": 1}, request_id="r-1")
        await it.over()
        it.fleet.answers = [BAD]
        it.submit({"a": 2}, request_id="r-2")
        await it.over()

    ends = {"on_success": Destination("function", "mails"), "on_failure": Destination("function", "mails")}
    it = run(Functions(maximum_retry_attempts=0, **ends), work)
    first, second = (json.loads(call.event) for name, call in it.fleet.calls if name == "mails")
    assert first["requestContext"] == {
        "requestId": "r-1",
        "functionArn": "arn:aws:lambda:eu-west-1:123456789012:function:orders:$LATEST",
        "condition": "Success",
        "approximateInvokeCount": 1,
    }
    assert first["responsePayload"] == {"done": 1}
    assert first["timestamp"] == "2026-01-01T00:00:00.000Z"
    assert second["requestContext"]["condition"] == "RetriesExhausted"
    assert second["requestPayload"] == {"a": 2}
    sent = [(each.detail, each.request_id) for each in it.heard.of("sent")]
    assert sent == [("function mails", "r-1"), ("function mails (failed 1 time)", "r-2")]


def test_a_dead_letter_and_a_record_both_arrive_at_their_queues(source: Source) -> None:
    sqs = source.connection.client("sqs")
    urls = {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("dead", "failed")}

    async def work(it: World) -> None:
        it.fleet.answers = [BAD] * 3
        it.submit({"a": 1}, request_id="r-1")
        await it.clock.skip()
        await it.clock.skip()
        await it.over()

    settings = {"on_failure": Destination("sqs", "failed"), "dead_letter": Destination("sqs", "dead")}
    it = run(Functions(**settings), work, source)
    bodies = {
        name: sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"], WaitTimeSeconds=2)["Messages"][0]
        for name, url in urls.items()
    }
    assert json.loads(bodies["failed"]["Body"])["requestContext"]["approximateInvokeCount"] == 3
    assert json.loads(bodies["dead"]["Body"]) == {"a": 1}
    assert bodies["dead"]["MessageAttributes"]["RequestID"]["StringValue"] == "r-1"
    assert it.told()[-2:] == [
        ("sent", "sqs failed (failed 3 times)"),
        ("dead-lettered", "sqs dead (failed 3 times)"),
    ]


def test_without_sources_the_record_is_told_of() -> None:
    async def work(it: World) -> None:
        it.fleet.answers = [BAD]
        it.submit()
        await it.over()

    it = run(Functions(maximum_retry_attempts=0, on_failure=Destination("sqs", "failed")), work)
    expected = "failed 1 time; there are no sources here: it would have gone to sqs failed"
    assert it.told()[-1] == ("discarded", expected)


def test_everything_that_is_not_over_is_told_of_at_the_end() -> None:
    async def never() -> Any:
        await asyncio.Event().wait()

    async def work(it: World) -> None:
        it.fleet.answers = [BAD, never]
        it.submit(name="mails", request_id="r-retry")
        await it.clock.asleep()
        it.submit(request_id="r-running")
        it.submit(request_id="r-queued")
        await asyncio.sleep(0.01)
        it.submit(request_id="r-new")  # its task has not begun
        assert it.later.pending() == 4

    it = run(Functions(reserved_concurrency=1), work)
    assert not it.later.pending()
    fates = {each.request_id: each.detail for each in it.heard.of("discarded")}
    assert fates == {
        "r-retry": "everything ended before its retry at 00:01:00 UTC",
        "r-running": "everything ended while it ran",
        "r-queued": "everything ended before its turn came",
        "r-new": "everything ended before its turn came",
    }
    assert it.heard.warnings == ["4 asynchronous events were not over when everything ended"]


def test_an_event_whose_task_has_not_begun_is_not_forgotten() -> None:
    async def work(it: World) -> None:
        it.submit(request_id="r-1")

    it = run(Functions(), work)
    assert [each.what for each in it.heard.steps if each.request_id == "r-1"][-1] in ("succeeded", "discarded")


def test_after_the_end_nothing_is_taken() -> None:
    async def main() -> World:
        async with world(Functions()) as it:
            pass
        it.submit()
        return it

    assert asyncio.run(main()).told() == [("discarded", "everything has ended")]


def test_events_of_a_function_that_leaves_are_discarded_and_new_settings_count_at_once() -> None:
    async def work(it: World) -> None:
        it.fleet.answers = [BAD, BAD]
        it.submit(name="mails", request_id="r-left")
        it.submit(request_id="r-stays")
        await it.clock.asleep()
        await asyncio.sleep(0.01)
        orders = it.fleet.manifest.functions["orders"]._replace(maximum_retry_attempts=1)
        it.fleet.manifest = it.fleet.manifest._replace(functions={"orders": orders})
        await it.later.change(it.fleet.manifest)
        it.submit(name="mails", request_id="r-late")
        it.fleet.answers = [BAD]
        await it.clock.skip()
        await it.over()

    fates = {each.request_id: each.detail for each in run(Functions(), work).heard.of("discarded")}
    assert fates == {
        "r-left": "its function has left the manifest",
        "r-late": "there is no function mails",
        "r-stays": "failed 2 times",
    }


def test_more_than_memory_should_hold_is_discarded_with_a_word() -> None:
    async def never() -> Any:
        await asyncio.Event().wait()

    async def work(it: World) -> None:
        it.later = Queueing(cast("Fleet", it.fleet), it.clock, it.heard, most=3 << 20)
        it.fleet.answers = [never] * 5
        big = "x" * (1 << 20)
        it.submit(big)
        assert not it.later.full
        it.submit(big)
        assert it.later.full
        it.submit(big)
        assert it.told()[-1] == ("discarded", "3 MB of asynchronous events wait already")
        assert it.later.pending() == 2
        await it.later.stop()

    run(Functions(), work)


def test_thousands_of_events_that_fail_all_come_again() -> None:
    async def work(it: World) -> None:
        it.fleet.answers = [BAD] * 2000
        for number in range(2000):
            it.submit(number)
        await it.heard.until(lambda heard: len(heard.of("retried")) == 2000)
        assert len(it.clock.waiting) == 1
        await it.clock.passes(timedelta(minutes=1).total_seconds())
        await it.over()

    it = run(Functions(), work)
    assert len(it.heard.of("succeeded")) == 2000


def test_a_real_function_gets_the_same_request_id_at_every_try(tmp_path: Path) -> None:
    runtime = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    (tmp_path / "app.py").write_text(
        "import os\n"
        "def handler(event, context):\n"
        "    print('TRY', context.aws_request_id)\n"
        "    if event['dies']: os._exit(3)\n"
        "    raise ValueError('no')\n"
    )
    functions = {"orders": {"runtime": runtime, "handler": "app.handler", "code": "app.py", "timeout": 20}}
    path = tmp_path / "lambdacli.yaml"
    path.write_text(json.dumps({"app": "shop", "region": "eu-west-1", "functions": functions}))
    heard, clock = Heard(), Clock()

    async def main() -> None:
        guard.current()
        fleet = Fleet(manifests.load(path, environ={}), lambda each: Machine({}, {}, each.timeout), heard, 10)
        later = Queueing(fleet, clock, heard)
        await fleet.start()
        for dies in (0, 1):
            later.submit("orders", Call(b'{"dies": %d}' % dies, request_id=f"r-{dies}"), "test")
        while later.pending():
            await clock.skip() if clock.waiting else await asyncio.sleep(0.01)
        await later.stop()
        await fleet.close()

    asyncio.run(main())
    log = b"".join(chunk for _, chunk in heard.logs)
    assert [log.count(b"TRY r-%d\n" % dies) for dies in (0, 1)] == [3, 3]
    assert {each.detail for each in heard.of("discarded")} == {"failed 3 times"}
    assert {each.detail for each in heard.of("failed")} == {
        "ValueError: no",
        "Runtime.ExitError: RequestId: r-1 Error: Runtime exited with error: exit status 3",
    }
