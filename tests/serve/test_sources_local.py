"""The local source: a process of its own that starts at once, keeps nothing of ours, comes back, and dies with us."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from emulator import Unavailable, executable
from heard import Heard

from lambdacli import manifest as manifests
from lambdacli.errors import MachineError
from lambdacli.local import guard, memory
from lambdacli.serve.sources.local import Local

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from lambdacli.model import Manifest
    from lambdacli.serve.parts import Source

PROC = pytest.mark.skipif(sys.platform != "linux", reason="what a process is given is read from /proc")
QUEUE = {"triggers": [{"sqs": "orders"}]}


@pytest.fixture(autouse=True)
def _installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The emulator's command is on PATH, in an environment of its own, as pipx would have put it there."""
    try:
        folder = executable().parent
    except Unavailable as reason:
        pytest.skip(str(reason))
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def written(folder: Path, **functions: Any) -> Manifest:
    (folder / "app.py").write_text("def handler(event, context): pass")
    whole = {
        "app": "shop",
        "region": "eu-west-1",
        "defaults": {"runtime": "python3.13", "handler": "app.handler", "code": "app.py"},
        "functions": functions or {"one": QUEUE},
    }
    path = folder / "lambdacli.yaml"
    path.write_text(json.dumps(whole))
    return manifests.load(path, environ={})


@asynccontextmanager
async def running(manifest: Manifest, port: int | None = 0) -> AsyncIterator[tuple[Local, Source, Heard]]:
    heard = Heard()
    guard.current()
    local = Local(manifest, heard, port=port)
    try:
        yield local, await local.start(), heard
    finally:
        await local.stop()


def emulators() -> list[int]:
    """The processes of emulators that this one has started."""
    return [pid for pid in memory.children(os.getpid()) if b"ministack.app" in _proc(pid, "cmdline")]


def _proc(pid: int, name: str) -> bytes:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/{name}").read_bytes()
    return b""


async def told(source: Source, operation: str, **parameters: Any) -> Any:
    return await asyncio.to_thread(source.connection.once, "sqs", operation, parameters)


@PROC
def test_it_has_what_the_manifest_asks_for_and_says_how_to_reach_it(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(written(tmp_path)) as (local, source, heard):
            url = (await told(source, "get_queue_url", QueueName="orders"))["QueueUrl"]
            assert url.startswith(source.endpoint)
            variables = {
                "AWS_ENDPOINT_URL": source.endpoint, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
            }  # fmt: skip
            assert local.environment() == variables
            [note] = heard.notes
            assert f"export AWS_ENDPOINT_URL={source.endpoint} " in note
            assert note.endswith(" AWS_REGION=eu-west-1 AWS_DEFAULT_REGION=eu-west-1")
            assert (heard.warnings, heard.troubles) == ([], [])
            assert (source.account, source.region, source.ours) == ("123456789012", "eu-west-1", True)

    asyncio.run(main())
    assert emulators() == []


@PROC
def test_nothing_of_the_callers_environment_reaches_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "Geheimnis")
    monkeypatch.setenv("MY_TOKEN", "Geheimnis")
    monkeypatch.setenv("DOCKER_HOST", "unix:///var/run/docker.sock")

    async def main() -> None:
        async with running(written(tmp_path)):
            [pid] = emulators()
            home = _alone(pid)
        _left_nothing(pid, home)

    asyncio.run(main())


def _alone(pid: int) -> Path:
    """Its home, once it is seen that it has nothing else."""
    variables = dict(each.split(b"=", 1) for each in _proc(pid, "environ").split(b"\0") if each)
    assert not [name for name, value in variables.items() if b"Geheimnis" in value]
    assert not Path(variables[b"DOCKER_HOST"].decode().removeprefix("unix://")).exists()
    assert variables[b"BIND_HOST"] == b"127.0.0.1"
    assert os.getsid(pid) == pid  # Ctrl-C in a terminal does not reach it
    home = Path(variables[b"HOME"].decode())
    assert Path(f"/proc/{pid}/cwd").readlink() == home
    return home


