"""Start the runtime before lambdacli itself has finished starting.

The last identical-looking command ran on some runtime; the next one most likely does too. So a spare of that runtime
is started first of all, and loads while lambdacli parses its command line. It is a guess: the spare knows nothing of
its function until it is claimed, and is ended when it does not fit. Only `os`, `socket` and `subprocess` may be
imported here, and no value of a function's environment is kept.
"""

from __future__ import annotations

import contextlib
import os
import zlib
from typing import TYPE_CHECKING

from lambdacli import cache

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lambdacli.local.child import Child
    from lambdacli.local.plan import Plan

_COMMANDS = ("invoke", "watch", "serve")
GLOBAL = ("--quiet", "--verbose")  # options that may stand anywhere, also before the command
_RECORDS = 256  # files at most; two commands on one file only guess wrong


class _Guess:
    name = ""
    text = ""
    child: Child | None = None


def begin(arguments: Sequence[str]) -> None:
    """Start what the last such command ended up with, if this command runs a function at all."""
    arguments = [each for each in arguments if each not in GLOBAL]
    if (
        not arguments
        or arguments[0] not in _COMMANDS
        or os.name != "posix"
        or not {"-h", "--help", "-R", "--remote"}.isdisjoint(arguments)
    ):
        return
    try:
        place = os.getcwd()
    except OSError:  # it was removed: said where errors can be shown
        return
    key = zlib.crc32("\0".join((place, *arguments[:2])).encode("utf-8", "replace")) % _RECORDS
    _Guess.name = f"headstart/{key}"
    _Guess.text = cache.read_text(_Guess.name)
    argv, _, environment = _Guess.text.partition("\0\0")
    if not argv:
        return
    from lambdacli.local.child import Child

    variables = dict(line.split("=", 1) for line in environment.split("\0") if "=" in line)
    with contextlib.suppress(OSError, ValueError):
        _Guess.child = Child(argv.split("\0"), variables, None, spare=True)


def claim(plan: Plan) -> Child | None:
    """The spare, if it is just what this plan would start; whatever fits is remembered for the next time."""
    wanted = _recorded(plan)
    if _Guess.name and wanted != _Guess.text:
        cache.write_text(_Guess.name, wanted)
    if not wanted or wanted != _Guess.text or _Guess.child is None:
        discard()
        return None
    child, _Guess.child = _Guess.child, None
    if child.process.poll() is not None:
        child.end()
        return None
    return child


def discard() -> None:
    """End a spare that nobody claimed."""
    if _Guess.child is not None:
        _Guess.child.end()
        _Guess.child = None


def _recorded(plan: Plan) -> str:
    if plan.spare_environment is None:
        return ""
    return "\0".join(plan.argv) + "\0\0" + "\0".join(f"{k}={v}" for k, v in plan.spare_environment.items())
