"""`lambdacli init`: every project it makes is valid, runs, and passes its own test; no file is ever overwritten."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lambdacli import scaffold, triggers

if TYPE_CHECKING:
    from tests.conftest import CommandLine

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = {"python": sys.executable, "nodejs": "node", "provided": "curl"}
TESTS = {
    "python": [sys.executable, "-m", "unittest", "discover", "tests"],
    "nodejs": ["node", "--test"],
    "provided": ["sh", "tests/test.sh"],
}


def require(language: str) -> None:
    if not shutil.which(PROGRAMS[language]):
        pytest.skip(f"{PROGRAMS[language]} is not on this machine")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_project_can_be_made_for_every_kind_of_trigger() -> None:
    assert set(scaffold.trigger_kinds()) == set(triggers.kinds())


@pytest.mark.toolchain
@pytest.mark.parametrize("language", PROGRAMS)
@pytest.mark.parametrize("trigger", scaffold.trigger_kinds())
def test_a_new_project_validates_runs_and_passes_its_test(
    language: str, trigger: str, lambdacli: CommandLine, tmp_path: Path
) -> None:
    require(language)
    folder = tmp_path / "new"
    made = lambdacli("init", "new", "--runtime", language, "--trigger", trigger)
    assert (made.returncode, made.stdout) == (0, ""), made.stderr

    validated = lambdacli("validate", cwd=folder)
    assert validated.returncode == 0, validated.stderr
    assert "warning" not in validated.stderr

    own_event = lambdacli("invoke", "--allow-version-mismatch", cwd=folder)
    assert own_event.returncode == 0, own_event.stderr
    kept_event = lambdacli("invoke", "--allow-version-mismatch", "-e", f"events/{trigger}.json", cwd=folder)
    assert kept_event.returncode == 0, kept_event.stderr
    assert json.loads(own_event.stdout) == json.loads(kept_event.stdout)

    tested = subprocess.run(TESTS[language], cwd=folder, capture_output=True, check=False)
    assert tested.returncode == 0, tested.stderr.decode() + tested.stdout.decode()


def test_says_what_it_made_and_what_comes_next(lambdacli: CommandLine, tmp_path: Path) -> None:
    done = lambdacli("init", "photos", "-r", "python3.13", "-t", "s3")
    assert done.stderr.splitlines() == [
        "made photos, python3.13 behind s3:",
        *(
            f"  {Path('photos', name)}"
            for name in (
                "lambdacli.yaml", "src/app.py", "tests/test_app.py", "events/s3.json", "README.md", ".gitignore",
            )
        ),
        "next:",
        "  cd photos",
        "  lambdacli invoke",
        "  lambdacli watch",
    ]  # fmt: skip
    assert "app: photos" in (tmp_path / "photos/lambdacli.yaml").read_text()


def test_defaults_without_a_terminal(lambdacli: CommandLine, tmp_path: Path) -> None:
    folder = tmp_path / "My first app!"
    folder.mkdir()
    done = lambdacli("init", cwd=folder)
    assert done.returncode == 0, done.stderr
    manifest = (folder / "lambdacli.yaml").read_text()
    assert "app: My-first-app\n" in manifest
    assert "- http: GET /hello" in manifest
    assert "runtime: python3." in manifest
    # the newest Python of this machine was chosen, so that no leave is needed to run it
    assert lambdacli("invoke", cwd=folder).returncode == 0
    assert "cd " not in done.stderr


@pytest.mark.parametrize(("name", "written"), [("shop", "shop"), ("2026", '"2026"'), ("No", '"No"')])
def test_the_name_may_be_given(name: str, written: str, lambdacli: CommandLine, tmp_path: Path) -> None:
    assert lambdacli("init", "x", "--name", name).returncode == 0
    assert f"app: {written}\n" in (tmp_path / "x/lambdacli.yaml").read_text()
    assert lambdacli("validate", cwd=tmp_path / "x").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (("--trigger", "sqz"), "unknown trigger 'sqz'", "did you mean sqs?"),
        (("--trigger", "zzzzzz"), "unknown trigger 'zzzzzz'", "one of "),
        (("--runtime", "pyton3.13"), "unknown runtime 'pyton3.13'", "did you mean python3.13?"),
        (("--runtime", "python3.8"), "python3.8 is deprecated by AWS since 2", "take python3."),
        (("--name", "my shop"), "invalid name 'my shop'", "up to 48 letters"),
    ],
)
def test_a_mistake_is_named_and_nothing_is_written(
    arguments: tuple[str, ...], message: str, hint: str, lambdacli: CommandLine, tmp_path: Path
) -> None:
    done = lambdacli("init", "x", *arguments)
    assert done.returncode == 2
    assert f"error: {message}" in done.stderr
    assert f"hint: {hint}" in done.stderr
    assert not (tmp_path / "x").exists()


def test_never_overwrites_a_file(lambdacli: CommandLine, tmp_path: Path) -> None:
    folder = tmp_path / "old"
    (folder / "src").mkdir(parents=True)
    (folder / "src/app.py").write_text("mine")
    (folder / "README.md").write_text("mine too")
    before = contents(folder)
    done = lambdacli("init", "old", "--runtime", "python3.13")
    assert done.returncode == 2
    assert f"error: src/app.py, README.md exist already in {folder}" in done.stderr
    assert contents(folder) == before
    assert sorted(path.name for path in folder.iterdir()) == ["README.md", "src"]


def test_a_link_to_nowhere_counts_as_a_file(lambdacli: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "lambdacli.yaml").symlink_to(tmp_path / "elsewhere.yaml")
    done = lambdacli("init", "--runtime", "python3.13")
    assert done.returncode == 2
    assert "lambdacli.yaml exists already" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["lambdacli.yaml"]


def test_a_file_where_the_folder_should_be(lambdacli: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine")
    done = lambdacli("init", "taken", "--runtime", "python3.13")
    assert done.returncode == 2
    assert "error: cannot write" in done.stderr
    assert contents(tmp_path) == {"taken": b"mine"}


def test_a_failure_half_way_leaves_nothing(lambdacli: CommandLine, tmp_path: Path) -> None:
    folder = tmp_path / "half"
    folder.mkdir()
    (folder / "events").write_text("a file where a folder should be")
    done = lambdacli("init", "half", "--runtime", "python3.13")
    assert done.returncode == 2
    assert "hint: nothing was written" in done.stderr
    assert list(contents(folder)) == ["events"]
    assert [path.name for path in folder.iterdir()] == ["events"]


def test_the_bootstrap_is_that_of_the_sample() -> None:
    new = ROOT / "lambdacli/scaffold/files/provided/bootstrap"
    assert new.read_bytes() == (ROOT / "samples/custom-runtime/src/bootstrap").read_bytes()


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo terminal is POSIX")
def test_asks_in_a_terminal_for_what_was_not_told(lambdacli: CommandLine, tmp_path: Path) -> None:
    shown = in_terminal(lambdacli, ["init", "asked", "--runtime", "provided"], b"sqz\nsqs\n")
    assert "trigger (invoke, http" in shown
    assert "did you mean sqs?" in shown
    assert "runtime (" not in shown
    assert "queue: example-queue" in (tmp_path / "asked/lambdacli.yaml").read_text()


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo terminal is POSIX")
def test_enter_takes_the_defaults(lambdacli: CommandLine, tmp_path: Path) -> None:
    shown = in_terminal(lambdacli, ["init", "asked"], b"\n\n")
    assert "runtime (python, nodejs, provided, or as python3.13) [python3." in shown
    assert "- http: GET /hello" in (tmp_path / "asked/lambdacli.yaml").read_text()


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo terminal is POSIX")
def test_asks_nothing_when_told_everything(lambdacli: CommandLine, tmp_path: Path) -> None:
    shown = in_terminal(lambdacli, ["init", "told", "-r", "provided", "-t", "s3"], b"")
    assert shown.startswith("made told, provided.al2023 behind s3:")
    assert (tmp_path / "told/lambdacli.yaml").exists()


def in_terminal(lambdacli: CommandLine, arguments: list[str], typed: bytes) -> str:
    """What a terminal shows of a command, with keys typed in advance."""
    import pty

    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        lambdacli.argv(*arguments),
        cwd=lambdacli.folder,
        env=lambdacli.environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    os.write(ours, typed)
    shown = b""
    try:
        while piece := os.read(ours, 4096):
            shown += piece
    except OSError:  # the terminal's other side is closed
        pass
    finally:
        os.close(ours)
    assert process.wait(30) == 0, shown.decode()
    return shown.decode()


@pytest.mark.parametrize(("folder", "pasted"), [("it's", """'it'"'"'s'"""), ("a b", "'a b'"), ("q$(ls)", "'q$(ls)'")])
def test_the_next_step_can_be_pasted(lambdacli: CommandLine, folder: str, pasted: str) -> None:
    done = lambdacli("init", folder, "--runtime", "python3.13", "--trigger", "s3")
    assert f"  cd {pasted}\n" in done.stderr


def test_a_folder_named_by_dots_has_its_own_name(lambdacli: CommandLine) -> None:
    below = lambdacli.folder / "shop" / "below"
    below.mkdir(parents=True)
    assert lambdacli("init", "..", "--runtime", "python3.13", "--trigger", "s3", cwd=below).returncode == 0
    assert "app: shop\n" in (lambdacli.folder / "shop" / "lambdacli.yaml").read_text()
