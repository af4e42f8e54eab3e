"""The last valid tree of each manifest, so that an unchanged one needs neither YAML nor JSON Schema to be read."""

from __future__ import annotations

import os
import zlib
from pathlib import Path
from typing import Any

from lambdacli import __version__, cache

_PACKAGE = Path(__file__).parent.parent


def read(path: Path, data: bytes) -> Any:
    """The tree that was made from exactly these bytes by exactly this lambdacli, or None."""
    entry = cache.read(_name(path))
    if not isinstance(entry, dict) or entry.get("made_by") != _made_by():
        return None
    return entry.get("tree") if entry.get("text") == data.decode("utf-8", "replace") else None


def write(path: Path, data: bytes, tree: Any) -> None:
    """Keep the tree, which has passed the schema, for the next run."""
    cache.write(_name(path), {"made_by": _made_by(), "text": data.decode("utf-8", "replace"), "tree": tree})


def _name(path: Path) -> str:
    return f"manifest-{zlib.crc32(os.fsencode(path)):08x}"


def _made_by() -> list[Any]:
    """The version, and the files that the schema is made of: an edit to one of them counts in a checkout."""
    made_of: list[Any] = [__version__]
    for room in ("manifest", "triggers", "runtimes"):
        with os.scandir(_PACKAGE / room) as entries:
            files = sorted(entry.path for entry in entries if entry.name.endswith(".py"))
        for file in files:
            status = os.stat(file)  # noqa: PTH116 - hot path: a Path object costs more than the call
            made_of.append([status.st_mtime_ns, status.st_size])
    return made_of
