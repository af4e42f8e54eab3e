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
_SUSPICIOUS = 5  # such saves of a file in a row: a function that writes where it is watched must not spin


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
        self._task: asyncio.Task[None] | None = None
        self._watched: Changes | None = None

    async def start(self) -> None:
        """Watch from now on; no save is missed once this returns."""
        self._task = asyncio.create_task(self._run())
        while self._watched is None:  # noqa: ASYNC110 - the task's first step sets it
            await asyncio.sleep(0)
        begun = asyncio.create_task(self._watched.begun.wait())
        await asyncio.wait([begun, self._task], return_when=asyncio.FIRST_COMPLETED)
        begun.cancel()

    async def stop(self) -> None:
        """Watch no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        try:
            while True:
                await self._watch()
        except LambdacliError as error:
            self._telling.trouble(error)
            self._telling.warning("saves are not noticed any more", "end it and start it again")

    async def _watch(self) -> None:
        """Until something else has to be watched."""
        parts = _parts(self._manifest)
        self._watched = Changes(*parts, self._ignore)
        async for saved in self._watched:
            await self._saved(frozenset(saved))
            if _parts(self._manifest) != parts:
                return

    async def _saved(self, paths: frozenset[Path]) -> None:
        made_from = {*map(_real, (self._manifest.path, *self._manifest.watched))}
        broken = False
        if paths & made_from:
            try:
                self._manifest = await asyncio.to_thread(self._load)
            except LambdacliError as error:
                broken = True
                self._telling.trouble(error)
                self._telling.note("the last good manifest is served until this is mended")
        paths = frozenset(path for path in paths if not self._own.wrote(path, self._manifest))
        names = frozenset(name for name, each in self._manifest.functions.items() if _concerns(paths - made_from, each))
        if names or (paths & made_from and not broken):
            await self._follow(self._manifest, names, paths)
        self._own.reloaded()


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
        if path.suffix in endings or not path.is_file():
            return False
        self._soon[path] = self._soon.get(path, 0) + 1
        if self._soon[path] == _SUSPICIOUS:
            hint = f"if a function writes it: --ignore {path.name}"
            self._telling.warning(f"{path.name} is saved again and again: nothing is reloaded for it for now", hint)
        return self._soon[path] >= _SUSPICIOUS
