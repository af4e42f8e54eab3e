"""Events that their services push: a real put_object, publish or put_events reaches the function.

One file per kind, named as the trigger: `feed(given)` in it makes what brings its events here.
"""

from __future__ import annotations

import asyncio  # noqa: TID253 - this module is only imported once a loop is wanted
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import TYPE_CHECKING

from lambdacli import triggers
from lambdacli.resource import shortened
from lambdacli.serve.asking import Asking
from lambdacli.serve.pushed.arriving import Given, Subscriber

if TYPE_CHECKING:
    from lambdacli.model import Manifest
    from lambdacli.serve.parts import Common, Source
    from lambdacli.serve.pushed.arriving import Feed

_THREADS = 24  # as many long polls as there are kinds, and the calls beside them
_LONGEST_PREFIX = 64  # characters of the 80 that a queue's name may have
_HINT = "`--sources local` runs an emulator, and your clients can push there"


class Pushed:
    """Everything that is pushed. On AWS itself nothing is set up: there the deployed triggers push."""

    def __init__(self, common: Common, source: Source) -> None:
        manifest = common.fleet.manifest
        prefix = shortened(f"lambdacli-serve-{manifest.app}-{manifest.stage}", _LONGEST_PREFIX)
        self._executor = ThreadPoolExecutor(_THREADS, "pushed")
        asking = Asking(source.connection, self._executor)
        self._given = Given(common, source, asking, self._executor, prefix)
        self._feeds: dict[str, Feed] = {}
        self._told = False

    async def start(self) -> None:
        """Set everything up for the manifest. What is not there yet is told of, and tried again and again."""
        await self.change(self._given.common.fleet.manifest)

    async def change(self, manifest: Manifest) -> None:
        """Follow a manifest: filters at once, what is new as soon as its source takes it."""
        wanted = _wanted(manifest)
        if not self._given.source.endpoint:
            self._tell(wanted)
            return
        for kind in wanted:
            if kind not in self._feeds:
                self._feeds[kind] = import_module(f"{__name__}.{kind}").feed(self._given)
        await asyncio.gather(*(feed.follow(wanted.get(kind, [])) for kind, feed in self._feeds.items()))

    async def again(self) -> None:
        """Set everything up anew: the source has forgotten it."""
        await asyncio.gather(*(feed.again() for feed in self._feeds.values()))

    async def pause(self) -> None:
        """Take nothing new."""
        await asyncio.gather(*(feed.pause() for feed in self._feeds.values()))

    async def stop(self) -> None:
        """Take down what was set up in a source that others have, too."""
        await self.pause()
        await asyncio.gather(*(feed.stop() for feed in self._feeds.values()))
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _tell(self, wanted: dict[str, list[Subscriber]]) -> None:
        if wanted and not self._told:
            self._told = True
            kinds = ", ".join(sorted(wanted))
            self._given.common.telling.warning(f"{kinds}: what AWS itself pushes is not brought here", _HINT)


def _wanted(manifest: Manifest) -> dict[str, list[Subscriber]]:
    """Who wants to hear of what, by kind."""
    found: dict[str, list[Subscriber]] = {}
    for function, trigger in triggers.active(manifest, "push"):
        where = triggers.where(function.name, trigger)
        found.setdefault(trigger.kind, []).append(Subscriber(function.name, trigger, where))
    return found
