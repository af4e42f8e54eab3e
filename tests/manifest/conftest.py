"""What the manifest's tests share: a manifest from text, and its problems."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest

from lambdacli import manifest
from lambdacli.errors import ManifestError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from lambdacli.model import Manifest, Problem


class Load(Protocol):
    def __call__(
        self, text: str, *, stage: str = "", region: str = "", environ: Mapping[str, str] = {}
    ) -> Manifest: ...


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Writes lambdacli.yaml and loads it."""

    def loaded(text: str, *, stage: str = "", region: str = "", environ: Mapping[str, str] = {}) -> Manifest:
        path = tmp_path / "lambdacli.yaml"
        path.write_text(text, encoding="utf-8")
        return manifest.load(path, stage=stage, region=region, environ=environ)

    return loaded


@pytest.fixture
def problems(load: Load) -> Callable[[str], list[Problem]]:
    """The problems that refuse a manifest."""

    def found(text: str) -> list[Problem]:
        with pytest.raises(ManifestError) as caught:
            load(text)
        assert caught.value.message
        return list(caught.value.problems)

    return found


@pytest.fixture
def lint(load: Load, tmp_path: Path) -> Callable[..., list[tuple[str, str, str]]]:
    """Path, severity and message of what lint says; app.py with a handler lies beside the manifest."""

    def found(text: str, *, environ: Mapping[str, str] = {}, stage: str = "") -> list[tuple[str, str, str]]:
        (tmp_path / "app.py").write_text("def handler(event, context):\n    return event\n")
        made = load(text, environ=environ, stage=stage)
        return [(problem.path, problem.severity, problem.message) for problem in manifest.lint(made)]

    return found
