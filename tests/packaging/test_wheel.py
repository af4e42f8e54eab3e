"""What a user installs: the wheel has all that lambdacli reads at run time, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from email import message_from_bytes
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import pytest

from lambdacli import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import CommandLine

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "lambdacli"
IGNORED = {"__pycache__", ".DS_Store"}

pytestmark = pytest.mark.skipif(not find_spec("hatchling"), reason="hatchling is not installed")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    """Built here, without network."""
    folder = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as opened:
        yield opened


def files(folder: Path) -> set[str]:
    """Paths of all files below a folder of the checkout, relative to it."""
    paths = (path for path in folder.rglob("*") if path.is_file() and not IGNORED & {*path.parts})
    return {path.relative_to(folder).as_posix() for path in paths}


def below(wheel: zipfile.ZipFile, folder: str) -> set[str]:
    """Paths of all files below a folder of the wheel, relative to it."""
    return {name.removeprefix(folder) for name in wheel.namelist() if name.startswith(folder)}


def test_the_whole_package_is_in_it(wheel: zipfile.ZipFile) -> None:
    assert below(wheel, "lambdacli/") == files(PACKAGE) | {f"_templates/{name}" for name in files(ROOT / "templates")}


@pytest.mark.parametrize(
    "name",
    [
        "py.typed",
        "runtimes/bootstraps/bootstrap.py",
        "runtimes/bootstraps/lambdacli_bootstrap/client.py",
        "runtimes/bootstraps/bootstrap.cjs",
        "runtimes/bootstraps/node/client.cjs",
        "scaffold/files/lambdacli.yaml.in",
        "scaffold/files/provided/bootstrap",
        "_templates/s3/s3-put.json",
    ],
)
def test_what_is_read_at_run_time_is_in_it(wheel: zipfile.ZipFile, name: str) -> None:
    assert f"lambdacli/{name}" in wheel.namelist()


def test_nothing_else_is_in_it(wheel: zipfile.ZipFile) -> None:
    roots = {PurePosixPath(name).parts[0] for name in wheel.namelist()}
    assert roots == {"lambdacli", f"lambdacli-{__version__}.dist-info"}


def test_what_it_says_of_itself(wheel: zipfile.ZipFile) -> None:
    about = f"lambdacli-{__version__}.dist-info"
    metadata = message_from_bytes(wheel.read(f"{about}/METADATA"))
    assert (metadata["Name"], metadata["Version"]) == ("lambdacli", __version__)
    assert (metadata["License-Expression"], metadata["Requires-Python"]) == ("Apache-2.0", ">=3.10")
    assert str(metadata.get_payload()).startswith("# lambdacli")
    assert f"{about}/licenses/LICENSE" in wheel.namelist()
    assert b"lambdacli = lambdacli.__main__:main" in wheel.read(f"{about}/entry_points.txt")


def test_it_works_as_it_is(wheel: zipfile.ZipFile, lambdacli: CommandLine, tmp_path: Path) -> None:
    wheel.extractall(tmp_path / "installed")
    done = lambdacli("generate-event", "s3-put", env={"PYTHONPATH": str(tmp_path / "installed")})
    assert (done.returncode, '"ObjectCreated:Put"' in done.stdout) == (0, True), done.stderr
    done = lambdacli("init", "new", "--trigger", "s3", env={"PYTHONPATH": str(tmp_path / "installed")})
    assert (done.returncode, (tmp_path / "new/lambdacli.yaml").is_file()) == (0, True), done.stderr
