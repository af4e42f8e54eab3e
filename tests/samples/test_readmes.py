"""The commands in the samples' READMEs do what is printed below them.

LAMBDACLI_UPDATE_READMES=1 writes what they print now.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.conftest import CommandLine

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
READMES = sorted(SAMPLES.glob("*/README.md"))
UPDATE = bool(os.environ.get("LAMBDACLI_UPDATE_READMES"))

BLOCK = re.compile(r"(?<=^```console\n)(.*?)(?=^```$)", re.MULTILINE | re.DOTALL)
VARYING = (
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<id>"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", "<now>"),
    (r"\d+(\.\d+)? ms", "<time>"),
    (r"Max Memory Used: \d+ MB", "Max Memory Used: <memory>"),
    (r"INIT_START Runtime Version: \S+", "INIT_START Runtime Version: <version>"),
    (r"\t", " "),
    (r" +$", ""),
)


@dataclass(frozen=True)
class Step:
    """One command of a README and the lines below it."""

    command: str
    shown: str


def steps(readme: Path) -> list[Step]:
    found = []
    for block in BLOCK.findall(readme.read_text(encoding="utf-8")):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, shown = part.partition("\n")
            found.append(Step(command, shown))
    return found


def normal(text: str) -> str:
    """Without what differs from run to run, and without the warning that another version of the runtime is used."""
    lines = [line for line in text.splitlines() if not line.startswith(("warning:", "hint:"))]
    for pattern, replacement in VARYING:
        lines = [re.sub(pattern, replacement, line) for line in lines]
    return "\n".join(lines).strip()


def run(command: str, lambdacli: CommandLine, folder: Path) -> str:
    """What a terminal shows of a command, which may be a pipe."""
    words = shlex.split(command)
    while "|" in words:
        bar = words.index("|")
        done = lambdacli(*arguments(words[:bar]), cwd=folder)
        assert done.returncode == 0, done.stderr
        words = words[bar + 1 :]
        return shown(words, lambdacli, folder, stdin=done.stdout)
    return shown(words, lambdacli, folder)


def shown(words: Sequence[str], lambdacli: CommandLine, folder: Path, stdin: str = "") -> str:
    return subprocess.run(
        lambdacli.argv(*arguments(words)),
        cwd=folder,
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=lambdacli.environment,
        encoding="utf-8",
        timeout=60,
        check=False,
    ).stdout


def arguments(words: Sequence[str]) -> list[str]:
    program, command, *rest = words
    assert program == "lambdacli"
    return [command, *(["--allow-version-mismatch"] if command == "invoke" else []), *rest]


def require_toolchain(sample: Path) -> None:
    manifest = (sample / "lambdacli.yaml").read_text(encoding="utf-8")
    for runtime, program in (("nodejs", "node"), ("provided", "curl")):
        if runtime in manifest and not shutil.which(program):
            pytest.skip(f"{program} is not on this machine")


@pytest.mark.toolchain
@pytest.mark.parametrize("readme", READMES, ids=lambda path: path.parent.name)
def test_the_commands_print_what_the_readme_shows(readme: Path, lambdacli: CommandLine, tmp_path: Path) -> None:
    require_toolchain(readme.parent)
    folder = tmp_path / readme.parent.name
    shutil.copytree(readme.parent, folder)
    found = steps(readme)
    assert found, "a README shows at least one command"
    printed = [run(step.command, lambdacli, folder) for step in found]
    if UPDATE:
        update(readme, printed)
    for step, now in zip(found, printed, strict=True):
        assert normal(now) == normal(step.shown), step.command


def update(readme: Path, printed: Sequence[str]) -> None:
    """Print anew only what differs in more than times and ids."""
    outputs = iter(zip(steps(readme), printed, strict=True))

    def renewed(block: re.Match[str]) -> str:
        text = ""
        for _ in re.findall(r"^\$ ", block[0], flags=re.MULTILINE):
            step, now = next(outputs)
            lines = [line for line in now.splitlines() if not line.startswith(("warning:", "hint:"))]
            kept = normal(now) == normal(step.shown)
            text += f"$ {step.command}\n" + (step.shown if kept else "".join(f"{line}\n" for line in lines))
        return text

    readme.write_text(BLOCK.sub(renewed, readme.read_text(encoding="utf-8")), encoding="utf-8")
