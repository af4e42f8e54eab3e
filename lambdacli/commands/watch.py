"""`lambdacli watch`: invoke again on every save."""

from __future__ import annotations

import gc
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lambdacli import console, interrupts
from lambdacli.commands.running import as_command, read_stdin, runs_a_function
from lambdacli.local.wanted import Wanted

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterator

    from lambdacli.errors import LambdacliError
    from lambdacli.local.invocation import Outcome
    from lambdacli.local.prepare import Ready
    from lambdacli.local.watch import Signal, Watch


@runs_a_function
def command(
    wanted: Wanted,
    ignore: Annotated[
        list[str], typer.Option("--ignore", metavar="PATTERN", help="Changes not to run for, as in a .gitignore.")
    ] = [],
) -> None:
    """Run a function now and on every save of its code, its event, the manifest or an env file.

    In a terminal Enter runs it again in the same warm environment, q ends. .gitignore is honoured.
    """
    from lambdacli.local import guard
    from lambdacli.local.prepare import pinned, prepare, watched_first

    guard.current()
    run = pinned(wanted)

    from lambdacli.local.watch import Watch

    gc.enable()

    async def main() -> None:
        watching = Watch(lambda: prepare(run, stdin=read_stdin), _Screen(), watched_first(run), ignore)
        with _keys(watching), _termination(watching):
            await watching.run()

    try:
        interrupts.run(main())
    finally:
        guard.close()


COMMAND = as_command("watch", command)
_NAMED = 3  # saved files at most, of a burst


class _Screen:
    """Tells what happens, in plain lines: results on stdout, all else on stderr."""

    def __init__(self) -> None:
        self._last: bytes | None = None

    def begins(self, ready: Ready, saved: frozenset[Path]) -> None:
        names = ", ".join(sorted(path.name for path in saved)[:_NAMED]) + (", …" if len(saved) > _NAMED else "")
        for remark in ready.remarks if not saved else ():
            console.warning(remark)
        console.heading(f"{ready.function.name}: {names} saved" if names else ready.function.name)

    def log(self, chunk: bytes) -> None:
        console.log(chunk)

    def ended(self, ready: Ready, outcome: Outcome) -> None:
        console.raw(outcome.payload)
        if outcome.status != "success":
            message = console.function_error(ready.function.name, outcome.payload, Path(ready.plan.cwd))
            console.problem(message)
        elif self._last is not None:
            console.difference(self._last, outcome.payload)
        self._last = outcome.payload if outcome.status == "success" else self._last
        cold = f", init {outcome.report.init:.0f} ms" if outcome.report.init is not None else ""
        console.message(f"{outcome.status} in {outcome.report.duration:.1f} ms{cold}; {_waiting()}")

    def trouble(self, error: LambdacliError) -> None:
        console.error(error)
        console.message(_waiting())

    def spinning(self, path: Path) -> None:
        console.warning(
            f"{path.name} is saved again and again while the function runs: now with a second between runs",
            hint=f"if the function itself writes it: --ignore {path.name}",
        )


def _waiting() -> str:
    return "waiting for a save" + ("; Enter runs it again, q ends" if sys.stdin.isatty() else "")


@contextmanager
def _keys(watching: Watch) -> Iterator[None]:
    """In a terminal: q ends, Enter runs again. The terminal is put back as it was."""
    try:
        import termios
        import tty
    except ImportError:  # Windows
        yield
        return
    if not _in_foreground():
        yield
        return
    import asyncio
    import signal

    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    loop = asyncio.get_running_loop()

    def single_keys() -> None:
        if _in_foreground():
            with suppress(termios.error):
                tty.setcbreak(descriptor)

    single_keys()
    loop.add_signal_handler(signal.SIGCONT, single_keys)  # after Ctrl-Z and fg the shell has put the terminal back
    loop.add_reader(descriptor, _key_pressed, descriptor, watching.signals)
    try:
        yield
    finally:
        loop.remove_reader(descriptor)
        loop.remove_signal_handler(signal.SIGCONT)
        with suppress(termios.error):  # it is gone
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def _in_foreground() -> bool:
    """Whether keys come to us: a job in the background would be stopped when it touches its terminal."""
    import os

    try:
        return sys.stdin.isatty() and os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except OSError:  # a terminal, but not the one of our session
        return sys.stdin.isatty()


def _key_pressed(descriptor: int, signals: asyncio.Queue[Signal]) -> None:
    import os

    from lambdacli.local.watch import Signal

    try:
        keys = os.read(descriptor, 64).decode("latin-1")
    except OSError:  # the terminal is gone
        keys = ""
    for key in keys or "q":
        if key in "qQ\x04":
            signals.put_nowait(Signal("quit"))
        elif key in "\r\n":
            signals.put_nowait(Signal("again"))


@contextmanager
def _termination(watching: Watch) -> Iterator[None]:
    """SIGTERM ends the watch as q does."""
    import asyncio
    import signal

    from lambdacli.local.watch import Signal

    loop = asyncio.get_running_loop()
    try:
        loop.add_signal_handler(signal.SIGTERM, watching.signals.put_nowait, Signal("quit"))
    except NotImplementedError:  # Windows
        yield
        return
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
