"""What is pushed, from its beginning to its end: on AWS itself, handed over, broken, too much, paused."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING

from pushing import running

from lambdacli.connection import Connection, Target
from lambdacli.serve.later import Queueing

if TYPE_CHECKING:
    from pathlib import Path

    from lambdacli.serve.parts import Source

PATTERN = {"source": ["my.shop"]}
QUEUE = "lambdacli-serve-shop-dev-eventbridge"


async def put(source: Source, number: int = 0) -> None:
    entry = {"Source": "my.shop", "DetailType": "paid", "Detail": json.dumps({"number": number})}
    await asyncio.to_thread(source.connection.client("events").put_events, Entries=[entry])


def waiting(source: Source) -> int:
    """Messages in the queue, received ones too."""
    sqs = source.connection.client("sqs")
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    url = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    return sum(map(int, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"].values()))


def test_aws_itself_is_left_alone(tmp_path: Path, source: Source) -> None:
    nowhere = Connection(region="eu-west-1", target=Target("http://127.0.0.1:9", ("test", "test")))
    source = source._replace(connection=nowhere, endpoint="", ours=False)

    async def main() -> None:
        functions = {"ship": [{"eventbridge": {"pattern": PATTERN}}, {"sns": "alerts"}], "photo": [{"s3": "photos"}]}
        async with running(tmp_path, source, functions) as served:
            await served.change(functions)
            assert served.heard.warnings == [
                (
                    "eventbridge, s3, sns: what AWS itself pushes is not brought here"
                    " (`--sources local` runs an emulator, and your clients can push there)"
                )
            ]

    asyncio.run(main())


def test_messages_are_deleted_once_they_are_handed_over(tmp_path: Path, source: Source) -> None:
    async def main() -> None:
        async with running(tmp_path, source, {"ship": [{"eventbridge": {"pattern": PATTERN}}]}) as served:
            for number in range(25):
                await put(source, number)
            await served.got(25)
            await asyncio.sleep(0.2)
            assert waiting(source) == 0

    asyncio.run(main())


def test_what_is_no_message_of_the_service_is_discarded(tmp_path: Path, source: Source) -> None:
    async def main() -> None:
        async with running(tmp_path, source, {"ship": [{"eventbridge": {"pattern": PATTERN}}]}) as served:
            sqs = source.connection.client("sqs")
            url = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
            for body in ("text", "[]", "{}", '{"bus": "default", "event": 1}'):
                await asyncio.to_thread(sqs.send_message, QueueUrl=url, MessageBody=body)
            await served.until(lambda: len(served.heard.of("discarded")) == 4)
            await put(source)
            await served.got()
            await asyncio.sleep(0.2)
            assert waiting(source) == 0
            assert all(
                "nothing that events.amazonaws.com sends" in each.detail for each in served.heard.of("discarded")
            )

    asyncio.run(main())


def test_nothing_is_received_while_too_much_waits(tmp_path: Path, source: Source) -> None:
    async def main() -> None:
        async with running(tmp_path, source, {"ship": [{"eventbridge": {"pattern": PATTERN}}]}) as served:
            served.later.full = True
            await put(source)
            await served.got()  # a long poll had begun
            await put(source)
            await asyncio.sleep(0.5)
            assert served.later.got == []
            assert waiting(source) == 1
            served.later.full = False
            await served.got()

    asyncio.run(main())


def test_it_ends_at_once_and_what_comes_meanwhile_stays(tmp_path: Path, source: Source) -> None:
    async def main() -> None:
        async with running(tmp_path, source, {"ship": [{"eventbridge": {"pattern": PATTERN}}]}) as served:
            await asyncio.sleep(0.2)
            begun = time.monotonic()
            await served.pushed.pause()
            assert time.monotonic() - begun < 1.5
            await put(source)
            await asyncio.sleep(0.3)
            assert served.later.got == []
        assert waiting(source) >= 1

    asyncio.run(main())


def test_with_the_queue_of_asynchronous_invocations(tmp_path: Path, source: Source) -> None:
    async def main() -> None:
        functions = {"ship": [{"eventbridge": {"pattern": {**PATTERN, "detail": {"number": [1]}}}}]}
        async with running(tmp_path, source, functions, later=Queueing) as served:
            await put(source, 0)
            await put(source, 1)
            await served.until(lambda: served.heard.of("succeeded"))
            told = [(each.what, each.function) for each in served.heard.steps if each.what != "batched"]
            assert told == [("received", ""), ("filtered", "ship"), ("received", ""), ("succeeded", "ship")]
            [done] = served.heard.of("succeeded")
            assert done.source == "eventbridge default"
            assert done.records == served.heard.of("received")[1].records

    asyncio.run(main())
