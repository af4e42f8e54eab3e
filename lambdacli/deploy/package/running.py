"""Installers as child processes: what they said when they failed, without what may be secret in it."""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING

from lambdacli.errors import MachineError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LOGIN = re.compile(r"(?<=://)[^/\s@]+@")
_ERROR = re.compile(r"^(?:npm (?:ERR!|error)|ERROR:|error:|\N{MULTIPLICATION SIGN})\s*(?:code )?", re.IGNORECASE)
_LONGEST = 300  # characters
_LINES = 2


def run(argv: Sequence[str], folder: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run to the end; what it prints is kept.

    Raises:
        MachineError: it cannot be started.
    """
    try:
        return subprocess.run(  # noqa: S603 - installing is what was asked for
            argv,
            cwd=folder,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:
        raise MachineError(f"{argv[0]} does not start: {(error.strerror or str(error)).lower()}") from None


def failed(tool: str, file: str, done: subprocess.CompletedProcess[str]) -> MachineError:
    """The error of an installer that has failed, in its own words."""
    return MachineError(
        f"{tool} cannot install {file}: {said(done)}", hint=f"run {tool} in that folder to see all it says"
    )


def said(done: subprocess.CompletedProcess[str]) -> str:
    """The first lines that tell of an error, logins masked."""
    lines = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
    errors = [_ERROR.sub("", line) for line in lines if _ERROR.match(line)] or lines[-3:]
    text = (
        "; ".join([line for line in errors if not re.fullmatch(r"\w*", line)][:_LINES])
        or f"exit code {done.returncode}"
    )
    return _LOGIN.sub("***@", text)[:_LONGEST]
