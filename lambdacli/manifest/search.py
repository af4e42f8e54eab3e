"""Which manifest, which function: what the user meant, with the nearest name when nothing fits."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from lambdacli.errors import ManifestError, UsageError
from lambdacli.manifest.document import shown

if TYPE_CHECKING:
    from lambdacli.model import Function, Manifest

FILES = ("lambdacli.yaml", "lambdacli.yml")


def manifest_path(start: Path, explicit: Path | None) -> Path:
    """See `lambdacli.manifest.find`."""
    named = explicit or os.environ.get("LAMBDACLI_MANIFEST")
    if named:
        path = Path(os.path.abspath(start / named))  # noqa: PTH100 - Path.resolve would follow links
        if path.is_dir() and (inner := _in(path)):
            return inner
        if not path.exists():
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
    return next((path for name in FILES if os.path.isfile(path := folder / name)), None)  # noqa: PTH113 - denied is absent


def function(manifest: Manifest, name: str | None) -> Function:
    """See `lambdacli.manifest.select`."""
    functions = manifest.functions
    if name is None:
        if len(functions) == 1:
            return next(iter(functions.values()))
        raise UsageError("which function?", hint=f"one of {', '.join(functions)}")
    if name in functions:
        return functions[name]
    from lambdacli.manifest.wording import listed, nearest

    raise UsageError(
        f"no function {name!r} in {shown(manifest.path)}", hint=nearest(name, functions) or listed(functions)
    )
