"""What `serve` tells: one line per event with its fate, the functions' logs, notes; or all of it as JSON lines.

Lines are gathered for a moment and written together: thousands of events a second must not wait for a terminal.
"""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdacli import console
from lambdacli.errors import MachineError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lambdacli.errors import LambdacliError

_GATHERED = 0.03  # seconds at most between an event and its line
_SHOWN = 3  # records of a step that are named
_PLATFORM_TEXT = ("START RequestId:", "END RequestId:", "REPORT RequestId:", "INIT_START ")
_PLATFORM = tuple(map(str.encode, _PLATFORM_TEXT))
_COLOURS = {
    "failed": "red", "dead-lettered": "red", "discarded": "red", "throttled": "yellow", "retried": "yellow",
    "returned": "yellow", "filtered": "dim", "received": "dim", "batched": "dim", "succeeded": "green", "sent": "cyan",
}  # fmt: skip
_WORDS = {"filtered": "filtered out:", "dead-lettered": "dead-lettered to", "sent": "record sent to"}
_FIRST_ERROR = 400


class Shown(NamedTuple):
    """How much is shown."""

    every_step: bool = False  # not only how an event ended
    prefixes: bool = False  # a function's log says whose it is


class Lines:
    """For people, on stderr.

    `soon` calls a function after so many seconds, as an event loop's `call_later`.
    """

    def __init__(self, shown: Shown, final: Sequence[str], soon: Callable[[float, Callable[[], None]], object]) -> None:
        self._shown = shown
        self._final = frozenset(final)
        self._gathering = _Gathering(soon, _to_stderr)
        self._paint = console.painter()
        self._second = 0
        self._clock = ""  # that second, as people read it

    @property
    def platform(self) -> bool:
        """Whether Lambda's own lines are shown."""
        return self._shown.every_step and not console.quiet()

    def step(self, step: Any) -> None:
        """Something happened to an event."""
        if console.quiet() or not (self._shown.every_step or step.what in self._final):
            return
        self._gathering.add(self._line(step))

    def log(self, function: str, chunk: bytes) -> None:
        """Whole lines of a function's log, each with whose it is; Lambda's own only with --explain."""
        if console.quiet() or (not self._shown.every_step and chunk.startswith(_PLATFORM)):
            return
        head = self._paint(f"{function} | ", "cyan") if self._shown.prefixes else ""
        for line in chunk.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n").splitlines():
            if self._shown.every_step or not line.startswith(_PLATFORM_TEXT):
                self._gathering.add(f"{head}{line}\n")

    def note(self, text: str) -> None:
        """Something that people should know."""
        self.flush()
        console.message(text)

    def warning(self, text: str, hint: str = "") -> None:
        """Something that is not as it should be."""
        self.flush()
        console.warning(text, hint)

    def trouble(self, error: LambdacliError) -> None:
        """A part cannot work until something is changed."""
        self.flush()
        console.error(error)

    def flush(self) -> None:
        """Write what was gathered."""
        self._gathering.flush()

    def _line(self, step: Any) -> str:
        """One step as a line."""
        where = f"{step.source} {_named(step.records)}" if step.records else step.source
        if step.what == "answered":
            said = self._paint(_one_line(step.detail), _answer_colour(step))
        else:
            fate = _WORDS.get(step.what, step.what)
            said = self._paint(f"{fate} {_one_line(step.detail)}".rstrip(), _COLOURS.get(step.what, "bold"))
        took = "" if step.milliseconds is None else self._paint(f" in {step.milliseconds:.1f} ms", "dim")
        function = f" → {step.function}" if step.function else ""
        return f"{self._now()} {where}{function}: {said}{took}\n"

    def _now(self) -> str:
        second = int(time.time())
        if second != self._second:
            self._second, self._clock = second, self._paint(time.strftime("%H:%M:%S"), "dim")
        return self._clock


class JsonLines:
    """For machines: everything as one JSON object a line on stdout.

    Attributes:
        failure: why nothing more can be written: `ReaderGone` or `MachineError`.
        lost: called once that is so.
    """

    def __init__(self, soon: Callable[[float, Callable[[], None]], object]) -> None:
        self.failure: Exception | None = None
        self.lost: Callable[[], object] | None = None
        self._gathering = _Gathering(soon, self._write)

    @property
    def platform(self) -> bool:
        """All of a log is told."""
        return True

    def step(self, step: Any) -> None:
        """Something happened to an event."""
        figures = {} if step.milliseconds is None else {"durationMs": round(step.milliseconds, 2)}
        optional = {"function": step.function, "detail": step.detail, "requestId": step.request_id}
        said = {name: value for name, value in optional.items() if value}
        self._put("event", what=step.what, source=step.source, records=list(step.records), **said, **figures)

    def log(self, function: str, chunk: bytes) -> None:
        """A piece of a function's log."""
        self._put("log", function=function, message=chunk.decode("utf-8", "replace"))

    def note(self, text: str) -> None:
        """Something that people should know."""
        self._put("note", message=text)

    def warning(self, text: str, hint: str = "") -> None:
        """Something that is not as it should be."""
        self._put("warning", message=text, **({"hint": hint} if hint else {}))

    def trouble(self, error: LambdacliError) -> None:
        """A part cannot work until something is changed."""
        problems = [str(each) for each in getattr(error, "problems", ())]
        hint = {"hint": error.hint} if error.hint else {}
        self._put("error", message="; ".join(filter(None, [error.message, *problems])), **hint)

    def flush(self) -> None:
        """Write what was gathered."""
        self._gathering.flush()

    def _write(self, text: str) -> None:
        """On stdout. Parts tell in the middle of their work: it goes on, whatever has become of the reader."""
        if self.failure is not None:
            return
        try:
            with console.writing():
                sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
                sys.stdout.buffer.flush()
        except (console.ReaderGone, MachineError) as error:
            self.failure = error
            if self.lost is not None:
                self.lost()

    def _put(self, kind: str, **values: Any) -> None:
        now = time.time()
        stamp = f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(now))}.{int(now * 1000) % 1000:03d}Z"
        self._gathering.add(json.dumps({"time": stamp, "type": kind, **values}, ensure_ascii=False) + "\n")


class _Gathering:
    """Lines until they are written together: at once where there are few."""

    def __init__(self, soon: Callable[[float, Callable[[], None]], object], write: Callable[[str], None]) -> None:
        self._soon = soon
        self._write = write
        self._lines: list[str] = []
        self._last = 0.0

    def add(self, line: str) -> None:
        self._lines.append(line)
        if len(self._lines) > 1:
            return  # it will be written with the first
        if time.monotonic() - self._last > _GATHERED:
            self.flush()
        else:
            self._soon(_GATHERED, self.flush)

    def flush(self) -> None:
        self._last = time.monotonic()
        if self._lines:
            text = "".join(self._lines)
            self._lines.clear()
            self._write(text)


def _to_stderr(text: str) -> None:
    console.log(text.encode("utf-8", "backslashreplace"))


def _named(records: Sequence[str]) -> str:
    more = len(records) - _SHOWN
    return ", ".join(records[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _answer_colour(step: Any) -> str:
    return "green" if step.detail[:1] == "2" and "Unhandled" not in step.detail else "yellow"


def _one_line(text: str) -> str:
    return " ".join(text.split())[:_FIRST_ERROR]
