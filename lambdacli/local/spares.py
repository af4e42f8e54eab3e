"""Runtimes that have started and wait to be told their function: a new environment then costs only the user's code."""

from __future__ import annotations

import asyncio  # noqa: TID253 - this module is only imported once a loop is wanted
import contextlib
from typing import TYPE_CHECKING

from lambdacli.local import headstart
from lambdacli.local.child import Child, begin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lambdacli.local.plan import Plan

_SOON = 0.05  # seconds after a spare was taken until the next is started: the taker goes first


class Spares:
    """One waiting runtime of each kind that was asked for. None where a runtime cannot wait."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[object, ...], Child] = {}
        self._timers: dict[tuple[object, ...], asyncio.TimerHandle] = {}
        self._closed = False
        self._begun = False

    def claim(self, plan: Plan) -> Child | None:
        """A runtime that loads the plan's function from now on, or None: then one has to be started."""
        if plan.spare_environment is None:
            return None
        key = _key(plan.argv, plan.spare_environment)
        child = self._waiting.pop(key, None)
        if child is None and not self._begun:  # the first: it may have been started before we ourselves had
            self._begun = True
            child = headstart.claim(plan)
        self._later(plan.argv, plan.spare_environment)
        if child is None:
            return None
        if child.process.poll() is not None:
            child.end()
            return None
        return begin(plan, child)

    def close(self) -> None:
        """End those that wait."""
        self._closed = True
        for timer in self._timers.values():
            timer.cancel()
        for child in self._waiting.values():
            child.end()
        self._waiting.clear()

    def _later(self, argv: tuple[str, ...], environment: Mapping[str, str]) -> None:
        key = _key(argv, environment)
        if key not in self._timers:
            self._timers[key] = asyncio.get_running_loop().call_later(_SOON, self._start, argv, environment)

    def _start(self, argv: tuple[str, ...], environment: Mapping[str, str]) -> None:
        key = _key(argv, environment)
        self._timers.pop(key, None)
        if key not in self._waiting and not self._closed:
            with contextlib.suppress(OSError):
                self._waiting[key] = Child(argv, environment, None, spare=True)


def _key(argv: tuple[str, ...], environment: Mapping[str, str]) -> tuple[object, ...]:
    return (argv, tuple(sorted(environment.items())))
