"""Ctrl-C: at once and without a traceback, except where an event loop wants to end its work in order."""

from __future__ import annotations

import os
import signal

TYPE_CHECKING = False  # typing itself takes 5 ms, in which Ctrl-C would still print a traceback
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any, TypeVar

    T = TypeVar("T")

INTERRUPTED = 130  # the exit code


def leave_at_once() -> None:
    """From now on Ctrl-C ends the process where it stands: no import or clean-up that it hits can print a traceback.

    Processes that were started through `lambdacli.local` are ended by its guard.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else whoever started us wants it ignored
        signal.signal(signal.SIGINT, _leave)


def run(work: Coroutine[Any, Any, T]) -> T:
    """`asyncio.run`, which on Ctrl-C cancels the work, lets it clear up, and raises KeyboardInterrupt."""
    import asyncio

    if signal.getsignal(signal.SIGINT) is not _leave:
        return asyncio.run(work)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return asyncio.run(work)
    finally:
        signal.signal(signal.SIGINT, _leave)


class Heard:
    """Within it Ctrl-C, and a polite end by others, raise KeyboardInterrupt: for work that has to end in order.

    Where somebody is to be told instead, only the second one raises.
    """

    def __init__(self, tell: Callable[[], object] | None = None) -> None:
        self._tell = tell

    def __enter__(self) -> None:
        self._before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
        for each, before in self._before.items():
            if before is not signal.SIG_IGN:
                signal.signal(each, self._hear)

    def __exit__(self, *_: object) -> None:
        for each, before in self._before.items():
            if before is not signal.SIG_IGN:
                signal.signal(each, before)

    def _hear(self, *_: object) -> None:
        tell, self._tell = self._tell, None
        if tell is None:
            raise KeyboardInterrupt
        tell()


def _leave(*_: object) -> None:
    try:
        os.write(2, b"interrupted\n")
    finally:
        os._exit(INTERRUPTED)
