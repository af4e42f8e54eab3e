"""Messages of a queue gathered into batches: received, filtered, and kept until the window is over or the batch full.

Source: "Batching behavior" and "Control which events Lambda sends to your function" in the AWS Lambda developer guide.
"""

from __future__ import annotations

import asyncio  # noqa: TID253 - this module is only imported once a loop is wanted
from typing import TYPE_CHECKING, Any

from lambdacli.patterns.records import Filters
from lambdacli.serve.polled.packing import fits
from lambdacli.serve.polled.sqs_records import Item, item, record
from lambdacli.serve.queues import MOST

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lambdacli.serve.polled.sqs_queue import Own
    from lambdacli.serve.queues import Message, Queue
    from lambdacli.serve.telling import Step, Telling

_SHORT = 0.1  # seconds between two looks at the end of a window, shorter than a long poll can be
_AT_ONCE = 5  # calls, while many messages wait
_LOCAL_WAIT, _WAIT = 1, 5  # seconds of a long poll: ending waits for it; AWS counts calls
_SIZE = 10
_UNHIDDEN = 30  # seconds that messages are kept which their queue does not hide: they come again and again


class Gathering:
    """Makes the batches of one mapping.

    Args:
        queue: whose threads wait for messages.
        own: what the queue says of itself.
        settings: of the trigger.
        telling: hears of what comes and of what is filtered out.
        step: source and function, for the telling.
        let_go: gets messages that nobody wants: filtered out, they are deleted.
        give_back: gets messages that do not become a batch any more.
    """

    def __init__(
        self, queue: Queue, own: Own, settings: Mapping[str, Any], telling: Telling, step: Step, *,
        local: bool, let_go: Callable[[list[Message]], object], give_back: Callable[[list[Item]], object],
    ) -> None:  # fmt: skip
        self._queue = queue
        self._own = own
        self._telling = telling
        self._step = step
        self._wait = _LOCAL_WAIT if local else _WAIT
        self._let_go = let_go
        self._give_back = give_back
        self._filters = Filters(settings.get("filters", ()), "body")
        self.size: int = settings.get("batch_size", _SIZE)
        self.window: int = settings.get("maximum_batching_window", 0)
        self._one = asyncio.Lock()  # a window gathers all that comes in it
        self.full = False  # the last call brought all that it could: more may wait

    async def batch(self) -> list[Item]:
        """The next batch; empty: nothing came. Cancelled, it gives back what it has got.

        Raises:
            Refused: the queue does not answer.
        """
        await self._own.know()
        if not self.window:
            return await self._received(self.size, self._wait)
        async with self._one:
            return await self._gathered()

    async def _gathered(self) -> list[Item]:
        now = asyncio.get_running_loop().time
        found = await self._received(self.size, self._wait)
        until = now() + self.window
        try:
            while found and len(found) < self.size and self._has_room(found) and (left := until - now()) > 0:
                more = await self._more(self.size - len(found), int(min(left, self._wait)))
                found += more
                if not more and left < 1:
                    await asyncio.sleep(min(left, _SHORT))
        except BaseException:  # cancelled, or the queue is gone
            self._give_back(found)
            raise
        return found

    async def _more(self, wanted: int, wait: int) -> list[Item]:
        if not self.full or wanted <= MOST:
            return await self._received(wanted, wait)
        calls = min(_AT_ONCE, -(-wanted // MOST))
        sizes = [min(MOST, wanted - number * MOST) for number in range(calls)]
        tasks = [asyncio.ensure_future(self._received(each, 0)) for each in sizes]
        try:
            await asyncio.wait(tasks)
        except BaseException:  # cancelled
            for task in tasks:
                task.cancel()
            self._give_back(_found(await asyncio.gather(*tasks, return_exceptions=True)))
            raise
        found = _found([task.exception() or task.result() for task in tasks])
        if error := next((each for task in tasks if (each := task.exception())), None):
            self._give_back(found)
            raise error
        return found

    def _has_room(self, found: Sequence[Item]) -> bool:
        return fits(sum(len(each.text) + 1 for each in found), b"")

    async def _received(self, most: int, wait: int) -> list[Item]:
        messages = await self._queue.receive(min(most, MOST), wait)
        self.full = len(messages) >= min(most, MOST)
        if not messages:
            return []
        hidden = self._own.visibility or _UNHIDDEN
        until = asyncio.get_running_loop().time() + hidden
        self._tell("received", messages)
        kept: list[Item] = []
        others: list[Message] = []
        for message in messages:
            seen = record(message, self._own.arn, self._own.region)
            passes, reason = self._filters.passes(seen)
            if passes:
                kept.append(item(message, seen, until))
            else:
                self._tell("filtered", [message], reason)
                others.append(message)
        if others:
            self._let_go(others)
        return kept

    def _tell(self, what: Any, messages: Sequence[Message], detail: str = "") -> None:
        self._telling.step(self._step._replace(what=what, records=tuple(m.id for m in messages), detail=detail))


def _found(answers: Sequence[list[Item] | BaseException]) -> list[Item]:
    return [each for answer in answers if not isinstance(answer, BaseException) for each in answer]
