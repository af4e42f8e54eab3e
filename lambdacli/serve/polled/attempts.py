"""Batches of a stream brought to their function until they are done, or given up.

Source: "Error handling", "Reporting batch item failures", "Bisecting a batch" and "Time windows" of the chapters on
Kinesis and DynamoDB in the AWS Lambda developer guide.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdacli.local.invocation import new_id
from lambdacli.serve.destinations.records import Tried, discarded, timestamp
from lambdacli.serve.fleet import Call, NoSuchFunction, Throttled
from lambdacli.serve.polled import windows
from lambdacli.serve.polled.answers import verdict
from lambdacli.serve.polled.packing import event, parts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lambdacli.local.invocation import Outcome
    from lambdacli.serve.polled.checkpoint import Checkpoint
    from lambdacli.serve.polled.stream_api import Record
    from lambdacli.serve.polled.stream_settings import Wired
    from lambdacli.serve.polled.windows import Window
    from lambdacli.serve.telling import Step

_FIRST_PAUSE = 0.2  # seconds, doubled each time
_LONGEST_PAUSE = 20.0


class _Try(NamedTuple):
    records: Sequence[Record]
    failed: int = 0  # invocations that count as attempts
    invoked: int = 0
    outcome: Outcome | None = None  # of the last one
    request_id: str = ""  # likewise


class Left(Exception):  # noqa: N818 - nothing is wrong
    """Everything ends: what is not done stays in the stream."""


class Attempts:
    """The batches of one shard, or of those of its keys that stay in order, one after another.

    Attributes:
        invoking: the function runs.
        leaving: nothing new begins.
        window: the one that is open, if there are windows.
    """

    def __init__(self, wired: Wired, shard: str, checkpoint: Checkpoint) -> None:
        self._wired = wired
        self._shard = shard
        self._checkpoint = checkpoint
        self._throttled = 0  # times in a row
        self._state: Any = {}
        self._state_size = 2
        self.window: Window | None = None
        self.invoking = False
        self.leaving = False
        self._function = wired.step.function

    async def process(self, records: Sequence[Record]) -> None:
        """Return when every record is done or given up.

        Raises:
            Left: everything ends before that.
        """
        pending = deque(_Try(tuple(part)) for part in parts(records, self._state_size))
        while pending:
            this = self._young(pending.popleft())
            if not this.records:
                continue
            tried = await self._invoked(this)
            pending.extendleft(reversed(await self._settled(tried) if tried else [this]))
            if self._state_size > windows.MOST_STATE:
                window = self.window
                await self.close(early=True)
                self.window = window if pending else None

    async def close(self, *, early: bool = False) -> None:
        """The window is over: the function gets its state for the last time.

        Raises:
            Left: everything ends before that.
        """
        most, this = self._wired.settings.attempts, _Try(())
        while True:
            if (tried := await self._invoked(this, final=True, early=early)) is None:
                continue
            this = tried
            reason = self._wrong(tried)
            step = self._step(tried)._replace(detail=reason or self._shown())
            self._tell(step, "failed" if reason else "succeeded")
            if not reason or (0 <= most < this.invoked):
                break
            await self._pause(this.invoked, step)
        if reason:
            self._tell(step._replace(detail=f"{self._shown()}: its state, after {this.invoked} attempts"), "discarded")
        self.window, self._state, self._state_size = None, {}, 2

    # One invocation

    async def _invoked(self, this: _Try, *, final: bool = False, early: bool = False) -> _Try | None:
        """None: there was no environment, and it is time to look again."""
        if self.leaving:
            raise Left
        call = Call(self._event(this.records, final=final, early=early), request_id=new_id())
        step = self._wired.step._replace(records=_ids(this.records), request_id=call.request_id)
        self._tell(step, "batched")
        try:
            self.invoking = True
            outcome = await self._wired.common.fleet.invoke(self._function, call)
        except Throttled:
            self.invoking = False
            self._throttled += 1
            self._tell(step._replace(detail=f"tried again in {_pause(self._throttled):.1f} s"), "throttled")
            await self._sleep(_pause(self._throttled))
            return None
        except NoSuchFunction:
            self.leaving = True  # the manifest has changed, and this mapping is about to go
            raise Left from None
        finally:
            self.invoking = False
        self._throttled = 0
        return this._replace(invoked=this.invoked + 1, outcome=outcome, request_id=call.request_id)

    def _event(self, records: Sequence[Record], *, final: bool, early: bool) -> bytes:
        more = None
        if self.window is not None:
            arn = self._wired.identity.arn
            more = windows.told(self.window, self._state, self._shard, arn, final=final, early=early)
        return event((each.text for each in records), more)

    def _wrong(self, this: _Try) -> str:
        """Why an invocation as a whole has failed."""
        outcome = this.outcome
        if outcome is None or outcome.status != "success":
            return (outcome.error_type or outcome.status) if outcome else "it was not invoked"
        return windows.answered(outcome.payload).wrong if self.window is not None else ""

    # What follows from it

    async def _settled(self, this: _Try) -> list[_Try]:
        """What is to be tried again."""
        cut, reason = self._cut(this)
        if cut:
            self._keep_state(this)
            done = this.records[:cut]
            self._checkpoint.done(_ids(done))
            self._tell(self._step(this)._replace(records=_ids(done)), "succeeded")
        rest = this.records[cut:]
        if not rest:
            return []
        step = self._step(this)._replace(records=_ids(rest), detail=reason)
        self._tell(step, "failed")
        return await self._again(this, rest, step, partly=cut > 0)

    def _cut(self, this: _Try) -> tuple[int, str]:
        """The place of the first record that has failed, and why."""
        if reason := self._wrong(this):
            return 0, reason
        if not self._wired.settings.reports or this.outcome is None:
            return len(this.records), ""
        ids = _ids(this.records)
        found = verdict(this.outcome.payload, set(ids))
        if found.whole:
            return 0, found.whole
        first = next((place for place, each in enumerate(ids) if each in found.failed), len(ids))
        return first, "the function reported it"

    def _keep_state(self, this: _Try) -> None:
        if self.window is not None and this.outcome is not None:
            answer = windows.answered(this.outcome.payload)
            self._state, self._state_size = answer.state, answer.size

    async def _again(self, this: _Try, rest: Sequence[Record], step: Step, *, partly: bool) -> list[_Try]:
        settings = self._wired.settings
        if settings.bisect and (partly or len(rest) > 1):  # does not count as an attempt
            middle = 0 if partly else len(rest) // 2
            await self._pause(1, step, "" if partly else f", {middle} and {len(rest) - middle} apart")
            halves = (rest[:middle], rest[middle:])
            return [this._replace(records=half) for half in halves if half]
        failed = this.failed + 1
        if 0 <= settings.attempts < failed:
            self._discard(
                this, rest, "RetryAttemptsExhausted", f"its {this.invoked} attempts have failed: {step.detail}"
            )
            return []
        of = "" if settings.attempts < 0 else f", {failed} of {settings.attempts}"
        await self._pause(this.invoked, step, of)
        return [this._replace(records=rest, failed=failed)]

    async def _pause(self, invoked: int, step: Step, more: str = "") -> None:
        if self.leaving:
            raise Left
        seconds = _pause(invoked)
        self._tell(step._replace(detail=f"in {seconds:.1f} s{more}: {step.detail}", milliseconds=None), "retried")
        await self._sleep(seconds)

    async def _sleep(self, seconds: float) -> None:
        clock = self._wired.common.clock
        await clock.sleep_until(clock.now() + timedelta(seconds=seconds))

    # Giving up

    def _young(self, this: _Try) -> _Try:
        """Without those that are too old for the function, or for their stream."""
        settings, kept = self._wired.settings, self._wired.identity.retention
        age = kept if settings.age < 0 else min(settings.age, kept)
        oldest = self._wired.common.clock.now() - timedelta(seconds=age)
        cut = next((place for place, each in enumerate(this.records) if each.since >= oldest), len(this.records))
        if cut:
            self._discard(this, this.records[:cut], "RecordAgeExceeded", f"older than {age:.0f} s")
        return this._replace(records=this.records[cut:])

    def _discard(self, this: _Try, records: Sequence[Record], condition: str, why: str) -> None:
        self._checkpoint.done(_ids(records))
        wired, step = self._wired, self._step(this)._replace(records=_ids(records), milliseconds=None)
        self._tell(step._replace(detail=why), "discarded")
        if wired.settings.failure is None:
            return
        fleet, now = wired.common.fleet, wired.common.clock.now()
        request_id = this.request_id or new_id()
        tried = Tried(self._function, fleet.arn(self._function), request_id, this.invoked, this.outcome, now)
        whole = event(each.text for each in records)
        message = discarded(tried, whole, condition, self._information(records), wired.uuid, self._shard)
        sent = wired.sender.send(wired.settings.failure, message, step._replace(what="sent", request_id=request_id))
        wired.sending.begin(_awaited(sent))

    def _information(self, records: Sequence[Record]) -> dict[str, Any]:
        first, last = records[0], records[-1]
        return {
            self._wired.api.information: {
                "shardId": self._shard,
                "startSequenceNumber": first.sequence,
                "endSequenceNumber": last.sequence,
                "approximateArrivalOfFirstRecord": timestamp(_moment(first.arrival)),
                "approximateArrivalOfLastRecord": timestamp(_moment(last.arrival)),
                "batchSize": len(records),
                "streamArn": self._wired.identity.arn,
            }
        }

    # Telling

    def _step(self, this: _Try) -> Step:
        took = this.outcome.report.duration if this.outcome else None
        step = self._wired.step._replace(records=_ids(this.records), request_id=this.request_id)
        return step._replace(milliseconds=took)

    def _shown(self) -> str:
        return windows.shown(self.window) if self.window else ""

    def _tell(self, step: Step, what: Any) -> None:
        self._wired.common.telling.step(step._replace(what=what))


async def _awaited(sent: Any) -> None:
    await sent


def _pause(times: int) -> float:
    return min(_FIRST_PAUSE * 2.0 ** min(times - 1, 16), _LONGEST_PAUSE)


def _ids(records: Sequence[Record]) -> tuple[str, ...]:
    return tuple(each.sequence for each in records)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.utc)
