"""What is saved is followed: the code of one function, the manifest, and what both are made from."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from reloaded import Reloaded, watched

if TYPE_CHECKING:
    from pathlib import Path

    from lambdacli.model import Manifest


class Project(Reloaded):
    """Two functions in folders of their own, and one that shares code with the first."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        for name in ("orders", "mails"):
            self.code(name, 1)
        (folder / "values.env").write_text("KIND=first\n")
        self.functions = {
            "orders": {"code": "orders"},
            "mails": {"code": "mails", "env_file": "values.env"},
            "returns": {"code": "orders"},
        }
        self.write()

    async def until(self, number: int) -> tuple[frozenset[str], Manifest]:
        await self.heard.until(lambda _: len(self.followed) >= number)
        return self.followed[number - 1]


def test_a_save_concerns_the_functions_of_that_code_alone(tmp_path: Path) -> None:
    async def story(project: Project) -> None:
        (tmp_path / "orders" / "app.py").write_text("def handler(event, context): return 2\n")
        assert (await project.until(1))[0] == {"orders", "returns"}
        (tmp_path / "mails" / "more.py").write_text("NEW = 1\n")
        assert (await project.until(2))[0] == {"mails"}

    watched(Project(tmp_path), story)


def test_the_manifest_is_loaded_anew_and_new_code_is_watched(tmp_path: Path) -> None:
    async def story(project: Project) -> None:
        (tmp_path / "stock").mkdir()
        (tmp_path / "stock" / "app.py").write_text("def handler(event, context): return 1\n")
        project.functions["stock"] = {"code": "stock"}
        project.write()
        names, manifest = await project.until(1)
        assert names == frozenset()
        assert "stock" in manifest.functions
        await asyncio.sleep(0.2)
        (tmp_path / "stock" / "app.py").write_text("def handler(event, context): return 2\n")
        assert (await project.until(2))[0] == {"stock"}

    watched(Project(tmp_path), story)


def test_a_broken_manifest_keeps_the_last_good_one_and_says_so(tmp_path: Path) -> None:
    async def story(project: Project) -> None:
        project.write("functions: [")
        await project.heard.until(lambda heard: bool(heard.notes))
        assert "last good manifest" in project.heard.notes[0]
        assert project.heard.troubles[0].exit_code == 2
        (tmp_path / "mails" / "app.py").write_text("def handler(event, context): return 2\n")
        names, manifest = await project.until(1)
        assert (names, set(manifest.functions)) == ({"mails"}, {"orders", "mails", "returns"})
        project.functions.pop("returns")
        project.write()
        assert set((await project.until(2))[1].functions) == {"orders", "mails"}

    watched(Project(tmp_path), story)


def test_an_env_file_is_part_of_the_manifest(tmp_path: Path) -> None:
    async def story(project: Project) -> None:
        (tmp_path / "values.env").write_text("KIND=second\n")
        _, manifest = await project.until(1)
        assert manifest.functions["mails"].environment == {"KIND": "second"}

    watched(Project(tmp_path), story)


def test_a_function_that_writes_where_it_is_watched_does_not_spin(tmp_path: Path) -> None:
    async def story(project: Project) -> None:
        for number in range(12):
            (tmp_path / "orders" / "counter.txt").write_text(str(number))
            await asyncio.sleep(0.1)
        await project.heard.until(lambda heard: bool(heard.warnings))
        assert "counter.txt is saved again and again" in project.heard.warnings[0]
        assert len(project.followed) < 8
        before = len(project.followed)
        (tmp_path / "orders" / "app.py").write_text("def handler(event, context): return 3\n")
        assert (await project.until(before + 1))[0] == {"orders", "returns"}

    watched(Project(tmp_path), story)
