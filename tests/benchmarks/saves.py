"""From a save to the new result on stdout, in a real `lambdacli watch`; a save without a result counts as lost."""

from __future__ import annotations

import os
import re
import select
import shutil
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cold import node_manifest, python_manifest
from harness import FLOORS, Budget, WrongOutputError, lambdacli, paired, plain_environment, say, show_budgets, table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from harness import Setting

_LIMIT = 5.0  # seconds, then a save is lost
_SETTLE = 0.25  # seconds between a result and the next save
_BURST, _BURST_PAUSE = 5, 0.01  # saves in a burst, seconds between two of them
_OURS_PYTHON, _FLOOR_PYTHON = "lambdacli watch, Python", "floor: restart, Python"
_OURS_NODE, _FLOOR_NODE = "lambdacli watch, Node.js", "floor: restart, Node.js"


@dataclass
class Watcher:
    """A process that runs `file` on every save and prints its result, a number behind "n"."""

    name: str
    argv: Sequence[str | Path]
    file: Path
    saves: int = 0
    ms: dict[str, list[float]] = field(default_factory=dict)
    lost: int = 0

    def __enter__(self) -> Watcher:  # noqa: PYI034 - Self is in typing from 3.11 only
        """Started, and its first result seen."""
        self._source = self.file.read_text()
        environment = {**plain_environment(), "LAMBDACLI_CACHE_DIR": f"{self.file.parent}-cache"}
        # A floor must not take a save within the same second for unchanged bytecode.
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
        self._process = subprocess.Popen(
            [str(part) for part in self.argv],
            cwd=self.file.parent,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._seen = b""
        if not self._answers(0):
            self.__exit__()
            raise WrongOutputError(f"{self.name}: no first result, got {self._seen[-200:]!r}")
        return self

    def __exit__(self, *_: object) -> None:
        """Ended.

        Raises:
            WrongOutputError: it had to be killed.
        """
        self._process.terminate()
        try:
            self._process.wait(_LIMIT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise WrongOutputError(f"{self.name}: still there {_LIMIT:g} s after SIGTERM") from None

    def measure(self, way: str, save: Callable[[Path, str], None], times: int = 1) -> None:
        """Save so many new versions in a row and wait for the result of the last."""
        time.sleep(_SETTLE)
        for _ in range(times - 1):
            save(self.file, self._next())
            time.sleep(_BURST_PAUSE)
        save(self.file, self._next())
        begun = time.perf_counter()
        if self._answers(self.saves):
            self.ms.setdefault(way, []).append((time.perf_counter() - begun) * 1000)
        else:
            self.lost += 1

    def _next(self) -> str:
        self.saves += 1
        return re.sub(r"(?<=n\b)(\"?: )\d+", rf"\g<1>{self.saves}", self._source)

    def _answers(self, number: int) -> bool:
        wanted = re.compile(rb'"?n"?: ?%d\b' % number)
        end = time.perf_counter() + _LIMIT
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        self._seen = b""
        while (left := end - time.perf_counter()) > 0:
            if select.select([descriptor], [], [], left)[0]:
                self._seen += os.read(descriptor, 65536)
                if wanted.search(self._seen):
                    return True
                if self._process.poll() is not None:
                    return False
        return False


def in_place(path: Path, text: str) -> None:
    """As `echo > file`: emptied, then written."""
    path.write_text(text)


def atomic(path: Path, text: str) -> None:
    """As most editors: a new file takes the name."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(text)
    fresh.replace(path)


WAYS: dict[str, tuple[Callable[[Path, str], None], int]] = {
    "rename": (atomic, 1),
    "in place": (in_place, 1),
    "burst": (in_place, _BURST),
}


def watch(setting: Setting) -> dict[str, Any]:
    """All watchers live at once, each on a copy of the code; saves take turns."""
    if os.name != "posix":
        say("skipped: watch is measured on POSIX systems only")
        return {}
    watchers = _watchers(setting)
    with ExitStack() as stack:
        for watcher in watchers:
            stack.enter_context(watcher)
        for way, (save, times) in WAYS.items():
            for each in range(setting.rounds):
                for watcher in watchers if each % 2 == 0 else reversed(watchers):
                    watcher.measure(way, save, times)
    _show({watcher.name: watcher for watcher in watchers})
    lost = [watcher for watcher in watchers if watcher.lost and not watcher.name.startswith("floor")]
    if lost:
        raise WrongOutputError(", ".join(f"{watcher.name} lost {watcher.lost} saves" for watcher in lost))
    return {watcher.name: watcher.ms for watcher in watchers}


def _watchers(setting: Setting) -> list[Watcher]:
    program = "import json, app; print(json.dumps(app.handler({}, None)), flush=True)"
    made = _pair(setting, "python", python_manifest(), "app.py", [sys.executable, "-c", program])
    if manifest := node_manifest():
        program = "require('./index.js').handler({}).then(r => console.log(JSON.stringify(r)))"
        made += _pair(setting, "node", manifest, "index.js", [shutil.which("node") or "node", "-e", program])
    return made


def _pair(setting: Setting, language: str, manifest: str, file: str, command: list[str]) -> list[Watcher]:
    """A watcher of ours and its floor."""
    ours = setting.project(f"watch-{language}", manifest)
    floor = setting.project(f"watch-{language}-floor", manifest)
    names = (_OURS_PYTHON, _FLOOR_PYTHON) if language == "python" else (_OURS_NODE, _FLOOR_NODE)
    rerun = [sys.executable, FLOORS / "rerun.py", floor, *command]
    return [
        Watcher(names[0], [*lambdacli(), "watch", "hello", "-e", "{}"], ours / file),
        Watcher(names[1], rerun, floor / file),
    ]


def _show(watchers: dict[str, Watcher]) -> None:
    rows = [
        (
            watcher.name,
            *(f"{statistics.median(watcher.ms.get(way, [float('nan')])):.1f}" for way in WAYS),
            f"{max((max(ms) for ms in watcher.ms.values()), default=float('nan')):.0f}",
            str(watcher.saves),
            str(watcher.lost),
        )
        for watcher in watchers.values()
    ]
    say(f"\n## From a save to its result (a burst is {_BURST} saves, measured from the last)\n")
    table(("watcher", *(f"{way} ms" for way in WAYS), "worst ms", "saves", "lost"), rows)
    budgets = []
    for way in WAYS:
        for ours, floor in ((_OURS_PYTHON, _FLOOR_PYTHON), (_OURS_NODE, _FLOOR_NODE)):
            if way != "burst" and ours in watchers and way in watchers[ours].ms:
                one, other = watchers[ours].ms[way], watchers[floor].ms.get(way, [])
                if ours == _OURS_PYTHON:
                    budgets.append(Budget(f"{ours}, {way}", statistics.median(one), 25, "ms"))
                if len(one) == len(other):
                    budgets.append(Budget(f"{ours} / restart, {way}", paired(one, other), 1))
    show_budgets(budgets)
