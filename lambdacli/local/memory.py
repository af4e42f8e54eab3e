"""A tree of processes and how much memory it uses, from Linux's /proc. Elsewhere nothing is known: 0."""

from __future__ import annotations

import contextlib
import os
import sys

_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
MEGABYTE = 1024 * 1024
CAN_MEASURE = sys.platform == "linux"


def resident(pid: int) -> int:
    """Bytes in memory of a process and all its descendants now."""
    return sum(map(_resident_of, family(pid)))


def family(pid: int) -> list[int]:
    """A process and all its descendants now."""
    found = [pid]
    for each in found:  # grows meanwhile
        found.extend(children(each))
    return found


def peak(pid: int) -> int:
    """The most bytes that one process ever had in memory (VmHWM)."""
    with contextlib.suppress(OSError, ValueError, IndexError), open(f"/proc/{pid}/status", "rb") as stream:
        _, _, rest = stream.read().partition(b"VmHWM:")
        return int(rest.split(None, 1)[0]) * 1024
    return 0


def _resident_of(pid: int) -> int:
    with contextlib.suppress(OSError, ValueError, IndexError), open(f"/proc/{pid}/statm", "rb") as stream:
        return int(stream.read().split()[1]) * _PAGE
    return 0


def children(pid: int) -> list[int]:
    """A process's children now; none where the kernel does not tell (CONFIG_PROC_CHILDREN)."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            found.extend(children_of_thread(pid, thread))
    return found


def children_of_thread(pid: int, thread: str | int) -> list[int]:
    """The children of one thread. The kernel gives those that a process adopts to its first, whose number is its own.

    See find_alive_thread in the kernel's exit.c.
    """
    with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{thread}/children", "rb") as stream:
        return [*map(int, stream.read().split())]
    return []


def children_are_told() -> bool:
    """Whether this kernel lists a process's children."""
    return os.path.exists(f"/proc/self/task/{os.getpid()}/children")
