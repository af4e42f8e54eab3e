"""All functions of the manifest as something that can be invoked: by name, at once, within their concurrency."""

from __future__ import annotations

import asyncio  # noqa: TID253 - this module is only imported once a loop is wanted
import contextlib
import time
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from lambdacli.errors import LambdacliError
from lambdacli.local import invocation as results
from lambdacli.local import once
from lambdacli.local.invocation import Invocation, Outcome, PlatformError, Report, new_id
from lambdacli.local.plan import Machine, plan
from lambdacli.local.pool import Pool, Retired, Room, Ticket
from lambdacli.local.spares import Spares
from lambdacli.local.variables import function_arn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lambdacli.local.streaming import Streaming
    from lambdacli.model import Function, Manifest
    from lambdacli.serve.telling import Telling

_OFTEN = 30.0  # seconds between two warnings that there is no room
_IDLE = 300.0  # seconds after which an environment that nobody wants is ended
_LOOK = 15.0  # seconds between two looks for these


class Call(NamedTuple):
    """What a caller wants of a function. `client_context` and `identity` are plain JSON or empty."""

    event: bytes
    client_context: str = ""
    identity: str = ""
    trace_id: str = ""
    tenant_id: str = ""
    request_id: str = ""  # "": a new one
    arn: str = ""  # as it was invoked, with its qualifier; "": the unqualified function's
    hear: Callable[[bytes], object] | None = None  # gets the invocation's log
    stream: Streaming | None = None  # gets the response as it comes; a whole one comes as the outcome's payload


class NoSuchFunction(LambdacliError):  # noqa: N818 - the name is what happened
    """The manifest has no function of this name (exit code 2)."""

    exit_code = 2


class Throttled(LambdacliError):  # noqa: N818 - the name is what happened
    """All of the function's reserved concurrency is in use (exit code 1)."""

    exit_code = 1


