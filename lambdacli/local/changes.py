"""What was saved: the files of a function and of its run, observed by watchfiles, without what git ignores."""

from __future__ import annotations

import asyncio  # noqa: TID253 - this module is only imported once something is watched
import contextlib
import os
import re
import stat
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pathspec  # noqa: TID253 - as above
import watchfiles  # noqa: TID253 - as above

from lambdacli.errors import MachineError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

# Milliseconds. The library's defaults (50 and 1600) cost 75 ms per save; with these a burst is still one run.
STEP = 5
DEBOUNCE = 20
_RETURN_PERIOD = 0.1  # seconds between two looks for a folder that is gone
_MOST_LINKS = 40  # on the way to one file, as on Linux


class Ignored:
    """The rules of every .gitignore between a file and the top of its repository, and the user's own patterns."""

    def __init__(self, folder: Path, patterns: Iterable[str] = ()) -> None:
        self._top = next((p for p in (folder, *folder.parents) if (p / ".git").exists()), folder)
        self._own = _rules(list(patterns))
        self._specs: dict[Path, tuple[int, pathspec.GitIgnoreSpec]] = {}

    def __contains__(self, path: Path) -> bool:
        if self._own.match_file(path.name) or self._own.match_file(_relative(path, self._top)):
            return True
        for folder in path.parents:  # the nearest .gitignore with an opinion decides
            spec = self._spec(folder)
            if spec is not None and (said := spec.check_file(_relative(path, folder)).include) is not None:
                return said
            if folder == self._top:
                break
        return False

    def _spec(self, folder: Path) -> pathspec.GitIgnoreSpec | None:
        file = folder / ".gitignore"
        try:
            changed = file.stat().st_mtime_ns
            if folder not in self._specs or self._specs[folder][0] != changed:
                lines = file.read_text("utf-8", "replace").splitlines()
                self._specs[folder] = (changed, _rules(lines))
        except OSError:
            return None
        return self._specs[folder][1]


def _rules(lines: list[str]) -> pathspec.GitIgnoreSpec:
    """The rules of some lines; one that is none, as `[z-a]`, matches nothing, as with git."""
    try:
        return pathspec.GitIgnoreSpec.from_lines(lines)
    except (ValueError, re.error):
        good = (_rules([line]) for line in lines) if len(lines) > 1 else ()
        return pathspec.GitIgnoreSpec([pattern for spec in good for pattern in spec.patterns])


def _relative(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name


def _own_outputs() -> frozenset[tuple[int, int]]:
    """The files that stdout and stderr were redirected to: what we write there is no save."""
    found = set()
    for descriptor in (1, 2):
        with contextlib.suppress(OSError):
            status = os.fstat(descriptor)
            if stat.S_ISREG(status.st_mode):
                found.add((status.st_dev, status.st_ino))
    return frozenset(found)


def _exists(path: Path) -> bool:
    return os.path.exists(path)  # noqa: PTH110 - Path's own fails below a folder that may not be searched


def _is_folder(path: Path) -> bool:
    return os.path.isdir(path)  # noqa: PTH112 - as above


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))  # Path.resolve fails for links in a circle


def _links(path: Path) -> list[Path]:
    """The symbolic links on the way to a path, each in its real folder."""
    found: list[Path] = []
    real, rest = Path(path.anchor), [*reversed(path.parts[1:])]
    while rest and len(found) < _MOST_LINKS:
        part = rest.pop()
        here = real.parent if part == ".." else real / part
        try:
            target = here.readlink()
        except OSError:  # it is no link
            real = here
            continue
        found.append(here)
        real /= target.anchor
        rest += reversed(target.parts[bool(target.anchor) :])
    return found


class _Layout(NamedTuple):
    """Where everything really lies now."""

    code: tuple[Path, ...]
    tops: tuple[Path, ...]  # the folder of each code
    files: frozenset[Path]
    links: frozenset[Path]  # that may be switched to something else

    def again(self, code: Iterable[Path], files: Iterable[Path]) -> _Layout:
        """The layout of now; code that is gone keeps the folder that it had."""
        tops = dict(zip(self.code, self.tops, strict=True))
        real = tuple(map(_real, code))
        return _Layout(
            real,
            tuple(tops[path] if path in tops and not _exists(path) else _folder(path) for path in real),
            frozenset(map(_real, files)),
            frozenset(link for path in (*code, *files) for link in _links(path) if os.access(link.parent, os.W_OK)),
        )

    def moved_from(self, before: _Layout) -> set[Path]:
        return ({*self.code} - {*before.code}) | (self.files - before.files)


def _folder(code: Path) -> Path:
    """The folder of code. Where nothing is yet, a name without a suffix will be a folder."""
    return code if _is_folder(code) or not (code.suffix or _exists(code)) else code.parent


class _Names(watchfiles.DefaultFilter):
    """What editors and tools leave beside the files that people write."""

    ignore_dirs = (*watchfiles.DefaultFilter.ignore_dirs, ".ruff_cache", ".tox", ".nox")
    ignore_entity_patterns = (*watchfiles.DefaultFilter.ignore_entity_patterns, r"^#.*#$", r"^4913$", r"\.kate-swp$")


