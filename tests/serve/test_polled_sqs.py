"""SQS queues and their function: what becomes of each message."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from polling import Sqs, flat, polling, saved

from lambdacli import events

if TYPE_CHECKING:
    from pathlib import Path

    from lambdacli.serve.parts import Source


FAIL = "if any(r['body'] == 'bad' for r in event['Records']): raise ValueError('bad')"


@pytest.mark.parametrize(("name", "more"), [("orders", {}), ("orders.fifo", {"MessageGroupId": "a"})])
def test_the_function_gets_lambdas_own_event_and_the_message_is_gone(
    source: Source, tmp_path: Path, name: str, more: dict[str, str]
) -> None:
    fifo = {"FifoQueue": "true", "ContentBasedDeduplication": "true"} if more else {}
    queue = Sqs(source, name, **fifo)
    kinds = {
        "kind": {"DataType": "String", "StringValue": "new"},
        "count": {"DataType": "Number", "StringValue": "3"},
        "raw": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
    }
    [sent] = queue.send("hello ü", MessageAttributes=kinds, **more)

    async def main() -> Any:
        async with polling(source, saved(tmp_path, "return None", {"sqs": name})) as at:
            await at.until("succeeded")
            assert queue.left == (0, 0)
            assert [each.what for each in at.heard.steps] == ["received", "batched", "succeeded"]
            assert {each.records for each in at.heard.steps} == {(sent,)}
            assert {(each.source, each.function) for each in at.heard.steps} == {(f"sqs {name}", "orders")}
            return at.got

    [event] = asyncio.run(main())
    template = "sqs-receive-message-fifo" if more else "sqs-receive-message"
    assert events.check(event, template).departures == ()
    [record] = event["Records"]
    assert record["eventSourceARN"] == f"arn:aws:sqs:eu-west-1:{source.account}:{name}"
    assert record["messageAttributes"]["raw"] == {
        "binaryValue": "AP8=", "stringListValues": [], "binaryListValues": [], "dataType": "Binary",
    }  # fmt: skip
    assert _powertools(event)["Records"][0]["body"] == "hello ü"


def _powertools(event: Any) -> Any:
    models = pytest.importorskip("aws_lambda_powertools.utilities.parser.models")
    return models.SqsModel.model_validate(event).model_dump()


def test_a_batch_has_at_most_ten_or_what_the_trigger_says(source: Source, tmp_path: Path) -> None:
    queue = Sqs(source, "orders")
    queue.fill(25)

    async def main() -> Any:
        async with polling(source, saved(tmp_path, "return", {"sqs": {"queue": "orders", "batch_size": 4}})) as at:
            await at.until("succeeded", records=25)
            return at.bodies

    batches = asyncio.run(main())
    assert max(map(len, batches)) == 4
    assert sorted(map(int, flat(batches))) == list(range(25))


def test_a_window_gathers_more_than_one_call_brings(source: Source, tmp_path: Path) -> None:
    queue = Sqs(source, "orders")
    queue.fill(75)
    trigger = {"sqs": {"queue": "orders", "batch_size": 60, "maximum_batching_window": 2}}

    async def main() -> Any:
        async with polling(source, saved(tmp_path, "return", trigger)) as at:
            await at.until("succeeded", records=75)
            return at.bodies

    batches = asyncio.run(main())
    assert sorted(map(len, batches)) == [15, 60]
    assert sorted(map(int, flat(batches))) == list(range(75))


def test_messages_that_pass_no_filter_are_deleted_and_told_why(source: Source, tmp_path: Path) -> None:
    queue = Sqs(source, "orders")
    ids = queue.send(*(json.dumps({"kind": kind}) for kind in ("new", "old", "new")), "plain")
    trigger = {"sqs": {"queue": "orders", "filters": [{"body": {"kind": ["new"]}}]}}

    async def main() -> None:
        async with polling(source, saved(tmp_path, "return", trigger)) as at:
            await at.until("succeeded", records=2)
            await at.until("filtered", records=2)
            assert sorted(flat(at.bodies)) == ['{"kind": "new"}'] * 2
            filtered = {each.records: each.detail for each in at.heard.of("filtered")}
            assert set(filtered) == {(ids[1],), (ids[3],)}
            assert "kind" in filtered[ids[1],]
        assert queue.left == (0, 0)

    asyncio.run(main())


def test_six_megabytes_split_a_batch(source: Source, tmp_path: Path) -> None:
    queue = Sqs(source, "orders")
    queue.send(*(f"{number}{'x' * 900_000}" for number in range(9)))

    async def main() -> Any:
        async with polling(source, saved(tmp_path, "return", {"sqs": "orders"})) as at:
            await at.until("succeeded", records=9, seconds=40)
            return at.bodies

    batches = asyncio.run(main())
    assert sorted(each[0] for each in flat(batches)) == list("012345678")
    assert max(map(len, batches)) <= 6


def test_a_failed_batch_comes_again_when_the_queue_says_so_and_ends_in_its_dead_letter_queue(
    source: Source, tmp_path: Path
) -> None:
    dead = Sqs(source, "orders-dlq")
    redrive = {"deadLetterTargetArn": f"arn:aws:sqs:eu-west-1:{source.account}:orders-dlq", "maxReceiveCount": "2"}
    queue = Sqs(source, "orders", VisibilityTimeout="1", RedrivePolicy=json.dumps(redrive))
    queue.send("bad")

    async def main() -> None:
        async with polling(source, saved(tmp_path, FAIL, {"sqs": {"queue": "orders", "batch_size": 1}})) as at:
            queue.send("good")
            await at.until("dead-lettered")
            await at.until("succeeded")
            kinds = [each.what for each in at.heard.steps if each.what in ("failed", "retried", "dead-lettered")]
            assert kinds == ["failed", "retried", "failed", "dead-lettered"]
            assert at.heard.of("failed")[0].detail == "ValueError"
            assert at.heard.of("dead-lettered")[0].detail == "orders-dlq, received 2 times: ValueError"
            for _ in range(100):
                if dead.left != (0, 0):
                    break
                await asyncio.sleep(0.05)

    asyncio.run(main())
    assert dead.bodies == ["bad"]
    assert queue.left == (0, 0)


REPORT = """
failed = [r['messageId'] for r in event['Records'] if r['body'] == 'bad']
return {'batchItemFailures': [{'itemIdentifier': each} for each in failed]}
"""


def test_only_the_reported_messages_stay(source: Source, tmp_path: Path) -> None:
    queue = Sqs(source, "orders")
    queue.send("a", "bad", "b", "bad", "c")
    trigger = {"sqs": {"queue": "orders", "report_batch_item_failures": True}}

    async def main() -> None:
        async with polling(source, saved(tmp_path, REPORT, trigger)) as at:
            await at.until("succeeded", records=3)
            await at.until("retried", records=2)
            assert sorted(flat(at.bodies)) == ["a", "b", "bad", "bad", "c"]
            assert queue.left == (0, 2)

    asyncio.run(main())


def test_reports_that_nobody_asked_for_say_nothing(source: Source, tmp_path: Path) -> None:
    queue = Sqs(source, "orders")
    queue.send("bad")

    async def main() -> None:
        async with polling(source, saved(tmp_path, REPORT, {"sqs": "orders"})) as at:
            await at.until("succeeded")
        assert queue.left == (0, 0)

    asyncio.run(main())


@pytest.mark.parametrize("fault", ["import os; os._exit(7)", "time.sleep(60)"])
def test_a_crash_and_a_hang_leave_the_messages_to_the_queue(source: Source, tmp_path: Path, fault: str) -> None:
    queue = Sqs(source, "orders", VisibilityTimeout="2")
    queue.send("one")
    work = f"if event['Records'][0]['attributes']['ApproximateReceiveCount'] == '1': {fault}"

    async def main() -> None:
        async with polling(source, saved(tmp_path, work, {"sqs": "orders"}, timeout=1)) as at:
            await at.until("failed")
            await at.until("succeeded")
            assert at.heard.of("failed")[0].detail in ("Runtime.ExitError", "Sandbox.Timedout")
            assert at.bodies == [["one"], ["one"]]
        assert queue.left == (0, 0)

    asyncio.run(main())
