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
from typing import Any

from lambdacli.local import memory

MARK = "AWS_LAMBDA_RUNTIME_API"
_SWEEPS = 50  # a fork bomb must not keep us for ever
_HAS_PROC = sys.platform == "linux"


def end(group: int, address: str) -> None:
    """SIGKILL a process group, then whatever else belongs to the Runtime API at `address`, until nothing is left."""
    family = memory.family(group)  # also who left group and session and cleared its environment
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
    if not _HAS_PROC:
        return
    for pid in family[1:]:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    mark = f"{MARK}={address}".encode()
    for _ in range(_SWEEPS):
        if not [pid for pid in _processes() if (_has(pid, mark) or _adopted(pid)) and _kill(pid)]:
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


def _processes() -> list[int]:
    return [int(n) for n in os.listdir("/proc") if n.isdigit() and int(n) != os.getpid()]


def _read(pid: int, name: str) -> bytes:
    try:
        with open(f"/proc/{pid}/{name}", "rb") as stream:
            return stream.read()
    except OSError:
        return b""


def _has(pid: int, mark: bytes) -> bool:
    return mark in _read(pid, "environ").split(b"\0")  # a zombie's environment is empty


def _adopted(pid: int) -> bool:
    """Whether the process is a child of ours that we never started: an orphan of a runtime's."""
    if not _Current.adopts or pid in _Current.started:
        return False
    after_name = _read(pid, "stat").rpartition(b")")[2].split()
    return len(after_name) > 1 and int(after_name[1]) == os.getpid()


class Guard:
    """The guard process and our end of its pipe. Without `fork` (Windows) it does nothing."""

    def __init__(self) -> None:
        self._pipe = -1
        self._pid = 0
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
        self._tell(f"-{group} \n")

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
                end(int(group), address)
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
        _Current.adopts = libc.prctl(pr_set_child_subreaper, 1, 0, 0, 0) == 0
