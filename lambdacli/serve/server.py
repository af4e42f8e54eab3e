"""`serve` as a whole: every part started, the manifest followed, everything ended in order."""

from __future__ import annotations

import asyncio  # noqa: TID253 - this module is only imported once a loop is wanted
import contextlib
import os
import signal
from typing import TYPE_CHECKING, Any

from lambdacli import manifest as manifests
from lambdacli import triggers
from lambdacli.errors import LambdacliError
from lambdacli.local import guard
from lambdacli.serve import clock, hosts, sources
from lambdacli.serve.door import Door
from lambdacli.serve.fleet import Fleet
from lambdacli.serve.fronts.app import App
from lambdacli.serve.later import Queueing
from lambdacli.serve.machine import machine
from lambdacli.serve.parts import Common
from lambdacli.serve.wanted import NONE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator
    from pathlib import Path

    from lambdacli.local.plan import Machine
    from lambdacli.model import Function, Manifest
    from lambdacli.serve.parts import Part
    from lambdacli.serve.reload import Reload
    from lambdacli.serve.sources import Origin
    from lambdacli.serve.telling import Telling
    from lambdacli.serve.wanted import Wanted

_NAMED = 3  # saved files at most, of a burst


class Server:
    """Serves a manifest until a signal, or `end`, says that it is enough."""

    def __init__(self, wanted: Wanted, telling: Telling) -> None:
        self._wanted = wanted
        self._telling = telling
        self._manifest = wanted.restricted(wanted.manifest)
        self._clock = clock.Real(wanted.time_scale, wanted.at)
        self._origin: Origin | None = None
        self._fleet = Fleet(self._manifest, self._machine, telling, wanted.most, wanted.warm)
        self._later = Queueing(self._fleet, self._clock, telling)
        self._common = Common(self._fleet, self._later, self._clock, telling, wanted.host, wanted.port)
        self._app = App(self._common)
        self._door = Door(self._common, self._app)
        self._parts: list[Part] = []
        self._alone: Part | None = None  # it polls without a source
        self._reload: Reload | None = None
        self._enough = asyncio.Event()
        self._at_once = asyncio.Event()
        self._interrupted = False
        self._steady = asyncio.Lock()  # nothing is followed while sources are begun, and one thing after the other

    async def run(self) -> bool:
        """Serve. Returns whether Ctrl-C ended it.

        Raises:
            LambdacliError: it cannot begin: the port is taken, a source is not there.
        """
        self._door.bind()
        asyncio.get_running_loop().set_exception_handler(self._unforeseen)
        guard.adopt_orphans()
        with self._signals():
            try:
                if await self._started():
                    await self._enough.wait()
                    await self._finish()
            finally:
                await self._stop()
        return self._interrupted

    def end(self) -> None:
        """Finish what is at hand, then return from `run`; a second time: at once."""
        (self._at_once if self._enough.is_set() else self._enough).set()

    def _unforeseen(self, _: object, context: dict[str, Any]) -> None:
        """Nobody waited for what has failed: it is told like all else."""
        error = context.get("exception")
        why = f": {type(error).__name__}: {error}" if error is not None else ""
        trouble = LambdacliError(f"{context['message']}{why}", hint="please report it with what --verbose says")
        trouble.__cause__ = error
        self._telling.trouble(trouble)

    # Beginning

    async def _started(self) -> bool:
        """Everything has begun; False: somebody has had enough before that.

        Raises:
            LambdacliError: something cannot begin.
        """
        starting = asyncio.create_task(self._start())
        enough = asyncio.create_task(self._enough.wait())
        await asyncio.wait([starting, enough], return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
            return False
        enough.cancel()
        await starting
        return True

    async def _start(self) -> None:
        self._origin = self._chosen_origin()
        await self._fleet.start()
        for part in (self._later, self._app, self._door):
            await self._add(part)
        self._tell_addresses()
        self._tell_what_only_aws_sends(self._manifest)
        if self._wanted.sources == NONE and sources.needed(self._manifest):
            self._telling.note("no sources: nothing comes from queues, streams, topics and buckets")
        if self._wanted.reload:
            from lambdacli.serve.reload import Reload

            watched = self._wanted.watched(self._manifest)
            self._reload = Reload(watched, self._load, self._follow, self._telling, self._wanted.ignore)
            await self._reload.start()
        async with self._steady:
            await (self._start_sources(self._origin) if self._origin is not None else self._start_alone())
        from lambdacli.serve.schedules import Schedules

        await self._add(Schedules(self._common))  # the clock begins with it
        self._telling.note("ready")
        await self._fleet.look()

    def _chosen_origin(self) -> Origin | None:
        """Where queues, streams and topics are; nowhere as long as nothing in the manifest wants to know.

        Raises:
            MachineError: there is none on this machine.
            UsageError: the endpoint is no URL.
        """
        wanted = self._wanted
        if not sources.needed(self._manifest):
            return None
        return sources.origin(wanted.sources, self._manifest, self._telling, wanted.profile, loud=wanted.loud)

    def _tell_addresses(self) -> None:
        found = [("Lambda, for SDKs", f"http://{hosts.in_url(self._wanted.host)}:{self._door.port}")]
        found += self._app.addresses(self._door.port)
        width = max(len(what) for what, _ in found)
        for what, url in found:
            self._telling.note(f"{what:{width}}  {url}")

    async def _start_sources(self, origin: Origin) -> None:
        source = await origin.start()
        self._later.source = source
        if self._alone is not None:
            self._parts.remove(self._alone)
            await self._alone.stop()
        from lambdacli.serve.polled import Polled
        from lambdacli.serve.pushed import Pushed

        for part in (Polled(self._common, source), Pushed(self._common, source)):
            origin.on_restart.append(part.again)
            await self._add(part)

    async def _start_alone(self) -> None:
        """What is polled although there is no source: Kafka's topics."""
        polls = any(True for _ in triggers.active(self._manifest, "poll"))
        if self._alone is not None or self._wanted.sources == NONE or not polls:
            return
        from lambdacli.serve import polled

        if polled.alone(self._manifest):
            self._alone = polled.Polled(self._common, None)
            await self._add(self._alone)

    async def _add(self, part: Part) -> None:
        self._parts.append(part)
        await part.start()

    def _machine(self, function: Function) -> Machine:
        endpoints = self._origin.environment() if self._origin is not None else {}
        return machine(function, self._wanted, self._door.port, endpoints)

    def _tell_what_only_aws_sends(self, manifest: Manifest) -> None:
        for function in manifest.functions.values():
            for kind in sorted({each.kind for each in function.triggers}):
                if triggers.load(kind).delivery == "aws":
                    self._telling.warning(
                        f"{function.name}: nothing here sends the events of its {kind} trigger",
                        f"`lambdacli invoke {function.name} --trigger {kind}` sends one",
                    )

    # Following the manifest

    def _load(self) -> Manifest:
        wanted = self._wanted
        path = wanted.manifest.path
        return wanted.watched(manifests.load(path, stage=wanted.stage, region=wanted.region, environ=os.environ))

    async def _follow(self, manifest: Manifest, names: frozenset[str], saved: frozenset[Path]) -> None:
        """Go over to what was saved; a part that cannot follow says so and stays as it is."""
        async with self._steady:
            await self._go_over(manifest, names, saved)

    async def _go_over(self, manifest: Manifest, names: frozenset[str], saved: frozenset[Path]) -> None:
        before, self._manifest = self._manifest, self._wanted.restricted(manifest)
        names |= self._concerned_by_variables(saved)
        if self._origin is not None:
            await self._told(self._origin.change(self._manifest))
        renewed = self._fleet.change(self._manifest, names & {*self._manifest.functions})
        if self._manifest != before:
            for part in self._parts:
                await self._told(part.change(self._manifest))
            await self._told(self._follow_to_sources())
            self._tell_what_only_aws_sends(self._manifest)
        else:
            await self._told(self._app.change(self._manifest))  # what authorizers have said is asked anew
        files = ", ".join(sorted(path.name for path in saved)[:_NAMED])
        files += f" and {len(saved) - _NAMED} more" if len(saved) > _NAMED else ""
        what = f"{', '.join(renewed)} reloaded" if renewed else "the manifest is followed"
        self._telling.note(f"{files} saved: {what}")

    def _concerned_by_variables(self, saved: frozenset[Path]) -> frozenset[str]:
        """All functions, if the env file of the command line has changed."""
        wanted = self._wanted
        if wanted.env_file is None or wanted.variables_anew is None or wanted.env_file.resolve() not in saved:
            return frozenset()
        try:
            variables = wanted.variables_anew()
        except LambdacliError as error:
            self._telling.trouble(error)
            return frozenset()
        self._wanted = wanted._replace(variables=variables)
        return frozenset(self._manifest.functions if variables != wanted.variables else ())

    async def _follow_to_sources(self) -> None:
        """The first queue of a manifest that had none."""
        if self._origin is None and (origin := self._chosen_origin()) is not None:
            self._origin = origin
            await self._start_sources(origin)
        elif self._origin is None:
            await self._start_alone()

    async def _told(self, work: Awaitable[None]) -> None:
        try:
            await work
        except LambdacliError as error:
            self._telling.trouble(error)

    # Ending

    async def _finish(self) -> None:
        """Take nothing new, and give what runs its time."""
        for part in reversed(self._parts):
            await self._told(part.pause())
        if running := self._fleet.running:
            self._telling.note(f"ending: {running} invocations run; once more ends them at once")
        drained = asyncio.create_task(self._fleet.drain(self._wanted.grace))
        at_once = asyncio.create_task(self._at_once.wait())
        await asyncio.wait([drained, at_once], return_when=asyncio.FIRST_COMPLETED)
        at_once.cancel()
        drained.cancel()
        if left := self._fleet.running:
            self._telling.warning(f"{left} invocations did not end in time: they are killed")

    async def _stop(self) -> None:
        if self._reload is not None:
            await self._reload.stop()
        if self._fleet.running:
            self._fleet.kill()
        for part in reversed(self._parts):
            await self._told(part.stop())
        await self._fleet.close()
        if self._origin is not None:
            await self._origin.stop()

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()

        def interrupt() -> None:
            self._interrupted = True
            self.end()

        heard = {signal.SIGINT: interrupt, signal.SIGTERM: self.end, signal.SIGHUP: self.end}
        for number, act in heard.items():
            if signal.getsignal(number) is not signal.SIG_IGN:
                loop.add_signal_handler(number, act)
        try:
            yield
        finally:
            for number in heard:
                loop.remove_signal_handler(number)
