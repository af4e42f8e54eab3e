"""An execution environment: one child process that initialises, serves invocations one after another, and dies.

Lifecycle as in "Understanding the Lambda execution environment lifecycle" in the AWS Lambda developer guide.
"""

from __future__ import annotations

import asyncio  # noqa: TID253 - this module is only imported once a loop is wanted
import contextlib
import os
import signal
import time
from functools import partial
from typing import TYPE_CHECKING, Literal, NamedTuple

from lambdacli.local import invocation as results
from lambdacli.local import memory, platform_log
from lambdacli.local.child import Child, begin
from lambdacli.local.happenings import Alarm, Mail
from lambdacli.local.invocation import Outcome, PlatformError, Report
from lambdacli.local.memory_watch import MemoryWatch
from lambdacli.local.runtime_api import RuntimeApi
from lambdacli.local.streaming import Passing
from lambdacli.local.transport import Connection

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lambdacli.local.invocation import Invocation, Status
    from lambdacli.local.plan import Plan
    from lambdacli.local.runtime_api import Flow
    from lambdacli.local.streaming import Streaming

NO_DEADLINE = 24 * 3600.0  # seconds that a function without a timeout is told it has left
_PIECES = 32  # of output at once, 64 KiB each: more than a pipe holds, and an endless printer starves no timer
_LAST_WORDS = 0.25  # seconds that a runtime has to end by itself, or what it sent to arrive, after its failure
_TURNS = 5  # of the loop, in which a connection is accepted and read from

State = Literal["init", "idle", "busy", "dead"]


class _Happening(NamedTuple):
    kind: Literal[
        "ready", "responded", "failed", "too large", "cut", "init failed", "exited", "memory", "time", "no start"
    ]
    body: bytes = b""
    error_type: str = ""
    status: int = 0
    limit: int = 0  # bytes, of "too large"
    error: PlatformError | None = None  # of "no start"


_TIME = _Happening("time")
_READY = _Happening("ready")


class _Ending(NamedTuple):
    """How an invocation came out, before the figures are known."""

    payload: bytes
    status: Status = "success"
    error_type: str = ""
    out_of_memory: bool = False


