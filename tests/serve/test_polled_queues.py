from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from lambdacli.refusals import Refused
from lambdacli.serve.queues import Queue

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from lambdacli.serve.parts import Source


def run(source: Source, name: str, work: Callable[[Queue], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        with ThreadPoolExecutor() as executor:
            queue = Queue(source, name, executor)
            try:
                return await work(queue)
            finally:
                await queue.close()

    return asyncio.run(main())


@pytest.fixture
def url(source: Source) -> str:
    return str(source.connection.client("sqs").create_queue(QueueName="orders")["QueueUrl"])


@pytest.mark.parametrize("form", ["name", "arn", "url"])
def test_what_is_sent_is_received_with_all_that_sqs_says_of_it(source: Source, url: str, form: str) -> None:
    async def work(queue: Queue) -> None:
        kinds = {
            "kind": {"DataType": "String", "StringValue": "new"},
            "raw": {"DataType": "Binary", "BinaryValue": b"\0"},
        }
        sent = await queue.send("hello", MessageAttributes=kinds)
        [message] = await queue.receive()
        assert (message.id, message.body) == (sent, "hello")
        assert message.attributes["ApproximateReceiveCount"] == "1"
        assert message.message_attributes == kinds
        assert message.md5 == "5d41402abc4b2a76b9719d911017c592"
        assert message.md5_of_attributes
        assert await queue.delete([message.receipt]) == []
        assert await queue.attributes("ApproximateNumberOfMessagesNotVisible") == {
            "ApproximateNumberOfMessagesNotVisible": "0"
        }

    given = {"name": "orders", "arn": f"arn:aws:sqs:eu-west-1:{source.account}:orders", "url": url}[form]
    run(source, given, work)


def test_more_than_ten_are_deleted_and_given_back_ten_by_ten(source: Source, url: str) -> None:
    async def work(queue: Queue) -> None:
        await asyncio.gather(*(queue.send(str(number)) for number in range(25)))
        got = [each for _ in range(3) for each in await queue.receive()]
        assert len(got) == 25
        assert await queue.give_back([each.receipt for each in got]) == []
        again = [each for _ in range(3) for each in await queue.receive()]
        assert len(again) == 25
        assert await queue.delete([each.receipt for each in again]) == []
        [refused] = await queue.delete([again[0].receipt])
        assert refused.startswith("ReceiptHandleIsInvalid: ")

    run(source, url, work)


def test_a_hidden_message_comes_again_when_it_was_told_to(source: Source, url: str) -> None:
    async def work(queue: Queue) -> None:
        await queue.send("hello")
        [message] = await queue.receive()
        assert await queue.receive() == []
        await queue.hide(message.receipt, 0)
        assert [each.id for each in await queue.receive()] == [message.id]

    run(source, url, work)


def test_a_cancelled_receiver_loses_no_message(source: Source, url: str) -> None:
    async def work(queue: Queue) -> None:
        waiting = asyncio.create_task(queue.receive(wait=2))
        await asyncio.sleep(0.3)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        sent = await queue.send("hello")
        await queue.close()
        [message] = await queue.receive()
        assert (message.id, message.attributes["ApproximateReceiveCount"]) == (sent, "2")

    run(source, url, work)


def test_a_queue_that_is_made_later_is_found_then(source: Source) -> None:
    async def work(queue: Queue) -> None:
        with pytest.raises(Refused) as refused:
            await queue.receive()
        assert refused.value.absent
        source.connection.client("sqs").create_queue(QueueName="later")
        assert await queue.receive() == []
        source.connection.client("sqs").delete_queue(QueueUrl=await queue.url())
        with pytest.raises(Refused):
            await queue.receive()

    run(source, "later", work)
