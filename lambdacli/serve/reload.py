"""Follow what is saved: the code of functions, the manifest and the files that it was made from."""

from __future__ import annotations

import asyncio  # noqa: TID253 - this module is only imported once a loop is wanted
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from lambdacli import runtimes
from lambdacli.errors import LambdacliError
from lambdacli.local.changes import Changes

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from lambdacli.model import Function, Manifest
    from lambdacli.serve.telling import Telling

_SOON = 1.0  # seconds after a reload within which a save may be the function's own
_MANY = 3  # files saved at once: more are not written by an editor
_QUIET = 0.1  # seconds without a save, after which such a burst is over
_LONGEST = 2.0  # seconds that it may take
_SUSPICIOUS = 5  # such saves of a file in a row: a function that writes where it is watched must not spin
_SPINNING = 20  # the same of source code, for which people have tools that save often


class Reload:
    """Watches what a manifest consists of, and says what has become of it.

    Args:
        load: the manifest anew.
        follow: what to do with a manifest and the names of the functions whose code was saved.
        telling: hears of manifests that are broken.
        ignore: patterns of a .gitignore for changes that mean nothing.
    """

    def __init__(
        self,
        manifest: Manifest,
        load: Callable[[], Manifest],
        follow: Callable[[Manifest, frozenset[str], frozenset[Path]], Awaitable[None]],
        telling: Telling,
        ignore: Iterable[str] = (),
    ) -> None:
        self._manifest = manifest
        self._load = load
        self._follow = follow
        self._telling = telling
        self._ignore = tuple(ignore)
        self._own = _OwnWrites(telling)
        self._found: asyncio.Queue[set[Path] | LambdacliError] = asyncio.Queue()
        self._watch = _Watch(manifest, self._ignore, self._found)
        self._before: list[_Watch] = []
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Watch from now on; no save is missed once this returns."""
        await self._watch.start()
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Watch no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        for watch in (self._watch, *self._before):
            await watch.stop()

    async def _run(self) -> None:
        try:
            while True:
                await self._survived(frozenset(await self._burst()))
                await self._let_go()
        except LambdacliError as error:
            self._telling.trouble(error)
            self._telling.warning("saves are not noticed any more", "end it and start it again")

    async def _burst(self) -> set[Path]:
        """What was saved; of a checkout or a build, which write for a while, all of it."""
        loop = asyncio.get_running_loop()
        saved = _good(await self._found.get())
        until = loop.time() + _LONGEST
        while len(saved) > _MANY and loop.time() < until:
            await asyncio.sleep(_QUIET)
            if self._found.empty():
                break
            saved |= self._at_hand()
        return saved | self._at_hand()

    def _at_hand(self) -> set[Path]:
        saved: set[Path] = set()
        while not self._found.empty():
            saved |= _good(self._found.get_nowait())
        return saved

    async def _survived(self, saved: frozenset[Path]) -> None:
        """One failure that nobody foresaw must not be the last reload."""
        try:
            await self._saved(saved)
        except LambdacliError as error:
            self._telling.trouble(error)
        except Exception as error:  # noqa: BLE001 - told, and the next save is followed
            self._telling.trouble(LambdacliError(f"reload: {type(error).__name__}: {error}"))

    async def _watch_anew(self) -> None:
        """Watch what the manifest names now, before anybody reads it."""
        if _parts(self._manifest) != self._watch.parts:
            self._before.append(self._watch)
            self._watch = _Watch(self._manifest, self._ignore, self._found)
            await self._watch.start()

    async def _let_go(self) -> None:
        """The old watch saw all until the new one did, and tells it in a moment."""
        if self._before:
            await asyncio.sleep(_QUIET)
            await self._before.pop().stop()

    async def _saved(self, paths: frozenset[Path]) -> None:
        made_from = {*map(_real, (self._manifest.path, *self._manifest.watched))}
        broken = False
        if paths & made_from:
            try:
                self._manifest = await asyncio.to_thread(self._load)
                await self._watch_anew()
            except LambdacliError as error:
                broken = True
                self._telling.trouble(error)
                self._telling.note("the last good manifest is served until this is mended")
        paths = frozenset(each for each in paths if each in made_from or not self._own.wrote(each, self._manifest))
        names = frozenset(name for name, each in self._manifest.functions.items() if _concerns(paths - made_from, each))
        if self._own.spins(paths):
            await asyncio.sleep(_SOON)
        if names or (paths & made_from and not broken):
            await self._follow(self._manifest, names, paths)
        self._own.reloaded()


class _Watch:
    """The saves of what one manifest consists of, put into a queue as they come."""

    def __init__(
        self, manifest: Manifest, ignore: tuple[str, ...], found: asyncio.Queue[set[Path] | LambdacliError]
    ) -> None:
        self.parts = _parts(manifest)
        self._changes = Changes(*self.parts, ignore)
        self._found = found
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Returns once no save is missed any more."""
        self._task = asyncio.create_task(self._gather())
        begun = asyncio.create_task(self._changes.begun.wait())
        await asyncio.wait([begun, self._task], return_when=asyncio.FIRST_COMPLETED)
        begun.cancel()

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _gather(self) -> None:
        try:
            async for saved in self._changes:
                self._found.put_nowait(saved)
        except LambdacliError as error:
            self._found.put_nowait(error)


def _good(found: set[Path] | LambdacliError) -> set[Path]:
    if isinstance(found, LambdacliError):
        raise found
    return found


def _parts(manifest: Manifest) -> tuple[list[Path], list[Path]]:
    """Folders and zips of code, and single files."""
    code = {path for function in manifest.functions.values() for path in _code_of(function)}
    return sorted(code), [manifest.path, *manifest.watched]


def _code_of(function: Function) -> list[Path]:
    return [function.code, *(Path(layer) for layer in function.layers if not layer.startswith("arn:"))]


def _concerns(paths: frozenset[Path], function: Function) -> bool:
    for code in map(_real, _code_of(function)):
        top = code if code.is_dir() or not (code.suffix or code.exists()) else code.parent
        if code in paths or top in paths or (code.suffix != ".zip" and any(path.is_relative_to(top) for path in paths)):
            return True
    return False


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


class _OwnWrites:
    """Files that functions write where they are watched: after a few reloads they are let be."""

    def __init__(self, telling: Telling) -> None:
        self._telling = telling
        self._last = 0.0
        self._soon: dict[Path, int] = {}

    def reloaded(self) -> None:
        self._last = time.monotonic()

    def wrote(self, path: Path, manifest: Manifest) -> bool:
        """Whether a save of it is no reason to load anything."""
        if time.monotonic() - self._last > _SOON:
            self._soon.pop(path, None)
            return False
        endings = {end for each in manifest.functions.values() for end in runtimes.of(each.runtime).endings}
        if not path.is_file():
            return False
        is_source = path.suffix in endings
        self._soon[path] = self._soon.get(path, 0) + 1
        if self._soon[path] == (_SPINNING if is_source else _SUSPICIOUS):
            what = "each reload for it waits a second" if is_source else "nothing is reloaded for it for now"
            hint = f"if a function writes it: --ignore {path.name}"
            self._telling.warning(f"{path.name} is saved again and again: {what}", hint)
        return not is_source and self._soon[path] >= _SUSPICIOUS

    def spins(self, paths: Iterable[Path]) -> bool:
        """Whether one of these follows from its own reload: code that is written as it is loaded."""
        return any(self._soon.get(path, 0) >= _SPINNING for path in paths)
