"""Small facts kept between runs so that the command line starts at once; losing them costs only time.

Everything here is a guess to be verified by its reader. Files are private to the user (mode 0600). Written on `os`
alone: the head start of a runtime reads a guess before anything heavier is imported.
"""

from __future__ import annotations

import os
import sys
from typing import Any


def folder() -> str:
    """The absolute folder of the cache, made if need be: LAMBDACLI_CACHE_DIR, or the platform's place for caches.

    Nothing if there is no such folder, or others than the user could have written what is in it.
    """
    try:
        place = _configured()
        return place if place and _is_private(_made(place)) else ""
    except OSError:
        return ""


def _made(place: str) -> os.stat_result:
    try:
        return os.stat(place)
    except FileNotFoundError:
        os.makedirs(place, mode=0o700, exist_ok=True)
        return os.stat(place)


def _configured() -> str:
    if configured := os.environ.get("LAMBDACLI_CACHE_DIR"):
        return os.path.abspath(configured)
    home = os.path.expanduser("~")
    if sys.platform == "win32":
        place = os.path.join(os.environ.get("LOCALAPPDATA") or home, "lambdacli", "cache")
    elif sys.platform == "darwin":
        place = f"{home}/Library/Caches/lambdacli"
    else:
        caches = os.environ.get("XDG_CACHE_HOME", "")
        place = f"{caches if os.path.isabs(caches) else home + '/.cache'}/lambdacli"
    return place if os.path.isabs(place) else ""  # a user without a home


def _is_private(status: os.stat_result) -> bool:
    """Whether only the user can have written it: what is kept decides what is run."""
    return sys.platform == "win32" or (status.st_uid == os.geteuid() and not status.st_mode & 0o022)


def read_text(name: str) -> str:
    """What was last written under this name, or nothing."""
    if not (place := folder()):
        return ""
    try:
        with open(f"{place}/{name}", encoding="utf-8", errors="surrogateescape") as stream:
            return stream.read() if _is_private(os.fstat(stream.fileno())) else ""
    except (OSError, ValueError):
        return ""


def write_text(name: str, text: str) -> None:
    """Keep a text under a name: whole or not at all. A folder that cannot be written is no error."""
    if not (place := folder()):
        return
    target = f"{place}/{name}"
    temporary = f"{target}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(target), mode=0o700, exist_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape") as stream:
            stream.write(text)
        os.replace(temporary, target)
    except OSError:
        return


def read(name: str) -> Any:
    """The JSON value last written under this name, or None."""
    import json

    try:
        return json.loads(read_text(f"{name}.json") or "null")
    except ValueError:
        return None


def write(name: str, value: Any) -> None:
    """Keep a JSON value under a name."""
    import json

    write_text(f"{name}.json", json.dumps(value))