class Fleet:
    """The functions of the newest good manifest.

    `machine` says how a function is run here; it is asked again for every new revision.
    """

    def __init__(
        self, manifest: Manifest, machine: Callable[[Function], Machine], telling: Telling, most: int, warm: int = 0
    ) -> None:
        self.manifest = manifest
        self._machine = machine
        self._telling = telling
        self._room = Room(most, self._full)
        self._full_told = -_OFTEN
        self._spares = Spares()
        self._warm = warm
        self._members = {name: _Member(function) for name, function in manifest.functions.items()}
        self._leaving: set[asyncio.Task[None]] = set()
        self._reaper: asyncio.Task[None] | None = None
        self._closed = False
        self._running = 0
        self._resting = asyncio.Event()  # nothing runs
        self._resting.set()

    async def start(self) -> None:
        """Prepare what was asked to be warm, and keep house from now on."""
        self._reaper = asyncio.create_task(self._reap())
        if self._warm:
            await asyncio.gather(*map(self._warmed, self._members.values()))

    async def look(self) -> None:
        """See to it that every function can be started, and tell of those that cannot, before somebody calls them."""
        for name in [*self._members]:
            member = self._members.get(name)
            if member is not None and member.pool is None:
                try:
                    self._made(member)
                except LambdacliError as error:
                    self._telling.trouble(error)
            await asyncio.sleep(0)

    def function(self, name: str) -> Function:
        """The function as the manifest has it now.

        Raises:
            NoSuchFunction: it has none of this name.
        """
        return self._member(name).function

    def arn(self, name: str) -> str:
        """The unqualified ARN of a function of the manifest."""
        return function_arn(self.function(name), self.manifest.region, self.manifest.account)

    @property
    def most(self) -> int:
        """Environments that the machine may have at once."""
        return self._room.most

    @property
    def running(self) -> int:
        """Invocations that run now, of all functions."""
        return self._running

    async def invoke(self, name: str, call: Call) -> Outcome:
        """Run one invocation. Every failure of the function is an `Outcome`. Who is cancelled has it killed.

        Raises:
            NoSuchFunction: the manifest has none of this name.
            Throttled: as many invocations run as the function has reserved.
        """
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        ticket = self.begin(name, call, partial(_set, future), partial(_fail, future))
        try:
            return await future
        except asyncio.CancelledError:
            if future.cancelled():  # else the fleet was closed
                ticket.cancel()
            raise

    def begin(
        self,
        name: str,
        call: Call,
        ended: Callable[[Outcome], object],
        failed: Callable[[BaseException], object],
    ) -> Ticket:
        """Run one invocation without waiting for it: `ended` is called with its outcome, or `failed`; maybe at once.

        Raises:
            NoSuchFunction: the manifest has none of this name.
            Throttled: as many invocations run as the function has reserved.
        """
        member = self._member(name)
        reserved = member.function.reserved_concurrency
        if reserved is not None and member.running >= reserved:
            raise Throttled(f"function {name}: {reserved} invocations run already, all that it has reserved")
        member.running += 1
        self._running += 1
        self._resting.clear()

        def out(outcome: Outcome) -> None:
            self._left(member)
            ended(outcome)

        def not_out(error: BaseException) -> None:
            if isinstance(error, Retired):  # it was replaced before this one began
                self._hand(member, ticket)
                return
            self._left(member)
            failed(error)

        ticket = Ticket(self._wanted(member.function, call), out, not_out, call.hear, call.stream)
        self._hand(member, ticket)
        return ticket

    def change(self, manifest: Manifest, saved: Iterable[str] = ()) -> tuple[str, ...]:
        """Go over to a manifest; functions that are new to it, differ in it, or whose code was saved, start anew.

        What runs is finished on the old code. Returns the names of those that start anew or have left.
        """
        before, self.manifest = self.manifest, manifest
        renewed = set(saved)
        for name in {*before.functions, *manifest.functions}:
            if _runs_differently(name, before, manifest):
                renewed.add(name)
        for name in renewed:
            if (member := self._members.get(name)) is not None:
                self._retire(member)
        self._members = {
            name: self._members.get(name, _Member(function)).with_(function)
            for name, function in manifest.functions.items()
        }
        for name in renewed & {*self._members}:
            self._begin(self._members[name])
        return tuple(sorted(renewed))

    async def drain(self, grace: float) -> int:
        """Wait until nothing runs, for so many seconds; returns how many invocations still run then."""
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._resting.wait(), grace)
        return self.running

    def kill(self) -> None:
        """End what runs, at once: its callers get what Lambda says of a runtime that exited."""
        for member in self._members.values():
            if member.pool is not None:
                member.pool.kill()

    async def close(self) -> None:
        """End everything; what still runs is killed, and what waits is cancelled."""
        self._closed = True
        if self._reaper is not None:
            self._reaper.cancel()
            await asyncio.gather(self._reaper, return_exceptions=True)
        self.kill()
        pools = [member.pool for member in self._members.values() if member.pool is not None]
        await asyncio.gather(*(pool.retire() for pool in pools), *self._leaving, return_exceptions=True)
        self._spares.close()

    # Parts

    def _member(self, name: str) -> _Member:
        try:
            return self._members[name]
        except KeyError:
            raise NoSuchFunction(f"no function {name!r} in the manifest") from None

    def _full(self) -> None:
        """Functions that wait for each other would otherwise time out without a word."""
        now = time.monotonic()
        if now - self._full_told > _OFTEN:
            self._full_told = now
            self._telling.warning(
                f"invocations wait: all {self.most} environments that may be there at once are busy",
                "--concurrency allows more; functions that invoke each other need one each",
            )

    def _left(self, member: _Member) -> None:
        member.running -= 1
        self._running -= 1
        if not self._running:
            self._resting.set()

    def _wanted(self, function: Function, call: Call) -> Invocation:
        return Invocation(
            call.event,
            call.request_id or new_id(),
            call.arn or function_arn(function, self.manifest.region, self.manifest.account),
            call.trace_id or once.trace_id(),
            call.client_context,
            call.identity,
            call.tenant_id,
        )

    def _hand(self, member: _Member, ticket: Ticket) -> None:
        """Give an invocation to the function's newest environments."""
        while True:
            if self._closed:
                ticket.failed(asyncio.CancelledError())
                return
            try:
                pool = member.pool or self._made(member)
            except LambdacliError as error:
                self._telling.trouble(error)
                ticket.ended(_unreachable(ticket.invocation.request_id, member.function, error))
                return
            try:
                pool.begin(ticket)
            except Retired:  # it has a successor
                continue
            return

    def _made(self, member: _Member) -> Pool:
        function = member.function
        its_plan, interpreter = plan(function, self.manifest, self._machine(function))
        if not interpreter.exact:
            self._telling.warning(
                f"{function.runtime} is not on this machine: {function.name} runs on {interpreter.version}"
            )
        log = partial(self._telling.log, function.name)
        member.pool = Pool(its_plan, log, self._room, self._spares, platform=self._telling.platform)
        return member.pool

    def _retire(self, member: _Member) -> None:
        pool, member.pool = member.pool, None
        if pool is not None:
            task = asyncio.get_running_loop().create_task(pool.retire())
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)

    def _begin(self, member: _Member) -> None:
        """Load the new code before somebody asks for it."""
        task = asyncio.get_running_loop().create_task(self._warmed(member, 1))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def _warmed(self, member: _Member, least: int = 0) -> None:
        try:
            pool = member.pool or self._made(member)
        except LambdacliError as error:
            self._telling.trouble(error)
            return
        reserved = member.function.reserved_concurrency
        wanted = max(least, self._warm)
        await pool.warm(wanted if reserved is None else min(wanted, reserved))

    async def _reap(self) -> None:
        while True:
            await asyncio.sleep(_LOOK)
            for member in self._members.values():
                if member.pool is not None:
                    member.pool.reap(_IDLE, self._warm)


class _Member:
    """A function and the environments of its newest revision."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.pool: Pool | None = None
        self.running = 0

    def with_(self, function: Function) -> _Member:
        """The same, with what the manifest says now."""
        self.function = function
        return self


def _set(future: asyncio.Future[Outcome], outcome: Outcome) -> None:
    if not future.done():
        future.set_result(outcome)


def _fail(future: asyncio.Future[Outcome], error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)


def _runs_differently(name: str, before: Manifest, now: Manifest) -> bool:
    """Whether its processes would be other ones."""
    if (before.region, before.account) != (now.region, now.account):
        return True
    old, new = before.functions.get(name), now.functions.get(name)
    return old is None or new is None or _of_process(old) != _of_process(new)


def _of_process(function: Function) -> Function:
    """What of a function its processes are made from."""
    return function._replace(
        triggers=(), permissions=(), description="", tags={}, role="", exclude=(), log_retention=0,
        on_failure=None, on_success=None, dead_letter=None, reserved_concurrency=None, provisioned_concurrency=None,
        maximum_event_age=0, maximum_retry_attempts=0, subnets=(), security_groups=(), kms_key="",
    )  # fmt: skip


def _unreachable(request_id: str, function: Function, error: LambdacliError) -> Outcome:
    """What a caller gets where the function cannot even be started on this machine."""
    said = "; ".join(filter(None, (error.message, *map(str, getattr(error, "problems", ())))))
    message = f"{said} ({error.hint})" if error.hint else said
    refusal: PlatformError = results.invalid_entrypoint(message)
    report = Report(0.0, function.memory, 0)
    return Outcome(request_id, refusal.payload(request_id), "error", refusal.error_type, report)
