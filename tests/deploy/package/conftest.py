"""Folders of code made from names and contents, and their packages read back."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from lambdacli.deploy.package import Package, package
from lambdacli.model import Function

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

HANDLER = "def handler(event, context):\n    return event\n"


@dataclass
class Project:
    """A folder of code, `app.py` with its handler in it unless it has another."""

    folder: Path
    told: list[str] = field(default_factory=list)

    def write(self, files: Mapping[str, str | bytes]) -> Project:
        for name, content in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return self

    def function(self, **settings: Any) -> Function:
        values = {"name": "orders", "handler": "app.handler", "runtime": "python3.13", "code": self.folder}
        return Function(**(values | settings))

    def package(self, **settings: Any) -> Package:
        return package(self.function(**settings), tell=self.told.append)

    def names(self, **settings: Any) -> list[str]:
        with zipfile.ZipFile(self.package(**settings).path) as opened:
            return opened.namelist()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    folder = tmp_path / "code"
    folder.mkdir()
    return Project(folder).write({"app.py": HANDLER})
