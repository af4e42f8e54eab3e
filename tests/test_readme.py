"""The README tells the truth: its tour prints what it shows, and its tables name what there is.

LAMBDACLI_UPDATE_READMES=1 writes the tour's output anew.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from readmes import Session, arguments, check, steps

from lambdacli import errors, triggers
from lambdacli.cli import COMMANDS
from lambdacli.manifest import json_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import CommandLine

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
FENCE = re.compile(r"^(?:<!-- (?P<note>.+?) -->\n)?```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
CHANGE = ("src/app.py", '"processed"', '"seen"')  # what the README saves while `watch` waits


def noted(note: str) -> str:
    """The fenced block that stands below a comment."""
    return next(block["text"] for block in FENCE.finditer(README.read_text(encoding="utf-8")) if block["note"] == note)


def section(title: str) -> str:
    """The text below a heading."""
    return README.read_text(encoding="utf-8").split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def tour(session: Session) -> Iterator[str]:
    """Go through the README: write its files, run its commands; what each printed."""
    found = iter(steps(README))
    for block in FENCE.finditer(README.read_text(encoding="utf-8")):
        if (block["note"] or "").startswith("file: "):
            path = session.folder / block["note"].removeprefix("file: ")
            path.parent.mkdir(exist_ok=True)
            path.write_text(block["text"], encoding="utf-8")
        if block["language"] == "console":
            for _ in re.findall(r"^\$ ", block["text"], flags=re.MULTILINE):
                command = next(found).command
                yield watch(session) if command == "lambdacli watch" else session.run(command)


def watch(session: Session) -> str:
    """`lambdacli watch` until it has answered one save."""
    process = subprocess.Popen(
        session.lambdacli.argv(*arguments(["lambdacli", "watch"])),
        cwd=session.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=session.lambdacli.environment,
        encoding="utf-8",
    )
    assert process.stdout
    printed = ""
    with process:
        try:
            for line in process.stdout:
                printed += line
                if not line.endswith("waiting for a save\n"):
                    continue
                if printed.count("waiting for a save") > 1:
                    break
                save(session.folder)
            process.send_signal(signal.SIGTERM)
            printed += process.stdout.read()
        finally:
            process.kill()
    return printed


def save(folder: Path) -> None:
    """As editors do: a whole new file takes the old one's place, in one step."""
    path, before, after = folder / CHANGE[0], *CHANGE[1:]
    new = folder.parent / "new"
    new.write_text(path.read_text().replace(before, after))
    new.replace(path)


@pytest.mark.toolchain
@pytest.mark.skipif(os.name != "posix", reason="functions run on Linux and macOS")
def test_the_tour_prints_what_the_readme_shows(lambdacli: CommandLine, tmp_path: Path, with_sources: str) -> None:
    text = README.read_text(encoding="utf-8")
    assert all(f"`{each}`" in text for each in CHANGE)
    lambdacli.environment["PATH"] = with_sources
    with Session(lambdacli, tmp_path) as session:
        printed = session.finished(steps(README), list(tour(session)))
    check(README, printed, tmp_path)


@pytest.mark.skipif(os.name != "posix", reason="functions run on Linux and macOS")
def test_the_first_command_runs_its_sample(lambdacli: CommandLine) -> None:
    first = FENCE.search(README.read_text(encoding="utf-8"))
    assert first
    program, *words = shlex.split(first["text"].split("&&")[-1])
    assert program == ".venv/bin/lambdacli"
    done = lambdacli(*words, cwd=ROOT)
    assert (done.returncode, '"thumbnails"' in done.stdout) == (0, True), done.stderr


def test_the_test_command_is_one_block() -> None:
    command = noted("tests")
    assert ".venv/bin/pytest" in command
    assert "-e '.[test]'" in command


def test_the_example_is_a_valid_manifest(lambdacli: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "lambdacli.yaml").write_text(noted("manifest"), encoding="utf-8")
    (tmp_path / ".env").touch()
    (tmp_path / "layers/common").mkdir(parents=True)
    (tmp_path / "src").mkdir()
    (tmp_path / "src/app.py").write_text("def handler(event, context): ...\n")
    for stage in ("", "prod"):
        done = lambdacli("validate", "--stage", stage)
        assert (done.returncode, done.stderr) == (0, "lambdacli.yaml: 1 function, 3 triggers: valid\n")


def test_the_example_shows_every_key() -> None:
    schema = json_schema()
    keys = {*schema["properties"], *schema["$defs"]["function"]["properties"]}
    shown = set(re.findall(r"^ *([a-z_]+):", noted("manifest"), flags=re.MULTILINE))
    assert keys - shown == set()


def test_every_trigger_is_named() -> None:
    listed = re.search(r"^Triggers: `([^`]+)`", section("The manifest"), flags=re.MULTILINE)
    assert listed
    assert listed[1].split() == sorted(triggers.kinds())


def test_the_table_names_every_command_and_only_options_that_exist(lambdacli: CommandLine) -> None:
    rows = re.findall(r"^\| `([a-z-]+)[^`]*` \|.*\|(.*)\|$", section("Commands"), flags=re.MULTILINE)
    assert [name for name, _ in rows] == list(COMMANDS)
    for name, options in rows:
        event = ("sqs-receive-message",) if name == "generate-event" else ()
        page = lambdacli(name, "--help").stdout + (lambdacli(name, *event, "--help").stdout if event else "")
        named = re.findall(r"`(--?[a-z-]+)`", options)
        assert [option for option in named if not re.search(rf"(?<![\w-]){option}(?![\w-])", page)] == []


def test_the_exit_codes_are_those_of_the_errors() -> None:
    table = {int(code) for code in re.findall(r"^\| (\d+) \|", section("Commands"), flags=re.MULTILINE)}
    kinds = [each for each in vars(errors).values() if isinstance(each, type)]
    assert {each.exit_code for each in kinds if issubclass(each, errors.LambdacliError)} <= table
