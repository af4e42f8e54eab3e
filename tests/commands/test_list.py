"""`lambdacli list` as people and pipes see it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import CommandLine

RUNNING = f"python{sys.version_info[0]}.{sys.version_info[1]}"
MANIFEST = f"""
functions:
  hello:
    handler: app.handler
    runtime: {RUNNING}
    triggers:
      - s3: {{bucket: photos, prefix: in/}}
      - schedule: rate(5 minutes)
      - invoke:
  old: {{handler: app.handler, runtime: python2.7}}
  own: {{runtime: provided.al2023}}
"""


def test_a_table_of_functions(lambdacli: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "lambdacli.yaml").write_text(MANIFEST)
    done = lambdacli("list")
    assert (done.returncode, done.stderr) == (0, "")
    head, hello, old, own = done.stdout.splitlines()
    assert head.split() == ["FUNCTION", "RUNTIME", "HANDLER", "TRIGGERS", "INTERPRETER"]
    assert hello.split()[:3] == ["hello", RUNNING, "app.handler"]
    assert "  s3 photos, schedule rate(5 minutes), invoke  " in hello
    assert "python" in hello.rsplit("  ", 1)[-1]
    assert old.endswith("not found")
    assert own.split() == ["own", "provided.al2023", "-", "-", "bootstrap"]


def test_json_for_machines(lambdacli: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "lambdacli.yaml").write_text(MANIFEST)
    listed = json.loads(lambdacli("list", "--json").stdout)
    assert list(listed["functions"]) == ["hello", "old", "own"]
    hello = listed["functions"]["hello"]
    assert hello["triggers"][1] == {"schedule": {"expression": "rate(5 minutes)"}}
    assert hello["interpreter"]["version"].startswith(RUNNING.removeprefix("python"))
    assert listed["functions"]["old"]["interpreter"] is None


def test_the_same_answer_when_nothing_changed(lambdacli: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "lambdacli.yaml").write_text(MANIFEST)
    assert lambdacli("list").stdout == lambdacli("list").stdout


@pytest.mark.uninstrumented
def test_nothing_heavy_is_imported_for_an_unchanged_manifest(lambdacli: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "lambdacli.yaml").write_text(MANIFEST)
    lambdacli("list")
    script = (
        "import sys; from lambdacli.cli import run; run(['list'])\n"
        "heavy = {'yaml', 'jsonschema', 'rich', 'asyncio', 'boto3', 'watchfiles', 'hashlib', 'lambdacli.triggers'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env=lambdacli.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == "[]\n"


def test_completion_of_functions_and_stages_from_the_manifest(lambdacli: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "lambdacli.yaml").write_text(MANIFEST + "stages: {prod: {}, preview: {}}\n")

    def completed(line: str) -> list[str]:
        done = lambdacli(
            env={"_LAMBDACLI_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}
        )
        return done.stdout.split()

    assert completed("lambdacli list --stage p") == ["prod", "preview"]
    assert completed("lambdacli invoke h") == ["hello"]
    (tmp_path / "lambdacli.yaml").write_text("functions: [")
    assert completed("lambdacli invoke h") == []
