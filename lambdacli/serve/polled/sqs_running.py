"""Batches of a queue's messages brought to their function: what becomes of each message.

Source: "Error handling for an Amazon SQS event source" in the AWS Lambda developer guide: deleted after success, left
to the queue's own visibility timeout and redrive policy after a failure, tried again while no environment is free.
"""

from __future__ import annotations

import asyncio  # noqa: TID253 - this module is only imported once a loop is wanted
from typing import TYPE_CHECKING, Any

from lambdacli.errors import LambdacliError
from lambdacli.local.invocation import new_id
from lambdacli.refusals import Refused
from lambdacli.serve.fleet import Call, NoSuchFunction, Throttled
from lambdacli.serve.polled.answers import Verdict, verdict
from lambdacli.serve.polled.packing import event, parts
from lambdacli.serve.polled.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lambdacli.local.invocation import Outcome
    from lambdacli.serve.parts import Common
    from lambdacli.serve.polled.slots import Slots
    from lambdacli.serve.polled.sqs_queue import Own
    from lambdacli.serve.polled.sqs_records import Item
    from lambdacli.serve.queues import Message, Queue
    from lambdacli.serve.telling import Step

_FIRST_PAUSE = 0.1  # seconds, doubled each time
_LONGEST_PAUSE = 5.0
_KILLED = "Runtime.ExitError"
_FRESH = 5.0  # seconds: a redrive policy that somebody has just changed


