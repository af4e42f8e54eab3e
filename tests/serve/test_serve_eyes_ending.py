"""How `serve` ends: a terminal that closes, a reader that has read enough, a disk that is full."""

from __future__ import annotations

import concurrent.futures
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from serving import Serving

RUNTIME = f"python{sys.version_info[0]}.{sys.version_info[1]}"
APP = """
import time
def handler(event, context):
    time.sleep(event.get("seconds", 0))
    return 1
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text(APP)
    function = {"runtime": RUNTIME, "handler": "app.handler", "code": "app.py", "timeout": 20}
    whole = {"app": "shop", "functions": {"main": {**function, "triggers": [{"http": "GET /hello"}]}}}
    (tmp_path / "lambdacli.yaml").write_text(json.dumps(whole))
    return tmp_path


def begun(folder: Path, stdout: Any) -> Any:
    """A server whose stdout goes somewhere, as JSON lines."""
    line = [sys.executable, "-m", "lambdacli", "serve", "--sources", "none", "--port", "0", "--json-logs"]
    return subprocess.Popen(
        line, cwd=folder, stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, text=True
    )


def test_a_terminal_that_closes_lets_running_invocations_finish(folder: Path) -> None:
    with Serving(folder, "--sources", "none") as served, concurrent.futures.ThreadPoolExecutor() as pool:
        served.invoke("main")
        call = pool.submit(served.invoke, "main", {"seconds": 1})
        time.sleep(0.4)
        assert served.end(signal.SIGHUP) == 0
        assert call.result() == 1


def test_a_reader_that_has_read_enough_ends_it(folder: Path) -> None:
    process = begun(folder, subprocess.PIPE)
    lines = iter(process.stdout.readline, "")
    url = next(json.loads(line)["message"].split()[-1] for line in lines if "Lambda, for SDKs" in line)
    assert any("ready" in line for line in lines)
    process.stdout.close()
    with contextlib.suppress(httpx.HTTPError):
        assert httpx.get(f"{url}/hello", timeout=20).status_code == 200
    said = process.communicate(timeout=20)[1]
    assert (process.returncode, said) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk_is_one_line(folder: Path) -> None:
    with Path("/dev/full").open("w") as full:
        process = begun(folder, full)
        said = process.communicate(timeout=30)[1]
    assert process.returncode == 3
    assert said.splitlines()[0].startswith("error: cannot write to stdout:")
    assert os.linesep + "hint:" in said
    assert "Traceback" not in said
