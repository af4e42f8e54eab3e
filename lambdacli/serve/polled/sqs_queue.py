"""What a queue itself says: how long it hides a message, and where it puts those that were received too often."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from lambdacli import partitions

if TYPE_CHECKING:
    from lambdacli.serve.parts import Source
    from lambdacli.serve.queues import Queue

_USUAL = 30  # seconds
_FRESH = 60.0  # seconds after which it is asked again
_NAMES = ("VisibilityTimeout", "QueueArn", "RedrivePolicy")


class Own:
    """The attributes of one queue.

    Attributes:
        visibility: seconds that a received message is hidden.
        arn: as it stands in events.
        region: likewise.
        dead_letters: name of its dead-letter queue; "": it has none.
        most: times that a message is received before it goes there; 0: for ever.
    """

    def __init__(self, queue: Queue, source: Source, given: str) -> None:
        self._queue = queue
        self._given = given if given.startswith("arn:") else ""
        here = f"arn:{partitions.of(source.region)}:sqs:{source.region}:{source.account}"
        self.arn = self._given or f"{here}:{queue.name}"
        self.visibility = _USUAL
        self.dead_letters = ""
        self.most = 0
        self.region = self.arn.split(":")[3] if self._given and not source.ours else source.region
        self._asked = float("-inf")

    def forget(self) -> None:
        """It may be another queue by now."""
        self._asked = float("-inf")

    async def know(self, fresh: float = _FRESH) -> None:
        """Ask the queue unless that was done within so many seconds.

        Raises:
            Refused: it is not there.
        """
        if time.monotonic() - self._asked < fresh:
            return
        found = await self._queue.attributes(*_NAMES)
        self._asked = time.monotonic()
        self.visibility = int(found.get("VisibilityTimeout", _USUAL))
        self.arn = self._given or found.get("QueueArn", self.arn)
        redrive = json.loads(found.get("RedrivePolicy") or "{}")
        self.dead_letters = str(redrive.get("deadLetterTargetArn", "")).rpartition(":")[2]
        self.most = int(redrive.get("maxReceiveCount", 0))
