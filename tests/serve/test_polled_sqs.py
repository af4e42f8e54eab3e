"""SQS queues and their function: what becomes of each message."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from polling import polling, saved

from lambdacli import events

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from lambdacli.serve.parts import Source


class Sqs:
    """What a user's own client does with a queue."""

    def __init__(self, source: Source, name: str, **attributes: str) -> None:
        self.client = source.connection.client("sqs")
        self.url = self.client.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]

    def send(self, *bodies: str, **more: Any) -> list[str]:
        return [self.client.send_message(QueueUrl=self.url, MessageBody=body, **more)["MessageId"] for body in bodies]

    def fill(self, number: int) -> None:
        for begin in range(0, number, 10):
            entries = [{"Id": str(n), "MessageBody": str(begin + n)} for n in range(min(10, number - begin))]
            self.client.send_message_batch(QueueUrl=self.url, Entries=entries)

    @property
    def left(self) -> tuple[int, int]:
        """Visible, and in flight."""
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        found = self.client.get_queue_attributes(QueueUrl=self.url, AttributeNames=["All"])["Attributes"]
        return int(found[names[0]]), int(found[names[1]])

    @property
    def bodies(self) -> list[str]:
        """Of all that are visible, and are not any more."""
        found: list[str] = []
        while more := self.client.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages"):
            found += [each["Body"] for each in more]
        return found


def flat(batches: Sequence[Sequence[str]]) -> list[str]:
    return [each for batch in batches for each in batch]


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
    trigger = {"sqs": {"queue": "orders", "batch_size": 60, "maximum_batching_window": 1}}

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
            assert at.heard.of("dead-lettered")[0].detail == "orders-dlq, received 2 times"
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


def test_a_throttled_batch_is_tried_again_before_its_time_is_over(source: Source, tmp_path: Path) -> None:
    queue = Sqs(source, "orders")
    queue.fill(4)
    trigger = {"sqs": {"queue": "orders", "batch_size": 1}}

    async def main() -> None:
        manifest = saved(tmp_path, "time.sleep(0.3)", trigger, reserved_concurrency=1)
        async with polling(source, manifest) as at:
            await at.until("succeeded", records=4)
            assert at.heard.of("throttled")
            assert not at.heard.of("returned", "failed")
            counts = [each["Records"][0]["attributes"]["ApproximateReceiveCount"] for each in at.got]
            assert counts == ["1"] * 4

    asyncio.run(main())


def test_a_batch_that_is_throttled_for_too_long_is_the_queues_again(source: Source, tmp_path: Path) -> None:
    queue = Sqs(source, "orders", VisibilityTimeout="1")
    queue.fill(1)

    async def main() -> None:
        async with polling(source, saved(tmp_path, "return", {"sqs": "orders"}, reserved_concurrency=0)) as at:
            await at.until("returned", records=2)
            assert not at.got
            assert len(at.heard.of("received")) >= 2

    asyncio.run(main())


def test_no_more_run_at_once_than_the_trigger_allows(source: Source, tmp_path: Path) -> None:
    queue = Sqs(source, "orders")
    queue.fill(12)
    trigger = {"sqs": {"queue": "orders", "batch_size": 1, "maximum_concurrency": 2}}

    async def main() -> int:
        async with polling(source, saved(tmp_path, "time.sleep(0.1)", trigger)) as at:
            most = 0
            while sum(len(each.records) for each in at.heard.of("succeeded")) < 12:
                most = max(most, at.fleet.running)
                await asyncio.sleep(0.005)
            return most

    assert asyncio.run(main()) == 2


def test_while_messages_wait_more_batches_run_at_once(source: Source, tmp_path: Path) -> None:
    queue = Sqs(source, "orders")
    queue.fill(60)
    trigger = {"sqs": {"queue": "orders", "batch_size": 1}}

    async def main() -> int:
        async with polling(source, saved(tmp_path, "time.sleep(0.4)", trigger), most=8) as at:
            most = 0
            while sum(len(each.records) for each in at.heard.of("succeeded")) < 60:
                most = max(most, at.fleet.running)
                await asyncio.sleep(0.005)
            return most

    assert 5 < asyncio.run(main()) <= 8


def test_a_groups_messages_run_in_order_one_batch_at_a_time_while_other_groups_go_on(
    source: Source, tmp_path: Path
) -> None:
    queue = Sqs(source, "orders.fifo", FifoQueue="true", ContentBasedDeduplication="true")
    for number in range(6):
        for group in "ab":
            queue.send(f"{group}{number}", MessageGroupId=group)
    trigger = {"sqs": {"queue": "orders.fifo", "batch_size": 2}}
    work = "time.sleep(0.05)"

    async def main() -> Any:
        async with polling(source, saved(tmp_path, work, trigger)) as at:
            await at.until("succeeded", records=12)
            return flat(at.bodies)

    order = asyncio.run(main())
    for group in "ab":
        assert [each for each in order if each[0] == group] == [f"{group}{number}" for number in range(6)]


