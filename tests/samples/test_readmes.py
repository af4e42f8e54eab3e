"""The commands in the samples' READMEs do what is printed below them (LAMBDACLI_UPDATE_READMES=1 prints it anew)."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from readmes import Session, check, steps

if TYPE_CHECKING:
    from tests.conftest import CommandLine

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
READMES = sorted(SAMPLES.glob("*/README.md"))


def require_toolchain(sample: Path) -> None:
    manifest = (sample / "lambdacli.yaml").read_text(encoding="utf-8")
    readme = (sample / "README.md").read_text(encoding="utf-8")
    if "$ curl" in readme and not shutil.which("curl"):
        pytest.skip("curl is not on this machine")
    for runtime, program in (("nodejs", "node"), ("provided", "curl")):
        if runtime in manifest and not shutil.which(program):
            pytest.skip(f"{program} is not on this machine")


@pytest.mark.toolchain
@pytest.mark.parametrize("readme", READMES, ids=lambda path: path.parent.name)
def test_the_commands_print_what_the_readme_shows(
    readme: Path, lambdacli: CommandLine, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    require_toolchain(readme.parent)
    if "lambdacli serve" in readme.read_text(encoding="utf-8"):
        lambdacli.environment["PATH"] = request.getfixturevalue("with_sources")
    session = Session(lambdacli, Path(shutil.copytree(readme.parent, tmp_path / readme.parent.name)))
    found = steps(readme)
    assert found, "a README shows at least one command"
    check(readme, session.run_all(found), tmp_path)
