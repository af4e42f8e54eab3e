"""Where records of invocations go when these are over: a queue, a topic, a bucket, a bus, another function.

Source: "Capturing records of Lambda asynchronous invocations" and "Capturing discarded batches" in the AWS Lambda
developer guide. Unlike there, a record that cannot be sent is told of: Lambda only counts DestinationDeliveryFailures.
"""

from __future__ import annotations

import asyncio  # noqa: TID253 - this module is only imported once a loop is wanted
from typing import TYPE_CHECKING

from lambdacli.errors import LambdacliError
from lambdacli.refusals import Refused, patience
from lambdacli.serve.destinations.services import NotThere, Services

if TYPE_CHECKING:
    from lambdacli.model import Destination
    from lambdacli.serve.destinations.records import Message
    from lambdacli.serve.fleet import Fleet
    from lambdacli.serve.later import Later
    from lambdacli.serve.parts import Source
    from lambdacli.serve.telling import Step, Telling

_PATIENCE = 60.0  # seconds that a destination may be out of reach
_RESTARTING = 10.0  # seconds in which a source of ours may be without what it had: it was started again
_FIRST_PAUSE = 0.2  # seconds, doubled each time
_LONGEST_PAUSE = 5.0


class Sender:
    """Sends messages to destinations, and tells what has become of each.

    Args:
        source: where queues, topics, buckets and buses are; None: nowhere, only functions can be reached.
        fleet: the functions that are destinations.
        later: takes the events for these.
        telling: hears of every message.
    """

    def __init__(self, source: Source | None, fleet: Fleet, later: Later, telling: Telling) -> None:
        self._ours = source is not None and source.ours
        self._telling = telling
        self._services = Services(source, fleet, later)

    async def send(self, end: Destination, message: Message, step: Step) -> bool:
        """Send a message; whether it has arrived.

        Tried again for a minute while nobody answers. Whoever is cancelled has it told as discarded.

        Args:
            end: where to.
            message: what is sent.
            step: what to tell when it is there: "sent" or "dead-lettered" of which records; `detail`, if any, is why.
        """
        name = shown(end)
        try:
            reason = await self._delivered(end, message)
        except asyncio.CancelledError:
            self._discarded(step, f"everything ended before it was at {name}")
            raise
        if reason:
            self._discarded(step, reason)
            return False
        self._telling.step(step._replace(detail=f"{name} ({step.detail})" if step.detail else name))
        return True

    def close(self) -> None:
        """Give the threads back; nothing is sent any more."""
        self._services.close()

    async def _delivered(self, end: Destination, message: Message) -> str:
        """Nothing, or why it is not there."""
        begun, pause = asyncio.get_running_loop().time(), _FIRST_PAUSE
        while True:
            try:
                await self._services.put(end, message)
            except NotThere as error:
                return error.message
            except Refused as refused:
                elapsed = asyncio.get_running_loop().time() - begun
                if elapsed >= self._worth(refused):
                    return f"it could not go to {shown(end)}: {refused.message}"
            except LambdacliError as error:
                return f"it could not go to {shown(end)}: {error.message}"
            except Exception as error:  # noqa: BLE001 - whatever it is, somebody has to hear that it is lost
                return f"it could not go to {shown(end)}: {type(error).__name__}: {error}"
            else:
                return ""
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _worth(self, refused: Refused) -> float:
        """For how many seconds it makes sense to try again."""
        if refused.absent and self._ours:
            return _RESTARTING
        return min(patience(refused), _PATIENCE)

    def _discarded(self, step: Step, reason: str) -> None:
        detail = f"{step.detail}; {reason}" if step.detail else reason
        self._telling.step(step._replace(what="discarded", detail=detail))


def shown(end: Destination) -> str:
    """As people say it: sqs orders-failed, s3 my-bucket."""
    return f"{end.kind} {name_of(end)}"


def name_of(end: Destination) -> str:
    """The name in an ARN, or the name that was given."""
    return end.target.replace("/", ":").rpartition(":")[2] if end.target.startswith("arn:") else end.target
