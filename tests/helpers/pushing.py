"""What services push, led into a real fleet: a manifest, a source, and everything that the functions got."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from clocks import Clock
from heard import Heard

from lambdacli import events
from lambdacli import manifest as manifests
from lambdacli.local import guard
from lambdacli.local.plan import Machine
from lambdacli.serve.fleet import Fleet
from lambdacli.serve.later import Queueing
from lambdacli.serve.parts import Common
from lambdacli.serve.pushed import Pushed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from lambdacli.model import Manifest
    from lambdacli.serve.fleet import Call
    from lambdacli.serve.parts import Source

RUNTIME = f"python{sys.version_info[0]}.{sys.version_info[1]}"
_APP = """
import json
def handler(event, context):
    return {"function": context.function_name, "event": event}
"""
_PATIENCE = 15  # seconds until an event has to have arrived


class Got(NamedTuple):
    """An event that a function has got, and what was said of where it came from."""

    function: str
    event: Any
    source: str
    record: str


class AtOnce:
    """A `Later` that invokes without retries, and remembers what the functions answered."""

    full = False

    def __init__(self, fleet: Fleet, _clock: Clock, _heard: Heard) -> None:
        self._fleet = fleet
        self._running: set[asyncio.Task[None]] = set()
        self.got: list[Got] = []

    def submit(self, function: str, call: Call, source: str, record: str = "") -> None:
        task = asyncio.get_running_loop().create_task(self._invoke(function, call, source, record))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _invoke(self, function: str, call: Call, source: str, record: str) -> None:
        answer = json.loads((await self._fleet.invoke(function, call)).payload)
        assert answer["function"].endswith(function), answer
        self.got.append(Got(function, answer["event"], source, record))


class Running:
    """A fleet with what is pushed to it."""

    def __init__(self, folder: Path, manifest: Manifest, source: Source, later: Any) -> None:
        self.heard = Heard()
        self._folder = folder
        self.fleet = Fleet(manifest, lambda function: Machine({}, {}, function.timeout), self.heard, 10)
        clock = Clock()
        self.later = later(self.fleet, clock, self.heard)
        self.pushed = Pushed(Common(self.fleet, self.later, clock, self.heard), source)

    async def got(self, number: int = 1) -> list[Got]:
        """So many events, in the order of their arrival; they are forgotten then."""
        await self.until(lambda: len(self.later.got) >= number)
        found, self.later.got[:] = self.later.got[:], []
        assert len(found) == number, found
        return found

    async def filtered(self, number: int = 1) -> list[str]:
        """Why so many were kept out; all that was heard is forgotten then."""
        await self.until(lambda: len(self.heard.of("filtered")) >= number)
        found = [each.detail for each in self.heard.of("filtered")]
        self.heard.steps.clear()
        return found

    async def until(self, true: Any) -> None:
        until = asyncio.get_running_loop().time() + _PATIENCE
        while not true():
            assert asyncio.get_running_loop().time() < until, (self.heard, self.later.got)
            await asyncio.sleep(0.01)

    async def change(self, functions: Mapping[str, Any]) -> None:
        """Another manifest."""
        now = written(self._folder, functions)
        self.fleet.change(now)
        await self.pushed.change(now)


def written(folder: Path, functions: Mapping[str, Any]) -> Manifest:
    """A manifest whose functions have these triggers."""
    (folder / "app.py").write_text(_APP)
    whole = {
        "app": "shop",
        "region": "eu-west-1",
        "defaults": {"runtime": RUNTIME, "handler": "app.handler", "code": "app.py", "timeout": 20},
        "functions": {name: {"triggers": triggers} for name, triggers in functions.items()},
    }
    path = folder / "lambdacli.yaml"
    path.write_text(json.dumps(whole))
    return manifests.load(path, environ={})


@asynccontextmanager
async def running(
    folder: Path, source: Source, functions: Mapping[str, Any], later: Any = AtOnce
) -> AsyncIterator[Running]:
    """Everything started; ended in order after the block."""
    guard.current()
    made = Running(folder, written(folder, functions), source, later)
    await made.fleet.start()
    try:
        await made.pushed.start()
        yield made
    finally:
        await made.pushed.stop()
        if isinstance(made.later, Queueing):
            await made.later.stop()
        await made.fleet.close()


def departures(event: Any, name: str) -> list[str]:
    """How an event differs from the shape that our own template has."""
    return [str(each) for each in events.check(event, name).departures]