class Changes:
    """The saves under some folders and of some single files, as an asynchronous iterator of sets of paths.

    From when `begun` is set on no save is missed.
    """

    def __init__(self, code: Iterable[Path], files: Iterable[Path], ignore: Iterable[str] = ()) -> None:
        self._given = ([path.absolute() for path in code], [path.absolute() for path in files])
        self._layout = _Layout((), (), frozenset(), frozenset()).again(*self._given)
        self._names = _Names()
        self._ignore = list(ignore)
        self._ignored = [Ignored(top, self._ignore) for top in self._layout.tops]
        self._found: asyncio.Queue[set[Path]] = asyncio.Queue()
        self._outputs = _own_outputs()
        self.begun = asyncio.Event()
        self._to_begin: set[Path] = set()
        self._moved: set[Path] = set()  # told as saved once they are watched at their new place

    async def __aiter__(self) -> AsyncIterator[set[Path]]:
        """Yields until it is cancelled.

        Raises:
            MachineError: the machine cannot watch so many folders.
        """
        tasks = self._begin()
        getting = asyncio.create_task(self._found.get())
        try:
            while True:
                done, _ = await asyncio.wait([getting, *tasks], return_when=asyncio.FIRST_COMPLETED)
                if getting not in done:
                    await done.pop()  # raises what ended it
                    continue
                saved = getting.result()
                if self._has_moved(saved):
                    await _cancelled(tasks)
                    tasks = self._begin()
                if saved := saved - self._layout.links:
                    yield saved
                getting = asyncio.create_task(self._found.get())
        finally:
            await _cancelled([getting, *tasks])

    def _begin(self) -> list[asyncio.Task[None]]:
        folders = {*self._layout.tops}
        single = {path.parent for path in self._layout.files | self._layout.links} - folders
        self.begun.clear()
        self._to_begin = folders | single
        return [asyncio.create_task(self._watch(each, recursive=each in folders)) for each in folders | single]

    def _has_moved(self, saved: set[Path]) -> bool:
        """Whether a link was switched, or what came is another kind of thing than what was expected."""
        before = self._layout
        if saved.isdisjoint({*before.code, *before.tops, *before.links}):
            return False
        self._layout = before.again(*self._given)
        self._ignored = [Ignored(top, self._ignore) for top in self._layout.tops]
        self._moved |= self._layout.moved_from(before)
        return self._layout != before

    async def _watch(self, folder: Path, *, recursive: bool) -> None:
        while True:
            if not _exists(folder):
                self._has_begun(folder)
                while not _exists(folder):  # noqa: ASYNC110 - no event tells of a folder that does not exist
                    await asyncio.sleep(_RETURN_PERIOD)
                self._tell_when_begun(folder)
            try:
                await self._watch_existing(folder, recursive=recursive)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise MachineError(
                    f"cannot watch {folder}: {error}",
                    hint="raise fs.inotify.max_user_watches, or watch a smaller folder",
                ) from None
            self._tell_when_begun(folder)

    def _tell_when_begun(self, folder: Path) -> None:
        """It went or came: tell it once it is watched anew or known to be missing, so that no save falls in between."""
        self._moved.add(folder)
        self._to_begin.add(folder)
        self.begun.clear()

    async def _watch_existing(self, folder: Path, *, recursive: bool) -> None:
        """Until the folder itself is gone."""
        observed = watchfiles.awatch(
            folder, watch_filter=None, step=STEP, debounce=DEBOUNCE, recursive=recursive, rust_timeout=1000
        )
        asyncio.get_running_loop().call_soon(self._has_begun, folder)  # right after watchfiles has begun
        async for changes in observed:
            if relevant := self._relevant(changes):
                self._found.put_nowait(relevant)
            if (
                not _exists(folder) or (watchfiles.Change.deleted, str(folder)) in changes
            ):  # another may be there already
                return

    def _relevant(self, changes: set[tuple[watchfiles.Change, str]]) -> set[Path]:
        """Without what was only passing."""
        passing = {name for change, name in changes if change == watchfiles.Change.added and not os.path.lexists(name)}
        return {path for path in map(Path, {name for _, name in changes} - passing) if self._concerns(path)}

    def _has_begun(self, folder: Path) -> None:
        self._to_begin.discard(folder)
        if not self._to_begin:
            self.begun.set()
            if self._moved:
                self._found.put_nowait(self._moved)
                self._moved = set()

    def _is_output(self, path: Path) -> bool:
        try:
            status = path.stat()
        except OSError:
            return False
        return (status.st_dev, status.st_ino) in self._outputs

    def _concerns(self, path: Path) -> bool:
        if path in self._layout.files or path in self._layout.links or path in self._layout.code:
            return True
        if _is_folder(path) or self._is_output(path):
            return False
        return any(map(partial(self._counts, path), self._layout.code, self._layout.tops, self._ignored))

    def _counts(self, path: Path, code: Path, top: Path, ignored: Ignored) -> bool:
        """Whether a file is part of the code."""
        if code.suffix == ".zip" or not path.is_relative_to(top):
            return False
        return self._names(watchfiles.Change.modified, _relative(path, top)) and path not in ignored


async def _cancelled(tasks: list[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
