"""An execution environment with real child processes: results, failures of every kind, limits, left-overs."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lambdacli.local.execution import ExecutionEnvironment
from lambdacli.local.invocation import Invocation, new_id

if TYPE_CHECKING:
    from .conftest import Harness

linux = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_result_comes_back_byte_for_byte(harness: Harness) -> None:
    event = json.dumps({"text": "größe \U0001f600", "n": 1.50}).encode()
    (outcome,) = harness.run(harness.plan("loop(lambda e, h: e)"), event)
    assert (outcome.status, outcome.error_type) == ("success", "")
    assert json.loads(outcome.payload) == json.loads(event)


@pytest.mark.parametrize("value", ["None", "0", "''", "False", "[]", "{}"])
def test_falsy_results_are_results(harness: Harness, value: str) -> None:
    (outcome,) = harness.run(harness.plan(f"loop(lambda e, h: {value})"))
    assert outcome.status == "success"
    assert json.loads(outcome.payload) == eval(value)  # noqa: S307 - the test's own literals


def test_one_environment_serves_many_invocations_and_keeps_its_state(harness: Harness) -> None:
    plan = harness.plan("count = []\nloop(lambda e, h: count.append(1) or len(count))")
    outcomes = harness.run(plan, b"{}", b"{}", b"{}")
    assert [o.payload for o in outcomes] == [b"1", b"2", b"3"]
    assert [o.report.init is not None for o in outcomes] == [True, False, False]


def test_what_next_tells_of_the_invocation(harness: Harness) -> None:
    (outcome,) = harness.run(harness.plan("loop(lambda e, h: h)", timeout=7.0))
    headers = json.loads(outcome.payload)
    assert headers["lambda-runtime-aws-request-id"] == outcome.request_id
    assert headers["lambda-runtime-invoked-function-arn"].endswith(":function:f")
    assert 0 < int(headers["lambda-runtime-deadline-ms"]) / 1000 - time.time() <= 7
    assert "lambda-runtime-client-context" not in headers


def test_the_log_of_an_invocation(harness: Harness) -> None:
    harness.run(harness.plan("print('at init')\nloop(lambda e, h: print('in handler') or 1)"))
    shape = (
        r"INIT_START Runtime Version: test:1\n"
        r"at init\n"
        r"START RequestId: (\S{36}) Version: \$LATEST\n"
        r"in handler\n"
        r"END RequestId: \1\n"
        r"REPORT RequestId: \1\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\t"
        r"Max Memory Used: \d+ MB\tInit Duration: [\d.]+ ms\t\n"
    )
    assert re.fullmatch(shape, harness.text)


def test_output_without_a_newline_does_not_swallow_lambdas_lines(harness: Harness) -> None:
    harness.run(harness.plan("import sys\nloop(lambda e, h: sys.stdout.write('no newline') and 1)"))
    assert "no newline\nEND RequestId" in harness.text


def test_an_error_of_the_function_reaches_the_caller_unchanged(harness: Harness) -> None:
    plan = harness.plan("""
        _, headers, _ = call("GET", "invocation/next")
        rid = headers["lambda-runtime-aws-request-id"]
        call("POST", f"invocation/{rid}/error", b'{"errorType":"Oops","errorMessage":"no","extra":[1]}')
        call("GET", "invocation/next")
    """)
    (outcome,) = harness.run(plan)
    assert outcome.payload == b'{"errorType":"Oops","errorMessage":"no","extra":[1]}'
    assert (outcome.status, outcome.error_type) == ("error", "Oops")
    assert "Status: error\tError Type: Oops" in harness.text


@pytest.mark.parametrize(
    ("ending", "message"),
    [
        ("sys.exit(0)", "Runtime exited without providing a reason"),
        ("sys.exit(3)", "Runtime exited with error: exit status 3"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "Runtime exited with error: signal: segmentation fault"),
        ("os.abort()", "Runtime exited with error: signal: aborted"),
    ],
)
@pytest.mark.parametrize("phase", ["init", "invoke"])
def test_a_runtime_that_ends_by_itself(harness: Harness, ending: str, message: str, phase: str) -> None:
    body = ending if phase == "init" else f"loop(lambda e, h: {ending})"
    (outcome,) = harness.run(harness.plan(body))
    assert json.loads(outcome.payload) == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {outcome.request_id} Error: {message}",
    }
    assert outcome.status == "error"


def test_a_timeout_kills_and_says_so(harness: Harness) -> None:
    started = time.monotonic()
    (outcome,) = harness.run(harness.plan("loop(lambda e, h: time.sleep(60))", timeout=0.3))
    assert time.monotonic() - started < 5
    assert outcome.status == "timeout"
    assert json.loads(outcome.payload) == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {outcome.request_id} Error: Task timed out after 0.30 seconds",
    }
    assert re.search(r"Z \S{36} Task timed out after 0.30 seconds\nEND .*\nREPORT .*Status: timeout", harness.text)


def test_a_function_that_prints_for_ever_still_times_out(harness: Harness) -> None:
    plan = harness.plan("loop(lambda e, h: [print('#' * 10_000) for _ in iter(int, 1)])", timeout=0.3)
    started = time.monotonic()
    (outcome,) = harness.run(plan)
    assert outcome.status == "timeout"
    assert time.monotonic() - started < 5


def test_an_init_over_its_limit_is_tried_again_in_the_invocation(harness: Harness) -> None:
    mark = harness.folder / "mark"
    body = f"""
        if not os.path.exists({str(mark)!r}):
            open({str(mark)!r}, "w").close()
            time.sleep(60)
        loop(lambda e, h: "second")
    """
    (outcome,) = harness.run(harness.plan(body, init_limit=0.5))
    assert outcome.payload == b'"second"'
    assert re.search(r"INIT_REPORT Init Duration: \S+ ms\tPhase: init\tStatus: timeout\n", harness.text)


def test_an_init_that_never_ends_takes_the_functions_timeout(harness: Harness) -> None:
    (outcome,) = harness.run(harness.plan("time.sleep(60)", init_limit=0.2, timeout=0.3))
    assert outcome.status == "timeout"
    assert re.search(r"Phase: init\tStatus: timeout\n(.*\n)*INIT_REPORT .*Phase: invoke\tStatus: timeout", harness.text)


def test_a_second_start_that_fails_is_said(harness: Harness) -> None:
    bootstrap = harness.folder / "bootstrap"
    bootstrap.write_text("#!/bin/sh\nrm bootstrap; sleep 60\n")
    bootstrap.chmod(0o755)
    (outcome,) = harness.run(harness.plan("", argv=(str(bootstrap),), init_limit=0.3, timeout=None))
    assert outcome.error_type == "Runtime.InvalidEntrypoint"


def test_a_second_init_is_part_of_the_duration(harness: Harness) -> None:
    mark = harness.folder / "mark"
    slow = f"time.sleep(0.4 if os.path.exists({str(mark)!r}) else open({str(mark)!r}, 'w').close() or 60)"
    (outcome,) = harness.run(harness.plan(f"{slow}\nloop(lambda e, h: 1)", init_limit=0.5))
    assert outcome.report.init is None
    assert outcome.report.duration > 400


def test_a_runtime_that_dies_between_invocations_is_not_used_again(harness: Harness) -> None:
    async def main() -> str:
        plan = harness.plan("import threading\nloop(lambda e, h: threading.Timer(0.05, os._exit, [1]).start())")
        environment = ExecutionEnvironment(plan, harness.log.extend)
        try:
            await environment.start()
            await environment.invoke(Invocation(b"{}", new_id(), "arn:f"))
            assert environment.state == "idle"
            for _ in range(200):
                if environment.state == "dead":
                    break
                await asyncio.sleep(0.02)
            return environment.state
        finally:
            await environment.stop()

    assert asyncio.run(main()) == "dead"


def test_an_init_error_is_given_to_the_caller(harness: Harness) -> None:
    body = (
        """call("POST", "init/error", b'{"errorType":"Runtime.ImportModuleError","errorMessage":"x"}'); sys.exit(1)"""
    )
    (outcome,) = harness.run(harness.plan(body))
    assert json.loads(outcome.payload)["errorType"] == "Runtime.ImportModuleError"
    assert re.search(r"INIT_REPORT .*Phase: init\tStatus: error\tError Type: Runtime.ImportModuleError", harness.text)


def test_no_entrypoint(harness: Harness) -> None:
    (outcome,) = harness.run(harness.plan("", argv=(str(harness.folder / "bootstrap"),)))
    error = json.loads(outcome.payload)
    assert error["errorType"] == "Runtime.InvalidEntrypoint"
    assert "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]" in error["errorMessage"]


def test_an_entrypoint_that_is_not_executable(harness: Harness) -> None:
    bootstrap = harness.folder / "bootstrap"
    bootstrap.write_text("#!/bin/sh\n")
    (outcome,) = harness.run(harness.plan("", argv=(str(bootstrap),)))
    assert "fork/exec /var/task/bootstrap: permission denied" in json.loads(outcome.payload)["errorMessage"]


@linux
def test_more_memory_than_the_function_has(harness: Harness) -> None:
    plan = harness.plan("loop(lambda e, h: [bytearray(300_000_000), time.sleep(20)])", timeout=10.0)
    (outcome,) = harness.run(plan)
    assert (outcome.error_type, outcome.out_of_memory) == ("Runtime.OutOfMemory", True)
    assert "Max Memory Used: 128 MB" in harness.text


@linux
def test_the_memory_of_children_counts(harness: Harness) -> None:
    hog = "bytearray(300_000_000); import time; time.sleep(20)"
    plan = harness.plan(f"loop(lambda e, h: subprocess.run([sys.executable, '-c', {hog!r}]) and 1)", timeout=10.0)
    (outcome,) = harness.run(plan)
    assert outcome.error_type == "Runtime.OutOfMemory"


def test_the_largest_response_and_one_byte_more(harness: Harness) -> None:
    plan = harness.plan("loop(lambda e, h: 'x' * e)")
    largest, too_large, after = harness.run(plan, b"6291554", b"6291555", b"1")
    assert (largest.status, len(largest.payload)) == ("success", 6_291_556)
    assert json.loads(too_large.payload) == {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
    }
    assert after.payload == b'"x"'


def test_large_output_is_drained_before_the_end(harness: Harness) -> None:
    harness.run(harness.plan("loop(lambda e, h: print('#' * 3_000_000) or 1)"))
    assert harness.text.count("#") == 3_000_000
    assert harness.text.index("END RequestId") > harness.text.rindex("#")


@linux
@pytest.mark.parametrize(
    "how",
    [
        "subprocess.Popen(['sleep', '300'])",
        "subprocess.Popen(['sleep', '300'], start_new_session=True)",
        "subprocess.Popen(['setsid', '--fork', 'sleep', '300'])",
        "os.fork() == 0 and (os.setsid(), os.fork() == 0 and time.sleep(300), os._exit(0))",
    ],
)
def test_nothing_that_the_handler_started_is_left(harness: Harness, how: str) -> None:
    before = set(pids())
    (outcome,) = harness.run(harness.plan(f"loop(lambda e, h: [{how}, time.sleep(0.1)] and os.getpid())"))
    assert outcome.status == "success"
    wait_until(lambda: not alive(int(outcome.payload)))
    wait_until(lambda: not [p for p in set(pids()) - before if alive(p) and str(harness.folder) in cwd(p)])


def pids() -> list[int]:
    return [int(p.name) for p in Path("/proc").iterdir() if p.name.isdigit()]


def cwd(pid: int) -> str:
    try:
        return str(Path(f"/proc/{pid}/cwd").readlink())
    except OSError:
        return ""


def test_a_left_over_grandchild_that_holds_the_pipe_does_not_hang_us(harness: Harness) -> None:
    started = time.monotonic()
    harness.run(harness.plan("loop(lambda e, h: subprocess.Popen(['sleep', '300']) and 1)"))
    assert time.monotonic() - started < 5


@linux
def test_the_guard_ends_everything_when_lambdacli_is_killed(tmp_path: Path) -> None:
    runtime = tmp_path / "runtime.py"
    runtime.write_text(
        "import os, subprocess, time\nsubprocess.Popen(['sleep', '300'], start_new_session=True)\n"
        "print(os.getpid(), flush=True)\ntime.sleep(300)\n"
    )
    tool = tmp_path / "tool.py"
    tool.write_text(
        "import sys, time\nfrom lambdacli.local.child import Child\n"
        f"child = Child([sys.executable, {str(runtime)!r}], {{}}, {str(tmp_path)!r}, spare=False)\n"
        "print(child.pid, flush=True)\ntime.sleep(300)\n"
    )
    import subprocess

    with subprocess.Popen([sys.executable, tool], stdout=subprocess.PIPE, text=True) as killed:
        assert killed.stdout is not None
        pid = int(killed.stdout.readline())
        wait_until(lambda: any(p != pid and str(tmp_path) in cwd(p) and b"sleep" in cmdline(p) for p in pids()))
        os.kill(killed.pid, signal.SIGKILL)
    wait_until(lambda: not any(str(tmp_path) in cwd(p) and alive(p) for p in pids()))


def cmdline(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def wait_until(condition: object, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.02)