class Running:
    """The batches of one mapping that are at work.

    Args:
        common: the functions, and who hears of it.
        queue: the messages' own.
        own: what it says of itself.
        slots: how many batches run at once.
        step: source and function, for the telling.
        reports: the function answers with batchItemFailures.
    """

    def __init__(self, common: Common, queue: Queue, own: Own, slots: Slots, step: Step, *, reports: bool) -> None:
        self._common = common
        self._queue = queue
        self._own = own
        self._slots = slots
        self._step = step
        self._reports = reports
        self._turns = Turns()
        self._ending = False
        self._fifo = queue.name.endswith(".fifo")
        self._waiting: set[asyncio.Task[Any]] = set()  # those whose function has not begun
        self._invoking: set[asyncio.Task[Any]] = set()  # those whose function runs

    async def run(self, items: Sequence[Item]) -> None:
        """Bring a batch to the function, in several invocations if it is too large for one.

        Cancelled, it gives back what the function has not done.
        """
        left, blocked = list(items), frozenset[str]()
        try:
            for part in list(parts(items)):
                ready = [each for each in part if self._group(each) not in blocked]
                if behind := [each for each in part if self._group(each) in blocked]:
                    self._returned(behind, "an earlier message of its group failed")
                if ready:
                    blocked |= await self._in_turn(ready)
                left = left[len(part) :]
        except asyncio.CancelledError:
            await self.give_back(left, "everything ends")
            raise

    async def give_back(self, items: Sequence[Item], why: str) -> None:
        """Let the queue have messages back at once; not waiting for it, they come when their time is over."""
        if not items:
            return
        try:
            await self._queue.give_back([each.message.receipt for each in items])
        except LambdacliError as error:
            why = f"{why}; its visibility timeout has to run out: {error.message}"
        self._returned(items, why)

    async def let_go(self, messages: Sequence[Message]) -> None:
        """Delete messages that were filtered out."""
        await self._delete(messages, asyncio.get_running_loop().time() + self._own.visibility)

    def interrupt(self) -> None:
        """Those batches that wait for an environment, or for their group, wait no more."""
        self._ending = True
        for task in self._waiting:
            task.cancel()

    def abandon(self) -> None:
        """Those whose function still runs wait for it no more."""
        for task in self._invoking:
            task.cancel()

    # Parts

    def _group(self, item: Item) -> str:
        return item.group if self._fifo else ""

    async def _in_turn(self, items: Sequence[Item]) -> frozenset[str]:
        """The groups of which messages failed."""
        groups = frozenset(self._group(each) for each in items) - {""}
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine runs in one
        self._waiting.add(task)
        try:
            async with self._turns.of(groups):
                failed = await self._invoked(items, task)
        finally:
            self._waiting.discard(task)
        return frozenset(self._group(each) for each in failed) - {""}

    async def _invoked(self, items: Sequence[Item], task: asyncio.Task[Any]) -> Sequence[Item]:
        """Those that failed."""
        until = min(each.until for each in items)
        call = Call(event(each.text for each in items), request_id=new_id())
        step = self._of(items)._replace(request_id=call.request_id)
        self._tell(step, "batched")
        outcome = await self._outcome(call, step, until, task, items)
        if outcome is None:
            return items
        if self._ending and outcome.error_type == _KILLED:
            await self.give_back(items, "everything ends")
            return items
        found = self._verdict(outcome, items)
        failed = [each for each in items if found.whole or each.message.id in found.failed]
        done = [each for each in items if not found.whole and each.message.id not in found.failed]
        if done:
            await self._delete([each.message for each in done], until)
            ids = tuple(each.message.id for each in done)
            self._tell(step._replace(records=ids, milliseconds=outcome.report.duration), "succeeded")
        if failed:
            self._slots.worse()
            await self._failed(failed, step._replace(milliseconds=outcome.report.duration), found.whole)
        else:
            self._slots.better()
        return failed

    async def _outcome(
        self, call: Call, step: Step, until: float, task: asyncio.Task[Any], items: Sequence[Item]
    ) -> Outcome | None:
        """None: it was not invoked, and the messages are the queue's again."""
        now, pause = asyncio.get_running_loop().time, _FIRST_PAUSE
        while now() < until:
            try:
                return await self._invocation(call, task)
            except Throttled:
                self._slots.worse()
                self._tell(step._replace(detail=f"tried again in {pause:.1f} s"), "throttled")
            except NoSuchFunction:
                await self.give_back(items, "the function has left the manifest")
                return None
            await asyncio.sleep(min(pause, max(0.0, until - now())))
            pause = min(2 * pause, _LONGEST_PAUSE)
        self._tell(step._replace(detail="no environment was free before its visibility timeout was over"), "returned")
        return None

    async def _invocation(self, call: Call, task: asyncio.Task[Any]) -> Outcome:
        self._waiting.discard(task)
        self._invoking.add(task)
        try:
            return await self._common.fleet.invoke(self._step.function, call)
        except Throttled:
            self._waiting.add(task)
            raise
        finally:
            self._invoking.discard(task)

    def _verdict(self, outcome: Outcome, items: Sequence[Item]) -> Verdict:
        if outcome.status != "success":
            return Verdict(whole=outcome.error_type or outcome.status)
        if not self._reports:
            return Verdict()
        return verdict(outcome.payload, {each.message.id for each in items})

    async def _failed(self, items: Sequence[Item], step: Step, reason: str) -> None:
        ids = tuple(each.message.id for each in items)
        reason = reason or "the function reported it"
        self._tell(step._replace(records=ids, detail=reason), "failed")
        try:
            await self._own.know(_FRESH)
        except LambdacliError:  # the pollers tell of a queue that is not there
            return
        own = self._own
        over = {each.message.id for each in items if own.most and each.received >= own.most}
        if dead := tuple(each for each in ids if each in over):
            detail = f"{own.dead_letters}, received {own.most} times: {reason}"
            self._tell(step._replace(records=dead, detail=detail, milliseconds=None), "dead-lettered")
        if again := tuple(each for each in ids if each not in over):
            left = min(each.until for each in items) - asyncio.get_running_loop().time()
            detail = f"visible again in {max(0.0, left):.0f} s: {reason}"
            self._tell(step._replace(records=again, detail=detail, milliseconds=None), "retried")

    async def _delete(self, messages: Sequence[Message], until: float) -> None:
        now, pause = asyncio.get_running_loop().time, _FIRST_PAUSE
        while True:
            try:
                refused = await self._queue.delete([each.receipt for each in messages])
            except LambdacliError as error:
                refused = [error.message]
                if not (isinstance(error, Refused) and error.absent) and now() + pause < until:
                    await asyncio.sleep(pause)
                    pause = min(2 * pause, _LONGEST_PAUSE)
                    continue
            if refused:
                text = f"{self._step.source}: {len(refused)} could not be deleted and may come again: {refused[0]}"
                self._common.telling.warning(text, "is the queue's visibility timeout long enough?")
            return

    def _returned(self, items: Sequence[Item], why: str) -> None:
        self._tell(self._of(items)._replace(detail=why), "returned")

    def _of(self, items: Sequence[Item]) -> Step:
        return self._step._replace(records=tuple(each.message.id for each in items))

    def _tell(self, step: Step, what: Any) -> None:
        self._common.telling.step(step._replace(what=what))
