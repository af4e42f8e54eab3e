"""A function finds what its layers hold, whether they are folders or zips."""

from __future__ import annotations

import os
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import CommandLine

pytestmark = pytest.mark.skipif(os.name != "posix", reason="functions run on Linux and macOS")
MANIFEST = """\
functions:
  main:
    handler: app.handler
    runtime: python{0}.{1}
    interpreter: {2}
    code: src
    layers: [{3}]
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src/app.py").write_text("import shared\ndef handler(event, context):\n    return shared.VALUE\n")
    (tmp_path / "layer/python").mkdir(parents=True)
    (tmp_path / "layer/python/shared.py").write_text("VALUE = 5\n")
    with zipfile.ZipFile(tmp_path / "layer.zip", "w") as archive:
        archive.write(tmp_path / "layer/python/shared.py", "python/shared.py")
    return tmp_path


@pytest.mark.parametrize("layer", ["layer", "layer.zip"])
def test_a_layer_is_found(project: Path, lambdacli: CommandLine, layer: str) -> None:
    manifest = MANIFEST.format(*sys.version_info[:2], sys.executable, layer)
    (project / "lambdacli.yaml").write_text(manifest)
    done = lambdacli("invoke", "-e", "{}")
    assert (done.returncode, done.stdout) == (0, "5\n"), done.stderr


def test_a_layer_that_is_no_zip_is_one_line(project: Path, lambdacli: CommandLine) -> None:
    (project / "layer.zip").write_text("no zip")
    (project / "lambdacli.yaml").write_text(MANIFEST.format(*sys.version_info[:2], sys.executable, "layer.zip"))
    done = lambdacli("invoke", "-e", "{}")
    assert (done.returncode, done.stdout) == (2, "")
    assert "layer.zip is not a zip" in done.stderr
    assert "Traceback" not in done.stderr
