"""What an event source mapping of every kind is given, and what it has to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from lambdacli.serve.destinations import Sender
    from lambdacli.serve.parts import Common, Source


class Wiring(NamedTuple):
    """What all mappings share."""

    common: Common
    source: Source
    sender: Sender  # to on-failure destinations
    executor: Executor  # for calls that are over soon; whoever polls for long has threads of its own


class Mapping(Protocol):
    """One trigger's way from its source to its function.

    `lambdacli/serve/polled/<kind>.py` has `mapping(wiring, function, trigger) -> Mapping`, `function` being a name.

    Attributes:
        name: as people say it: sqs orders.
    """

    name: str

    @property
    def position(self) -> Any:
        """How far its records are done, for whoever takes its place; None: its source remembers that."""

    async def start(self, position: Any = None) -> None:
        """Begin. Returns when nothing is missed that happens from now on.

        A source that is not there, or not yet, is told of, and asked again and again.

        Args:
            position: of the one whose place it takes.
        """

    async def again(self) -> None:
        """The source was started again: all that was in it is gone."""

    async def pause(self) -> None:
        """Take nothing new. What has not reached the function yet goes back; what runs goes on."""

    async def finish(self) -> None:
        """Pause, and return when nothing runs any more."""

    async def stop(self) -> None:
        """Pause, and let go of what still runs: it goes back."""
