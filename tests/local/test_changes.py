"""Which saves count: .gitignore as git reads it, editors' files, single files, folders that come and go."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from lambdacli.local.changes import Changes, Ignored

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

RULES = {
    ".gitignore": "*.log\n!keep.log\n/build/\ntmp/\n**/gen/*.py\n\\#odd\n# comment\n",
    "src/.gitignore": "*.data\n!/tmp.log\nnested/*\n!nested/kept\n",
    "src/deep/.gitignore": "!x.data\n",
}
FILES = [
    "a.log", "keep.log", "build/x", "src/build/x", "src/a.log", "src/tmp.log", "src/tmp/x", "src/gen/a.py", "#odd",
    "src/gen/a.txt", "src/x.data", "src/deep/x.data", "src/deep/y.data", "src/nested/a", "src/nested/kept",
    "src/app.py",
]  # fmt: skip


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for name, text in RULES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / ".git").mkdir()
    return tmp_path


def test_gitignore_is_read_as_git_reads_it(repository: Path) -> None:
    if not shutil.which("git"):
        pytest.skip("git is not on this machine")
    (repository / ".git").rmdir()
    subprocess.run(["git", "init", "-q", repository], check=True)
    asked = "\0".join(FILES).encode()
    command = ["git", "-C", str(repository), "check-ignore", "-z", "--stdin", "--no-index"]
    said = subprocess.run(command, input=asked, capture_output=True, check=False).stdout.decode()
    ignored = Ignored(repository / "src")
    assert [name for name in FILES if repository / name in ignored] == [n for n in said.split("\0") if n]


def test_rules_outside_a_repository_end_at_the_code(repository: Path) -> None:
    (repository / ".git").rmdir()
    ignored = Ignored(repository / "src")
    assert repository / "src" / "x.data" in ignored
    assert repository / "src" / "a.log" not in ignored


def test_rules_are_read_again_when_they_change(repository: Path) -> None:
    ignored = Ignored(repository / "src")
    assert repository / "src" / "app.py" not in ignored
    (repository / "src" / ".gitignore").write_text("*.py\n# longer than before, and later\n")
    assert repository / "src" / "app.py" in ignored
    (repository / "src" / ".gitignore").write_bytes(b"\xff\xfe\n[z-a]\ndeep\n")  # two lines that are no rules
    assert repository / "src" / "app.py" not in ignored
    assert repository / "src" / "deep" / "x" in ignored
    assert repository / "src" / "app.py" not in Ignored(repository / "src", ["[z-a]"])


@pytest.mark.parametrize("pattern", ["*.py", "app.py", "/src/app.py", "src/", "src/**", "src"])
def test_the_users_own_patterns(repository: Path, pattern: str) -> None:
    ignored = Ignored(repository / "src", [pattern])
    assert repository / "src" / "app.py" in ignored
    assert repository / "src" / "gen" / "a.txt" not in ignored or pattern.startswith("src")


def seen(code: Sequence[Path], files: Sequence[Path], act: Callable[[], object], *ends: Path) -> set[Path]:
    """All that counts as saved by `act`, up to the saves of `ends` that follow it, one in each folder."""

    async def main() -> set[Path]:
        changes = Changes(code, files)
        found: set[Path] = set()

        async def collect() -> None:
            async for paths in changes:
                found.update(paths)
                if found.issuperset(ends):
                    return

        collecting = asyncio.create_task(collect())
        await asyncio.wait_for(changes.begun.wait(), 20)
        act()
        for end in ends:
            end.write_text("the end")
        await asyncio.wait_for(collecting, 20)
        return found - {*ends}

    return asyncio.run(main())


def test_code_and_single_files(tmp_path: Path) -> None:
    src = tmp_path / "src"
    (src / "sub").mkdir(parents=True)
    event, other, env = tmp_path / "event.json", tmp_path / "other.json", tmp_path / ".env"

    def act() -> None:
        for path in (event, other, src / "sub" / "m.py", src / "app.py~", src / "__pycache__", src / ".a.py.swp"):
            path.write_text("x")

    assert seen([src], [event, env], act, src / "end.py", env) == {event, src / "sub" / "m.py"}


def test_a_file_that_a_run_is_made_of_counts_whatever_git_ignores(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text(".env\n*.json\n")
    env, event = tmp_path / ".env", tmp_path / "event.json"
    assert seen([tmp_path], [env], lambda: (env.write_text("A=1"), event.write_text("1")), tmp_path / "end.py") == {env}


def test_a_single_file_of_code_and_a_zip(tmp_path: Path) -> None:
    archive, code = tmp_path / "code.zip", tmp_path / "app.py"
    archive.write_text("x")
    code.write_text("x")
    beside = tmp_path / "more.py"

    def act() -> None:
        for path in (archive, beside):
            path.write_text("y")

    assert seen([archive], [], act, archive) == set()
    assert seen([code], [], act, code) - {archive} == {beside}


def test_a_project_below_a_folder_that_tools_use(tmp_path: Path) -> None:
    """Only what lies below the code is a tool's folder."""
    src = tmp_path / "node_modules" / "mine" / "src"
    (src / "node_modules").mkdir(parents=True)
    act = lambda: [(src / name).write_text("x") for name in ("app.py", "node_modules/x.js")]  # noqa: E731 - two files
    assert seen([src], [], act, src / "end.py") == {src / "app.py"}


def test_a_folder_that_comes_back(tmp_path: Path) -> None:
    src, end = tmp_path / "src", tmp_path / "end.json"
    src.mkdir()

    async def main() -> None:
        changes = Changes([src], [end])
        iterator = changes.__aiter__()
        first = asyncio.ensure_future(iterator.__anext__())
        await asyncio.wait_for(changes.begun.wait(), 20)
        src.rmdir()
        assert src in await asyncio.wait_for(first, 20)
        src.mkdir()
        found: set[Path] = set()
        while (src / "app.py") not in found:
            (src / "app.py").write_text("x")
            found |= await asyncio.wait_for(iterator.__anext__(), 20)

    asyncio.run(main())
