"""Where the process begins and ends: a head start for the runtime, the command line, a quick exit."""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """The console script `lambdacli`."""
    # A command makes little garbage, but loads much: collecting while it loads, and once more over everything at the
    # end, is a sixth of the time of `invoke`. Commands that stay turn it on again.
    gc.disable()
    from lambdacli import interrupts

    interrupts.leave_at_once()
    _open_closed_streams()
    from lambdacli.local import headstart

    headstart.begin(sys.argv[1:])
    try:
        from lambdacli.cli import run

        code = run(sys.argv[1:])
    finally:
        headstart.discard()
        gc.freeze()
    _leave_threads_behind(code)
    sys.exit(code)


def _leave_threads_behind(code: int) -> None:
    """A call that hangs in a thread keeps nobody from leaving."""
    threading = sys.modules.get("threading")
    if threading is None or all(each.daemon for each in threading.enumerate() if each is not threading.main_thread()):
        return
    import os
    from contextlib import suppress

    with suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


def _open_closed_streams() -> None:
    """Where we were started with stdin, stdout or stderr closed, the next pipe or socket would take its place."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            import os

            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode))


if __name__ == "__main__":
    main()
