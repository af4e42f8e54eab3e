"""Zips and installed packages kept between runs: an unchanged function is neither zipped nor installed again.

All of it lies in `packages/` in lambdacli's cache folder; losing it costs only time.
"""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import time
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

from lambdacli import cache
from lambdacli.errors import MachineError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_DAYS = 30  # unused
_MOST = 2 << 30  # bytes, of zips and installed packages together
_YOUNG = 50_000_000  # nanoseconds: a file that is younger may be written once more within one tick of its clock


def folder() -> str:
    """The folder for packages, made if need be; one that ends with this process where there is no cache."""
    place = cache.folder()
    if place:
        place = os.path.join(place, "packages")
        with contextlib.suppress(OSError):
            os.makedirs(place, mode=0o700, exist_ok=True)
            return place
    return _temporary()


@functools.cache
def _temporary() -> str:
    import atexit
    import tempfile

    place = tempfile.mkdtemp(prefix="lambdacli-packages-")
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    return place


def key(*parts: object) -> str:
    """A name for what follows from these values alone."""
    import hashlib

    return hashlib.sha256(repr(parts).encode(errors="surrogateescape")).hexdigest()[:40]


def recall(key: str, *, given: bool = False) -> Any:
    """What was remembered of a zip, if it is still there and whole; else None. A given one lies elsewhere."""
    record = cache.read(f"packages/{key}")
    if not isinstance(record, dict) or given:
        return record if isinstance(record, dict) else None
    path = os.path.join(folder(), f"{key}.zip")
    try:
        if os.stat(path).st_size == record.get("size"):
            os.utime(path)
            return record
    except OSError:
        pass
    return None


def remember(key: str, record: Any) -> None:
    """Keep what is known of a zip."""
    _tidy_once(folder())
    cache.write(f"packages/{key}", record)


@contextmanager
def fresh(key: str) -> Iterator[IO[bytes]]:
    """A file that becomes the key's zip once it is whole.

    Raises:
        MachineError: there is no room for it.
    """
    target = os.path.join(folder(), f"{key}.zip")
    temporary = f"{target}.{os.getpid()}"
    try:
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
            yield stream
        os.replace(temporary, target)
    except OSError as error:
        raise MachineError(
            f"cannot write {target}: {(error.strerror or str(error)).lower()}",
            hint="LAMBDACLI_CACHE_DIR names another folder for packages",
        ) from None
    finally:
        with contextlib.suppress(OSError):
            os.unlink(temporary)


def is_settled(stamps: Iterable[tuple[int, ...]]) -> bool:
    """Whether every file is old enough for a later change to show in its times."""
    limit = time.time_ns() - _YOUNG
    return all(max(stamp[:2], default=0) < limit for stamp in stamps)


def installed(key: str, install: Callable[[str], None]) -> str:
    """The folder that `install` has filled for a key: at once if it has done so before, whole or not at all."""
    import tempfile

    target = os.path.join(folder(), f"{key}.installed")
    if not _touched(target):
        _tidy_once(folder())
        with tempfile.TemporaryDirectory(dir=folder(), prefix=f"{key}.", ignore_cleanup_errors=True) as fresh:
            inside = os.path.join(fresh, "content")
            os.mkdir(inside)
            install(inside)
            with contextlib.suppress(OSError):  # another process was faster: its folder serves
                os.rename(inside, target)
    return target


def _touched(path: str) -> bool:
    """Whether there is such a file or folder, which is now the one that was used last."""
    try:
        os.utime(path)
    except OSError:
        return False
    return True


@functools.cache
def _tidy_once(place: str) -> None:
    """Remove what has not been used for long, and the oldest of too much."""
    with contextlib.suppress(OSError):
        kept = [
            (each.stat().st_mtime, each.path)
            for each in os.scandir(place)
            if each.name.endswith((".zip", ".installed"))
        ]
        oldest, total = time.time() - _DAYS * 86_400, 0
        for used, path in sorted(kept, reverse=True):
            total += _bytes(path)
            if used < oldest or total > _MOST:
                _remove(path)


def _bytes(path: str) -> int:
    if not os.path.isdir(path):
        return os.path.getsize(path)
    return sum(os.path.getsize(os.path.join(top, name)) for top, _, names in os.walk(path) for name in names)


def _remove(path: str) -> None:
    if os.path.isdir(path):
        shutil.rmtree(path, ignore_errors=True)
        return
    for each in (path, path.removesuffix(".zip") + ".json"):
        with contextlib.suppress(OSError):
            os.unlink(each)
