"""Where an event goes: stdout, or a file that is written whole or not at all."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from lambdacli import events
from lambdacli.errors import UsageError

_HINT = "-o takes a file that you may write, in a folder that is there; - is stdout"


def put(event: Any, path: str | None, *, compact: bool) -> None:
    """The event as JSON on stdout, or into a file."""
    encoding = sys.stdout.encoding if path in {None, "-"} else "utf-8"
    put_text(events.dumps(event, compact=compact, encoding=encoding), path)


def put_text(text: str, path: str | None) -> None:
    """A text and a new line on stdout, or into a file."""
    if path in {None, "-"}:
        from lambdacli import console

        console.data(text)
    else:
        _write(str(path), f"{text}\n")


def _write(path: str, text: str) -> None:
    """A link, a pipe or a device is written to and not replaced; who may read a file stays as it is."""
    there = _mode(path)
    mode = stat.S_IMODE(there) if there is not None and stat.S_ISREG(there) else None
    fresh = path if there is not None and mode is None else f"{path}.{os.getpid()}.tmp"
    opener = partial(os.open, mode=0o666 if mode is None else mode)  # never more than that for a moment
    try:
        with open(fresh, "w", encoding="utf-8", newline="\n", opener=opener) as stream:
            stream.write(text)
        if fresh != path:
            if mode is not None:
                Path(fresh).chmod(mode)
            Path(fresh).replace(path)
    except OSError as error:
        if fresh != path:
            with suppress(OSError):
                Path(fresh).unlink()
        raise UsageError(f"cannot write {path}: {error.strerror}", hint=_HINT) from None


def _mode(path: str) -> int | None:
    """Kind and permissions of what is there, of a link its own; None where nothing is."""
    try:
        return os.lstat(path).st_mode
    except OSError:
        return None
