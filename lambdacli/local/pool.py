"""The warm execution environments of one revision of a function, each serving one invocation at a time.

Lambda starts another environment for every invocation that finds all others busy. Starting one takes tens of
milliseconds; so an invocation first waits a moment for one that is about to come free, and longer where they keep
coming free: on a busy machine more processes would only make all of them slower.
"""

from __future__ import annotations

import asyncio  # noqa: TID253 - this module is only imported once a loop is wanted
import os
import time
from collections import deque
from typing import TYPE_CHECKING

from lambdacli.local.execution import ExecutionEnvironment

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from lambdacli.local.invocation import Invocation, Outcome
    from lambdacli.local.plan import Plan
    from lambdacli.local.spares import Spares
    from lambdacli.local.streaming import Streaming

_PATIENCE = 0.008  # seconds that an invocation waits for a warm environment before another one is started
_LONG = 2.0  # seconds that it waits for room before people are told
_LONGEST_PATIENCE = 0.1  # seconds that it waits while environments come free all the time
_AT_ONCE = os.cpu_count() or 1  # environments that are started together


class Room:
    """How many execution environments the machine may have at once, of all functions together.

    `full` is called as long as somebody has waited long.
    """

    def __init__(self, most: int, full: Callable[[], object] | None = None) -> None:
        self.most = most
        self.full = full
        self.taken = 0
        self._pools: list[Pool] = []

    def enter(self, pool: Pool) -> None:
        """A pool that takes from it, and may be asked to give back."""
        self._pools.append(pool)

    def leave(self, pool: Pool) -> None:
        """The pool has nothing left to give."""
        self._pools.remove(pool)

    def take(self) -> bool:
        """Whether one more may start; an idle one of any other function makes room."""
        if self.taken >= self.most and not any(pool.give_back() for pool in self._pools):
            return False
        self.taken += 1
        return True

    def free(self) -> None:
        """One has ended: whoever waits may start another."""
        self.taken -= 1
        for pool in self._pools:
            if pool.grow():
                return


class Pool:
    """Environments that are started when they are wanted, kept warm, and ended when they are not.

    `log` gets what the function prints and Lambda's own lines, of all environments, in whole lines as they come;
    without `platform` it gets Lambda's of ordinary invocations only where somebody else hears them, too.
    """

    def __init__(
        self, plan: Plan, log: Callable[[bytes], object], room: Room, spares: Spares, *, platform: bool = True
    ) -> None:
        self.plan = plan
        self._log = log
        self._platform = platform
        self._room = room
        self._spares = spares
        self._idle: list[_Member] = []
        self._busy: set[_Member] = set()
        self._waiting: deque[Ticket] = deque()
        self._impatience: asyncio.TimerHandle | None = None
        self._starting = 0
        self._returned = 0.0  # when an environment last came free, by the loop's time
        self._retired = False
        self._emptied = asyncio.Event()
        self._under_way: set[asyncio.Task[None]] = set()
        room.enter(self)

    @property
    def size(self) -> int:
        """Environments that there are."""
        return len(self._idle) + len(self._busy)

    def begin(self, ticket: Ticket) -> None:
        """Run an invocation in an environment of its own, as soon as there is one.

        Raises:
            Retired: the pool is being ended.
        """
        while self._idle:
            member = self._idle.pop()
            if member.environment.state != "dead":
                self._run(member, ticket)
                return
            self._end(member)
        if self._retired:
            raise Retired
        loop = asyncio.get_running_loop()
        ticket.since = loop.time()
        ticket.pool = self
        self._waiting.append(ticket)
        if not self._busy and not self._starting:
            self.grow()
        if self._waiting and self._impatience is None:  # also where there is no room: others may leave some idle
            self._impatience = loop.call_later(_PATIENCE, self._grow_impatient)

    def cancel(self, ticket: Ticket) -> None:
        """Its caller has given up: what runs is killed."""
        ticket.gone = True
        if ticket.task is not None:
            ticket.task.cancel()
        elif ticket.member is not None:
            ticket.member.environment.kill()
        else:
            if ticket in self._waiting:  # else an environment is being started for it
                self._waiting.remove(ticket)
            ticket.failed(asyncio.CancelledError())

    async def warm(self, number: int) -> None:
        """See to so many environments that have at least begun to initialise."""
        while self.size < number and not self._retired and self._room.take():
            self._put_back(await self._started())

    async def retire(self) -> None:
        """Nothing new begins; what runs is finished. Returns when the last environment has ended."""
        self._retired = True
        waiting, self._waiting = self._waiting, deque()
        for ticket in waiting:
            ticket.failed(Retired())
        if self._impatience is not None:
            self._impatience.cancel()
        while self._idle:
            self._end(self._idle.pop())
        self._look_if_empty()
        await self._emptied.wait()
        while self._under_way:  # one that was about to start is ended afterwards
            await asyncio.gather(*self._under_way)

    def kill(self) -> None:
        """End what runs, at once."""
        for member in self._busy:
            member.environment.kill()

    def give_back(self) -> bool:
        """End an idle environment, if there is one, so that another function can start one."""
        if not self._idle:
            return False
        self._end(self._idle.pop(0))
        return True

    def reap(self, seconds: float, keep: int) -> None:
        """End environments that were not used for so long, except some."""
        before = time.monotonic() - seconds
        while len(self._idle) > max(0, keep - len(self._busy)) and self._idle[0].used < before:
            self._end(self._idle.pop(0))

    def grow(self) -> bool:
        """Start an environment for whoever waits longest, if somebody waits and the machine has room."""
        if not self._waiting or not self._room.take():
            return False
        self._starting += 1
        self._begin(self._start_for(self._waiting.popleft()))
        return True

    def _grow_impatient(self) -> None:
        """Start a few environments for those who have waited long enough."""
        now = asyncio.get_running_loop().time()
        self._impatience = None
        patience = _LONGEST_PATIENCE if now - self._returned < _PATIENCE else _PATIENCE
        for _ in range(_AT_ONCE):
            if not self._waiting or self._waiting[0].since > now - patience or not self.grow():
                break
        if self._waiting:
            if now - self._waiting[0].since > _LONG and self._room.full is not None:
                self._room.full()
            self._impatience = asyncio.get_running_loop().call_later(_PATIENCE, self._grow_impatient)

    async def _start_for(self, ticket: Ticket) -> None:
        try:
            member = await self._started()
        finally:
            self._starting -= 1
        if not self._retired and not ticket.gone:
            self._run(member, ticket)
            return
        self._put_back(member)
        if not ticket.gone:  # its successor may have it waiting from here on
            ticket.failed(Retired())

    def _run(self, member: _Member, ticket: Ticket) -> None:
        self._busy.add(member)
        member.hear = ticket.hear
        ticket.member = member
        ticket.pool = self
        if ticket.stream is None and member.environment.state == "idle":
            member.environment.begin(ticket.invocation, ticket.done)
            return
        ticket.task = asyncio.get_running_loop().create_task(self._run_slowly(member, ticket))

    async def _run_slowly(self, member: _Member, ticket: Ticket) -> None:
        """What has to be initialised first, or streams."""
        try:
            outcome = await member.environment.invoke(ticket.invocation, ticket.stream)
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - the caller's, who raises it
            self.leave(member)
            ticket.failed(error)
        else:
            self.leave(member)
            ticket.ended(outcome)

    def leave(self, member: _Member) -> None:
        """Its invocation has ended."""
        member.hear = None
        self._put_back(member)

    async def _started(self) -> _Member:
        member = _Member(self._log, platform=self._platform)
        child = self._spares.claim(self.plan)
        member.environment = ExecutionEnvironment(self.plan, member.log, child, member.wants_platform)
        await member.environment.start()
        return member

    def _put_back(self, member: _Member) -> None:
        self._busy.discard(member)
        if self._retired or member.environment.state == "dead":
            self._end(member)
            self._look_if_empty()
            return
        self._returned = member.used = time.monotonic()
        if self._waiting:
            self._run(member, self._waiting.popleft())
        else:
            self._idle.append(member)

    def _end(self, member: _Member) -> None:
        self._begin(self._stop(member))

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        """Do it beside everything else; `retire` waits for it."""
        task = asyncio.get_running_loop().create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _stop(self, member: _Member) -> None:
        try:
            await member.environment.stop()
        finally:
            self._room.free()

    def _look_if_empty(self) -> None:
        if self._retired and not self._busy and not self._emptied.is_set():
            self._room.leave(self)
            self._emptied.set()


