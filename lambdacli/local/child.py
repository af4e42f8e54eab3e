"""A runtime's process: its own session, its own loopback port for the Runtime API, one pipe for what it prints."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from lambdacli.local import guard

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lambdacli.local.plan import Plan

NOFILE = 1024  # Lambda's limit of file descriptors, "Lambda quotas" in the developer guide
_BACKLOG = 16


def begin(plan: Plan, spare: Child | None = None) -> Child:
    """A runtime that loads the plan's function from now on: a waiting spare given its function, or a new process.

    Raises:
        OSError: the plan's executable cannot be started.
    """
    if spare is None:
        return Child(plan.argv, plan.environment, plan.cwd, spare=False)
    spare.assign(plan.environment, plan.cwd)
    return spare


class Child:
    """A started runtime. `assignment` is a file descriptor while it is a spare that waits for its function, else -1.

    `begun` is when it began to load its function, by `time.perf_counter`.
    """

    def __init__(self, argv: Sequence[str], environment: Mapping[str, str], cwd: str | None, *, spare: bool) -> None:
        """Start it.

        Raises:
            OSError: `argv[0]` cannot be executed.
        """
        self._ended = False
        self.argv = tuple(argv)
        self.environment = dict(environment)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG)
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.assignment = -1
        self.output, writes = os.pipe()
        os.set_blocking(self.output, False)
        theirs = [writes]
        given = {**environment, guard.MARK: self.address}
        if spare:
            reads, self.assignment = os.pipe()
            theirs.append(reads)
            given["LAMBDACLI_SPARE_FD"] = str(reads)
        protector = guard.current()
        try:
            self.process = subprocess.Popen(  # noqa: S603 - running the user's function is what this is for
                self.argv,
                stdin=subprocess.DEVNULL,
                stdout=writes,
                stderr=writes,
                env=given,
                cwd=cwd,
                start_new_session=True,
                pass_fds=theirs[1:],
            )
        except OSError:
            self._close()
            raise
        finally:
            for descriptor in theirs:
                os.close(descriptor)
        self.pid = self.process.pid
        self.begun = time.perf_counter()
        protector.watch(self.pid, self.address)
        self._limit_descriptors()

    def assign(self, environment: Mapping[str, str], cwd: str) -> None:
        """Tell a waiting spare what it is to be."""
        import json

        self.begun = time.perf_counter()
        everything = json.dumps({"environment": {**environment, guard.MARK: self.address}, "cwd": cwd}).encode()
        descriptor, self.assignment = self.assignment, -1
        with contextlib.suppress(BrokenPipeError), os.fdopen(descriptor, "wb") as stream:  # it may just have died
            stream.write(everything)

    def end(self) -> int:
        """Kill the process and everything it started, wait for it, free its port. Returns its exit status."""
        if not self._ended:
            self._ended = True
            guard.kill(self.pid)
            self.process.wait()  # only then are its orphans known
            guard.sweep(self.address)
            guard.current().release(self.pid)
            self._close()
        return self.process.returncode

    def _close(self) -> None:
        self.listener.close()
        for descriptor in (self.output, self.assignment):
            if descriptor != -1:
                os.close(descriptor)
        self.output = self.assignment = -1

    def _limit_descriptors(self) -> None:
        if sys.platform == "linux":
            import resource

            with contextlib.suppress(OSError, ValueError):
                hard = resource.prlimit(self.pid, resource.RLIMIT_NOFILE)[1]
                limit = NOFILE if hard == resource.RLIM_INFINITY else min(NOFILE, hard)
                resource.prlimit(self.pid, resource.RLIMIT_NOFILE, (limit, limit))
