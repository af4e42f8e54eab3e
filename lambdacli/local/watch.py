"""Invoke again on every save: a spare runtime waits, so that a save costs only the load of the user's code."""

from __future__ import annotations

import asyncio  # noqa: TID253 - this module is only imported once something is watched
import contextlib
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from lambdacli import runtimes
from lambdacli.errors import LambdacliError, MachineError, UsageError
from lambdacli.local import guard, headstart
from lambdacli.local.changes import Changes
from lambdacli.local.child import Child, begin
from lambdacli.local.execution import ExecutionEnvironment

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from lambdacli.local.invocation import Outcome
    from lambdacli.local.prepare import Ready

_SOON = 0.5  # seconds after a run within which a save may still be the function's own
_SUSPICIOUS = 5  # such saves of a file in a row: a function that writes where it is watched must not spin
_SPACE = 1.0  # seconds after a run until the next, where the file is source code
_LOOK = 0.05  # seconds between two looks meanwhile
_PATIENCE = 5.0  # seconds that such a run may still take before a save ends it after all


class Signal(NamedTuple):
    """Why something has to happen now."""

    kind: Literal["saved", "again", "quit", "failed"]
    paths: frozenset[Path] = frozenset()
    error: BaseException | None = None  # of "failed": why it cannot go on


class Show(Protocol):
    """What a person is told. Called in order, from one thread."""

    def begins(self, ready: Ready, saved: frozenset[Path]) -> None:
        """A run begins."""

    def log(self, chunk: bytes) -> None:
        """The function's log, as it comes."""

    def ended(self, ready: Ready, outcome: Outcome) -> None:
        """A run has ended."""

    def trouble(self, error: LambdacliError) -> None:
        """Nothing can run until something is saved."""

    def spinning(self, path: Path) -> None:
        """This file is saved again and again while the function runs: it no longer runs at once for it."""


