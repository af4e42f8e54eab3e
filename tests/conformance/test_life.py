"""The life of our clients on every interpreter that the machine has: spares, the end of the tool, what handlers see."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lambdacli import runtimes
from lambdacli.errors import MachineError
from lambdacli.model import Function

if TYPE_CHECKING:
    from collections.abc import Mapping

if "recording" not in sys.modules:
    _spec = spec_from_file_location("recording", Path(__file__).with_name("recording.py"))
    assert _spec is not None
    assert _spec.loader is not None
    sys.modules["recording"] = module_from_spec(_spec)
    _spec.loader.exec_module(sys.modules["recording"])
recording = sys.modules["recording"]
Event = recording.Event

pytestmark = [
    pytest.mark.toolchain,
    pytest.mark.skipif(os.name != "posix", reason="a spare is told through an inherited descriptor"),
]
MANAGED = [
    *(f"python3.{minor}" for minor in range(8, 15)),
    *(f"nodejs{major}.x" for major in (18, 20, 22, 24)),
]
APP = """
import os, sys, time
def handler(event, context):
    hour = time.strftime('%H', time.localtime(0))
    return [event, os.environ.get('GIVEN'), os.getcwd(), hour, 'LAMBDACLI_SPARE_FD' in os.environ,
            any('bootstraps' in p for p in sys.path)]
"""
INDEX = """
const hour = () => String(new Date(0).getHours()).padStart(2, '0');
exports.handler = async (event) => [event, process.env.GIVEN, process.cwd(), hour(),
  'LAMBDACLI_SPARE_FD' in process.env, false];