class Retired(Exception):  # noqa: N818 - what has become of the pool: its successor takes the invocation
    """The pool takes no more invocations."""


class Ticket:
    """An invocation on its way: once, either `ended` gets its outcome or `failed` why there is none."""

    __slots__ = ("ended", "failed", "gone", "hear", "invocation", "member", "pool", "since", "stream", "task")

    def __init__(
        self,
        invocation: Invocation,
        ended: Callable[[Outcome], object],
        failed: Callable[[BaseException], object],
        hear: Callable[[bytes], object] | None = None,
        stream: Streaming | None = None,
    ) -> None:
        self.invocation = invocation
        self.ended = ended
        self.failed = failed
        self.hear = hear
        self.stream = stream
        self.gone = False  # nobody wants it any more
        self.since = 0.0  # when it began to wait, by the loop's time
        self.pool: Pool | None = None
        self.member: _Member | None = None
        self.task: asyncio.Task[None] | None = None

    def done(self, outcome: Outcome) -> None:
        """It has run: its environment takes the next before the caller gets the outcome."""
        if self.pool is not None and self.member is not None:
            self.pool.leave(self.member)
        self.ended(outcome)

    def cancel(self) -> None:
        """The caller has given up."""
        if self.pool is not None:
            self.pool.cancel(self)


class _Member:
    """An environment, and who hears its log besides the pool."""

    environment: ExecutionEnvironment

    def __init__(self, log: Callable[[bytes], object], *, platform: bool) -> None:
        self._platform = platform
        self.used = time.monotonic()
        self.hear: Callable[[bytes], object] | None = None
        self._log = log
        self._begun = b""  # a line without its end

    def wants_platform(self) -> bool:
        """Whether anybody wants Lambda's own lines of the invocation that runs."""
        return self._platform or self.hear is not None

    def log(self, chunk: bytes) -> None:
        """The pool hears whole lines: those of several environments must not run into each other."""
        if self.hear is not None:
            self.hear(chunk)
        whole, end, rest = chunk.rpartition(b"\n")
        if end:
            self._log(self._begun + whole + end)
            self._begun = rest
        else:
            self._begun += rest
