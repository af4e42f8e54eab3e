"""AWS's own runtime clients and ours in our execution environment: the caller sees the same of both, case by case."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from lambdacli.local import guard
from lambdacli.local.execution import ExecutionEnvironment
from lambdacli.local.invocation import Invocation, Outcome, new_id
from lambdacli.local.plan import Plan
from lambdacli.local.variables import environment
from lambdacli.model import Function
from lambdacli.runtimes import BOOTSTRAPS

pytestmark = pytest.mark.skipif(os.name != "posix", reason="functions run on Linux and macOS")

ARN = "arn:aws:lambda:us-east-1:123456789012:function:f"
CLIENT_CONTEXT = '{"client":{"installation_id":"i"},"custom":{"a":"b"},"env":{"c":"d"}}'


class Case(NamedTuple):
    """A handler, the events that one environment gets, and the function's limits."""

    name: str
    python: str
    node: str
    events: tuple[bytes, ...] = (b"{}",)
    handler: str = "app.handler"
    timeout: float = 5.0
    status: str = "success"


PYTHON = "import json, os, sys, time\ncount = 0\ndef handler(event, context):\n    global count\n    count += 1\n    "
NODE = "let count = 0;\nexports.handler = async (event, context) => {\n  count++;\n  "

CASES = [
    Case("echo", "return event", "return event;", ('{"a":[1,2.5,null,true,"ü😀"]}'.encode(), b"[]", b'"x"', b"0")),
    Case("falsy", "return event", "return event;", (b"null", b"false", b'""', b"[]", b"{}", b"0")),
    Case("warm state", "return count", "return count;", (b"{}", b"{}", b"{}")),
    Case("five megabytes", "return event * 5_000_000", "return event.repeat(5_000_000);", (b'"x"',)),
    Case("too large", "return event * 7_000_000", "return event.repeat(7_000_000);", (b'"x"', b'"y"'), status="error"),
    Case(
        "context",
        "return [context.function_name, context.invoked_function_arn, context.memory_limit_in_mb,"
        " context.function_version, 0 < context.get_remaining_time_in_millis() <= 5000,"
        " context.client_context.custom, context.log_group_name]",
        "return [context.functionName, context.invokedFunctionArn, context.memoryLimitInMB, context.functionVersion,"
        " context.getRemainingTimeInMillis() <= 5000, context.clientContext.custom, context.logGroupName];",
    ),
    Case("exception", "raise ValueError('no')", "throw new TypeError('no');", status="error"),
    Case("recovers from an exception", "return 1 / event", "if (!event) throw Error('0'); return event;", (b"0", b"1")),
    Case("exits", "os._exit(3)", "process.exit(3);", status="error"),
    Case("exits quietly", "os._exit(0)", "process.reallyExit(0);", status="error"),
    Case("killed", "os.kill(os.getpid(), 11)", "process.kill(process.pid, 'SIGSEGV'); for (;;);", status="error"),
    Case("timeout", "time.sleep(60)", "for (;;);", timeout=0.4, status="timeout"),
    Case("no such attribute", "pass", "", handler="app.nope", status="error"),
    Case("no such module", "pass", "", handler="missing.handler", status="error"),
]


def written(case: Case, folder: Path) -> Path:
    folder.mkdir()
    (folder / "app.py").write_text(f"{PYTHON}{case.python}\n")
    (folder / "app.js").write_text(f"{NODE}{case.node}\n}};\n")
    return folder


def run(case: Case, folder: Path, argv: tuple[str, ...], runtime: str) -> list[Outcome]:
    function = Function("f", case.handler, runtime, folder, memory=512)
    variables = environment(
        function,
        region="us-east-1",
        task_root=str(folder),
        interpreter_folder=str(Path(argv[0]).parent),
        language={},
        credentials={},
        overrides={},
    )
    plan = Plan(argv, variables, str(folder), function.memory, case.timeout, "test:1")

    async def main() -> list[Outcome]:
        outcomes: list[Outcome] = []
        running = ExecutionEnvironment(plan, bytearray().extend)
        try:
            await running.start()
            for event in case.events:
                wanted = Invocation(event, new_id(), ARN, client_context=CLIENT_CONTEXT)
                outcomes.append(await running.invoke(wanted))
                if running.state == "dead":
                    break
        finally:
            await running.stop()
        return outcomes

    try:
        return asyncio.run(main())
    finally:
        guard.close()


def seen(outcome: Outcome) -> tuple[Any, ...]:
    """What the caller sees, without ids and the places of either client."""
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<id>", outcome.payload.decode())
    payload = json.loads(text)
    if isinstance(payload, dict):
        payload.pop("trace", None)
        message = str(payload.get("errorMessage", ""))
        payload["errorMessage"] = re.split(r"\n|\\n", message)[0]  # then come the places of either client
    return outcome.status, outcome.error_type, payload


def compared(case: Case, folder: Path, ours: tuple[str, ...], theirs: tuple[str, ...], runtime: str) -> None:
    mine = run(case, folder, ours, runtime)
    assert [seen(each) for each in mine] == [seen(each) for each in run(case, folder, theirs, runtime)]
    assert any(each.status == case.status for each in mine)


@pytest.mark.skipif(find_spec("awslambdaric") is None, reason="awslambdaric is not installed")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_python(case: Case, tmp_path: Path) -> None:
    ours = (sys.executable, "-B", "-s", str(BOOTSTRAPS / "bootstrap.py"), str(tmp_path / "bytecode"))
    theirs = (sys.executable, "-m", "awslambdaric", case.handler)
    runtime = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    compared(case, written(case, tmp_path / "task"), ours, theirs, runtime)


@pytest.mark.toolchain
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_nodejs(case: Case, tmp_path: Path) -> None:
    node = shutil.which("node")
    built = [Path(p) for p in os.environ.get("LAMBDACLI_NODE_RIC", "").split(os.pathsep) if p]
    client = next((p / "bin/index.mjs" for p in built if (p / "bin/index.mjs").exists()), None)
    if node is None or client is None:
        pytest.skip("no Node.js, or no built aws-lambda-ric@3 in LAMBDACLI_NODE_RIC")
    ours = (node, str(BOOTSTRAPS / "bootstrap.cjs"))
    compared(case, written(case, tmp_path / "task"), ours, (node, str(client), case.handler), "nodejs20.x")
