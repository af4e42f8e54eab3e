"""What goes on: a live tree in a terminal, plain lines where nobody watches, nothing with --quiet."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdacli import console

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType, TracebackType

_PER_SECOND = 12  # times that a terminal is drawn anew
_MARGIN = 4  # lines of a terminal that stay free
_SHARED = "for several functions"
_BAR = 20  # characters of an upload
_MB = 1e6
_TURNING = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"


class Step(NamedTuple):
    """One thing that is done."""

    group: str  # the function; "" for what belongs to the app
    sign: str
    text: str
    key: str = ""  # tells it from others that look the same


class Steps:
    """Told of steps as they start and end, by several threads; `with` shows them.

    Args:
        total: how many there will be.
        title: what is going on.
        stopping: whether somebody has asked to stop.
    """

    def __init__(self, total: int, title: str, stopping: Callable[[], bool]) -> None:
        self.total = total
        self.title = title
        self.stopping = stopping
        self.running: dict[Step, float] = {}  # since when
        self.ended: dict[Step, bool] = {}  # whether well
        self.sent: dict[Step, tuple[int, int]] = {}  # bytes of all that are to be sent
        self._threads: dict[int, Step] = {}
        self._lock = threading.Lock()
        self._live: Any = None

    def __enter__(self) -> Steps:  # noqa: PYI034 - typing.Self needs Python 3.11
        if live():
            self._live = _tree(self)
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._live is not None:
            self._live.stop()

    def started(self, step: Step) -> None:
        """It is being done."""
        with self._lock:
            self.running[step] = time.monotonic()
            self._threads[threading.get_ident()] = step

    def sending(self, done: int, total: int, thread: int) -> None:
        """So many bytes of so many are sent for the step that the thread with this identifier has started."""
        with self._lock:
            if (step := self._threads.get(thread)) is not None:
                self.sent[step] = (done, total)

    def done(self, step: Step, *, well: bool) -> None:
        """It has ended."""
        with self._lock:
            seconds = time.monotonic() - self.running.pop(step, time.monotonic())
            self.ended[step] = well
            if self._live is None:
                group = f"{step.group}: " if step.group else ""
                failed = "" if well else " failed"
                count = f"[{len(self.ended)}/{self.total}]"
                console.message(f"{count} {step.sign} {group}{step.text}{failed}  {seconds:.1f} s")

    def now(self) -> tuple[dict[Step, float], dict[Step, bool]]:
        """Copies of what is running and what has ended."""
        with self._lock:
            return dict(self.running), dict(self.ended)


def live() -> bool:
    """Whether stderr is a terminal that somebody watches and that can be drawn on."""
    watched = sys.stderr.isatty() and os.environ.get("TERM") not in {"dumb", "unknown"}
    return watched and not os.environ.get("CI") and not console.quiet()


@contextmanager
def working(text: str) -> Iterator[Callable[[str], None]]:
    """Within it something goes on that has no steps: what it gives takes the words for what.

    In a terminal one line that goes away; elsewhere what it is told is a line each.
    """
    if not live():
        yield console.message
        return
    from rich.status import Status

    with _cursor_comes_back(), Status(_plain(text), console=_rich()) as status:
        yield lambda told: status.update(_plain(told))


@contextmanager
def _cursor_comes_back() -> Iterator[None]:
    """Also when Ctrl-C ends the process where it stands."""
    before = signal.getsignal(signal.SIGINT)
    if not callable(before):
        yield
        return

    def leave(number: int, frame: FrameType | None) -> None:
        os.write(sys.stderr.fileno(), b"\r\x1b[K\x1b[?25h")
        before(number, frame)

    signal.signal(signal.SIGINT, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _rich() -> Any:
    from rich.console import Console

    return Console(stderr=True, no_color=not console.coloured(sys.stderr), highlight=False)


def _plain(text: str) -> Any:
    """Text that rich does not read as markup."""
    from rich.text import Text

    return Text(text)


def _tree(steps: Steps) -> Any:
    from rich.live import Live

    drawn = _Drawn(steps)
    return Live(drawn, console=_rich(), refresh_per_second=_PER_SECOND, transient=False, vertical_overflow="crop")


class _Drawn:
    """The tree as it is at the moment."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps

    def __rich_console__(self, terminal: Any, options: Any) -> Iterator[Any]:
        from rich.text import Text
        from rich.tree import Tree

        running, ended = self._steps.now()
        stopping = "  stopping: what has begun is finished" if self._steps.stopping() else ""
        tree = Tree(Text(f"{self._steps.title} {len(ended)}/{self._steps.total}{stopping}", style="bold"))
        room = (options.max_height or terminal.height) - _MARGIN
        groups = dict.fromkeys(step.group for step in (*ended, *running))
        busy = [group for group in groups if any(step.group == group for step in running)]
        idle = [group for group in groups if group not in busy]
        shown = max(room - len(busy) - len(running), 0)
        for group in idle[max(len(idle) - shown, 0) :]:
            tree.add(self._idle(group, ended))
        for group in busy:
            branch = tree.add(Text(group or _SHARED))
            for step, since in running.items():
                if step.group == group:
                    branch.add(self._running(step, since))
        yield tree

    @staticmethod
    def _idle(group: str, ended: dict[Step, bool]) -> Any:
        from rich.text import Text

        own = {step: well for step, well in ended.items() if step.group == group}
        failed = [step.text for step, well in own.items() if not well]
        if failed:
            return Text(f"✗ {group or _SHARED}: {', '.join(failed)}", style="red")
        return Text(f"✓ {group or _SHARED} {len(own)}", style="green")

    def _running(self, step: Step, since: float) -> Any:
        from rich.text import Text

        seconds = time.monotonic() - since
        turning = _TURNING[int(seconds * _PER_SECOND) % len(_TURNING)]
        done, total = self._steps.sent.get(step, (0, 0))
        if done < total:
            full = round(_BAR * done / total)
            waiting = f"  {'━' * full}{'╌' * (_BAR - full)} {done / _MB:.1f} of {total / _MB:.1f} MB"
        else:
            waiting = f"  {seconds:.0f} s" if seconds >= 1 else ""
        return Text.assemble(f"{turning} {step.sign} {step.text}", (waiting, "dim"))
