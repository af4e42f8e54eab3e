"""`lambdacli validate` on manifests of 1, 100 and 1,000 functions: a fresh cache, then a warm one; how it grows."""

from __future__ import annotations

import statistics
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cold import PYTHON, fresh_cache
from harness import Budget, Command, lambdacli, measure, samples, show

if TYPE_CHECKING:
    from pathlib import Path

    from harness import Setting

_SIZES = (1, 100, 1000)  # functions
_MOST_ROUNDS = 5  # a thousand functions take a while
_TRIGGERS = (
    "http: GET /items/{number}",
    "sqs: {{queue: items-{number}, batch_size: 10}}",
    "s3: {{bucket: items-{number}, events: ['s3:ObjectCreated:*'], prefix: in/}}",
    "schedule: rate(5 minutes)",
)


def validate(setting: Setting) -> dict[str, Any]:
    """Each function has its own file, some variables and two triggers."""
    commands = []
    for size in _SIZES:
        folder = _project(setting.work / f"validate-{size}", size)
        expect = '"valid": true'
        argv = [*lambdacli(), "validate", "--json"]
        cold = Command(_name(size, "cold"), argv, folder, expect, prepare=fresh_cache(setting.work))
        commands += [
            cold,
            Command(_name(size, "warm"), argv, folder, expect, {"LAMBDACLI_CACHE_DIR": f"{folder}-cache"}),
        ]
    found = measure(replace(setting, rounds=min(setting.rounds, _MOST_ROUNDS)), commands)
    show("validate", found, _name(1, "cold"), [each for state in ("cold", "warm") for each in _budgets(found, state)])
    return samples(found)


def _budgets(found: dict[str, Command], state: str) -> list[Budget]:
    # CPU: a busy machine bends a curve of wall times
    one, some, many = (statistics.median(each.cpu for each in found[_name(size, state)].figures) for size in _SIZES)
    linear = (_SIZES[2] - _SIZES[0]) / (_SIZES[1] - _SIZES[0])
    return [
        Budget(_name(_SIZES[2], state), statistics.median(found[_name(_SIZES[2], state)].ms) / 1000, 1, "s"),
        Budget(f"{state}: growth of CPU / growth of functions", (many - one) / (some - one) / linear, 1.1),
    ]


def _name(size: int, state: str) -> str:
    return f"{size:,} function{'s' * (size > 1)}, {state}"


def _project(folder: Path, size: int) -> Path:
    folder.mkdir()
    lines = ["app: bench", f"defaults: {{runtime: {PYTHON}, interpreter: {sys.executable}, timeout: 10}}", "functions:"]
    for number in range(size):
        (folder / f"function_{number}.py").write_text(f"def handler(event, context):\n    return {number}\n")
        first, second = (_TRIGGERS[(number + each) % len(_TRIGGERS)].format(number=number) for each in (0, 1))
        lines += [
            f"  function-{number}:",
            f"    handler: function_{number}.handler",
            f"    environment: {{TARGET: items-{number}, STAGE: '${{stage}}'}}",
            f"    triggers: [{{{first}}}, {{{second}}}]",
        ]
    (folder / "lambdacli.yaml").write_text("\n".join(lines) + "\n")
    return folder
