"""Which saves count: .gitignore as git reads it, editors' files, single files, folders that come and go."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import time
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


def test_a_file_of_code_without_a_suffix_that_is_replaced(tmp_path: Path) -> None:
    """Editors and compilers rename: the file that is watched is another one each time."""
    code, fresh = tmp_path / "bootstrap", tmp_path / "fresh~"
    code.write_text("x")

    def act() -> None:
        for text in ("y", "z"):
            fresh.write_text(text)
            fresh.replace(code)
            time.sleep(0.1)  # a save of its own

    assert seen([code], [], act, tmp_path / "end.py") == {code}


def collected(code: Path, *acts: tuple[Callable[[], object], Path]) -> None:
    """Do each, and wait until its path counts as saved."""

    async def main() -> None:
        changes = Changes([code], [])
        found: asyncio.Queue[set[Path]] = asyncio.Queue()

        async def collect() -> None:
            async for paths in changes:
                found.put_nowait(paths)

        collecting = asyncio.create_task(collect())
        await asyncio.wait_for(changes.begun.wait(), 20)
        for act, expected in acts:
            act()
            while expected not in await asyncio.wait_for(found.get(), 20):
                pass
        collecting.cancel()

    asyncio.run(main())


def test_a_file_without_a_suffix_that_comes_later(tmp_path: Path) -> None:
    code, fresh = tmp_path / "bootstrap", tmp_path / "fresh~"
    replace = lambda: (fresh.write_text("x"), fresh.replace(code))  # noqa: E731 - one save
    collected(code, *[(replace, code)] * 3)


def test_a_link_that_is_switched(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / "releases" / name / "src").mkdir(parents=True)
    current, fresh = tmp_path / "current", tmp_path / "fresh"
    current.symlink_to("releases/one")

    def switch(name: str) -> None:
        fresh.symlink_to(tmp_path / "releases" / name)
        fresh.replace(current)

    def relink(name: str) -> None:
        current.unlink()
        time.sleep(0.3)  # gone for all to see
        current.symlink_to(tmp_path / "releases" / name)

    one, two = (tmp_path / "releases" / name / "src" for name in ("one", "two"))
    collected(
        current / "src",
        (lambda: (one / "a.py").write_text("1"), one / "a.py"),
        (lambda: switch("two"), two),
        (lambda: (two / "b.py").write_text("1"), two / "b.py"),
        (lambda: relink("one"), one),
        (lambda: (one / "c.py").write_text("1"), one / "c.py"),
    )


def test_links_in_a_circle_are_code_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    end = tmp_path / "end.json"
    assert seen([tmp_path / "a"], [end], lambda: None, end) == set()


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


def test_a_folder_that_is_replaced_at_once_is_still_watched(tmp_path: Path) -> None:
    src = tmp_path / "src"
    src.mkdir()

    async def main() -> None:
        changes = Changes([src], [tmp_path / "end.json"])
        iterator = changes.__aiter__()
        pending = asyncio.ensure_future(iterator.__anext__())
        await asyncio.wait_for(changes.begun.wait(), 20)
        for _ in range(10):
            shutil.rmtree(src)
            src.mkdir()
            found = await asyncio.wait_for(pending, 20)
            while src / "app.py" not in found:
                (src / "app.py").write_text("x")
                found = await asyncio.wait_for(iterator.__anext__(), 20)
            pending = asyncio.ensure_future(iterator.__anext__())
        pending.cancel()
        await asyncio.gather(pending, return_exceptions=True)

    asyncio.run(main())