"""


def launch(identifier: str, folder: Path, layers: tuple[str, ...] = ()) -> runtimes.Launch:
    function = Function(name="f", handler="a.b", runtime=identifier, code=folder, layers=layers)
    runtime = runtimes.of(identifier)
    return runtime.launch(runtime.find(identifier, function, folder, False), function, folder)  # noqa: FBT003 - its contract


@pytest.fixture(params=MANAGED)
def runtime(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    try:
        launch(request.param, tmp_path)
    except MachineError as error:
        pytest.skip(error.message)
    return str(request.param)


def task(folder: Path, files: Mapping[str, str] | None = None) -> Path:
    root = folder / "task"
    root.mkdir()
    for name, text in (files or {"app.py": APP, "index.js": INDEX}).items():
        (root / name).write_text(text)
    return root


def environment(root: Path, runtime: str, **more: str) -> dict[str, str]:
    return {
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{runtime}",
        "AWS_LAMBDA_FUNCTION_NAME": "f",
        "LAMBDA_TASK_ROOT": str(root),
        "_HANDLER": "app.handler" if runtime.startswith("python") else "index.handler",
        "PATH": "/usr/bin:/bin",
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        **more,
    }


def test_first_answer(runtime: str, tmp_path: Path) -> None:
    root = task(tmp_path)
    started = launch(runtime, tmp_path)
    given = {**environment(root, runtime, GIVEN="g"), **started.environment}
    run = recording.run(started.argv, given, root, [Event(b'{"a": "\xc3\xa4"}')])
    assert json.loads(run.posts[0].body) == [{"a": "ä"}, "g", str(root), "00", False, False]
    assert run.log == ""


def test_spare_takes_everything_over(runtime: str, tmp_path: Path) -> None:
    root = task(tmp_path)
    started = launch(runtime, tmp_path)
    api = recording.RecordingApi([Event(b"1"), Event(b"2")])
    process, write = spare(started, tmp_path)
    order = {**environment(root, runtime, GIVEN="spare", TZ="UTC-3"), "AWS_LAMBDA_RUNTIME_API": api.address}
    with os.fdopen(write, "wb") as stream:
        stream.write(json.dumps({"environment": order, "cwd": str(root)}).encode())
    assert api.exhausted.wait(10)
    process.kill()
    output = process.communicate()[0]
    api.close()
    assert output == b""
    assert [json.loads(p.body) for p in api.posts] == [[n, "spare", str(root), "03", False, False] for n in (1, 2)]


def test_spare_that_is_not_needed_ends_quietly(runtime: str, tmp_path: Path) -> None:
    process, write = spare(launch(runtime, tmp_path), tmp_path)
    os.close(write)
    assert process.communicate(timeout=10)[0] == b""
    assert process.returncode == 0


def spare(started: runtimes.Launch, folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    read, write = os.pipe()
    process = subprocess.Popen(
        started.argv,
        env={"LAMBDACLI_SPARE_FD": str(read), "LEFT": "over", **started.environment},
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        pass_fds=(read,),
    )
    os.close(read)
    return process, write


@pytest.mark.parametrize("how", ["refused", "closed while waiting"])
def test_ends_when_the_tool_is_gone(runtime: str, how: str, tmp_path: Path) -> None:
    root = task(tmp_path)
    started = launch(runtime, tmp_path)
    listener = socket.create_server(("127.0.0.1", 0))
    address = f"127.0.0.1:{listener.getsockname()[1]}"
    if how == "refused":
        listener.close()
    else:
        threading.Thread(target=_accept_and_close, args=(listener,), daemon=True).start()
    done = subprocess.run(
        started.argv,
        env={**environment(root, runtime), "AWS_LAMBDA_RUNTIME_API": address},
        cwd=root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=10,
        check=False,
    )
    listener.close()
    assert done.stdout == b""


def _accept_and_close(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    connection.recv(1000)
    time.sleep(0.05)
    connection.close()


def test_large_event_and_answer(runtime: str, tmp_path: Path) -> None:
    files = {
        "app.py": "def handler(e, c): return {'x': e['x'] + 'ü'}",
        "index.js": "exports.handler = async (e) => ({ x: e.x + 'ü' });",
    }
    root = task(tmp_path, files)
    body = json.dumps({"x": "ä" * 2_000_000}, ensure_ascii=False).encode()
    run = recording.run(launch(runtime, tmp_path).argv, environment(root, runtime), root, [Event(body), Event(body)])
    assert [len(json.loads(p.body)["x"]) for p in run.posts] == [2_000_001] * 2


def test_invocation_id_is_echoed(runtime: str, tmp_path: Path) -> None:
    root = task(tmp_path)
    events = [Event(headers={"Lambda-Runtime-Invocation-Id": "inv-1"})]
    run = recording.run(launch(runtime, tmp_path).argv, environment(root, runtime), root, events)
    assert run.posts[0].headers["lambda-runtime-invocation-id"] == "inv-1"


def test_response_that_is_refused(runtime: str, tmp_path: Path) -> None:
    """As the official clients: Python's ends, Node.js's goes on."""
    root = task(tmp_path)
    given = environment(root, runtime)
    run = recording.run(launch(runtime, tmp_path).argv, given, root, [Event(), Event()], status=413)
    assert (len(run.posts), run.status) == ((1, 1) if runtime.startswith("python") else (2, None))


def test_layer(runtime: str, tmp_path: Path) -> None:
    python, node = tmp_path / "layer/python", tmp_path / "layer/nodejs/node_modules/layered"
    for folder, name, text in ((python, "layered.py", "VALUE = 7"), (node, "index.js", "exports.VALUE = 7;")):
        folder.mkdir(parents=True)
        (folder / name).write_text(text)
    files = {
        "app.py": "import layered\ndef handler(e, c): return layered.VALUE",
        "index.js": "const layered = require('layered');\nexports.handler = async () => layered.VALUE;",
    }
    root = task(tmp_path, files)
    started = launch(runtime, tmp_path, (str(tmp_path / "layer"),))
    run = recording.run(started.argv, {**environment(root, runtime), **started.environment}, root, [Event()])
    assert run.posts[0].body == b"7"


def test_own_bytecode_stays_out_of_the_users_folder(tmp_path: Path) -> None:
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    root = task(tmp_path, {"app.py": "import other\ndef handler(e, c): pass", "other.py": ""})
    recording.run(launch(version, tmp_path).argv, environment(root, version), root, [Event()])
    assert sorted(path.name for path in root.iterdir()) == ["app.py", "other.py"]


@pytest.mark.parametrize("major", [20, 22])
def test_never_settled_at_load_is_reported(major: int, tmp_path: Path) -> None:
    _never_settles(
        f"nodejs{major}.x", tmp_path, "await new Promise(() => {});\nexport const handler = 1;", "init/error", 13
    )


def test_never_settled_handler_from_24(tmp_path: Path) -> None:
    _never_settles("nodejs24.x", tmp_path, "export const handler = () => new Promise(() => {});", "/error", 13)


def _never_settles(identifier: str, tmp_path: Path, source: str, path: str, status: int) -> None:
    try:
        started = launch(identifier, tmp_path)
    except MachineError as error:
        pytest.skip(error.message)
    root = task(tmp_path, {"index.mjs": source})
    run = recording.run(started.argv, environment(root, identifier), root, [Event()])
    posted: Any = json.loads(run.posts[0].body)
    assert run.posts[0].path.endswith(path)
    assert posted["errorType"] == "Runtime.NodeJsExit"
    assert run.status == status
