"""One invocation from nothing: `lambdacli invoke` as a whole command, for the first time and from then on."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from commands import peer
from harness import FLOORS, Budget, Command, lambdacli, measure, ratio, samples, say, show

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness import Setting

PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
_MANIFEST = """\
app: bench
functions:
  hello: {{runtime: {runtime}, interpreter: {path}, handler: {handler}}}
"""
_FIRST, _AGAIN = "lambdacli invoke, first time", "lambdacli invoke"
_ANSWER = '"n": 0'


def python_manifest() -> str:
    """A function on the very interpreter that runs the benchmark."""
    return _MANIFEST.format(runtime=PYTHON, path=sys.executable, handler="app.handler")


def node_manifest() -> str | None:
    """A function on this machine's Node.js, or None without one."""
    if found := node_runtime():
        return _MANIFEST.format(runtime=found[0], path=found[1], handler="index.handler")
    return None


def node_runtime() -> tuple[str, str] | None:
    """The runtime that this machine's Node.js is, and its path."""
    node = shutil.which("node")
    if node is None:
        say("skipped: no node on this machine")
        return None
    said = subprocess.run(
        [node, "-p", "process.version.split('.')[0].slice(1) + ' ' + process.execPath"],
        capture_output=True,
        text=True,
        check=True,
    )
    major, path = said.stdout.strip().split(" ", 1)
    return f"nodejs{major}.x", path


def awslambdaric(setting: Setting) -> str | Path | None:
    """An interpreter that has the official client: this one, or the peers'."""
    return sys.executable if find_spec("awslambdaric") else setting.peer("venv/ric/bin/python")


def python(setting: Setting) -> dict[str, Any]:
    """A trivial Python handler."""
    folder = setting.project("cold-python", python_manifest())
    (folder / "event.json").write_text("{}")
    ric, rie = awslambdaric(setting), setting.peer("bin/aws-lambda-rie")
    direct, minimal, emulator = "python -c import and call", "minimal Runtime API + awslambdaric", "RIE + awslambdaric"
    local = "python-lambda-local"
    program = "import json, app; print(json.dumps(app.handler({}, None)))"
    official = [ric, "-m", "awslambdaric", "app.handler"]
    once = FLOORS / "runtime_api_once.py"
    found = measure(
        setting,
        [
            Command(direct, [sys.executable, "-c", program], folder, _ANSWER),
            Command(minimal, [sys.executable, once, *official], folder, _ANSWER) if ric else None,
            *_ours(setting, folder, _ANSWER),
            Command(emulator, [sys.executable, FLOORS / "rie_once.py", rie, *official], folder, _ANSWER, peer=True)
            if rie and ric
            else None,
            peer(
                setting,
                local,
                "venv/pylocal/bin/python-lambda-local",
                *("-f", "handler", "app.py", "event.json"),
                cwd=folder,
            ),
        ],
    )
    budgets = [
        Budget(f"{_AGAIN} / {emulator}", ratio(found, _AGAIN, emulator), 1.5),
        Budget(f"{_FIRST} / {emulator}", ratio(found, _FIRST, emulator), 1.5),
        Budget(f"{local} / {_AGAIN}", ratio(found, local, _AGAIN), 1.4, at_most=False),
    ]
    show("Cold invoke, Python", found, direct, budgets)
    return samples(found)


def node(setting: Setting) -> dict[str, Any]:
    """A trivial Node.js handler."""
    manifest = node_manifest()
    if manifest is None:
        return {}
    folder = setting.project("cold-node", manifest)
    (folder / "event.json").write_text("{}")
    (folder / "context.json").write_text("{}")
    (folder / "package.json").write_text('{"name": "bench", "version": "1.0.0"}')
    direct, local = "node -e require and call", "lambda-local"
    program = "require('./index.js').handler({}).then(r => console.log(JSON.stringify(r)))"
    arguments = ("-l", "index.js", "-e", "event.json")
    found = measure(
        setting,
        [
            Command(direct, ["node", "-e", program], folder, '"n":0'),
            *_ours(setting, folder, '"n":0'),
            peer(setting, local, "node/lambda-local/node_modules/.bin/lambda-local", *arguments, cwd=folder),
            peer(
                setting,
                "aws-lambda-local",
                "node/aws-lambda-local/node_modules/.bin/lambda-local",
                *("-f", "index.js", "-e", "event.json"),
                cwd=folder,
            ),
            peer(
                setting,
                "node-lambda run",
                "node/node-lambda/node_modules/.bin/node-lambda",
                *("run", "--handler", "index.handler", "-j", "event.json"),
                cwd=folder,
            ),
        ],
    )
    budgets = [
        Budget(f"{_AGAIN} / {direct}", ratio(found, _AGAIN, direct), 1.6),
        Budget(f"{_FIRST} / {direct}", ratio(found, _FIRST, direct), 1.6),
        Budget(f"{_AGAIN} / {local}", ratio(found, _AGAIN, local), 1.0),
    ]
    show("Cold invoke, Node.js", found, direct, budgets)
    return samples(found)


def _ours(setting: Setting, folder: Path, answer: str) -> tuple[Command, Command]:
    argv = [*lambdacli(), "invoke", "hello", "-e", "{}"]
    kept = {"LAMBDACLI_CACHE_DIR": f"{folder}-cache"}
    return (
        Command(_FIRST, argv, folder, answer, prepare=fresh_cache(setting.work)),
        Command(_AGAIN, argv, folder, answer, kept),
    )


def fresh_cache(work: Path) -> Callable[[], dict[str, str]]:
    """Gives each run an empty cache folder: no head start, nothing known of interpreters and manifests."""
    return lambda: {"LAMBDACLI_CACHE_DIR": tempfile.mkdtemp(dir=work, prefix="cache-")}
