"""Saves at the worst moment: while others are followed, in storms, and again and again."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from reloaded import Reloaded, watched

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from lambdacli.model import Manifest


class Project(Reloaded):
    """A function that is followed as slowly as told."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.slow = 0.0
        self.fails: list[Exception] = []
        self.followed_by: Callable[[], Awaitable[None]] | None = None
        self.add("orders")

    def add(self, name: str) -> None:
        self.code(name, 1)
        self.functions[name] = {"code": name}
        self.write()

    async def follow(self, manifest: Manifest, names: frozenset[str], saved: frozenset[Path]) -> None:
        await super().follow(manifest, names, saved)
        if self.fails:
            raise self.fails.pop()
        await asyncio.sleep(self.slow)
        if self.followed_by is not None:
            await self.followed_by()

    async def until(self, fits: Callable[..., bool]) -> None:
        await self.heard.until(lambda _: any(fits(*each) for each in self.followed))


def test_what_is_saved_while_a_new_function_is_followed_is_not_missed(tmp_path: Path) -> None:
    async def story(project: Project) -> None:
        project.slow = 0.5
        project.add("mails")
        await project.until(lambda _, manifest: "mails" in manifest.functions)
        await asyncio.sleep(0.1)
        project.code("orders", 2)
        project.code("mails", 2)
        for name in ("orders", "mails"):
            await project.until(lambda names, _, name=name: name in names)

    watched(Project(tmp_path), story)


def test_a_manifest_is_followed_however_often_it_is_saved(tmp_path: Path) -> None:
    async def story(project: Project) -> None:
        for memory in range(128, 140):
            project.functions["orders"]["memory"] = memory
            project.write()
            await asyncio.sleep(0.1)
        await project.until(lambda _, manifest: manifest.functions["orders"].memory == 139)
        assert project.heard.warnings == []

    watched(Project(tmp_path), story)


def test_a_checkout_of_500_files_is_one_reload_or_two(tmp_path: Path) -> None:
    async def story(project: Project) -> None:
        for number in range(500):
            (tmp_path / "orders" / f"module{number}.py").write_text("A = 1\n")
            if number % 10 == 0:
                await asyncio.sleep(0.005)
        await asyncio.sleep(0.7)
        assert 1 <= len(project.followed) <= 3

    watched(Project(tmp_path), story)


def test_who_follows_may_fail_and_the_next_save_is_followed(tmp_path: Path) -> None:
    async def story(project: Project) -> None:
        project.fails = [RuntimeError("unforeseen")]
        project.code("orders", 2)
        await project.heard.until(lambda heard: bool(heard.troubles))
        assert "unforeseen" in project.heard.troubles[0].message
        project.code("orders", 3)
        await project.heard.until(lambda _: len(project.followed) == 2)

    watched(Project(tmp_path), story)


def test_code_that_writes_code_as_it_is_loaded_does_not_spin(tmp_path: Path) -> None:
    async def story(project: Project) -> None:
        async def load() -> None:
            (tmp_path / "orders" / "made.py").write_text(f"NUMBER = {len(project.followed)}\n")

        project.followed_by = load
        project.code("orders", 2)
        await project.heard.until(lambda heard: bool(heard.warnings))
        assert "made.py is saved again and again: each reload for it waits a second" in project.heard.warnings[0]
        before = len(project.followed)
        await asyncio.sleep(1.5)
        assert len(project.followed) - before <= 2
        project.followed_by = None
        project.code("orders", 3)
        await asyncio.sleep(1.5)
        assert len(project.followed) > before

    watched(Project(tmp_path), story)
