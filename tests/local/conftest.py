"""Runtimes for the execution environment: small programs that speak the Runtime API, well or badly."""

from __future__ import annotations

import asyncio
import sys
import textwrap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from lambdacli.local import guard
from lambdacli.local.execution import ExecutionEnvironment
from lambdacli.local.invocation import Invocation, Outcome, new_id
from lambdacli.local.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

ARN = "arn:aws:lambda:us-east-1:123456789012:function:f"

# A complete runtime in a few lines; `handle(event, headers)` comes from the test.
RUNTIME = """
import http.client, json, os, sys, signal, time, subprocess
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
BASE = "/2018-06-01/runtime/"
def call(method, path, body=None, headers={}):
    api.request(method, BASE + path, body, headers)
    answer = api.getresponse()
    return answer.status, dict((k.lower(), v) for k, v in answer.getheaders()), answer.read()
def loop(handle):
    while True:
        _, headers, event = call("GET", "invocation/next")
        rid = headers["lambda-runtime-aws-request-id"]
        result = handle(json.loads(event), headers)
        call("POST", f"invocation/{rid}/response", json.dumps(result).encode())
"""


@dataclass
class Harness:
    """Runs invocations in one environment and keeps its log."""

    folder: Path
    log: bytearray = field(default_factory=bytearray)

    def plan(self, body: str, **changes: Any) -> Plan:
        script = self.folder / f"runtime{len(list(self.folder.iterdir()))}.py"
        script.write_text(RUNTIME + textwrap.dedent(body))
        values: dict[str, Any] = {
            "argv": (sys.executable, "-u", str(script)),
            "environment": {"PATH": "/usr/bin:/bin"},
            "cwd": str(self.folder),
            "memory_size": 128,
            "timeout": 3.0,
            "runtime_version": "test:1",
        }
        return Plan(**(values | changes))

    def run(self, plan: Plan, *events: bytes, then: Callable[[], Awaitable[None]] | None = None) -> list[Outcome]:
        async def main() -> list[Outcome]:
            environment = ExecutionEnvironment(plan, self.log.extend)
            outcomes = []
            try:
                await environment.start()
                for event in events or (b"{}",):
                    if environment.state == "dead":
                        break
                    outcomes.append(await environment.invoke(Invocation(event, new_id(), ARN)))
                if then is not None:
                    await then()
            finally:
                await environment.stop()
            return outcomes

        return asyncio.run(main())

    @property
    def text(self) -> str:
        return self.log.decode()


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[Harness]:
    folder = tmp_path / "task"
    folder.mkdir()
    yield Harness(folder)
    guard.close()
