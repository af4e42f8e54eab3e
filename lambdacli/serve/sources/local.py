"""A source of our own: an emulator as a child process, with what the manifest asks for in it."""

from __future__ import annotations

import asyncio  # noqa: TID253 - this module is only imported once a loop is wanted
import contextlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from lambdacli.connection import Target
from lambdacli.errors import MachineError
from lambdacli.serve.parts import Source
from lambdacli.serve.sources import KEYS, environment, hear, line, place
from lambdacli.serve.sources.direct import Direct
from lambdacli.serve.sources.emulator import INSTALL, VERSION, Emulator, interpreter, listen
from lambdacli.serve.sources.world import Done, World

if TYPE_CHECKING:
    import socket
    from collections.abc import Awaitable, Callable

    from lambdacli.model import Manifest
    from lambdacli.serve.telling import Telling

_STEADY = 10.0  # seconds after which it is taken for one that runs
_FIRST_PAUSE = 0.5  # seconds before it is started again where it has not, doubled each time
_LONGEST_PAUSE = 30.0


class Local:
    """ministack on loopback, started again where it ends, until `stop`.

    Args:
        manifest: says what is to be there.
        telling: hears where it is, and when what was in it is lost.
        port: of its own; None: 4566, or any where that is taken.
        loud: what the emulator says goes to stderr.

    Attributes:
        on_restart: awaited one after the other when it was started again and has what the manifest asks for.
    """

    def __init__(self, manifest: Manifest, telling: Telling, *, port: int | None = None, loud: bool = False) -> None:
        self.on_restart: list[Callable[[], Awaitable[None]]] = []
        self._manifest = manifest
        self._telling = telling
        self._port = port
        self._loud = loud
        self._place = place(manifest)
        self._making = asyncio.Lock()
        self._threads = ThreadPoolExecutor(1, "lambdacli-source")
        self._listener: socket.socket | None = None
        self._emulator: Emulator | None = None
        self._keeping: asyncio.Task[None] | None = None

    def listen(self) -> None:
        """Take the port. From now on `environment` is known, and who connects waits until the emulator answers.

        Raises:
            MachineError: it is not installed, or has not the port that was asked for.
        """
        interpreter()
        self._listener = listen(self._port)
        self._source = self._found(f"http://127.0.0.1:{self._listener.getsockname()[1]}")

    def environment(self) -> dict[str, str]:
        """What functions get so that their own SDKs reach it."""
        return environment(self._source)

    async def start(self) -> Source:
        """Start it, and make what is wanted in it.

        Raises:
            MachineError: it is not installed, does not start, or has not the port that was asked for.
        """
        if self._listener is None:
            self.listen()
        self._world = World(self._source.connection, self._source.account, self._source.region, ours=True)
        making = asyncio.create_task(self._make(empty=True))  # its calls wait at the socket until somebody answers
        try:
            self._emulator = await self._started()
        except BaseException:
            making.cancel()
            await asyncio.gather(self.stop(), making, return_exceptions=True)
            raise
        self._warn_of_another(self._emulator.version)
        self._keeping = asyncio.create_task(self._keep(self._emulator))
        await making
        self._telling.note(f"local source: {line(self._source)}")
        return self._source

    async def change(self, manifest: Manifest) -> None:
        """Make what is new in the manifest; what is there stays."""
        self._manifest = manifest
        now = place(manifest)
        if (now.account, now.region) != (self._place.account, self._place.region):
            here = f"account {self._place.account} in {self._place.region}"
            self._telling.warning(f"the local source stays that of {here}", hint="start `lambdacli serve` again")
            self._place = now  # told once
        await self._make(empty=False)

    async def stop(self) -> None:
        """End it; what was in it is gone."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
        if self._listener is not None:
            self._source.connection.stopping.set()
            self._listener.close()
        if self._emulator is not None:
            self._emulator.end()
        self._threads.shutdown(wait=False, cancel_futures=True)
        if self._listener is not None:
            self._source.connection.close()

    # Parts

    def _found(self, url: str) -> Source:
        connection = Direct(self._place.region, Target(url, KEYS))
        return Source(connection, url, self._place.account, self._place.region, ours=True)

    async def _started(self) -> Emulator:
        assert self._listener is not None  # noqa: S101 - it is there before anything is started
        emulator = Emulator(self._listener, self._source.account, self._source.region, loud=self._loud)
        try:
            await emulator.ready()
        except BaseException:
            emulator.end()
            raise
        return emulator

    def _warn_of_another(self, found: str) -> None:
        if found != VERSION:
            told = f"ministack {found or 'of an unknown version'} is the local source; {VERSION} is what it should be"
            self._telling.warning(told, hint=INSTALL)

    async def _make(self, *, empty: bool) -> None:
        """What the newest manifest asks for."""
        async with self._making:
            future = self._threads.submit(self._world.make, self._manifest, empty=empty)
            self._tell(await asyncio.wrap_future(future))

    def _tell(self, done: Done) -> None:
        for trouble in done.troubles:
            self._telling.trouble(trouble)
        for warning in done.warnings:
            self._telling.warning(warning)

    async def _keep(self, emulator: Emulator) -> None:
        """Start it again whenever it ends."""
        loop = asyncio.get_running_loop()
        pause, since, recovering = 0.0, 0.0, None
        try:
            while True:
                await emulator.ended
                self._tell_end(emulator.end())
                if recovering is not None:
                    recovering.cancel()
                quickly = loop.time() - since < _STEADY
                pause = min(max(2 * pause, _FIRST_PAUSE), _LONGEST_PAUSE) if quickly else 0.0
                await asyncio.sleep(pause)
                since = loop.time()
                emulator = self._emulator = await self._again()
                recovering = asyncio.create_task(self._recover())
        finally:
            if recovering is not None:
                recovering.cancel()
                await asyncio.gather(recovering, return_exceptions=True)

    def _tell_end(self, status: int) -> None:
        self._telling.warning(f"the local source {_ending(status)}: what was in it is lost; it is started again")

    async def _again(self) -> Emulator:
        """A new one; it is tried until there is one."""
        pause = _FIRST_PAUSE
        while True:
            try:
                return await self._started()
            except MachineError as error:
                self._telling.trouble(error)
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def _recover(self) -> None:
        """What the manifest asks for, made in a new one, and everybody told."""
        self._world.forget()
        await self._make(empty=True)
        await hear(self.on_restart, self._telling)
        self._telling.note(f"the local source is back at {self._source.endpoint}")


def _ending(status: int) -> str:
    import signal

    if status >= 0:
        return f"has ended with exit status {status}"
    with contextlib.suppress(ValueError):
        return f"was killed by {signal.Signals(-status).name}"
    return f"was killed by signal {-status}"
