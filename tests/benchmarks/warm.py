"""Warm invocations, one after another, in environments that stay: what the Runtime API and a bootstrap cost."""

from __future__ import annotations

import asyncio
import statistics
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cold import awslambdaric, node_manifest, python_manifest
from harness import Budget, WrongOutputError, paired, say, show_budgets, table

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from harness import Setting

    from lambdacli.local.plan import Plan
    from lambdacli.local.prepare import Ready

_SLICE, _QUICK_SLICE = 400, 100  # invocations of one subject before it is the next one's turn
OWN, OFFICIAL, NODE = "lambdacli, own Python client", "lambdacli, awslambdaric", "lambdacli, own Node.js client"
FLOOR, EMULATOR = "floor: least server and client", "RIE + awslambdaric, over HTTP"


@dataclass
class Subject:
    """Something that answers invocations; `us`: microseconds of each; `rates`: per second, by each slice's median."""

    name: str
    invoke: Callable[[], Awaitable[bytes]]
    us: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)

    async def slice(self, count: int, *, measured: bool = True) -> None:
        """Invoke so many times.

        Raises:
            WrongOutputError: an answer is not the function's.
        """
        taken = []
        for _ in range(count):
            begun = time.perf_counter()
            answer = await self.invoke()
            taken.append(time.perf_counter() - begun)
            if answer.replace(b" ", b"") != b'{"n":0}':
                raise WrongOutputError(f"{self.name}: {answer!r}")
        if measured:
            self.us += [seconds * 1e6 for seconds in taken]
            self.rates.append(1 / statistics.median(taken))


def warm(setting: Setting) -> dict[str, Any]:
    """All subjects live at once and take turns."""
    from lambdacli.local import guard

    try:
        subjects = asyncio.run(_measured(setting))
    finally:
        guard.close()
    _show(subjects)
    return {name: {"us": subject.us, "per second": subject.rates} for name, subject in subjects.items()}


async def _measured(setting: Setting) -> dict[str, Subject]:
    count = _QUICK_SLICE if setting.quick else _SLICE
    async with AsyncExitStack() as stack:
        subjects = [Subject(name, invoke) for name, invoke in await _subjects(setting, stack)]
        for subject in subjects:
            await subject.slice(count, measured=False)
        for each in range(setting.rounds):
            for subject in subjects if each % 2 == 0 else reversed(subjects):
                await subject.slice(count)
    return {subject.name: subject for subject in subjects}


async def _subjects(setting: Setting, stack: AsyncExitStack) -> list[tuple[str, Callable[[], Awaitable[bytes]]]]:
    """Start them all; the stack stops them."""
    folder = setting.project("warm-python", python_manifest())
    found = [(FLOOR, await _floor(folder, stack))]
    ready = _ready(folder)
    found.append((OWN, await _environment(ready, ready.plan, stack)))
    if ric := awslambdaric(setting):
        official = (str(ric), "-m", "awslambdaric", "app.handler")
        found.append((OFFICIAL, await _environment(ready, ready.plan._replace(argv=official), stack)))
        if rie := setting.peer("bin/aws-lambda-rie"):
            found.append((EMULATOR, _emulator([rie, *official], folder, stack)))
    if manifest := node_manifest():
        ready = _ready(setting.project("warm-node", manifest))
        found.append((NODE, await _environment(ready, ready.plan, stack)))
    return found


def _ready(folder: Path) -> Ready:
    from lambdacli.local.prepare import prepare
    from lambdacli.local.wanted import Wanted

    return prepare(Wanted("hello", manifest=folder / "lambdacli.yaml", event="{}"), stdin=bytes)


async def _environment(ready: Ready, plan: Plan, stack: AsyncExitStack) -> Callable[[], Awaitable[bytes]]:
    from lambdacli.local.execution import ExecutionEnvironment

    environment = ExecutionEnvironment(plan, lambda _: None)
    await environment.start()
    stack.push_async_callback(environment.stop)

    async def invoke() -> bytes:
        return (await environment.invoke(ready.invocation())).payload

    return invoke


async def _floor(folder: Path, stack: AsyncExitStack) -> Callable[[], Awaitable[bytes]]:
    from floors.least_runtime_api import LeastRuntimeApi

    api = await LeastRuntimeApi.start(folder)
    stack.callback(api.stop)
    return lambda: api.invoke(b"{}")


def _emulator(command: list[Any], folder: Path, stack: AsyncExitStack) -> Callable[[], Awaitable[bytes]]:
    from floors.emulator import Emulator

    emulator = Emulator(command, folder)
    stack.callback(emulator.stop)

    async def invoke() -> bytes:
        return emulator.invoke()

    return invoke


def _show(subjects: dict[str, Subject]) -> None:
    rows = [
        (
            subject.name,
            f"{statistics.median(subject.rates):,.0f}",
            f"{paired(subject.rates, subjects[FLOOR].rates):.2f}",
            f"{statistics.median(subject.us):.0f}",
            f"{statistics.quantiles(subject.us, n=100)[98]:.0f}",
        )
        for subject in subjects.values()
    ]
    say("\n## Warm round trip, one after another\n")
    table(("environment", "invocations/s", "x floor", "p50 µs", "p99 µs"), rows)
    emulator = subjects.get(EMULATOR)
    show_budgets(
        Budget(
            f"{name} / {EMULATOR}",
            paired(subjects[name].rates, emulator.rates) if emulator and name in subjects else None,
            2.5,
            at_most=False,
        )
        for name in (OWN, OFFICIAL)
    )
