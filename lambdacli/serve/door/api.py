"""The Invoke API without its sockets: requests in, answers out, and what becomes of events told on the way.

Source: Invoke and InvokeWithResponseStream in the Lambda API reference.
"""

from __future__ import annotations

import time
from base64 import b64encode
from typing import TYPE_CHECKING, NamedTuple

from lambdacli.local.invocation import new_id
from lambdacli.local.once import trace_id
from lambdacli.serve.door import answers, listing
from lambdacli.serve.door.answers import Answer, Refused
from lambdacli.serve.door.wanted import Names, check_media_type, event_of, wanted
from lambdacli.serve.fleet import Call, NoSuchFunction, Throttled
from lambdacli.serve.telling import Step

if TYPE_CHECKING:
    from collections.abc import Callable

    from lambdacli.local.invocation import Outcome
    from lambdacli.local.streaming import Streaming
    from lambdacli.serve.door.requests import Head
    from lambdacli.serve.door.wanted import Wanted
    from lambdacli.serve.parts import Common

INVOKE = "/2015-03-31/functions/"
STREAM = "/2021-11-15/functions/"
HEALTH = "/_lambdacli/health"
# Where the operations of Lambda's API begin, of all its versions; botocore's model of the service has them.
_OPERATIONS = tuple(
    f"/{each}"
    for each in (
        "2014-11-13/functions/", "2015-03-31/functions", "2015-03-31/event-source-mappings",
        "2016-08-19/account-settings", "2017-03-31/tags/", "2017-10-31/functions/", "2018-10-31/layers",
        "2019-09-25/functions/", "2019-09-30/functions/", "2020-04-22/code-signing-configs", "2020-06-30/functions/",
        "2021-07-20/functions/", "2021-10-31/functions/", "2021-11-15/functions/", "2024-08-31/functions/",
        "2025-11-30/capacity-providers", "2025-11-30/functions/", "2025-12-01/durable-execution",
        "2025-12-01/functions/",
    )
)  # fmt: skip
_TAIL = 4096  # bytes of the log that X-Amz-Log-Result has
_SOURCE = "invoke"


def is_ours(target: str) -> bool:
    """Whether a request's target belongs to this API, or to ourselves."""
    return target.startswith(_OPERATIONS) or target == HEALTH


class Operation(NamedTuple):
    """An invocation that is about to run. `streams`: its caller reads the response as events."""

    wanted: Wanted
    streams: bool


class Tail:
    """The end of an invocation's log."""

    def __init__(self) -> None:
        self._kept = bytearray()

    def __call__(self, chunk: bytes) -> None:
        """A piece of the log."""
        self._kept += chunk
        if len(self._kept) > 2 * _TAIL:
            del self._kept[:-_TAIL]

    def __str__(self) -> str:
        return b64encode(self._kept[-_TAIL:]).decode()


