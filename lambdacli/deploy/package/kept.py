"""Zips and installed packages kept between runs: an unchanged function is neither zipped nor installed again.

All of it lies in `packages/` in lambdacli's cache folder; losing it costs only time.
"""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import threading
import time
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

from lambdacli import cache
from lambdacli.errors import MachineError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_DAYS = 30  # unused
_MOST = 2 << 30  # bytes, of zips and installed packages together
_UNFINISHED = "unfinished"
_LOCKS: dict[str, threading.Lock] = {}
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
    import tempfile

    target = os.path.join(folder(), f"{key}.zip")
    try:
        descriptor, temporary = tempfile.mkstemp(dir=folder(), prefix=f"{_UNFINISHED}-")
        try:
            with open(descriptor, "wb") as stream:
                yield stream
            os.replace(temporary, target)
        finally:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
    except OSError as error:
        raise MachineError(
            f"cannot write {target}: {(error.strerror or str(error)).lower()}",
            hint="LAMBDACLI_CACHE_DIR names another folder for packages",
        ) from None


def is_settled(stamps: Iterable[tuple[int, ...]], looked: int) -> bool:
    """Whether every file was old enough, when it was looked at, for a later change to show in its times.

    A stamp is the time of its content and that of its status, which is always now where it is changed; on Windows the
    latter is the time of its birth. All in nanoseconds.
    """
    telling = 0 if os.name == "nt" else 1
    return all(stamp[telling] < looked - _YOUNG for stamp in stamps)


@contextmanager
def one_at_a_time(key: str) -> Iterator[None]:
    """Of several threads with the same key one works; the others find what it has left."""
    with _LOCKS.setdefault(key, threading.Lock()):
        yield


def installed(key: str, install: Callable[[str], None]) -> str:
    """The folder that `install` has filled for a key: at once if it has done so before, whole or not at all."""
    target = os.path.join(folder(), f"{key}.installed")
    with one_at_a_time(key):
        if not _touched(target):
            _install(target, install)
    return target


def _install(target: str, install: Callable[[str], None]) -> None:
    import tempfile

    _tidy_once(folder())
    with tempfile.TemporaryDirectory(dir=folder(), prefix=f"{_UNFINISHED}-", ignore_cleanup_errors=True) as fresh:
        inside = os.path.join(fresh, "content")
        os.mkdir(inside)
        install(inside)
        with contextlib.suppress(OSError):  # another process was faster: its folder serves
            os.rename(inside, target)


def _touched(path: str) -> bool:
    """Whether there is such a file or folder, which is now the one that was used last."""
    try:
        os.utime(path)
    except OSError:
        return False
    return True


@functools.cache
def _tidy_once(place: str) -> None:
    """Remove what has not been used for long, what was never finished, and the oldest of too much."""
    if _is_tidy(place):
        return
    with contextlib.suppress(OSError):
        found = sorted(((each.stat().st_mtime, each.path) for each in os.scandir(place)), reverse=True)
        now, total = time.time(), 0
        for used, path in found:
            total += _bytes(path)
            days = _DAYS if not os.path.basename(path).startswith(_UNFINISHED) else 1
            if now - used > days * 86_400 or total > _MOST:
                _remove(path)


def _is_tidy(place: str) -> bool:
    """Whether it has been tidied today; if not, it is now."""
    marker = os.path.join(place, "tidied")
    with contextlib.suppress(OSError):
        if time.time() - os.stat(marker).st_mtime < 86_400:  # noqa: PLR2004 - a day
            return True
    with contextlib.suppress(OSError):
        os.close(os.open(marker, os.O_WRONLY | os.O_CREAT, 0o600))
        os.utime(marker)
    return False


def _bytes(path: str) -> int:
    if not os.path.isdir(path):
        return os.path.getsize(path)
    return sum(os.path.getsize(os.path.join(top, name)) for top, _, names in os.walk(path) for name in names)


def _remove(path: str) -> None:
    if os.path.isdir(path):
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            os.unlink(path)
