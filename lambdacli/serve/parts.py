"""What everything that serves is given, and what it has to do: start, follow the manifest, stop."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from lambdacli.connection import Connection
    from lambdacli.model import Manifest
    from lambdacli.serve.clock import Clock
    from lambdacli.serve.fleet import Fleet
    from lambdacli.serve.later import Later
    from lambdacli.serve.telling import Telling


class Common(NamedTuple):
    """What every part works with."""

    fleet: Fleet
    later: Later
    clock: Clock
    telling: Telling
    host: str = "127.0.0.1"
    port: int = 3000


class Source(NamedTuple):
    """Where queues, streams, topics, buckets and buses are: an emulator here, an endpoint that was given, or AWS."""

    connection: Connection  # its clients are boto3's: call them in threads of your own
    endpoint: str  # URL; "" is AWS itself
    account: str  # 12 digits
    region: str
    ours: bool  # it is there for this `serve` alone: what is missing may be made, and anything changed


class Part(Protocol):
    """Something that brings events to functions."""

    async def start(self) -> None:
        """Begin. Returns when it works.

        Raises:
            LambdacliError: it cannot work at all.
        """

    async def change(self, manifest: Manifest) -> None:
        """The manifest is another one: follow it without losing an event or refusing a connection."""

    async def pause(self) -> None:
        """Take nothing new, as everything is about to end; what is at hand goes on."""

    async def stop(self) -> None:
        """Let go of everything; what is still at hand goes back to where it came from."""
