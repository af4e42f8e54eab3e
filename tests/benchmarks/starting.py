"""From the start of `lambdacli serve` with a local source to its first HTTP answer and to `ready`, and its memory."""

from __future__ import annotations

import contextlib
import json
import re
import statistics
import sys
import time
from typing import TYPE_CHECKING, Any

from cold import PYTHON
from harness import Budget, WrongOutputError, say, show_budgets, table
from servers import megabytes, request
from sourced import REGION, Sourced, emulators

if TYPE_CHECKING:
    from pathlib import Path

    from harness import Setting

_LIMIT = 60.0  # seconds
_IDLE = 1.0  # seconds after it was ready
_APP = 'def handler(event, context):\n    return "Hello World"\n'
_FIGURES = ("first HTTP answer ms", "ready ms", "its own MB", "MB of all")


def start(setting: Setting) -> dict[str, Any]:
    """A manifest with an HTTP route and one queue, started again and again.

    Raises:
        WrongOutputError: it does not start, or a message does not arrive.
    """
    there = emulators()
    if there is None:
        return {}
    folder = _project(setting)
    found = [_once(folder, there) for _ in range(min(setting.rounds, 7) + 1)][1:]  # the first one fills caches
    say("\n## Start with a local source: an HTTP route and a queue\n")
    columns = list(zip(*found, strict=True))
    table(
        ("what", "median", "min-max"),
        [(name, f"{statistics.median(each):.0f}", f"{min(each):.0f}-{max(each):.0f}")
         for name, each in zip(_FIGURES, columns, strict=True)],
    )  # fmt: skip
    first, _ready, own, _all = map(statistics.median, columns)
    show_budgets(
        [
            Budget("start to first answer, with a local source", first, 700, "ms"),
            Budget("idle memory of its own process", own, 60, "MB"),
        ]
    )
    return dict(zip(_FIGURES, columns, strict=True))


def _project(setting: Setting) -> Path:
    folder = setting.work / "starting"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "app.py").write_text(_APP)
    function = {"handler": "app.handler", "code": "src", "runtime": PYTHON, "interpreter": sys.executable}
    triggers = [{"http": "GET /hello"}, {"sqs": "work"}]
    manifest = {"app": "starting", "region": REGION, "functions": {"hello": {**function, "triggers": triggers}},
                "resources": {"queues": {"work": {}}}}  # fmt: skip
    (folder / "lambdacli.yaml").write_text(json.dumps(manifest))
    return folder


def _once(folder: Path, there: Path) -> tuple[float, float, float, float]:
    server = Sourced(folder, there)
    try:
        first = _answered(server)
        if not server.wait():
            raise WrongOutputError(f"it is never ready: {server.said()[-300:]}")
        ready = (time.perf_counter() - server.begun) * 1000
        time.sleep(_IDLE)
        return first, ready, server.megabytes(), megabytes(server.process.pid)
    finally:
        server.end()


def _answered(server: Sourced) -> float:
    """Milliseconds from its start."""
    while time.perf_counter() - server.begun < _LIMIT and server.process.poll() is None:
        if told := re.search(r"http://127\.0\.0\.1:(\d+)", server.said()):
            with contextlib.suppress(OSError):
                if "Hello World" in request(int(told[1]), "GET", "/hello"):
                    return (time.perf_counter() - server.begun) * 1000
        time.sleep(0.002)
    raise WrongOutputError(f"no answer: {server.said()[-300:]}")
