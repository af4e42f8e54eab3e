"""The manifest as a file: where it lies, what is in it, how its name is shown. Imported by every run: keep it cheap."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from lambdacli.errors import ManifestError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lambdacli.model import Problem

MAX_BYTES = 1024 * 1024
FILES = ("lambdacli.yaml", "lambdacli.yml")


def manifest_path(start: Path, explicit: Path | None) -> Path:
    """See `lambdacli.manifest.find`."""
    named = explicit or os.environ.get("LAMBDACLI_MANIFEST")
    if named:
        path = Path(os.path.abspath(start / named))  # noqa: PTH100 - Path.resolve would follow links
        if os.path.isdir(path) and (inner := _in(path)):  # noqa: PTH112 - as in _in
            return inner
        if not os.path.exists(path):  # noqa: PTH110 - as in _in
            origin = "" if explicit else " (from LAMBDACLI_MANIFEST)"
            raise ManifestError(f"no manifest at {shown(path)}{origin}", hint="`lambdacli init` makes a new project")
        return path
    folder = Path(os.path.abspath(start))  # noqa: PTH100 - as above
    for candidate in (folder, *folder.parents):
        if found := _in(candidate):
            return found
    raise ManifestError(
        f"no lambdacli.yaml in {folder} or any folder above",
        hint="`lambdacli init` makes a new project; -m names a manifest elsewhere",
    )


def _in(folder: Path) -> Path | None:
    return next((path for name in FILES if os.path.isfile(path := folder / name)), None)  # noqa: PTH113 - Path raises


def shown(path: Path) -> str:
    """A file's name as people read it: relative to where they are, if that is shorter."""
    try:
        return min(os.path.relpath(path), str(path), key=len)
    except (ValueError, OSError):  # another drive; the current folder is gone
        return str(path)


def read(path: Path) -> bytes:
    """The manifest's bytes.

    Raises:
        ManifestError: it cannot be read, or it is larger than a manifest may be.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except IsADirectoryError:
        raise ManifestError(
            f"{shown(path)} is a folder", hint=f"did you mean {shown(path / 'lambdacli.yaml')}?"
        ) from None
    except PermissionError:
        if path.is_dir():  # Windows says so
            raise ManifestError(f"{shown(path)} is a folder") from None
        raise ManifestError(f"{shown(path)} may not be read: permission denied") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ManifestError(f"cannot read {shown(path)}: {reason.lower()}") from None
    if len(data) > MAX_BYTES:
        raise ManifestError(f"{shown(path)} is larger than 1 MiB, which is as large as a manifest may be")
    return data


def failure(file: str, problems: Sequence[Problem]) -> ManifestError:
    """All the mistakes of a manifest as one error."""
    errors = sum(p.severity == "error" for p in problems)
    return ManifestError(f"{errors} problem{'s' if errors != 1 else ''} in {file}", problems=problems)
