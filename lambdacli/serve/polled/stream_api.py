"""What the streams of Kinesis and DynamoDB have in common: shards, iterators, pages of records."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - of a named tuple
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Position(NamedTuple):
    """Where in a shard reading begins."""

    kind: Literal["TRIM_HORIZON", "LATEST", "AT_TIMESTAMP", "AFTER_SEQUENCE_NUMBER"]
    sequence: str = ""
    time: float = 0.0  # seconds since 1970


class Identity(NamedTuple):
    """A stream, which another of the same name is not."""

    arn: str
    made: str  # when
    retention: float  # seconds that records are kept


class ShardInfo(NamedTuple):
    """A shard; its parents' records come before its own."""

    id: str
    parents: tuple[str, ...]
    closed: bool


class Page(NamedTuple):
    """What one call brings."""

    records: Sequence[Mapping[str, Any]]  # as the service gives them
    following: str  # iterator; "": the shard is over


class Raw(NamedTuple):
    """A record as the function gets it, and what is asked of it."""

    sequence: str
    key: str  # records with the same one stay in order
    arrival: float  # seconds since 1970
    seen: Mapping[str, Any]  # the function's own


class Record(NamedTuple):
    """A record that waits for its batch."""

    sequence: str
    arrival: float  # seconds since 1970
    since: datetime  # the same by the clock that ages go by
    text: bytes  # JSON


class Api(Protocol):
    """One stream of a service. Every method raises `Refused` or `MachineError`.

    Attributes:
        name: as people say it: kinesis clicks.
        most: records in one call.
        interval: seconds between two looks at a shard, by Lambda itself.
        information: name of what a discarded batch is described with.
        data_key: what filters call the data.
    """

    name: str
    most: int
    interval: float
    information: str
    data_key: str

    async def identity(self) -> Identity:
        """Which stream it is: asked for before anything else, and again when it may be another one."""

    async def shards(self) -> Sequence[ShardInfo]:
        """All that it has and had, as far as their records are kept."""

    async def iterator(self, shard: str, position: Position) -> str:
        """Where reading begins; of a moment that the service cannot look for, at the oldest record."""

    async def page(self, iterator: str, most: int) -> Page:
        """The next records."""

    def record(self, given: Mapping[str, Any], shard: str, arn: str) -> Raw:
        """A record of a page."""
