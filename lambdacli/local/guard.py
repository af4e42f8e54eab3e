"""Nothing outlives us: end whole process trees, and a guard process that does so when we are killed ourselves.

The guard is forked from lambdacli before any thread exists. It holds the read end of a pipe whose write end only
lambdacli holds, learns there which runtimes run, and on end of file (a normal end, a crash or SIGKILL) kills those
that were not released. Every process of a runtime carries the address of its own Runtime API in its environment, so
even a daemon that left its process group and session is found on Linux; one that also cleared its environment is
found as a descendant, or as an orphan that lambdacli adopted.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from typing import Any

from lambdacli.local import memory

MARK = "AWS_LAMBDA_RUNTIME_API"
_AGAIN = 0.01  # seconds until orphans are looked for once more, by however many
_SWEEPS = 50  # a fork bomb must not keep us for ever
_HAS_PROC = sys.platform == "linux"


def kill(group: int) -> None:
    """SIGKILL a process group and every descendant of its leader, in whatever group or session."""
    family = memory.family(group)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
    for pid in family[1:]:
        _kill(pid)


def sweep(address: str) -> None:
    """SIGKILL what is left of the runtime whose Runtime API was at `address`, until there is nothing. Linux only."""
    if not _HAS_PROC:
        return
    find = _orphans if _Current.adopts else _marked
    for _ in range(_SWEEPS):
        if not [pid for pid in find(address) if _kill(pid)]:
            return


def _kill(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIGKILL)
        if _Current.adopts:
            os.waitpid(pid, 0)  # an orphan of ours would stay a zombie
    except ChildProcessError:
        return True
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _marked(address: str) -> list[int]:
    """Every process on the machine that has this Runtime API in its environment."""
    mark = f"{MARK}={address}".encode()
    pids = (int(name) for name in os.listdir("/proc") if name.isdigit())
    return [pid for pid in pids if pid != os.getpid() and mark in _environment(pid)]


def _orphans(address: str = "") -> list[int]:
    """Children of ours that we never started, except those of another runtime than the one at `address`."""
    pids = [pid for pid in memory.children_of_thread(os.getpid(), os.getpid()) if pid not in _Current.started]
    mine = f"{MARK}={address}".encode()
    return [pid for pid in pids if not address or mine in (marks := _marks(pid)) or not marks]


def _marks(pid: int) -> list[bytes]:
    return [each for each in _environment(pid) if each.startswith(MARK.encode())]


def _environment(pid: int) -> list[bytes]:
    """Empty for a zombie, and for what is not ours."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as stream:
            return stream.read().split(b"\0")
    except OSError:
        return []


class Guard:
    """The guard process and our end of its pipe. Without `fork` (Windows) it does nothing."""

    def __init__(self) -> None:
        self._pipe = -1
        self._pid = 0
        self._noted: set[int] = set()
        self._looked = 0.0  # for orphans
        if not hasattr(os, "fork"):
            return
        read, self._pipe = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            self._stand(read)
        _Current.started.add(self._pid)
        os.close(read)

    def watch(self, group: int, address: str) -> None:
        """From now on this process group dies with us."""
        _Current.started.add(group)
        self._tell(f"+{group} {address}\n")

    def release(self, group: int) -> None:
        """This process group has ended and its leader was waited for."""
        _Current.started.discard(group)
        self._tell(f"-{group}\n")

    def note_orphans(self) -> None:
        """From now on the orphans that we have adopted so far die with us, too. Every environment asks for all."""
        now = time.monotonic()
        if now - self._looked < _AGAIN:
            return
        self._looked = now
        if _Current.adopts and (orphans := set(_orphans()) - self._noted):
            self._noted |= orphans
            self._tell("".join(f"+{pid} \n" for pid in orphans))

    def close(self) -> None:
        """End the guard and wait for it."""
        if self._pid:
            os.close(self._pipe)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self._pid, 0)
            self._pid = 0

    def _tell(self, line: str) -> None:
        if self._pid:
            with contextlib.suppress(BrokenPipeError):
                os.write(self._pipe, line.encode())

    def _stand(self, read: int) -> None:
        """The guard's own life; never returns."""
        try:
            os.setsid()
            os.dup2(read, 0)
            os.closerange(1, 4096)
            groups: dict[str, str] = {}
            buffer = b""
            while chunk := os.read(0, 65536):
                *lines, buffer = (buffer + chunk).split(b"\n")
                for line in lines:
                    group, _, address = line.decode().partition(" ")
                    groups[group[1:]] = address
                    if group.startswith("-"):
                        del groups[group[1:]]
            for group, address in groups.items():
                kill(int(group))
                if address:
                    sweep(address)
                else:  # an orphan: it leads no group
                    _kill(int(group))
        finally:
            os._exit(0)


class _Current:
    guard: Guard | None = None
    adopts = False
    started: set[int] = set()  # noqa: RUF012 - one process, one set


def current() -> Guard:
    """This process's guard, started at the first call: make that call before any thread exists."""
    if _Current.guard is None:
        _Current.guard = Guard()
    return _Current.guard


def close() -> None:
    """End this process's guard, if it has one."""
    if _Current.guard is not None:
        _Current.guard.close()
        _Current.guard = None


def adopt_orphans() -> None:
    """Linux: processes whose parents end become children of ours, found even with a cleared environment.

    Only for a process whose every child was started through this package: the rest would be taken for orphans.
    See prctl(2), PR_SET_CHILD_SUBREAPER.
    """
    if sys.platform == "linux":
        import ctypes

        pr_set_child_subreaper = 36
        libc: Any = ctypes.CDLL(None, use_errno=True)
        if memory.children_are_told():
            _Current.adopts = libc.prctl(pr_set_child_subreaper, 1, 0, 0, 0) == 0