class ExecutionEnvironment:
    """States: init → idle → busy → idle … → dead. Not for concurrent invocations: Lambda has one environment for each.

    `child` is a runtime that was begun with this plan already; without one `start` begins it.
    `log` gets what the function prints and Lambda's own lines, as bytes, in order. `platform` says whether anybody
    wants to see those of an ordinary invocation.
    """

    def __init__(
        self,
        plan: Plan,
        log: Callable[[bytes], object],
        child: Child | None = None,
        platform: Callable[[], bool] = lambda: True,
    ) -> None:
        self.plan = plan
        self.state: State = "init"
        self._log = log
        self._platform = platform
        self._child = child
        self._api = RuntimeApi(self)
        self._mail: Mail[_Happening] = Mail()
        self._server: asyncio.Server | None = None
        self._connections: set[Connection] = set()
        self._alarm = Alarm(lambda: self._mail.put(_TIME))
        self._memory: MemoryWatch | None = None
        self._started = time.perf_counter()
        self._init_ms: float | None = None
        self._late = 0.0  # seconds of the invocation's own time that a second initialisation took
        self._line_open = False
        self._passing: Passing | None = None  # of the invocation that runs, if its caller takes pieces

    async def start(self) -> None:
        """Start the process unless it was begun already, and serve its Runtime API. Does not wait for init."""
        loop = asyncio.get_running_loop()
        self._say(platform_log.init_start(self.plan.runtime_version))
        try:
            self._child = self._child or begin(self.plan)
        except OSError as error:
            reason = _entrypoint_error(error, self.plan.argv[0])
            self._mail.put(_Happening("no start", error=reason))
            return
        self._started = self._child.begun
        self._server = await loop.create_server(self._connection, sock=self._child.listener)
        loop.add_reader(self._child.output, self._read_output)
        self._await_exit(loop, self._child)
        limit = self.plan.memory_size * memory.MEGABYTE
        self._memory = MemoryWatch(self._child.pid, limit, partial(self._mail.put, _Happening("memory")))

    async def invoke(self, invocation: Invocation, stream: Streaming | None = None) -> Outcome:
        """Run one invocation to its end. Every failure of the function is an `Outcome`, never an exception.

        A response that the runtime streams goes to `stream` as it comes, and the outcome's payload is empty; of a
        failure in the middle it is the error object, after what was sent already. A runtime that answers as a whole
        leaves `stream` uncalled: the outcome has it all. Without `stream` a streamed response is collected, up to
        6 MB. When the caller is cancelled, the environment is killed.
        """
        if stream is None:
            return await self._invoked(invocation)
        self._passing = Passing(stream)
        try:
            outcome = await self._invoked(invocation)
            await self._passing.close(_LAST_WORDS)
        finally:
            self._passing.cancel()
            self._passing = None
        return outcome

    def begin(self, invocation: Invocation, done: Callable[[Outcome], object]) -> None:
        """Run one invocation in an idle environment whose caller takes no pieces; `done` is called once it has ended.

        The same as `invoke` without a coroutine: warm invocations are all about not waking anybody twice.
        """
        if self._platform():
            self._say(platform_log.start(invocation.request_id))
        begun = time.perf_counter()
        ending: _Ending | None = None

        def happened(happening: _Happening) -> None:
            nonlocal ending
            if ending is None:
                ending = self._ended(happening, invocation)
                if self.state == "busy":  # answered: the invocation ends when the runtime asks for the next
                    return
            else:
                self.state = "idle" if happening.kind == "ready" else "dead"
            self._mail.give(None)
            self._stand_down()
            done(self._finish(invocation.request_id, ending, (time.perf_counter() - begun) * 1000))

        self._deliver(invocation)
        self._mail.give(happened)

    async def _invoked(self, invocation: Invocation) -> Outcome:
        try:
            return await self._whole(invocation)
        except asyncio.CancelledError:
            self.kill()
            raise

    async def _whole(self, invocation: Invocation) -> Outcome:
        ending = await self._initialise(invocation) if self.state == "init" else None
        self._say(platform_log.start(invocation.request_id))
        begun = time.perf_counter() - self._late
        if ending is None:
            ending = await self._run(invocation)
        duration = (time.perf_counter() - begun) * 1000
        return self._finish(invocation.request_id, ending, duration)

    def _connection(self) -> Connection:
        return Connection(self._api, self._connections)

    def kill(self) -> None:
        """End the function's work at once; `stop` still has to clear up."""
        self.state = "dead"
        if self._child is not None and self._child.process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._child.pid, signal.SIGKILL)

    async def stop(self) -> None:
        """Kill the process tree and free the port. Harmless when nothing runs any more."""
        self.state = "dead"
        self._alarm.end()
        if self._memory is not None:
            self._memory.stop()
        if self._child is not None and self._child.output != -1:
            loop = asyncio.get_running_loop()
            loop.remove_reader(self._child.output)
            if self._server is not None:
                self._server.close()
            self._child.end()
            for connection in tuple(self._connections):
                connection.abort()
            await asyncio.sleep(0)

    # What the Runtime API tells

    def ready(self) -> None:
        """Runtime API: `next` was called."""
        self._mail.put(_READY)

    def responded(self, body: bytes, headers: Mapping[str, str]) -> None:  # noqa: ARG002 - streaming modes look at them
        """Runtime API: the result has come."""
        self._mail.put(_Happening("responded", body))

    def response_begins(self, content_type: str, flow: Flow) -> None:
        """Runtime API: the result comes in pieces."""
        if self._passing is not None:
            self._passing.begins(content_type, flow)

    def response_piece(self, data: bytes) -> None:
        """Runtime API: the next of them; of an invocation that has ended nobody wants any."""
        if self._passing is not None:
            self._passing.piece(data)

    def response_cut(self) -> None:
        """Runtime API: the rest of them will never come."""
        self._mail.put(_Happening("cut"))

    def response_too_large(self, limit: int) -> None:
        """Runtime API: the result was over the limit."""
        self._mail.put(_Happening("too large", limit=limit))

    def failed(self, body: bytes, error_type: str) -> None:
        """Runtime API: the function's error has come."""
        self._mail.put(_Happening("failed", body, error_type))

    def init_failed(self, body: bytes, error_type: str) -> None:
        """Runtime API: the function's code could not be loaded."""
        self._mail.put(_Happening("init failed", body, error_type))

    # The phases

    async def _initialise(self, invocation: Invocation) -> _Ending | None:
        """Wait for the runtime's first `next`; after the init limit once more, on the invocation's own time."""
        happening = await self._next_happening(self.plan.init_limit - (time.perf_counter() - self._started))
        if happening.kind == "time":
            self._init_report("init", "timeout")
            await self._start_again()
            happening = await self._next_happening(self.plan.timeout)
            self._late = time.perf_counter() - self._started
            if happening.kind == "time":
                self._init_report("invoke", "timeout")
                return self._time_is_up(invocation)
        if happening.kind == "ready":
            if not self._late:  # else it is part of the invocation's duration
                self._init_ms = (time.perf_counter() - self._started) * 1000
            self.state = "idle"
            if self._memory is not None:
                self._memory.rest()
            return None
        ending = await self._failed_init(happening, invocation)
        self._init_report("init", "error", ending.error_type)
        return ending

    async def _failed_init(self, happening: _Happening, invocation: Invocation) -> _Ending:
        if happening.kind == "init failed":
            await self._next_happening(_LAST_WORDS)  # its exit, with the last of its log
            self.state = "dead"
            return _Ending(happening.body, "error", happening.error_type or _error_type(happening.body))
        return self._ended(happening, invocation)

    async def _start_again(self) -> None:
        await self.stop()
        self.state = "init"
        self._child = None
        self._api = RuntimeApi(self)
        self._mail = Mail()
        await self.start()

    async def _run(self, invocation: Invocation) -> _Ending:
        self._deliver(invocation)
        try:
            happening = await self._mail.get()
            if self._passing is not None and happening.kind in ("cut", "exited"):
                happening = await self._torn(happening)
            ending = self._ended(happening, invocation)
            if self.state == "busy":  # answered: the invocation ends when the runtime asks for the next
                last = await self._mail.get()
                self.state = "idle" if last.kind == "ready" else "dead"
        finally:
            self._stand_down()
        return ending

    def _deliver(self, invocation: Invocation) -> None:
        """Give the runtime its event, and watch it from now on."""
        self.state = "busy"
        seconds = max(0.001, self.plan.timeout - self._late) if self.plan.timeout else None
        self._late = 0.0
        deadline = int((time.time() + (seconds or NO_DEADLINE)) * 1000)
        self._alarm.set(seconds)
        if self._memory is not None:
            self._memory.begin()
        self._api.deliver(invocation, deadline, streams=self._passing is not None)

    def _stand_down(self) -> None:
        self._alarm.clear()
        if self._memory is not None:
            self._memory.rest()

    async def _torn(self, first: _Happening) -> _Happening:
        """Of a runtime that dies while it streams: its end says more than the connection's, which comes with it.

        What it sent before comes with the connection's end at the latest.
        """
        for _ in range(_TURNS if first.kind == "exited" else 0):
            await asyncio.sleep(0)
        if first.kind == "exited" and self._api.state != "streaming":
            return first
        second = await self._next_happening(_LAST_WORDS)
        return second if first.kind == "cut" and second.kind in ("exited", "memory") else first

    def _ended(self, happening: _Happening, invocation: Invocation) -> _Ending:
        if happening.kind == "responded":
            return _Ending(happening.body)
        if happening.kind == "failed":
            return _Ending(happening.body, "error", happening.error_type or _error_type(happening.body))
        if happening.kind == "too large":
            return _platform(results.response_too_large(happening.limit), invocation)
        self.state = "dead"
        if happening.kind == "cut":
            return _platform(results.response_truncated(), invocation)
        if happening.kind == "time":
            return self._time_is_up(invocation)
        if happening.error is not None:
            return _platform(happening.error, invocation)
        if happening.kind == "memory":
            return _platform(results.out_of_memory(), invocation)
        return _platform(results.exited(happening.status), invocation)

    def _time_is_up(self, invocation: Invocation) -> _Ending:
        self.state = "dead"
        error = results.timed_out(self.plan.timeout or 0)
        self._read_output()
        self._say(platform_log.note(invocation.request_id, error.message))
        return _Ending(error.payload(invocation.request_id), "timeout", error.error_type)

    def _finish(self, request_id: str, ending: _Ending, duration: float) -> Outcome:
        self._read_output()
        size = self.plan.memory_size
        most = 0 if self._memory is None else self._memory.most(duration / 1000)
        used = size if ending.out_of_memory else max(1, round(most / memory.MEGABYTE))
        report = Report(duration, size, used, self._init_ms)
        self._init_ms = None
        outcome = Outcome(
            request_id, ending.payload, ending.status, ending.error_type, report, out_of_memory=ending.out_of_memory
        )
        if self._platform():
            self._say(platform_log.end(request_id) + platform_log.report(outcome))
        elif self._line_open:
            self._say("")
        return outcome

    # What happens around it

    async def _next_happening(self, seconds: float | None) -> _Happening:
        self._alarm.set(seconds)
        try:
            return await self._mail.get()
        finally:
            self._alarm.clear()

    def _init_report(self, phase: str, status: str, error_type: str = "") -> None:
        self._read_output()
        elapsed = (time.perf_counter() - self._started) * 1000
        self._say(platform_log.init_report(elapsed, phase, status, error_type))

    def _await_exit(self, loop: asyncio.AbstractEventLoop, child: Child) -> None:
        mail = self._mail

        def gone(status: int) -> None:
            self._read_output()
            if mail is self._mail and self.state == "idle":
                self.state = "dead"
            mail.put(_Happening("exited", status=status))

        _on_exit(loop, child, gone)

    def _read_output(self) -> None:
        """Take what the processes have printed so far; never waits for their end."""
        if self._child is None or self._child.output == -1:
            return
        try:
            for _ in range(_PIECES):
                chunk = os.read(self._child.output, 65536)
                if not chunk:
                    asyncio.get_running_loop().remove_reader(self._child.output)
                    return
                self._line_open = not chunk.endswith(b"\n")
                self._log(chunk)
        except BlockingIOError:
            return

    def _say(self, text: str) -> None:
        self._log(b"\n" + text.encode() if self._line_open else text.encode())
        self._line_open = False


