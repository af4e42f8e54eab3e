"""The emulator's own environment, made once per machine: it pins a botocore of its own."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

VERSION = "1.5.33"
_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
_PATIENCE = 300  # seconds for the whole installation


class Unavailable(Exception):  # noqa: N818 - a reason to skip, not a failure
    """There is no emulator, and none can be installed."""


def executable() -> Path:
    """The emulator's command: LAMBDACLI_EMULATOR, or one that is installed now if it is not there yet.

    Raises:
        Unavailable: it cannot be installed.
    """
    if given := os.environ.get("LAMBDACLI_EMULATOR"):
        return Path(given)
    home = _caches() / "lambdacli-tests" / f"ministack-{VERSION}-python{_PYTHON}"
    home.parent.mkdir(parents=True, exist_ok=True)
    command = home / "bin" / "ministack"
    with (home.parent / f"{home.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one worker installs, the others wait
        if not (home / "complete").exists():
            _install(home)
    return command


def _caches() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def _install(home: Path) -> None:
    shutil.rmtree(home, ignore_errors=True)
    try:
        _run(sys.executable, "-m", "venv", home)
        _run(home / "bin" / "python", "-m", "pip", "install", "--quiet", f"ministack=={VERSION}")
    except (subprocess.SubprocessError, OSError) as error:
        shutil.rmtree(home, ignore_errors=True)
        raise Unavailable(f"ministack {VERSION} cannot be installed: {_last_line(error)}") from None
    (home / "complete").touch()


def _run(*command: str | Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("COV_", "COVERAGE_"))}
    options = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    subprocess.run(command, check=True, capture_output=True, env=environment | options, timeout=_PATIENCE)


def _last_line(error: Exception) -> str:
    said = getattr(error, "stderr", None) or b""
    lines = said.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else str(error)
