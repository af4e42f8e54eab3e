"""A parsed manifest: plain values, and the line and column of each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lambdacli.model import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lambdacli.model import Severity

    # line, column, and for a mapping its keys' lines, columns and values' places, for a sequence its items' places
    Place = tuple[int, int, "dict[str, tuple[int, int, Place]] | list[Place] | None"]
    Step = str | int

_LONGEST = 100


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed manifest: `tree` is plain (dict, list, str, int, float, bool, None), `place` mirrors it."""

    file: str
    tree: Any
    place: Place
    problems: tuple[Problem, ...] = ()

    def problem(
        self,
        path: Sequence[Step],
        message: str,
        *,
        hint: str = "",
        key: bool = False,
        severity: Severity = "error",
    ) -> Problem:
        """A problem at the value (or the key) at `path`, or at its nearest ancestor that is written down."""
        line, column = self.position(path, key=key)
        return Problem(self.file, line, column, path_text(path), one_line(message), one_line(hint), severity)

    def position(self, path: Sequence[Step], *, key: bool = False) -> tuple[int, int]:
        """1-based line and column."""
        place = self.place
        found = place[:2]
        for number, step in enumerate(path):
            children = place[2]
            if isinstance(children, dict) and step in children:
                line, column, place = children[step]
                found = (line, column) if key and number == len(path) - 1 else place[:2]
            elif isinstance(children, list) and isinstance(step, int) and step < len(children):
                place = children[step]
                found = place[:2]
            else:
                break
        return found

    def has(self, path: Sequence[Step]) -> bool:
        """Whether the value at `path` is written in the document."""
        value = self.tree
        for step in path:
            if isinstance(value, dict):
                if step not in value:
                    return False
            elif not (isinstance(value, list) and isinstance(step, int) and step < len(value)):
                return False
            value = value[step]
        return True

    def below_text(self, path: tuple[Step, ...]) -> tuple[Step, ...]:
        """The path without what would lie inside a text: in `sqs: orders` no `sqs.queue` is written."""
        value = self.tree
        for number, step in enumerate(path):
            if not isinstance(value, (dict, list)):
                return path[:number]
            if not self.has(path[: number + 1]):
                return path
            value = value[step]  # type: ignore[index]
        return path

    def written(self, *paths: tuple[Step, ...]) -> tuple[Step, ...]:
        """The first of the paths that stands in the document, else the last."""
        return next((path for path in paths if self.has(path)), paths[-1])

    def in_function(self, stage: str, name: str, path: Sequence[Step]) -> tuple[Step, ...]:
        """Where a function's setting, or what of it is written, stands: in the stage, the function, or the defaults."""
        for end in range(len(path), 0, -1):
            paths = (
                ("stages", stage, "functions", name, *path[:end]),
                ("functions", name, *path[:end]),
                ("stages", stage, "defaults", *path[:end]),
                ("defaults", *path[:end]),
            )
            if (found := next((each for each in paths if self.has(each)), None)) is not None:
                return (*found, *path[end:])
        return ("functions", name, *path)


def path_text(path: Iterable[Step]) -> str:
    """As functions.orders.triggers[0].sqs.queue; keys that would be unclear are quoted."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif re.fullmatch(r"[\w$-]+", step):
            text += f".{step}" if text else step
        else:
            text += f'["{one_line(shortened(step))}"]'
    return text


def one_line(text: str) -> str:
    """The text with everything that would break a line, or speak to a terminal, escaped."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def shortened(text: str) -> str:
    """A text as an error shows it."""
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
