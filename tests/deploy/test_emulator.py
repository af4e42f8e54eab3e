from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from typing import TYPE_CHECKING

import pytest
from emulator import ACCOUNT, REGION, Unavailable, setup

if TYPE_CHECKING:
    from pathlib import Path

    from emulator import Emulator


def test_it_is_empty_and_in_an_account_of_its_own(aws: Emulator) -> None:
    assert aws.client("sts").get_caller_identity()["Account"] == ACCOUNT
    assert aws.client("lambda").meta.region_name == REGION
    assert aws.client("sqs").list_queues().get("QueueUrls", []) == []


def test_a_reset_forgets(aws: Emulator) -> None:
    aws.client("sqs").create_queue(QueueName="orders")
    aws.reset()
    assert aws.client("sqs").list_queues().get("QueueUrls", []) == []


def test_nothing_of_a_killed_run_stays_behind(tmp_path: Path) -> None:
    try:
        command = setup.executable()
    except Unavailable as reason:
        pytest.skip(str(reason))
    script = f"""
        import os, sys
        sys.path[:0] = {sys.path!r}
        from emulator import Emulator
        from pathlib import Path
        emulator = Emulator(Path({str(command)!r}))
        print(emulator.url, flush=True)
        os.kill(os.getpid(), 9)
    """
    run = [sys.executable, "-c", textwrap.dedent(script)]
    there = {**os.environ, "TMPDIR": str(tmp_path)}  # whoever is killed clears nothing up
    done = subprocess.run(run, capture_output=True, check=False, text=True, timeout=60, cwd=tmp_path, env=there)
    url = done.stdout.strip()
    port = int(url.rpartition(":")[2])
    until = time.monotonic() + 10
    while _listening(port):
        assert time.monotonic() < until, "the emulator outlived the run"
        time.sleep(0.02)


def _listening(port: int) -> bool:
    import socket

    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def test_where_it_cannot_be_installed_there_is_a_reason_to_skip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("LAMBDACLI_MINISTACK", raising=False)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(Unavailable, match=r"ministack .* cannot be installed"):
        setup.executable()
