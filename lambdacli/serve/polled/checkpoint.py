"""How far a shard is done: up to the first record that is not, whichever of those after it are. Pure."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Checkpoint:
    """The records of one shard in their order.

    Attributes:
        sequence: number of the last record before which, and with which, all are done; "": none is.
    """

    def __init__(self, sequence: str = "") -> None:
        self.sequence = sequence
        self._order: deque[str] = deque()
        self._open: set[str] = set()

    def read(self, sequence: str, *, wanted: bool) -> None:
        """The next record has come; one that was filtered out is done with that."""
        self._order.append(sequence)
        if wanted:
            self._open.add(sequence)
        else:
            self._advance()

    def done(self, sequences: Iterable[str]) -> None:
        """Records have been dealt with."""
        self._open.difference_update(sequences)
        self._advance()

    def left(self, sequences: Iterable[str]) -> tuple[str, ...]:
        """Those of them that are not done."""
        return tuple(each for each in sequences if each in self._open)

    def _advance(self) -> None:
        while self._order and self._order[0] not in self._open:
            self.sequence = self._order.popleft()
