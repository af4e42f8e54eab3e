"""The emulators' own environments, made once per machine: each pins what it needs of botocore."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
_PATIENCE = 300  # seconds for the whole installation


class Unavailable(Exception):  # noqa: N818 - a reason to skip, not a failure
    """There is no emulator, and none can be installed."""


class Product(NamedTuple):
    """An emulator that can be installed."""

    name: str
    version: str
    command: str
    extra: str = ""


MINISTACK = Product("ministack", "1.5.33", "ministack")
MOTO = Product("moto", "5.2.5", "moto_server", "[server]")


def executable(product: Product = MINISTACK) -> Path:
    """The emulator's command: LAMBDACLI_<NAME>, or one that is installed now if it is not there yet.

    Raises:
        Unavailable: it cannot be installed.
    """
    if given := os.environ.get(f"LAMBDACLI_{product.name.upper()}"):
        return Path(given)
    home = _caches() / "lambdacli-tests" / f"{product.name}-{product.version}-python{_PYTHON}"
    home.parent.mkdir(parents=True, exist_ok=True)
    command = home / "bin" / product.command
    with (home.parent / f"{home.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one worker installs, the others wait
        if not (home / "complete").exists():
            _install(product, home)
    return command


def _caches() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def _install(product: Product, home: Path) -> None:
    shutil.rmtree(home, ignore_errors=True)
    try:
        _run(sys.executable, "-m", "venv", home)
        _run(
            home / "bin" / "python",
            "-m",
            "pip",
            "install",
            "--quiet",
            f"{product.name}{product.extra}=={product.version}",
        )
    except (subprocess.SubprocessError, OSError) as error:
        shutil.rmtree(home, ignore_errors=True)
        raise Unavailable(f"{product.name} {product.version} cannot be installed: {_last_line(error)}") from None
    (home / "complete").touch()


def _run(*command: str | Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("COV_", "COVERAGE_"))}
    options = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    subprocess.run(command, check=True, capture_output=True, env=environment | options, timeout=_PATIENCE)


def _last_line(error: Exception) -> str:
    said = getattr(error, "stderr", None) or b""
    lines = said.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else str(error)
