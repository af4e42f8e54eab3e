"""Batches of a topic's records brought to their function, until every record is done or given up.

Source: "Configuring error handling controls for Kafka event sources", "Capturing discarded batches" and "Using a Kafka
topic as an on-failure destination" in the AWS Lambda developer guide.
"""

from __future__ import annotations

import asyncio  # noqa: TID253 - this module is only imported once a loop is wanted
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdacli.errors import LambdacliError
from lambdacli.local.invocation import new_id
from lambdacli.serve.destinations.records import Tried
from lambdacli.serve.fleet import Call, NoSuchFunction, Throttled
from lambdacli.serve.polled import kafka_records as kafka
from lambdacli.serve.polled.answers import Verdict
from lambdacli.serve.trying import reason

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from lambdacli.local.invocation import Outcome
    from lambdacli.serve.parts import Common
    from lambdacli.serve.polled.kafka_records import Item, Origin
    from lambdacli.serve.telling import Step

    GivenUp = Callable[[Tried, Sequence[Item], bytes, str, Step], Awaitable[None]]

_FIRST_PAUSE = 0.2  # seconds, doubled each time
_LONGEST_PAUSE = 30.0
_WITH_DESTINATION = 10  # retries of a mapping that has an on-failure destination and names no number
_FOR_EVER = -1


class Gone(Exception):  # noqa: N818 - what has happened
    """The function has left the manifest: its records stay where they are."""


class _State(NamedTuple):
    """How far it has come with some records."""

    tries: int = 0
    last: Outcome | None = None
    request_id: str = ""
    pause: float = _FIRST_PAUSE


class Running:
    """The batches of one mapping.

    Args:
        common: the functions, and who hears of it.
        step: source and function, for the telling.
        origin: of the records.
        values: the trigger's settings.
        given_up: takes records that are given up: how, which, their event, the condition, and what to tell.
    """

    def __init__(
        self, common: Common, step: Step, origin: Origin, values: Mapping[str, Any], given_up: GivenUp | None
    ) -> None:
        self._common = common
        self._step = step
        self._origin = origin
        self._given_up = given_up
        self._reports = values.get("report_batch_item_failures", False)
        self._bisects = values.get("bisect_batch_on_function_error", False)
        self._age = values.get("maximum_record_age", _FOR_EVER)
        most = values.get("maximum_retry_attempts", _FOR_EVER)
        self._most = _WITH_DESTINATION if most == _FOR_EVER and given_up is not None else most

    async def run(self, items: Sequence[Item]) -> None:
        """Bring them to the function, in several invocations if they are too large for one.

        Raises:
            Gone: there is no such function any more.
        """
        for part in kafka.parts(items):
            await self._part(part, _State())

    async def _part(self, items: Sequence[Item], state: _State) -> None:
        while items := await self._young(items, state):
            if kafka.too_large(items):
                await self._drop(items, state, "MaximumPayloadSizeExceeded", "larger than any event may be")
                return
            state, failed, whole = await self._tried(items, state)
            if not failed:
                return
            if whole and self._bisects and len(failed) > 1:
                await self._halves(failed, state._replace(tries=state.tries - 1))
                return
            if 0 <= self._most < state.tries:
                times = f"{state.tries} {'time' if state.tries == 1 else 'times'}"
                await self._drop(failed, state, "RetryAttemptsExhausted", f"failed {times}")
                return
            self._tell("retried", failed, state, f"in {state.pause:.1f} s")
            await asyncio.sleep(state.pause)
            items, state = failed, state._replace(pause=min(2 * state.pause, _LONGEST_PAUSE))

    async def _halves(self, items: Sequence[Item], state: _State) -> None:
        """Each half alone, which costs no try."""
        middle = (len(items) + 1) // 2
        self._tell("retried", items, state, f"as {middle} and {len(items) - middle}")
        await self._part(items[:middle], state)
        await self._part(items[middle:], state)

    async def _young(self, items: Sequence[Item], state: _State) -> Sequence[Item]:
        """Those that are not too old."""
        if self._age == _FOR_EVER:
            return items
        oldest = (time.time() - self._age) * 1000
        if old := [each for each in items if each.milliseconds < oldest]:
            await self._drop(old, state, "RecordAgeExceeded", f"older than {self._age} s")
        return [each for each in items if each.milliseconds >= oldest]

    async def _tried(self, items: Sequence[Item], before: _State) -> tuple[_State, Sequence[Item], bool]:
        """How it came out, which failed, and whether it was the batch as a whole."""
        call = Call(kafka.event(items, self._origin), request_id=new_id())
        state = before._replace(tries=before.tries + 1, request_id=call.request_id)
        self._tell("batched", items, state)
        outcome = await self._invoked(call, items, state)
        state = state._replace(last=outcome)
        found = self._verdict(outcome, items)
        failed = [each for each in items if found.whole or each.id in found.failed]
        done = [each for each in items if not found.whole and each.id not in found.failed]
        if done:
            self._tell("succeeded", done, state, took=outcome.report.duration)
        if failed:
            self._tell("failed", failed, state, found.whole or "the function reported it", outcome.report.duration)
        return state, failed, bool(found.whole)

    async def _invoked(self, call: Call, items: Sequence[Item], state: _State) -> Outcome:
        """Until an environment is free."""
        pause = _FIRST_PAUSE
        while True:
            try:
                return await self._common.fleet.invoke(self._step.function, call)
            except Throttled:
                self._tell("throttled", items, state, f"tried again in {pause:.1f} s")
            except NoSuchFunction:
                raise Gone from None
            except Exception as error:  # noqa: BLE001 - records are not lost for what went wrong here
                self._common.telling.trouble(_trouble(self._step, error))
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _verdict(self, outcome: Outcome, items: Sequence[Item]) -> Verdict:
        if outcome.status != "success":
            return Verdict(whole=reason(outcome))
        return kafka.verdict(outcome.payload, items) if self._reports else Verdict()

    async def _drop(self, items: Sequence[Item], state: _State, condition: str, why: str) -> None:
        """Give them up; the rest goes on."""
        if self._given_up is None:
            self._tell("discarded", items, state, why)
            return
        function, now = self._step.function, self._common.clock.now()
        tried = Tried(function, self._common.fleet.arn(function), state.request_id, state.tries, state.last, now)
        event = kafka.event(items, self._origin)
        await self._given_up(tried, items, event, condition, self._of("sent", items, state, why))

    def _tell(
        self, what: Any, items: Sequence[Item], state: _State, detail: str = "", took: float | None = None
    ) -> None:
        self._common.telling.step(self._of(what, items, state, detail)._replace(milliseconds=took))

    def _of(self, what: Any, items: Sequence[Item], state: _State, detail: str) -> Step:
        ids = tuple(each.id for each in items)
        return self._step._replace(what=what, records=ids, detail=detail, request_id=state.request_id)


def _trouble(step: Step, error: Exception) -> LambdacliError:
    if isinstance(error, LambdacliError):
        return error
    return LambdacliError(f"{step.source}: {step.function} could not be invoked: {type(error).__name__}: {error}")
