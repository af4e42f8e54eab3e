"""What is saved is followed: the code of one function, the manifest, and what both are made from."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING, Any

from heard import Heard

from lambdacli import manifest as manifests
from lambdacli.serve.reload import Reload

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from lambdacli.model import Manifest

RUNTIME = f"python{sys.version_info[0]}.{sys.version_info[1]}"


class Project:
    """Two functions in folders of their own, and one that shares code with the first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("orders", "mails"):
            (folder / name).mkdir()
            (folder / name / "app.py").write_text("def handler(event, context): return 1\n")
        (folder / "values.env").write_text("KIND=first\n")
        self.functions: dict[str, Any] = {
            "orders": {"code": "orders"},
            "mails": {"code": "mails", "env_file": "values.env"},
            "returns": {"code": "orders"},
        }
        self.followed: list[tuple[frozenset[str], Manifest]] = []
        self.heard = Heard()
        self.write()

    def write(self, text: str = "") -> None:
        whole = {"app": "shop", "region": "eu-west-1", "defaults": {"runtime": RUNTIME, "handler": "app.handler"}}
        path = self.folder / "lambdacli.yaml"
        path.write_text(text or json.dumps({**whole, "functions": self.functions}))

    def load(self) -> Manifest:
        return manifests.load(self.folder / "lambdacli.yaml", environ={})

    async def follow(self, manifest: Manifest, names: frozenset[str], _saved: frozenset[Path]) -> None:
        self.followed.append((names, manifest))

    async def until(self, number: int) -> tuple[frozenset[str], Manifest]:
        await self.heard.until(lambda _: len(self.followed) >= number)
        return self.followed[number - 1]


def watched(tmp_path: Path, story: Callable[[Project], Awaitable[None]]) -> None:
    async def main() -> None:
        project = Project(tmp_path)
        reload = Reload(project.load(), project.load, project.follow, project.heard)
        await reload.start()
        try:
            await story(project)
        finally:
            await reload.stop()

    asyncio.run(main())


def test_a_save_concerns_the_functions_of_that_code_alone(tmp_path: Path) -> None:
    async def story(project: Project) -> None:
        (tmp_path / "orders" / "app.py").write_text("def handler(event, context): return 2\n")
        assert (await project.until(1))[0] == {"orders", "returns"}
        (tmp_path / "mails" / "more.py").write_text("NEW = 1\n")
        assert (await project.until(2))[0] == {"mails"}

    watched(tmp_path, story)


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

    watched(tmp_path, story)


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

    watched(tmp_path, story)


def test_an_env_file_is_part_of_the_manifest(tmp_path: Path) -> None:
    async def story(project: Project) -> None:
        (tmp_path / "values.env").write_text("KIND=second\n")
        _, manifest = await project.until(1)
        assert manifest.functions["mails"].environment == {"KIND": "second"}

    watched(tmp_path, story)


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

    watched(tmp_path, story)
