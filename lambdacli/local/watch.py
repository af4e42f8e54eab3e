"""Invoke again on every save: a spare runtime waits, so that a save costs only the load of the user's code."""

from __future__ import annotations

import asyncio  # noqa: TID253 - this module is only imported once something is watched
import contextlib
import time
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from lambdacli.errors import LambdacliError
from lambdacli.local import guard, headstart
from lambdacli.local.changes import Changes
from lambdacli.local.child import Child, begin
from lambdacli.local.execution import ExecutionEnvironment

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from lambdacli.local.invocation import Outcome
    from lambdacli.local.prepare import Ready

_OWN_WRITE = 0.5  # seconds after a run began within which a save is likely the handler's own
_OWN_WRITES = 8  # in a row, and the file is taken for the handler's


class Signal(NamedTuple):
    """Why something has to happen now."""

    kind: Literal["saved", "again", "quit", "blind"]
    paths: frozenset[Path] = frozenset()
    error: LambdacliError | None = None  # of "blind": why nothing can be watched any more


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

    def ignores(self, path: Path) -> None:
        """The function itself writes this file on every run: its changes no longer count."""


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
        self._observer: asyncio.Task[None] | None = None
        self._began = 0.0
        self._writes: dict[Path, int] = {}

    async def run(self) -> None:
        """Invoke at once, then after every signal, until `quit`.

        Raises:
            MachineError: the files cannot be watched.
        """
        guard.adopt_orphans()
        signal = Signal("saved")
        try:
            while signal.kind != "quit":
                work = asyncio.create_task(self._work(signal))
                signal = await self._next_signal()
                work.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await work
        finally:
            await self._close()

    async def _next_signal(self) -> Signal:
        while True:
            signal = await self.signals.get()
            if signal.error is not None:
                raise signal.error
            if signal.kind != "saved" or not self._is_own_write(signal):
                return signal

    async def _work(self, signal: Signal) -> None:
        try:
            ready = self._prepared(signal)
            self._observe()
            self._show.begins(ready, signal.paths)
            self._began = time.monotonic()
            environment = await self._fresh_or_warm(ready, signal)
            self._show.ended(ready, await environment.invoke(ready.invocation()))
        except LambdacliError as error:
            self._observe()
            self._show.trouble(error)
        await self._get_ready_for_next()

    def _prepared(self, signal: Signal) -> Ready:
        """The run anew where one of the files that it was made from was saved."""
        if self._ready is None or signal.paths & {path.resolve() for path in self._files}:
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

    def _observe(self) -> None:
        """Watch what the run is made of now."""
        wanted = (self._code, self._files, tuple(self._ignore))
        if wanted == self._watching:
            return
        self._watching = wanted
        if self._observer is not None:
            self._observer.cancel()
        self._observer = asyncio.create_task(self._forward(Changes(*wanted)))

    async def _forward(self, changes: Changes) -> None:
        try:
            async for paths in changes:
                self.signals.put_nowait(Signal("saved", frozenset(paths)))
        except LambdacliError as error:
            self.signals.put_nowait(Signal("blind", error=error))

    def _is_own_write(self, signal: Signal) -> bool:
        """Whether the function saved the file itself, on each of its last runs: then nothing new has happened."""
        if time.monotonic() - self._began > _OWN_WRITE:
            self._writes.clear()
            return False
        for path in signal.paths:
            self._writes[path] = self._writes.get(path, 0) + 1
            if self._writes[path] == _OWN_WRITES:
                self._ignore.append(path.name)
                self._show.ignores(path)
        return all(self._writes[path] >= _OWN_WRITES for path in signal.paths)

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
