"""A function's code as names and bytes, whether it is a folder, a single file or a zip; nothing is unpacked."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lambdacli.errors import ManifestError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from zipfile import ZipFile


class Code:
    """Read access to the files below a function's task root, by names with forward slashes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._zip: ZipFile | None = None

    def __enter__(self) -> Code:  # noqa: PYI034 - Self is newer than 3.10
        """Open a zip.

        Raises:
            ManifestError: it is none, or it is broken.
        """
        if self.path.suffix == ".zip" and os.path.isfile(self.path):
            from zipfile import ZipFile

            with self._readable():
                self._zip = ZipFile(self.path)
        return self

    def __exit__(self, *_: object) -> None:
        if self._zip is not None:
            self._zip.close()

    def is_file(self, name: str) -> bool:
        """Whether there is such a file."""
        if self._zip is not None:
            return name in self._zip.NameToInfo
        path = self._on_disk(name)
        return path is not None and os.path.isfile(path)

    def is_folder(self, name: str) -> bool:
        """Whether there is such a folder."""
        if self._zip is not None:
            return any(other.startswith(f"{name}/") for other in self._zip.NameToInfo)
        return os.path.isdir(self.path / name)

    def executable(self, name: str) -> bool:
        """Whether a file may be run: always so where permissions are unknown."""
        if os.name == "nt":
            return True
        if self._zip is not None:
            mode = self._zip.getinfo(name).external_attr >> 16
            return not mode or bool(mode & stat.S_IXUSR)
        path = self._on_disk(name)
        return path is not None and os.access(path, os.X_OK)

    def read(self, name: str) -> bytes:
        """The bytes of a file, empty if it cannot be read.

        Raises:
            ManifestError: it lies in a zip that is broken or encrypted.
        """
        if self._zip is not None:
            with self._readable():
                return self._zip.read(name)
        path = self._on_disk(name)
        try:
            return path.read_bytes() if path is not None else b""
        except (OSError, ValueError):
            return b""

    def names(self, folder: str) -> list[str]:
        """The names directly in a folder ("" is the task root), sorted."""
        if self._zip is not None:
            start = f"{folder}/" if folder else ""
            inside = (n[len(start) :] for n in self._zip.NameToInfo if n.startswith(start))
            return sorted({name.partition("/")[0] for name in inside} - {""})
        if not os.path.isdir(self.path):
            return [self.path.name]
        try:
            return sorted(path.name for path in (self.path / folder).iterdir())
        except OSError:
            return []

    def _on_disk(self, name: str) -> Path | None:
        if os.path.isdir(self.path):
            return self.path / name
        return self.path if name == self.path.name else None

    @contextmanager
    def _readable(self) -> Iterator[None]:
        from lambdacli.zips import BROKEN_ZIP

        broken: tuple[type[Exception], ...] = (*BROKEN_ZIP, OSError)
        try:
            yield
        except broken as error:
            reason = str(error) or "it ends too early"
            raise ManifestError(f"{self.path} is not a zip that can be unpacked: {reason}") from None
