"""SQS queues: several long pollers take messages off the queue for as many batches as may run.

Source: "Using Lambda with Amazon SQS" and its pages on scaling and error handling in the AWS Lambda developer guide.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from lambdacli import triggers
from lambdacli.errors import LambdacliError
from lambdacli.serve.polled import slots
from lambdacli.serve.polled.reach import Reach
from lambdacli.serve.polled.slots import Slots
from lambdacli.serve.polled.sqs_gathering import Gathering
from lambdacli.serve.polled.sqs_queue import Own
from lambdacli.serve.polled.sqs_running import Running
from lambdacli.serve.queues import Queue
from lambdacli.serve.tasks import Tasks
from lambdacli.serve.telling import Step

if TYPE_CHECKING:
    from lambdacli.model import Trigger
    from lambdacli.serve.polled.mapping import Mapping, Wiring
    from lambdacli.serve.polled.sqs_records import Item
    from lambdacli.serve.queues import Message

_DELETING = 5.0  # seconds that what the function has done may take to be deleted, when everything ends


def mapping(wiring: Wiring, function: str, trigger: Trigger) -> Mapping:
    """The event source mapping of an sqs trigger."""
    return Sqs(wiring, function, trigger)


class Sqs:
    """One queue and one function."""

    def __init__(self, wiring: Wiring, function: str, trigger: Trigger) -> None:
        common, source, values = wiring.common, wiring.source, trigger.settings
        self._threads = ThreadPoolExecutor(slots.START, "sqs")
        self._polled = Queue(source, values["queue"], self._threads)
        self._queue = Queue(source, values["queue"], wiring.executor)
        self.name = f"sqs {self._queue.name}"
        self.position: Any = None  # the queue remembers
        self._fleet, self._function = common.fleet, function
        self._ours = source.ours
        self._given: int = values.get("maximum_concurrency", slots.MOST)
        self._slots = Slots(self._given)
        self._own = Own(self._queue, source, values["queue"])
        step = Step("received", self.name, function)
        reports = values.get("report_batch_item_failures", False)
        self._running = Running(common, self._queue, self._own, self._slots, step, reports=reports)
        self._gathering = Gathering(
            self._polled, self._own, values, common.telling, step,
            local=bool(source.endpoint), let_go=self._let_go, give_back=self._give_back,
        )  # fmt: skip
        self._reach = Reach(self.name, triggers.where(function, trigger, "queue"), common.telling, ours=source.ours)
        self._pollers = Tasks(self.name, common.telling)
        self._batches = Tasks(self.name, common.telling)

    async def start(self, position: Any = None) -> None:  # noqa: ARG002 - the queue remembers
        """As `Mapping`: whatever is in the queue is there when somebody asks for it."""
        try:
            await self._own.know()
        except LambdacliError as error:
            self._pollers.begin(self._reach.lost(error))
        for _ in range(min(slots.START, self._slots.most)):
            self._pollers.keep(self._poll)

    async def again(self) -> None:
        """As `Mapping`."""
        self._own.forget()
        self._reach.again()

    async def pause(self) -> None:
        """As `Mapping`."""
        await self._pollers.cancel()
        self._running.interrupt()

    async def finish(self) -> None:
        """As `Mapping`."""
        await self.pause()
        await self._batches.done()
        await self._close()

    async def stop(self) -> None:
        """As `Mapping`."""
        await self.pause()
        self._running.abandon()
        await self._batches.done(_DELETING)
        await self._close(alone=self._ours)

    async def _close(self, *, alone: bool = False) -> None:
        """Long polls give back what they still get, unless the queue ends together with all who use it."""
        await (self._polled.abandon() if alone else self._polled.close())
        await self._queue.close()
        self._threads.shutdown(wait=False)

    async def _poll(self) -> None:
        while True:
            await self._slots.take()
            try:
                batch = await self._gathering.batch()
            except LambdacliError as error:
                self._slots.free()
                await self._reach.lost(error)
                continue
            except BaseException:
                self._slots.free()
                raise
            self._reach.found()
            self._scale(batch)
            if batch:
                self._batches.begin(self._run(batch))
            else:
                self._slots.free()

    def _scale(self, batch: list[Item]) -> None:
        if not batch:
            self._slots.calm()
        elif self._gathering.full:
            self._slots.most = self._most()
            self._slots.busy()

    def _most(self) -> int:
        """No load makes more batches run at once than the trigger, the function or the machine allows."""
        function = self._fleet.manifest.functions.get(self._function)
        reserved = function.reserved_concurrency if function else None
        able = self._fleet.most if reserved is None else min(self._fleet.most, reserved)
        return min(self._given, max(slots.START, able))

    async def _run(self, batch: list[Item]) -> None:
        try:
            await self._running.run(batch)
        finally:
            self._slots.free()

    def _let_go(self, messages: list[Message]) -> None:
        self._batches.begin(self._running.let_go(messages))

    def _give_back(self, items: list[Item]) -> None:
        self._batches.begin(self._running.give_back(items, "everything ends"))
