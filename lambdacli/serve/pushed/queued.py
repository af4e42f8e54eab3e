"""A queue of our own that a service sends its events to: polled, handed over, and only then deleted."""

from __future__ import annotations

import asyncio  # noqa: TID253 - this module is only imported once a loop is wanted
import contextlib
import json
from typing import TYPE_CHECKING, Protocol

from lambdacli import partitions
from lambdacli.errors import LambdacliError
from lambdacli.refusals import Refused
from lambdacli.serve.pushed.arriving import Problem, hand_over
from lambdacli.serve.pushed.mending import Mending
from lambdacli.serve.queues import MOST, Queue
from lambdacli.serve.tasks import Tasks
from lambdacli.serve.telling import Step

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lambdacli.serve.pushed.arriving import Arrival, Given, Subscriber
    from lambdacli.serve.queues import Message

_WAIT = 3  # seconds of a long poll; a queue that is deleted meanwhile is not noticed before
_AWAKE = "lambdacli: nothing more is wanted"  # ends a long poll at once
_PATIENCE = 2  # seconds until it has; a source that hangs is not waited for
_FULL = 0.1  # seconds between two looks whether there is room again
_RETENTION = 21_600  # seconds: as long as Lambda keeps an asynchronous event


class Way(Protocol):
    """How one kind of service sends to a queue, and what it says there."""

    kind: str  # the trigger's
    principal: str  # the service that sends, as a queue's policy names it
    subscribers: Sequence[Subscriber]

    async def connect(self, queue: str) -> list[Problem]:
        """Have everything sent to a queue, given as ARN, that the subscribers want, and no more; what failed."""

    def forget(self) -> None:
        """Nothing is set up any more: the source has lost it."""

    async def disconnect(self) -> list[Problem]:
        """Undo it all; what failed."""

    def arrivals(self, body: str) -> Iterator[Arrival]:
        """What a message of the queue says.

        Raises:
            ValueError: nothing that this service sends.
        """


class Queued:
    """The feed of a kind that a queue leads here."""

    def __init__(self, given: Given, way: Way) -> None:
        self._given = given
        self._way = way
        self._name = f"{given.prefix}-{way.kind}"
        self._queue = Queue(given.source, self._name, given.executor)
        self._mending = Mending(given.common.telling, self._set_up)
        self._tasks = Tasks(self._name, given.common.telling)
        self._receiving: asyncio.Task[None] | None = None
        self._ending = False

    async def follow(self, subscribers: Sequence[Subscriber]) -> None:
        """Match by these triggers from now on, and set up what they need."""
        self._way.subscribers = subscribers
        await self._mending.try_now()
        if self._receiving is None:
            self._receiving = self._tasks.keep(self._receive)

    async def again(self) -> None:
        """Set everything up anew."""
        self._way.forget()
        await self._mending.try_now()

    async def pause(self) -> None:
        """Receive nothing any more; what was received is handed over."""
        self._ending = True
        await self._mending.close()
        if self._receiving is not None and not self._receiving.done():
            self._tasks.begin(self._wake())
            await asyncio.wait([self._receiving], timeout=_PATIENCE)
            self._receiving.cancel()
        await self._tasks.wait(_PATIENCE)
        await self._tasks.cancel()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._queue.close(), _PATIENCE)

    async def stop(self) -> None:
        """Leave nothing in a source that others have, too."""
        if self._given.source.ours:
            return
        try:
            left = await self._way.disconnect()
            await self._given.ask("sqs", "delete_queue", QueueUrl=await self._queue.url())
        except Refused as refused:
            left = [] if refused.absent else [Problem(f"queue {self._name}", refused)]
        for each in left:
            self._given.common.telling.warning(f"{each.what} could not be taken down: {each.error.message}")

    # Parts

    async def _set_up(self) -> list[Problem]:
        arn = f"arn:{partitions.of(self._given.source.region)}:sqs:{self._given.source.region}"
        arn = f"{arn}:{self._given.source.account}:{self._name}"
        attributes = {"Policy": self._policy(arn), "MessageRetentionPeriod": str(_RETENTION)}
        try:
            await self._given.ask("sqs", "create_queue", QueueName=self._name, Attributes=attributes)
        except Refused as refused:
            if not refused.exists:
                return [Problem(f"queue {self._name}", refused)]
        return await self._way.connect(arn)

    def _policy(self, arn: str) -> str:
        """Lets the service send."""
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": self._way.principal},
            "Action": "sqs:SendMessage",
            "Resource": arn,
        }
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]})

    async def _wake(self) -> None:
        with contextlib.suppress(Refused):  # then there is nothing to wait for
            await self._queue.send(_AWAKE)

    async def _receive(self) -> None:
        wait = _WAIT
        while not self._ending:
            if self._given.common.later.full:
                await asyncio.sleep(_FULL)
                continue
            try:
                messages = await self._queue.receive(MOST, wait)
            except LambdacliError as error:
                wait = 0  # to know at once that it answers again
                long = await self._mending.lost(self._way.kind, error)
                if long and isinstance(error, Refused) and error.absent:
                    await self.again()
                continue
            wait = _WAIT
            self._mending.found(self._way.kind)
            if messages:
                await asyncio.shield(self._tasks.begin(self._handle(messages)))

    async def _handle(self, messages: Sequence[Message]) -> None:
        for message in messages:
            self._hand_over(message)
        try:
            left = await self._queue.delete([each.receipt for each in messages])
        except LambdacliError as error:
            left = [error.message]
        for each in left:
            self._given.common.telling.warning(f"{self._name}: a message may come twice: {each}")

    def _hand_over(self, message: Message) -> None:
        if message.body == _AWAKE:
            return
        common = self._given.common
        try:
            arrivals = list(self._way.arrivals(message.body))
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            detail = f"nothing that {self._way.principal} sends: {type(error).__name__}: {error}"
            common.telling.step(Step("discarded", self._way.kind, records=(message.id,), detail=detail))
            return
        for arrival in arrivals:
            hand_over(common, arrival)