class Watch:
    """Runs `make()`'s function until told to quit. `files` are watched while `make` cannot say what to watch."""

    def __init__(
        self, make: Callable[[], Ready], show: Show, files: Sequence[Path], ignore: Sequence[str] = ()
    ) -> None:
        self.signals: asyncio.Queue[Signal] = asyncio.Queue()
        self._make = make
        self._show = show
        self._code: tuple[Path, ...] = ()
        self._files = tuple(files)
        self._ignore = list(ignore)
        self._ready: Ready | None = None
        self._environment: ExecutionEnvironment | None = None
        self._retired: list[ExecutionEnvironment] = []
        self._spare: Child | None = None
        self._watching: tuple[object, ...] = ()
        self._changes: Changes | None = None
        self._observer: asyncio.Task[None] | None = None
        self._ended = 0.0  # when the last run did, by time.monotonic
        self._rests = asyncio.Event()  # set while nothing runs
        self._soon: dict[Path, int] = {}  # saves in a row that came while it ran or soon after

    async def run(self) -> None:
        """Invoke at once, then after every signal, until `quit`.

        Raises:
            MachineError: the files cannot be watched.
            LambdacliError: already the first run cannot begin, and no save can change that.
        """
        guard.adopt_orphans()
        signal = Signal("saved")
        try:
            while signal.kind != "quit":
                async with self._working(signal):
                    signal = await self._next_signal()
        finally:
            await self._close()

    @contextlib.asynccontextmanager
    async def _working(self, signal: Signal) -> AsyncIterator[None]:
        """Work in the background; its failure is a signal too."""
        work = asyncio.create_task(self._work(signal))
        work.add_done_callback(self._report)
        try:
            yield
        finally:
            work.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await work

    def _report(self, work: asyncio.Task[None]) -> None:
        if not work.cancelled() and (error := work.exception()) is not None:
            self.signals.put_nowait(Signal("failed", error=error))

    async def _next_signal(self) -> Signal:
        while True:
            signal = await self.signals.get()
            if signal.error is not None:
                raise signal.error
            if signal.kind != "saved" or not self._is_spinning(signal.paths):
                return signal
            saved = await self._spaced_out(set(signal.paths))
            if news := frozenset(path for path in saved if not self._is_own_write(path)):
                return Signal("saved", news)

    async def _work(self, signal: Signal) -> None:
        try:
            ready = self._prepared(signal)
            await self._observe()
            self._show.begins(ready, signal.paths)
            self._rests.clear()
            environment = await self._fresh_or_warm(ready, signal)
            outcome = await environment.invoke(ready.invocation())
            self._show.ended(ready, outcome)
            if environment.state == "dead":  # a timeout or too much memory: it must not go on
                await environment.stop()
        except LambdacliError as error:
            if not self._code and isinstance(error, (UsageError, MachineError)):
                raise
            await self._observe()
            self._show.trouble(error)
        finally:
            self._ended = time.monotonic()
            self._rests.set()
        await self._get_ready_for_next()

    def _prepared(self, signal: Signal) -> Ready:
        """The run anew where one of the files that it was made from was saved, or the code went or came as a whole."""
        made_from = {Path(os.path.realpath(path)) for path in (*self._files, *self._code)}  # also of links in a circle
        if self._ready is None or signal.paths & made_from or not all(map(os.path.exists, self._code)):
            self._ready = None
            self._ready = self._make()
            self._code, self._files = (self._ready.function.code,), self._ready.files
        return self._ready

    async def _fresh_or_warm(self, ready: Ready, signal: Signal) -> ExecutionEnvironment:
        current = self._environment
        if signal.kind == "again" and current is not None and current.state == "idle":
            return current
        if current is not None:
            current.kill()
            self._retired.append(current)
        child, self._spare = self._spare or headstart.claim(ready.plan), None
        if child is not None and not _fits(child, ready):
            child.end()
            child = None
        begun = begin(ready.plan, child) if child is not None else None
        self._environment = ExecutionEnvironment(ready.plan, self._show.log, begun)
        await self._environment.start()
        return self._environment

    async def _get_ready_for_next(self) -> None:
        while self._retired:
            await self._retired.pop().stop()
        plan = self._ready.plan if self._ready else None
        if plan is not None and plan.spare_environment is not None and self._spare is None:
            with contextlib.suppress(OSError):
                self._spare = Child(plan.argv, plan.spare_environment, None, spare=True)

    async def _observe(self) -> None:
        """Watch what the run is made of now; from then on no save is missed."""
        wanted = (self._code, self._files, tuple(self._ignore))
        if wanted != self._watching:
            self._watching = wanted
            if self._observer is not None:
                self._observer.cancel()
            self._changes = Changes(*wanted)
            self._observer = asyncio.create_task(self._forward(self._changes))
        if self._changes is not None:
            await self._changes.begun.wait()

    async def _forward(self, changes: Changes) -> None:
        try:
            async for paths in changes:
                self.signals.put_nowait(Signal("saved", frozenset(paths)))
        except LambdacliError as error:
            self.signals.put_nowait(Signal("failed", error=error))

    def _is_spinning(self, paths: frozenset[Path]) -> bool:
        """Whether saves of a file come while it runs or soon after, time after time."""
        if self._rests.is_set() and time.monotonic() - self._ended > _SOON:
            for path in paths:
                self._soon.pop(path, None)
            return False
        for path in filter(Path.is_file, paths):
            self._soon[path] = self._soon.get(path, 0) + 1
            if self._soon[path] == _SUSPICIOUS:
                self._show.spinning(path)
        return any(self._soon.get(path, 0) >= _SUSPICIOUS for path in paths)

    async def _spaced_out(self, saved: set[Path]) -> set[Path]:
        """All that is saved until the run has ended and a moment more: nothing is lost, and nothing spins."""
        patience = time.monotonic() + _PATIENCE
        while time.monotonic() < (self._ended + _SPACE if self._rests.is_set() else patience):
            await asyncio.sleep(_LOOK)
            while not self.signals.empty():
                more = self.signals.get_nowait()
                if more.kind in ("quit", "failed"):
                    self.signals.put_nowait(more)
                    return saved
                saved |= more.paths
        return saved

    def _is_own_write(self, path: Path) -> bool:
        """A file that is no source code and was last written while the function ran."""
        try:
            written = path.stat().st_mtime
        except OSError:
            return False
        ended = time.time() - (time.monotonic() - self._ended)
        return path.is_file() and path.suffix not in self._source_endings() and written <= ended + _LOOK

    def _source_endings(self) -> tuple[str, ...]:
        return runtimes.of(self._ready.function.runtime).endings if self._ready else ()

    async def _close(self) -> None:
        if self._observer is not None:
            self._observer.cancel()
            await asyncio.gather(self._observer, return_exceptions=True)
        for environment in (*self._retired, self._environment):
            if environment is not None:
                await environment.stop()
        if self._spare is not None:
            self._spare.end()


def _fits(child: Child, ready: Ready) -> bool:
    alive = child.process.poll() is None
    return alive and child.argv == ready.plan.argv and child.environment == ready.plan.spare_environment
