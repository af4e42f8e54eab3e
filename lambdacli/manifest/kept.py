"""The last valid tree of each manifest, so that an unchanged one needs neither YAML nor JSON Schema to be read."""

from __future__ import annotations

import os
import zlib
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lambdacli import __version__, cache

if TYPE_CHECKING:
    from collections.abc import Iterator

_PACKAGE = Path(__file__).parent.parent


def read(path: Path, data: bytes) -> Any:
    """The tree that was made from exactly these bytes by exactly this lambdacli, or None."""
    entry = cache.read(_name(path))
    if not isinstance(entry, dict) or entry.get("made_by") != _made_by() or entry.get("stamp") != _stamp(path, data):
        return None
    try:
        tree = entry["tree"]
        for keys, name, places in entry["values"]:
            environment = reduce(getitem, keys, tree)
            environment[name] = "\n".join(data[start : start + length].decode() for start, length in places)
    except (LookupError, TypeError, ValueError):
        return None
    return tree


def write(path: Path, data: bytes, tree: Any) -> None:
    """Keep the tree, which has passed the schema, for the next run.

    Values of environments may be secret: kept is only where they stand in the file. One that is written otherwise than
    it reads, with escapes, stands nowhere: then nothing is kept.
    """
    values = []
    for keys, environment in _environments(tree, ()):
        for name, value in environment.items():
            parts = [part.encode("utf-8", "surrogatepass") for part in value.split("\n")]
            places = [(data.find(part), len(part)) for part in parts]
            if any(start < 0 for start, _ in places):
                return
            values.append((keys, name, places))
    cache.write(
        _name(path),
        {"made_by": _made_by(), "stamp": _stamp(path, data), "tree": _without_values(tree), "values": values},
    )


def _environments(tree: Any, keys: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], dict[str, str]]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from [((*keys, key), value)] if key == "environment" else _environments(value, (*keys, key))


def _without_values(tree: dict[str, Any]) -> dict[str, Any]:
    return {
        key: (dict.fromkeys(value) if key == "environment" else _without_values(value))
        if isinstance(value, dict)
        else value
        for key, value in tree.items()
    }


def _stamp(path: Path, data: bytes) -> list[int]:
    """What tells these bytes from any others of the file. A checksum that needs no time to load is not enough alone."""
    try:
        status = os.stat(path)  # noqa: PTH116 - hot path: a Path object costs more than the call
    except OSError:
        return []
    return [len(data), zlib.crc32(data), status.st_mtime_ns, status.st_ctime_ns, status.st_ino]


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