class Api:
    """What the operations do."""

    def __init__(self, common: Common) -> None:
        self._common = common
        self._names = Names()

    def invocation(self, head: Head) -> Operation | None:
        """The invocation that a request asks for; None for any other operation.

        Raises:
            Refused: it cannot be.
        """
        path, _, query = head.target.partition("?")
        streams = path.startswith(STREAM)
        suffix = "/response-streaming-invocations" if streams else "/invocations"
        if head.method != "POST" or not path.endswith(suffix) or not (streams or path.startswith(INVOKE)):
            return None
        segment = path[len(STREAM if streams else INVOKE) : -len(suffix)]
        try:
            found = self._names.look_up(segment, query, self._common.fleet.manifest)
            check_media_type(head.headers)
            return Operation(wanted(found, head), streams)
        except Refused as refused:
            self._common.telling.step(Step("answered", _SOURCE, detail=refused.answer.summary))
            raise

    def call(self, operation: Operation, body: bytes, size: int) -> Call:
        """What the fleet is asked for.

        Raises:
            Refused: the event is too large, or no JSON.
        """
        asked = operation.wanted
        if size > asked.limit:
            raise answers.too_large(size, asked.kind, asked.limit)
        return Call(
            event_of(body),
            asked.client_context,
            "",
            asked.trace_id or trace_id(),
            asked.tenant_id,
            asked.request_id or new_id(),
            asked.named.arn,
        )

    def run(self, asked: Wanted, call: Call, answer: Callable[[Answer], object]) -> None:
        """One synchronous invocation; `answer` is called at its end, or at once.

        Raises:
            Refused: it cannot begin.
        """
        begun = time.perf_counter()
        tail: Tail | None = None
        if asked.tail:
            tail = Tail()
            call = call._replace(hear=tail)

        def ended(outcome: Outcome) -> None:
            self.answered(asked, outcome, begun)
            answer(_answer(call, outcome, tail))

        def failed(error: BaseException) -> None:  # `serve` is about to end
            self._tell(asked, "500", call.request_id)
            answer(answers.broken() if isinstance(error, Exception) else answers.ending())

        try:
            self._common.fleet.begin(asked.named.function, call, ended, failed)
        except (Throttled, NoSuchFunction) as error:
            raise self._refusal(asked, error) from None

    async def stream(self, asked: Wanted, call: Call, taker: Streaming) -> tuple[Outcome, str]:
        """One streamed invocation to its end; its outcome, and the end of its log if that is wanted."""
        begun = time.perf_counter()
        tail = Tail() if asked.tail else None
        try:
            outcome = await self._common.fleet.invoke(asked.named.function, call._replace(hear=tail, stream=taker))
        except (Throttled, NoSuchFunction) as error:
            raise self._refusal(asked, error) from None
        self.answered(asked, outcome, begun)
        return outcome, "" if tail is None else str(tail)

    def at_once(self, asked: Wanted, call: Call) -> Answer | None:
        """The answer to what nobody waits for: a dry run, an asynchronous invocation. None: somebody waits."""
        if asked.kind == "RequestResponse":
            return None
        head = _ids(call)
        if asked.kind == "DryRun":
            return Answer(204, b"", f"{head}X-Amz-Executed-Version: $LATEST\r\n")
        self._common.later.submit(asked.named.function, call, _SOURCE)
        self._tell(asked, "202", call.request_id)
        return Answer(202, b"", head)

    def other(self, head: Head) -> Answer:
        """The answer to any other operation.

        Raises:
            Refused: it is not served here.
        """
        return listing.answer(head, self._common.fleet, self._names)

    def _refusal(self, asked: Wanted, error: Throttled | NoSuchFunction) -> Refused:
        if isinstance(error, Throttled):
            return self.refused(asked, answers.throttled())
        return self.refused(asked, answers.not_found(asked.named.asked))  # it left the manifest this very moment

    def refused(self, asked: Wanted, refusal: Refused) -> Refused:
        """Tell of an invocation that was refused."""
        self._tell(asked, str(refusal.answer.status), asked.request_id)
        return refusal

    def answered(self, asked: Wanted, outcome: Outcome, begun: float) -> None:
        """Tell of an invocation that has run."""
        took = (time.perf_counter() - begun) * 1000
        self._tell(asked, "200" if outcome.status == "success" else "200 Unhandled", outcome.request_id, took)

    def _tell(self, asked: Wanted, detail: str, request_id: str, took: float | None = None) -> None:
        step = Step("answered", _SOURCE, asked.named.function, (), detail, request_id, took)
        self._common.telling.step(step)


def _answer(call: Call, outcome: Outcome, tail: Tail | None) -> Answer:
    head = f"{_ids(call)}X-Amz-Executed-Version: $LATEST\r\n"
    if outcome.status != "success":
        head += "X-Amz-Function-Error: Unhandled\r\n"
    if tail is not None:
        head += f"X-Amz-Log-Result: {tail}\r\n"
    return Answer(200, outcome.payload, head)


def _ids(call: Call) -> str:
    return f"x-amzn-RequestId: {call.request_id}\r\nX-Amzn-Trace-Id: {call.trace_id}\r\n"


__all__ = ["HEALTH", "Api", "Operation", "Refused", "is_ours"]