def test_what_follows_a_failed_message_of_a_group_waits_for_it(source: Source, tmp_path: Path) -> None:
    queue = Sqs(
        source, "orders.fifo", FifoQueue="true", ContentBasedDeduplication="true", VisibilityTimeout="1"
    )  # fmt: skip
    for body in ("a1", "a2", "a3"):
        queue.send(body, MessageGroupId="a")
    queue.send("b1", MessageGroupId="b")
    work = """
first = event['Records'][0]
if first['body'] == 'a1' and first['attributes']['ApproximateReceiveCount'] == '1': raise ValueError
"""

    async def main() -> Any:
        trigger = {"sqs": {"queue": "orders.fifo", "batch_size": 1}}
        async with polling(source, saved(tmp_path, work, trigger)) as at:
            await at.until("succeeded", records=4)
            return flat(at.bodies)

    order = asyncio.run(main())
    assert [each for each in order if each[0] == "a"] == ["a1", "a1", "a2", "a3"]
    assert order.count("b1") == 1


def test_ending_lets_what_runs_finish_and_gives_the_rest_back_at_once(source: Source, tmp_path: Path) -> None:
    source = source._replace(ours=False)
    queue = Sqs(source, "orders")
    queue.fill(8)
    trigger = {"sqs": {"queue": "orders", "batch_size": 1}}

    async def main() -> int:
        manifest = saved(tmp_path, "time.sleep(1)", trigger, reserved_concurrency=1)
        async with polling(source, manifest) as at:
            await at.heard.until(lambda heard: len(heard.of("throttled")) >= 3)
            await at.polled.pause()
            queue.send("late")
            await at.until("succeeded")
            await at.heard.until(lambda heard: len(heard.of("received")) == len(heard.of("returned", "succeeded")))
            return len(at.heard.of("succeeded"))

    done = asyncio.run(main())
    assert done >= 1
    assert queue.left == (9 - done, 0)


def test_what_still_runs_when_the_grace_is_over_goes_back(source: Source, tmp_path: Path) -> None:
    queue = Sqs(source, "orders")
    queue.fill(1)

    async def main() -> None:
        async with polling(source, saved(tmp_path, "time.sleep(15)", {"sqs": "orders"})) as at:
            await at.until("batched")
            await asyncio.sleep(0.2)
            await at.polled.stop()
            await at.until("returned")
            assert queue.left == (1, 0)
            await at.fleet.close()

    asyncio.run(main())


def test_what_is_killed_as_everything_ends_goes_back(source: Source, tmp_path: Path) -> None:
    queue = Sqs(source, "orders")
    queue.fill(1)

    async def main() -> None:
        async with polling(source, saved(tmp_path, "time.sleep(15)", {"sqs": "orders"})) as at:
            await at.heard.until(lambda _: bool(at.got))
            await at.polled.pause()
            at.fleet.kill()
            await at.until("returned")
            assert queue.left == (1, 0)

    asyncio.run(main())


def test_a_queue_that_is_not_there_is_told_with_its_place_once_and_the_others_go_on(
    source: Source, tmp_path: Path
) -> None:
    queue = Sqs(source, "there")
    queue.send("one")

    async def main() -> None:
        async with polling(source, saved(tmp_path, "return", {"sqs": "missing"}, {"sqs": "there"})) as at:
            await at.until("succeeded")
            await asyncio.sleep(0.5)
            [warning] = at.heard.warnings
            assert "functions.orders.triggers[0].sqs.queue: sqs missing is not there" in warning
            late = Sqs(source, "missing")
            late.send("two")
            await at.until("succeeded", records=2)
            assert at.heard.notes == ["sqs missing: it is there again"]

    asyncio.run(main())


def test_a_manifest_that_changes_is_followed(source: Source, tmp_path: Path) -> None:
    one, other = Sqs(source, "one"), Sqs(source, "other")

    async def main() -> None:
        async with polling(source, saved(tmp_path, "return", {"sqs": "one"})) as at:
            one.send("1")
            await at.until("succeeded")
            manifest = saved(tmp_path, "return", {"sqs": "other"}, {"sqs": {"queue": "one", "enabled": False}})
            at.fleet.change(manifest)
            await at.polled.change(manifest)
            one.send("2")
            other.send("3")
            await at.until("succeeded", records=2)
            await asyncio.sleep(1.2)
            assert at.bodies == [["1"], ["3"]]
        assert one.left == (1, 0)

    asyncio.run(main())
