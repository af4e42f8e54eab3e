"""A command line in a terminal: what it shows, answered as people do."""

from __future__ import annotations

import errno
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_PATIENCE = 60  # seconds
_PAUSE = 0.03  # seconds; a spinner's are longer
# A session whose terminal this is, so that Ctrl-C reaches it.
_OF_ITS_OWN = (
    "import fcntl, os, sys, termios; os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
    " os.execvp(sys.argv[1], sys.argv[1:])"
)
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def run(
    command: Sequence[str], cwd: Path, env: Mapping[str, str], answers: Sequence[tuple[str, str]] = ()
) -> tuple[int, str]:
    """Run to the end; the exit code, and all that the terminal was sent.

    Args:
        command: what to run.
        cwd: where.
        env: all of its environment.
        answers: what is typed when something that matches a regular expression was shown and no more comes, in this
            order: nobody types between a question and its last blank.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-c", _OF_ITS_OWN, *command], stdin=theirs, stdout=theirs, stderr=theirs, cwd=cwd,
        env={**env, "TERM": "xterm-256color"},
    )  # fmt: skip
    os.close(theirs)
    shown, left = b"", list(answers)
    since, until = 0, time.monotonic() + _PATIENCE
    while (chunk := _read(ours, until)) is not None:
        shown += chunk
        if left and re.search(left[0][0].encode(), shown[since:]) and not select.select([ours], [], [], _PAUSE)[0]:
            since = len(shown)
            os.write(ours, left.pop(0)[1].encode())
    os.close(ours)
    assert not left, f"never shown: {left[0][0]!r} in {shown.decode(errors='replace')}"
    return process.wait(_PATIENCE), shown.decode()


def _read(terminal: int, until: float) -> bytes | None:
    """A piece; None at the end."""
    while True:
        ready, _, _ = select.select([terminal], [], [], max(0, until - time.monotonic()))
        assert ready, "it takes too long"
        try:
            return os.read(terminal, 65536) or None
        except OSError as error:  # Linux tells the end so
            if error.errno == errno.EIO:
                return None
            raise


def plain(shown: str) -> str:
    """Without colours and movements of the cursor."""
    return _ESCAPES.sub("", shown).replace("\r", "")