def _left_nothing(pid: int, home: Path) -> None:
    assert not home.exists()
    assert not Path(f"/proc/{pid}").exists()


@PROC
def test_killed_it_comes_back_at_the_same_place_and_everybody_hears_of_it(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(written(tmp_path)) as (local, source, heard):
            back = asyncio.Event()

            async def again() -> None:
                assert (await told(source, "get_queue_url", QueueName="orders"))["QueueUrl"]
                back.set()

            local.on_restart.append(again)
            url = (await told(source, "get_queue_url", QueueName="orders"))["QueueUrl"]
            await told(source, "send_message", QueueUrl=url, MessageBody="lost")
            [before] = emulators()
            os.kill(before, signal.SIGKILL)
            await asyncio.wait_for(back.wait(), 20)
            assert heard.warnings == [
                "the local source was killed by SIGKILL: what was in it is lost; it is started again"
            ]
            [now] = emulators()
            assert now != before
            assert "Messages" not in await told(source, "receive_message", QueueUrl=url)
            await told(source, "send_message", QueueUrl=url, MessageBody="new")
            received = await told(source, "receive_message", QueueUrl=url, WaitTimeSeconds=5)
            assert [each["Body"] for each in received["Messages"]] == ["new"]
            await heard.until(lambda heard: len(heard.notes) == 2)
            assert heard.troubles == []

    asyncio.run(main())


@PROC
def test_who_connects_while_it_is_started_again_waits_and_is_not_refused(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(written(tmp_path)) as (_, source, heard):
            port = int(source.endpoint.rpartition(":")[2])
            [before] = emulators()
            os.kill(before, signal.SIGKILL)
            await heard.until(lambda _: emulators() != [before])
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /_ministack/health HTTP/1.0\r\n\r\n")
            assert (await asyncio.wait_for(reader.read(), 20)).startswith(b"HTTP/1.")
            writer.close()
            await writer.wait_closed()

    asyncio.run(main())


def test_a_change_of_the_manifest_makes_what_is_new_and_leaves_what_is_there(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(written(tmp_path)) as (local, source, heard):
            url = (await told(source, "get_queue_url", QueueName="orders"))["QueueUrl"]
            await told(source, "send_message", QueueUrl=url, MessageBody="kept")
            await local.change(written(tmp_path, two={"triggers": [{"sqs": "returns"}]}))
            assert (await told(source, "get_queue_url", QueueName="returns"))["QueueUrl"]
            received = await told(source, "receive_message", QueueUrl=url)
            assert [each["Body"] for each in received["Messages"]] == ["kept"]
            assert (heard.warnings, heard.troubles) == ([], [])

    asyncio.run(main())


def test_another_region_needs_another_source_which_is_said_once(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(written(tmp_path)) as (local, _, heard):
            moved = written(tmp_path)._replace(region="eu-central-1")
            await local.change(moved)
            await local.change(moved)
            assert heard.warnings == [
                "the local source stays that of account 123456789012 in eu-west-1 (start `lambdacli serve` again)"
            ]

    asyncio.run(main())


def test_a_port_of_its_own_is_its_own(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(MachineError, match=f"port {port} is taken"):
            Local(written(tmp_path), Heard(), port=port).listen()


def test_the_usual_port_is_left_to_who_has_it(tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):  # else somebody has it already
            stack.enter_context(socket.create_server(("127.0.0.1", 4566)))

        async def main() -> None:
            async with running(written(tmp_path), port=None) as (_, source, _heard):
                assert not source.endpoint.endswith(":4566")

        asyncio.run(main())


PARENT = """
import asyncio, os, sys
from pathlib import Path
sys.path.insert(0, {helpers!r})
from heard import Heard
from lambdacli import manifest as manifests
from lambdacli.local import guard, memory
from lambdacli.serve.sources.local import Local

async def main():
    source = await Local(manifests.load(Path("lambdacli.yaml"), environ={{}}), Heard(), port=0).start()
    guard.sweep("127.0.0.1:1")  # as after a function that may have left processes behind
    url = await asyncio.to_thread(source.connection.once, "sqs", "get_queue_url", {{"QueueName": "orders"}})
    print(*memory.children(os.getpid()), flush=True)
    await asyncio.sleep(60)

guard.current()
guard.adopt_orphans()
asyncio.run(main())
"""


@PROC
def test_it_is_no_orphan_of_a_function_and_outlives_nobody(tmp_path: Path) -> None:
    written(tmp_path)
    helpers = Path(__file__).parents[1] / "helpers"
    script = textwrap.dedent(PARENT).format(helpers=str(helpers))
    with subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        children = [int(pid) for pid in parent.stdout.readline().split()]
        [pid] = [each for each in children if b"ministack.app" in _proc(each, "cmdline")]
        parent.kill()
    until = time.monotonic() + 20
    while b"ministack.app" in _proc(pid, "cmdline"):
        assert time.monotonic() < until
        time.sleep(0.02)


MISSING = """
from pathlib import Path
from lambdacli import manifest as manifests
from lambdacli.errors import MachineError
from lambdacli.serve.sources.local import Local
try:
    Local(manifests.load(Path("lambdacli.yaml"), environ={}), None).listen()
except MachineError as error:
    print(error.message, error.hint, sep="\\n")
"""


@pytest.mark.skipif(importlib.util.find_spec("ministack") is not None, reason="it is installed beside lambdacli")
def test_without_the_extra_one_hint_says_what_to_install(tmp_path: Path) -> None:
    written(tmp_path)
    env = {name: value for name, value in os.environ.items() if name.startswith("COV")}
    environment = {**env, "PATH": str(tmp_path)}
    said = subprocess.check_output([sys.executable, "-c", MISSING], cwd=tmp_path, env=environment, text=True)
    message, hint = said.splitlines()
    assert "ministack is not installed" in message
    assert hint == "pip install 'lambdacli[local-sources]'; or `--sources` with an endpoint's URL, `aws` or `none`"


def _another(folder: Path, source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command `ministack` whose Python runs this instead."""
    python = folder / "python3"
    (folder / "other.py").write_text(textwrap.dedent(source))
    python.write_text(f'#!/bin/sh\nshift 2\nexec {sys.executable} {folder}/other.py "$@"\n')
    (folder / "ministack").write_text(f"#!{python}\n")
    for each in (python, folder / "ministack"):
        each.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def test_another_version_than_the_one_it_was_made_for_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = """
        import socket, sys
        server = socket.socket(fileno=int(sys.argv[1]))
        while True:
            client, _ = server.accept()
            client.recv(65536)
            client.sendall(b'HTTP/1.1 200 OK\\r\\n\\r\\n{"version": "1.0.1"}')
            client.close()
    """
    _another(tmp_path, old, monkeypatch)

    async def main() -> None:
        async with running(written(tmp_path, one={"triggers": [{"iot": "SELECT * FROM 'a'"}]})) as (_, _source, heard):
            [warning] = heard.warnings
            assert warning.startswith("ministack 1.0.1 is the local source; 1.5.33 is what it should be (pip install")

    asyncio.run(main())


def test_one_that_does_not_start_says_why_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _another(tmp_path, "raise SystemExit('no room')", monkeypatch)

    async def main() -> None:
        async with running(written(tmp_path)):
            raise AssertionError

    with pytest.raises(MachineError, match=r"^the local source does not start: no room$"):
        asyncio.run(main())


def test_what_it_says_is_shown_to_who_wants_to_see_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    _another(tmp_path, "raise SystemExit('no room')", monkeypatch)

    async def main() -> None:
        local = Local(written(tmp_path), Heard(), port=0, loud=True)
        await local.start()

    with pytest.raises(MachineError, match=r"^the local source does not start"):
        asyncio.run(main())
    assert capfd.readouterr().err == "no room\n"
