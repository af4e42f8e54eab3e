"""Asynchronous invocation: a queue of events, tried up to three times, whose outcome goes to destinations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from lambdacli.serve.fleet import Call


class Later(Protocol):
    """Takes events for functions that nobody waits for."""

    def submit(self, function: str, call: Call, source: str, record: str = "") -> None:
        """Invoke as soon as possible; retries, dead letters and destinations follow as the function says.

        Args:
            function: its name in the manifest.
            call: its event; `hear` and `stream` are not used.
            source: as people say it: s3 photos, schedule rate(5 minutes).
            record: what tells the event from others: an object's key, a message id; "" for none.
        """
