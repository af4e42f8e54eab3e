"""The warm execution environments of one revision of a function, each serving one invocation at a time.

Lambda starts another environment for every invocation that finds all others busy. Starting one takes tens of
milliseconds; so an invocation first waits a moment for one that is about to come free.
"""

from __future__ import annotations

import asyncio  # noqa: TID253 - this module is only imported once a loop is wanted
import time
from collections import deque
from typing import TYPE_CHECKING

from lambdacli.local.execution import ExecutionEnvironment

if TYPE_CHECKING:
    from collections.abc import Callable

    from lambdacli.local.invocation import Invocation, Outcome
    from lambdacli.local.plan import Plan
    from lambdacli.local.spares import Spares
    from lambdacli.local.streaming import Streaming

_PATIENCE = 0.008  # seconds that an invocation waits for a warm environment before another one is started


class Room:
    """How many execution environments the machine may have at once, of all functions together."""

    def __init__(self, most: int) -> None:
        self.most = most
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

    `log` gets what the function prints and Lambda's own lines, of all environments, in whole lines as they come.
    """

    def __init__(self, plan: Plan, log: Callable[[bytes], object], room: Room, spares: Spares) -> None:
        self.plan = plan
        self._log = log
        self._room = room
        self._spares = spares
        self._idle: list[_Member] = []
        self._busy: set[_Member] = set()
        self._waiting: deque[asyncio.Future[_Member]] = deque()
        self._retired = False
        self._emptied = asyncio.Event()
        self._ending: set[asyncio.Task[None]] = set()
        room.enter(self)

    @property
    def size(self) -> int:
        """Environments that there are."""
        return len(self._idle) + len(self._busy)

    @property
    def running(self) -> int:
        """Invocations that run."""
        return len(self._busy)

    async def invoke(
        self, invocation: Invocation, hear: Callable[[bytes], object] | None = None, stream: Streaming | None = None
    ) -> Outcome:
        """Run an invocation in an environment of its own; `hear` gets its part of the log.

        Raises:
            Retired: the pool is being ended, and the invocation has not begun.
        """
        member = self._idle.pop() if self._idle else None
        if member is None or member.environment.state == "dead":
            member = await self._found(member)
        self._busy.add(member)
        member.hear = hear
        try:
            return await member.environment.invoke(invocation, stream)
        finally:
            member.hear = None
            self._put_back(member)

    async def warm(self, number: int) -> None:
        """See to so many environments that have at least begun to initialise."""
        while self.size < number and not self._retired and self._room.take():
            self._put_back(await self._started())

    async def retire(self) -> None:
        """Nothing new begins; what runs is finished. Returns when the last environment has ended."""
        self._retired = True
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_exception(Retired())
        self._waiting.clear()
        while self._idle:
            self._end(self._idle.pop())
        self._look_if_empty()
        await self._emptied.wait()
        await asyncio.gather(*self._ending)

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
        while self._waiting and self._waiting[0].done():
            self._waiting.popleft()
        if not self._waiting or not self._room.take():
            return False
        task = asyncio.get_running_loop().create_task(self._start_for(self._waiting.popleft()))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
        return True

    async def _found(self, dead: _Member | None) -> _Member:
        """A living environment: one that comes free soon, or a new one."""
        while dead is not None:
            self._end(dead)
            dead = self._idle.pop() if self._idle else None
            if dead is not None and dead.environment.state != "dead":
                return dead
        if self._retired:
            raise Retired
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[_Member] = loop.create_future()
        self._waiting.append(waiter)
        if self._busy:
            loop.call_later(_PATIENCE, self._grow_for, waiter)
        else:
            self.grow()
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self._put_back(waiter.result())
            raise

    def _grow_for(self, waiter: asyncio.Future[_Member]) -> None:
        if not waiter.done():
            self.grow()

    async def _start_for(self, waiter: asyncio.Future[_Member]) -> None:
        member = await self._started()
        if waiter.done():
            self._put_back(member)
        else:
            self._busy.add(member)
            waiter.set_result(member)

    async def _started(self) -> _Member:
        member = _Member(self.plan, self._log)
        member.environment = ExecutionEnvironment(self.plan, member.log, self._spares.claim(self.plan))
        await member.environment.start()
        return member

    def _put_back(self, member: _Member) -> None:
        self._busy.discard(member)
        if self._retired or member.environment.state == "dead":
            self._end(member)
            self._look_if_empty()
            return
        member.used = time.monotonic()
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                self._busy.add(member)
                waiter.set_result(member)
                return
        self._idle.append(member)

    def _end(self, member: _Member) -> None:
        task = asyncio.get_running_loop().create_task(self._stop(member))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _stop(self, member: _Member) -> None:
        try:
            await member.environment.stop()
        finally:
            self._room.free()

    def _look_if_empty(self) -> None:
        if self._retired and not self._busy:
            self._room.leave(self)
            self._emptied.set()


class Retired(Exception):  # noqa: N818 - what has become of the pool: its successor takes the invocation
    """The pool takes no more invocations."""


class _Member:
    """An environment, and who hears its log besides the pool."""

    environment: ExecutionEnvironment

    def __init__(self, plan: Plan, log: Callable[[bytes], object]) -> None:
        self.plan = plan
        self.used = time.monotonic()
        self.hear: Callable[[bytes], object] | None = None
        self._log = log
        self._begun = b""  # a line without its end

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