def _on_exit(loop: asyncio.AbstractEventLoop, child: Child, gone: Callable[[int], None]) -> None:
    """Call `gone` with the exit status when the process ends: by pidfd where there is one, else by a waiting thread."""
    try:
        descriptor = os.pidfd_open(child.pid)
    except (AttributeError, OSError):  # not Linux; an old kernel or one that refuses
        _wait_in_thread(loop, child, gone)
        return

    def readable() -> None:
        loop.remove_reader(descriptor)
        os.close(descriptor)
        gone(child.process.wait())

    loop.add_reader(descriptor, readable)


def _wait_in_thread(loop: asyncio.AbstractEventLoop, child: Child, gone: Callable[[int], None]) -> None:
    import threading

    def wait() -> None:
        status = child.process.wait()
        with contextlib.suppress(RuntimeError):  # the loop has ended before the process
            loop.call_soon_threadsafe(gone, status)

    threading.Thread(target=wait, daemon=True).start()


def _platform(error: PlatformError, invocation: Invocation) -> _Ending:
    return _Ending(
        error.payload(invocation.request_id),
        "error",
        error.error_type,
        out_of_memory=error.error_type == "Runtime.OutOfMemory",
    )


def _error_type(body: bytes) -> str:
    import json

    with contextlib.suppress(ValueError, AttributeError, RecursionError):
        return str(json.loads(body).get("errorType", ""))
    return "Runtime.Unknown"


def _entrypoint_error(error: OSError, executable: str) -> PlatformError:
    name = executable.rpartition("/")[2]
    if isinstance(error, FileNotFoundError) and name == "bootstrap":
        return results.invalid_entrypoint("Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]")
    return results.invalid_entrypoint(f"fork/exec /var/task/{name}: {(error.strerror or str(error)).lower()}")
