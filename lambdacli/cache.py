"""Small facts kept between runs so that the command line starts at once; losing them costs only time.

Everything here is a guess to be verified by its reader. Files are private to the user (mode 0600). Written on `os`
alone: the head start of a runtime reads a guess before anything heavier is imported.
"""

from __future__ import annotations

import os
import sys
from typing import Any


def folder() -> str:
    """LAMBDACLI_CACHE_DIR, or lambdacli's folder in the platform's place for caches."""
    if configured := os.environ.get("LAMBDACLI_CACHE_DIR"):
        return configured
    home = os.path.expanduser("~")
    if sys.platform == "win32":
        return os.path.join(os.environ.get("LOCALAPPDATA") or home, "lambdacli", "cache")
    if sys.platform == "darwin":
        return f"{home}/Library/Caches/lambdacli"
    return f"{os.environ.get('XDG_CACHE_HOME') or home + '/.cache'}/lambdacli"


def read_text(name: str) -> str:
    """What was last written under this name, or nothing."""
    try:
        with open(f"{folder()}/{name}", encoding="utf-8") as stream:
            return stream.read()
    except (OSError, ValueError):
        return ""


def write_text(name: str, text: str) -> None:
    """Keep a text under a name: whole or not at all. A folder that cannot be written is no error."""
    target = f"{folder()}/{name}"
    temporary = f"{target}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(target), mode=0o700, exist_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
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
