"""One invocation in an execution environment of its own."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from lambdacli import interrupts
from lambdacli.local import guard, headstart
from lambdacli.local.child import begin
from lambdacli.local.invocation import Invocation, new_id, random_hex
from lambdacli.local.variables import function_arn

if TYPE_CHECKING:
    from collections.abc import Callable

    from lambdacli.local.child import Child
    from lambdacli.local.invocation import Outcome
    from lambdacli.local.plan import Plan
    from lambdacli.local.streaming import Streaming
    from lambdacli.model import Function, Manifest


def trace_id() -> str:
    """An X-Ray trace header, not sampled."""
    random = random_hex(40)
    return f"Root=1-{int(time.time()):08x}-{random[:24]};Parent={random[24:]};Sampled=0"


def invocation(function: Function, manifest: Manifest, event: bytes, client_context: str = "") -> Invocation:
    """A caller's request to the unqualified function."""
    arn = function_arn(function, manifest.region, manifest.account)
    return Invocation(event, new_id(), arn, trace_id(), client_context)


def run(plan: Plan, wanted: Invocation, log: Callable[[bytes], object], stream: Streaming | None = None) -> Outcome:
    """Start an environment, invoke once, end it and everything it started. `stream` takes a streamed response."""
    guard.current()
    child = _begun(plan)  # it loads the function while we load asyncio

    from lambdacli.local.execution import ExecutionEnvironment

    async def main() -> Outcome:
        environment = ExecutionEnvironment(plan, log, child)
        try:
            await environment.start()
            guard.adopt_orphans()
            return await environment.invoke(wanted, stream)
        finally:
            await environment.stop()

    try:
        return interrupts.run(main())
    finally:
        guard.close()


def _begun(plan: Plan) -> Child | None:
    try:
        return begin(plan, headstart.claim(plan))
    except OSError:
        return None  # the environment will fail in the same way, and say it as Lambda does
