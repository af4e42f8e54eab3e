"""A project whose saves are followed, and what was followed is remembered."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING, Any, TypeVar

from heard import Heard

from lambdacli import manifest as manifests
from lambdacli.serve.reload import Reload

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from lambdacli.model import Manifest

RUNTIME = f"python{sys.version_info[0]}.{sys.version_info[1]}"


class Reloaded:
    """Python functions, each with code in a folder; tests say which."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.functions: dict[str, Any] = {}
        self.followed: list[tuple[frozenset[str], Manifest]] = []
        self.heard = Heard()

    def code(self, name: str, version: int) -> None:
        (self.folder / name).mkdir(exist_ok=True)
        (self.folder / name / "app.py").write_text(f"def handler(event, context): return {version}\n")

    def write(self, text: str = "") -> None:
        whole = {"app": "shop", "region": "eu-west-1", "defaults": {"runtime": RUNTIME, "handler": "app.handler"}}
        path = self.folder / "lambdacli.yaml"
        path.write_text(text or json.dumps({**whole, "functions": self.functions}))

    def load(self) -> Manifest:
        return manifests.load(self.folder / "lambdacli.yaml", environ={})

    async def follow(self, manifest: Manifest, names: frozenset[str], _saved: frozenset[Path]) -> None:
        self.followed.append((names, manifest))


P = TypeVar("P", bound=Reloaded)


def watched(project: P, story: Callable[[P], Awaitable[None]]) -> None:
    """Tell the story of a project while its saves are followed."""

    async def main() -> None:
        reload = Reload(project.load(), project.load, project.follow, project.heard)
        await reload.start()
        try:
            await story(project)
        finally:
            await reload.stop()

    asyncio.run(main())
