"""An SQS queue as coroutines: receive, delete, hide, send. What was received and is not wanted goes back.

Source: the operations' pages in the Amazon SQS API Reference.
"""

from __future__ import annotations

import asyncio  # noqa: TID253 - this module is only imported once a loop is wanted
import contextlib
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdacli.errors import LambdacliError
from lambdacli.refusals import Refused
from lambdacli.serve.asking import Asking

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator, Mapping, Sequence
    from concurrent.futures import Executor

    from lambdacli.connection import Answer
    from lambdacli.serve.parts import Source

MOST = 10  # messages in one call, of whatever operation


class Message(NamedTuple):
    """A message as ReceiveMessage gives it: binary values of attributes are bytes."""

    id: str
    receipt: str  # handle: deletes and hides it
    body: str
    attributes: Mapping[str, str]  # the system's: ApproximateReceiveCount, MessageGroupId …
    message_attributes: Mapping[str, Mapping[str, Any]]  # DataType with StringValue or BinaryValue
    md5: str  # of the body
    md5_of_attributes: str = ""  # of the message attributes; "" without any


class Queue:
    """One queue of a source, by name, ARN or URL. Every method makes its calls in the executor's threads.

    Raises (every method):
        Refused: the source says no; `absent`: there is no such queue.
        MachineError: there are no credentials.
    """

    def __init__(self, source: Source, url_or_name: str, executor: Executor) -> None:
        self.name = url_or_name.rstrip("/").replace("/", ":").rpartition(":")[2]
        self._source = source
        self._given = url_or_name
        self._url = url_or_name if "://" in url_or_name else ""
        self._ask = Asking(source.connection, executor)
        self._leaving: set[asyncio.Task[None]] = set()

    async def receive(self, most: int = MOST, wait: int = 0) -> list[Message]:
        """Up to 10 messages; waits up to so many seconds (at most 20) for the first.

        Whoever is cancelled while it waits loses nothing: what comes then is visible again at once.
        """
        url = await self.url()
        call = self._ask.begin(
            "sqs",
            "receive_message",
            QueueUrl=url,
            MaxNumberOfMessages=min(most, MOST),
            WaitTimeSeconds=wait,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        answer = asyncio.wrap_future(call)
        try:
            with self._forgetting():
                return _messages(await asyncio.shield(answer))
        except asyncio.CancelledError:
            if not call.cancel():
                self._see_to(self._give_back(answer))
            raise

    async def delete(self, receipts: Sequence[str]) -> list[str]:
        """Take messages off the queue for good; returns why any could not be, one line for each."""
        return await self._batched("delete_message_batch", [{"ReceiptHandle": each} for each in receipts])

    async def hide(self, receipt: str, seconds: int) -> None:
        """Let a message that was received come again in so many seconds; 0: at once."""
        await self._call("change_message_visibility", ReceiptHandle=receipt, VisibilityTimeout=seconds)

    async def give_back(self, receipts: Sequence[str]) -> list[str]:
        """Let messages come again at once; returns why any could not, one line for each."""
        entries = [{"ReceiptHandle": each, "VisibilityTimeout": 0} for each in receipts]
        return await self._batched("change_message_visibility_batch", entries)

    async def send(self, body: str, **attributes: Any) -> str:
        """Send a message; `attributes` as SendMessage's: MessageAttributes, MessageGroupId … Returns its id."""
        answer = await self._call("send_message", MessageBody=body, **attributes)
        return str(answer["MessageId"])

    async def attributes(self, *names: str) -> dict[str, str]:
        """The queue's own attributes: those named, else all."""
        answer = await self._call("get_queue_attributes", AttributeNames=list(names) or ["All"])
        return dict(answer.get("Attributes") or {})

    async def url(self) -> str:
        """Its URL, asked for once."""
        if not self._url:
            self._url = str((await self._ask("sqs", "get_queue_url", **self._named()))["QueueUrl"])
        return self._url

    async def close(self) -> None:
        """Wait for what is under way although nobody wants it any more: it goes back."""
        while self._leaving:
            await asyncio.gather(*self._leaving)

    async def abandon(self) -> None:
        """Wait for nothing: the queue ends together with all who use it."""
        for task in self._leaving:
            task.cancel()
        await asyncio.gather(*self._leaving, return_exceptions=True)

    # Parts

    def _named(self) -> dict[str, str]:
        parts = self._given.split(":")
        owner = parts[4] if self._given.startswith("arn:") and not self._source.endpoint else ""
        named = {"QueueName": self.name}
        return {**named, "QueueOwnerAWSAccountId": owner} if owner not in ("", self._source.account) else named

    async def _call(self, operation: str, **parameters: Any) -> Answer:
        url = await self.url()
        with self._forgetting():
            return await self._ask("sqs", operation, QueueUrl=url, **parameters)

    @contextlib.contextmanager
    def _forgetting(self) -> Iterator[None]:
        """A queue that is not there may come again under another URL."""
        try:
            yield
        except Refused as refused:
            if refused.absent and "://" not in self._given:
                self._url = ""
            raise

    async def _batched(self, operation: str, entries: Sequence[Mapping[str, Any]]) -> list[str]:
        calls = [self._call(operation, Entries=_numbered(each)) for each in _tens(entries)]
        answers = [await calls[0]] if len(calls) == 1 else await asyncio.gather(*calls)
        return [
            f"{failed.get('Code')}: {failed.get('Message', '')}"
            for answer in answers
            for failed in answer.get("Failed") or ()
        ]

    def _see_to(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def _give_back(self, answer: asyncio.Future[Answer]) -> None:
        with contextlib.suppress(LambdacliError):  # then they come again when their visibility timeout is over
            if messages := _messages(await answer):
                await self.give_back([each.receipt for each in messages])


def _messages(answer: Mapping[str, Any]) -> list[Message]:
    return [
        Message(
            each["MessageId"],
            each["ReceiptHandle"],
            each.get("Body", ""),
            each.get("Attributes") or {},
            each.get("MessageAttributes") or {},
            each.get("MD5OfBody", ""),
            each.get("MD5OfMessageAttributes", ""),
        )
        for each in answer.get("Messages") or ()
    ]


def _numbered(entries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{"Id": str(number), **entry} for number, entry in enumerate(entries)]


def _tens(entries: Sequence[Mapping[str, Any]]) -> list[Sequence[Mapping[str, Any]]]:
    return [entries[begin : begin + MOST] for begin in range(0, len(entries), MOST)]
