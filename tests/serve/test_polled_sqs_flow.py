"""SQS queues and their function: how many at once, in which order, and how it begins and ends."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from polling import Sqs, flat, polling, saved

if TYPE_CHECKING:
    from pathlib import Path

    from lambdacli.serve.parts import Source


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
    source = source._replace(ours=False)
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


def test_what_runs_for_a_trigger_that_has_left_goes_back_when_everything_ends(source: Source, tmp_path: Path) -> None:
    source = source._replace(ours=False)
    queue = Sqs(source, "orders")
    queue.fill(1)

    async def main() -> None:
        async with polling(source, saved(tmp_path, "time.sleep(15)", {"sqs": "orders"})) as at:
            await at.heard.until(lambda _: bool(at.got))
            await at.polled.change(saved(tmp_path, "time.sleep(15)"))
            await asyncio.sleep(0.1)
            assert not at.heard.of("returned")
            await at.polled.stop()
            assert at.heard.of("returned")
            assert queue.left == (1, 0)
            await at.fleet.close()

    asyncio.run(main())


def test_what_is_killed_as_everything_ends_goes_back(source: Source, tmp_path: Path) -> None:
    source = source._replace(ours=False)
    queue = Sqs(source, "orders")
    queue.fill(1)

    async def main() -> None:
        async with polling(source, saved(tmp_path, "time.sleep(15)", {"sqs": "orders"})) as at:
            await at.heard.until(lambda _: bool(at.got))
            await at.polled.pause()
            at.fleet.kill()
            await at.until("returned")
            await at.heard.until(lambda _: queue.left == (1, 0))  # a long poll that was under way may have had it

    asyncio.run(main())


def test_a_queue_that_is_not_there_is_told_with_its_place_once_and_the_others_go_on(
    source: Source, tmp_path: Path
) -> None:
    queue = Sqs(source, "there")
    queue.send("one")

    async def main() -> None:
        async with polling(source, saved(tmp_path, "return", {"sqs": "missing"}, {"sqs": "there"})) as at:
            await at.until("succeeded")
            await at.heard.until(lambda heard: bool(heard.warnings))
            await asyncio.sleep(0.5)
            [warning] = at.heard.warnings
            assert "functions.orders.triggers[0].sqs.queue: sqs missing is not there" in warning
            late = Sqs(source, "missing")
            late.send("two")
            await at.until("succeeded", records=2)
            assert at.heard.notes == ["sqs missing: it is there again"]

    asyncio.run(main())


def test_a_second_trigger_of_the_same_queue_is_told_of(source: Source, tmp_path: Path) -> None:
    Sqs(source, "orders").fill(1)
    triggers = ({"sqs": "orders"}, {"sqs": {"queue": "orders", "batch_size": 2}})

    async def main() -> None:
        async with polling(source, saved(tmp_path, "return", *triggers)) as at:
            await at.until("succeeded")
            [warning] = at.heard.warnings
            assert warning.startswith("functions.orders.triggers[1].sqs: the function has another trigger of the same")

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


def test_a_window_that_is_not_over_gives_back_what_it_has_gathered(source: Source, tmp_path: Path) -> None:
    source = source._replace(ours=False)
    queue = Sqs(source, "orders")
    queue.fill(3)
    trigger = {"sqs": {"queue": "orders", "batch_size": 100, "maximum_batching_window": 60}}

    async def main() -> None:
        async with polling(source, saved(tmp_path, "return", trigger)) as at:
            await at.until("received", records=3)
            await at.polled.pause()
            await at.until("returned", records=3)

    asyncio.run(main())
    assert queue.left == (3, 0)


def test_a_function_slower_than_the_visibility_timeout_gets_its_message_again(source: Source, tmp_path: Path) -> None:
    queue = Sqs(source, "orders.fifo", FifoQueue="true", ContentBasedDeduplication="true", VisibilityTimeout="1")
    queue.send("slow", MessageGroupId="a")
    work = "if event['Records'][0]['attributes']['ApproximateReceiveCount'] == '1': time.sleep(1.6)"

    async def main() -> None:
        async with polling(source, saved(tmp_path, work, {"sqs": "orders.fifo"})) as at:
            most = 0
            while not at.heard.warnings or queue.left != (0, 0):
                most = max(most, at.fleet.running)
                await asyncio.sleep(0.01)
            assert "1 could not be deleted and may come again: ReceiptHandleIsInvalid" in at.heard.warnings[0]
            assert "visibility timeout" in at.heard.warnings[0]
            assert most == 1  # a group's batches wait for each other

    asyncio.run(main())


def test_messages_that_their_queue_does_not_hide_come_all_the_same(source: Source, tmp_path: Path) -> None:
    Sqs(source, "orders", VisibilityTimeout="0").fill(1)

    async def main() -> None:
        async with polling(source, saved(tmp_path, "return", {"sqs": "orders"})) as at:
            await at.until("succeeded")

    asyncio.run(main())


def test_no_message_is_lost_whatever_the_function_does(source: Source, tmp_path: Path) -> None:
    queue = Sqs(source, "orders", VisibilityTimeout="2")
    queue.fill(120)
    work = """
first = [r for r in event['Records'] if r['attributes']['ApproximateReceiveCount'] == '1']
numbers = [int(r['body']) for r in first]
if any(n % 31 == 3 for n in numbers): os._exit(1)
if any(n % 31 == 17 for n in numbers): raise ValueError
return {'batchItemFailures': [{'itemIdentifier': r['messageId']} for r in first if int(r['body']) % 10 == 4]}
"""
    trigger = {"sqs": {"queue": "orders", "batch_size": 5, "report_batch_item_failures": True}}

    async def main() -> None:
        async with polling(source, saved(tmp_path, work, trigger)) as at:
            done = lambda heard: [each for step in heard.of("succeeded") for each in step.records]  # noqa: E731
            await at.heard.until(lambda heard: len(set(done(heard))) == 120)
            assert len(done(at.heard)) == 120 or at.heard.warnings  # more only where a machine was too slow
            assert set(map(int, flat(at.bodies))) == set(range(120))
        assert queue.left == (0, 0)

    asyncio.run(main())
