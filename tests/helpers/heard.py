"""A `Telling` that remembers what it was told."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from lambdacli.errors import LambdacliError
    from lambdacli.serve.telling import Step


@dataclass
class Heard:
    """Everything in its order."""

    platform = True
    steps: list[Step] = field(default_factory=list)
    logs: list[tuple[str, bytes]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    troubles: list[LambdacliError] = field(default_factory=list)

    def step(self, step: Step) -> None:
        self.steps.append(step)

    def log(self, function: str, chunk: bytes) -> None:
        self.logs.append((function, chunk))

    def note(self, text: str) -> None:
        self.notes.append(text)

    def warning(self, text: str, hint: str = "") -> None:
        self.warnings.append(f"{text} ({hint})" if hint else text)

    def trouble(self, error: LambdacliError) -> None:
        self.troubles.append(error)

    def of(self, *whats: str) -> list[Step]:
        """The steps of some kinds."""
        return [each for each in self.steps if each.what in whats]

    async def until(self, true: Callable[[Heard], bool], seconds: float = 20) -> None:
        """Return once it is so."""
        end = asyncio.get_running_loop().time() + seconds
        while not true(self):
            assert asyncio.get_running_loop().time() < end, self
            await asyncio.sleep(0.01)
