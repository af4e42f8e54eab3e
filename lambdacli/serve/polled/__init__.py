"""Queues, streams and topics that are asked for records, as Lambda's event source mappings do.

`<kind>.py` beside this file is how the triggers of a kind do it: see `mapping.Mapping`.
"""

from __future__ import annotations

import asyncio  # noqa: TID253 - this module is only imported once a loop is wanted
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import TYPE_CHECKING, Any

from lambdacli import triggers
from lambdacli.serve.destinations import Sender
from lambdacli.serve.polled.mapping import Wiring
from lambdacli.serve.tasks import Tasks

if TYPE_CHECKING:
    from lambdacli.model import Manifest, Trigger
    from lambdacli.serve.parts import Common, Source
    from lambdacli.serve.polled.mapping import Mapping

_THREADS = 32  # calls at once that are over soon, of all mappings

Key = tuple[str, str, str]  # function, kind, source


class Polled:
    """The event source mappings of the manifest.

    Args:
        common: what every part works with.
        source: where queues and streams are; None where nothing needs one, see `alone`.
    """

    def __init__(self, common: Common, source: Source | None) -> None:
        self._executor = ThreadPoolExecutor(_THREADS, "polled")
        self._sender = Sender(source, common.fleet, common.later, common.telling)
        self._wiring = Wiring(common, source, self._sender, self._executor)  # type: ignore[arg-type]  # see `alone`
        self._running: dict[Key, tuple[Trigger, Mapping]] = {}
        self._handing: dict[Key, tuple[str, Trigger] | None] = {}  # what comes after one that still finishes
        self._positions: dict[Key, Any] = {}  # of those that are not there any more, or not now
        self._finishing: set[Mapping] = set()  # those that have been replaced, or are gone
        self._leaving = Tasks("sources", common.telling)
        self._paused = False

    async def start(self) -> None:
        """As `Part`: returns when nothing is missed that is put into a source from now on."""
        await self._follow(self._wiring.common.fleet.manifest)

    async def change(self, manifest: Manifest) -> None:
        """As `Part`: what has changed gives place to its successor, which goes on where it was."""
        if not self._paused:
            await self._follow(manifest)

    async def again(self) -> None:
        """The source was started again, and what the manifest needs is there again, empty."""
        self._positions.clear()
        await asyncio.gather(*(mapping.again() for _, mapping in self._running.values()))

    async def pause(self) -> None:
        """As `Part`."""
        self._paused = True
        await asyncio.gather(*(mapping.pause() for _, mapping in self._running.values()))

    async def stop(self) -> None:
        """As `Part`."""
        self._paused = True
        running = [mapping for _, mapping in self._running.values()]
        await asyncio.gather(*(mapping.stop() for mapping in [*running, *self._finishing]))
        await self._leaving.cancel()
        self._sender.close()
        self._executor.shutdown(wait=False)

    async def _follow(self, manifest: Manifest) -> None:
        wanted = self._wanted(manifest)
        for key in self._handing:
            self._handing[key] = wanted.pop(key, None)
        kept = {key for key, (trigger, _) in self._running.items() if key in wanted and _same(trigger, wanted[key][1])}
        gone = {key: self._running.pop(key)[1] for key in set(self._running) - kept}
        new = {key: each for key, each in wanted.items() if key not in kept}
        await asyncio.gather(*(self._replaced(key, gone.get(key), new.get(key)) for key in {*gone, *new}))

    def _wanted(self, manifest: Manifest) -> dict[Key, tuple[str, Trigger]]:
        wanted: dict[Key, tuple[str, Trigger]] = {}
        for each, trigger in triggers.active(manifest, "poll"):
            function = each.name
            key = _key(function, trigger)
            if wanted.setdefault(key, (function, trigger))[1] is not trigger:
                text = f"{triggers.where(function, trigger)}: the function has another trigger of the same source"
                self._wiring.common.telling.warning(text, "AWS refuses a second one; only the first works")
        return wanted

    async def _replaced(self, key: Key, before: Mapping | None, wanted: tuple[str, Trigger] | None) -> None:
        """One mapping gives place to another, as soon as its running batches allow it."""
        if before is not None and before.position is None:
            self._leaving.begin(self._finished(before))
        elif before is not None:
            self._handing[key] = wanted
            self._leaving.begin(self._handed_over(key, before))
            return
        if wanted is not None:
            await self._begin(key, wanted)

    async def _handed_over(self, key: Key, before: Mapping) -> None:
        await self._finished(before)
        self._positions[key] = before.position
        wanted = self._handing.pop(key)
        if wanted is not None and not self._paused:
            await self._begin(key, wanted)

    async def _finished(self, mapping: Mapping) -> None:
        self._finishing.add(mapping)
        try:
            await mapping.finish()
        finally:
            self._finishing.discard(mapping)

    async def _begin(self, key: Key, wanted: tuple[str, Trigger]) -> None:
        function, trigger = wanted
        module = import_module(f"{__name__}.{trigger.kind}")
        mapping: Mapping = module.mapping(self._wiring, function, trigger)
        self._running[key] = (trigger, mapping)
        await mapping.start(self._positions.pop(key, None))


def alone(manifest: Manifest) -> bool:
    """Whether anything is polled that needs no source: Kafka's brokers are nobody's but the user's."""
    return any(trigger.kind == "kafka" for _, trigger in triggers.active(manifest, "poll"))


def _key(function: str, trigger: Trigger) -> Key:
    """What stays the same while settings change."""
    values = trigger.settings
    parts = [values.get(key) for key in ("queue", "stream", "table", "bootstrap_servers", "cluster", "topic")]
    return function, trigger.kind, "/".join(str(each) for each in parts if each)


def _same(one: Trigger, other: Trigger) -> bool:
    return one.settings == other.settings
