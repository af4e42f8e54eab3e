"""Small facts kept between runs so that the command line starts at once; losing them costs only time.

Everything here is a guess to be verified by its reader. Files are private to the user (mode 0600).
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any


def folder() -> Path:
    """LAMBDACLI_CACHE_DIR, or lambdacli's folder in the platform's place for caches."""
    if configured := os.environ.get("LAMBDACLI_CACHE_DIR"):
        return Path(configured)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local") / "lambdacli" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library/Caches/lambdacli"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lambdacli"


def read(name: str) -> Any:
    """What was last written under this name, or None."""
    try:
        return json.loads((folder() / f"{name}.json").read_bytes())
    except (OSError, ValueError, RuntimeError):  # RuntimeError: no home folder
        return None


def write(name: str, value: Any) -> None:
    """Keep a JSON value under a name: whole or not at all. A folder that cannot be written is no error."""
    try:
        target = folder() / f"{name}.json"
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = target.with_name(f".{target.name}.{os.getpid()}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with os.fdopen(descriptor, "w") as stream:
                json.dump(value, stream)
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except (OSError, RuntimeError):
        return
