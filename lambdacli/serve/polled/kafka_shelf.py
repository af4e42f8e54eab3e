"""Records that have come before they are due: a partition is read on while a batch of it is at work."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lambdacli.serve.polled.kafka_records import Read

_MOST, _ROOM = 2000, 4 << 20  # records and bytes of one partition


class Shelf:
    """Records of one partition that have been read, and wait until those before them are done.

    Attributes:
        closed: its partition is not read on.
    """

    def __init__(self) -> None:
        self._reads: deque[Read] = deque()
        self._bytes = 0
        self.closed = False

    def __len__(self) -> int:
        return len(self._reads)

    @property
    def full(self) -> bool:
        """Whether no more should come."""
        return len(self._reads) >= _MOST or self._bytes >= _ROOM

    @property
    def low(self) -> bool:
        """Whether more should come."""
        return len(self._reads) <= _MOST // 2 and self._bytes <= _ROOM // 2

    def add(self, read: Read) -> None:
        """Put the next one on it."""
        self._reads.append(read)
        self._bytes += len(read.value or b"")

    def take(self, most: int) -> list[Read]:
        """The first of them."""
        found = [self._reads.popleft() for _ in range(min(most, len(self._reads)))]
        self._bytes -= sum(len(each.value or b"") for each in found)
        return found
