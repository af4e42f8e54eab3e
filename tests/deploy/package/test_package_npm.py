"""package.json's dependencies are installed by npm for Lambda's platform; `file:` dependencies need no registry."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from lambdacli.errors import MachineError, ManifestError

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Project

NODE: dict[str, Any] = {"runtime": "nodejs22.x", "handler": "index.handler"}
needs_npm = pytest.mark.skipif(not shutil.which("npm"), reason="no npm")


@pytest.fixture
def shared(project: Project, tmp_path: Path) -> dict[str, Any]:
    """A package beside the folder, and the package.json that asks for it."""
    project.write({"index.mjs": "export const handler = async () => 1\n"})
    (project.folder / "app.py").unlink()
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared/package.json").write_text(json.dumps({"name": "shared", "version": "1.0.0", "main": "main.js"}))
    (tmp_path / "shared/main.js").write_text("module.exports = 1\n")
    return {"name": "code", "version": "1.0.0", "dependencies": {"shared": "file:../shared"}}


INSTALLED = ["index.mjs", "node_modules/shared/main.js", "node_modules/shared/package.json", "package.json"]


@needs_npm
@pytest.mark.toolchain
def test_dependencies_are_installed_and_the_folder_left_as_it_is(
    project: Project, shared: dict[str, Any], tmp_path: Path
) -> None:
    asked = shared | {"scripts": {"prepare": "exit 3", "install": "exit 3"}, "devDependencies": {"dev": "file:../dev"}}
    project.write({"package.json": json.dumps(asked)})
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/package.json").write_text('{"name": "dev", "version": "1.0.0"}')
    made = project.package(**NODE)
    assert project.names(**NODE) == INSTALLED
    assert made.remarks == ("no package-lock.json: another machine may install other versions",)
    assert project.told == ["installing package.json for nodejs22.x on x86_64"]
    assert sorted(path.name for path in project.folder.iterdir()) == ["index.mjs", "package.json"]
    (tmp_path / "shared/main.js").write_text("module.exports = 22\n")
    assert project.package(**NODE).content != made.content


@needs_npm
@pytest.mark.toolchain
def test_a_lockfile_is_kept_to(project: Project, shared: dict[str, Any]) -> None:
    packages = {
        "": shared,
        "../shared": {"version": "1.0.0"},
        "node_modules/shared": {"resolved": "../shared", "link": True},
    }
    lock = {"name": "code", "version": "1.0.0", "lockfileVersion": 3, "requires": True, "packages": packages}
    project.write({"package.json": json.dumps(shared), "package-lock.json": json.dumps(lock)})
    made = project.package(**NODE, architecture="arm64")
    assert made.remarks == ()
    assert project.names(**NODE, architecture="arm64") == sorted([*INSTALLED, "package-lock.json"])
    project.write({"package.json": json.dumps(shared | {"dependencies": {"other": "file:../shared"}})})
    with pytest.raises(ManifestError, match=r"function orders: npm cannot install package.json: .*package-lock.json"):
        project.package(**NODE)


@needs_npm
@pytest.mark.toolchain
def test_what_npm_says_is_told(project: Project, shared: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("npm_config_offline", "true")
    project.write({"package.json": json.dumps(shared | {"dependencies": {"nowhere-at-all": "1.0.0"}})})
    with pytest.raises(MachineError, match=r"npm cannot install package.json: .*nowhere-at-all"):
        project.package(**NODE)


MAKE = """
const fs = require("fs"), machine = {x64: 62, arm64: 183}[process.env.npm_config_arch]
if (fs.existsSync("fail")) process.exit(3)
fs.mkdirSync("build", {recursive: true})
const head = Buffer.concat([Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1]), Buffer.alloc(58)])
head.writeUInt16LE(machine, 18)
fs.writeFileSync("build/addon.node", head)
"""


def native(folder: Path, *, binding: bool = True, fails: bool = False) -> None:
    """A package with an add-on that its install script makes, and does so for whatever npm is asked for."""
    about = {"name": "native", "version": "1.0.0", "scripts": {"install": "node make.js"}}
    folder.mkdir()
    (folder / "package.json").write_text(json.dumps(about))
    (folder / "make.js").write_text(MAKE)
    if binding:
        (folder / "binding.gyp").write_text("{}")
    if fails:
        (folder / "fail").touch()


@needs_npm
@pytest.mark.toolchain
@pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
def test_add_ons_are_built_for_the_architecture(
    project: Project, shared: dict[str, Any], tmp_path: Path, architecture: str
) -> None:
    native(tmp_path / "native")
    project.write({"package.json": json.dumps(shared | {"dependencies": {"native": "file:../native"}})})
    assert "node_modules/native/build/addon.node" in project.names(**NODE, architecture=architecture)
    assert project.told[1] == f"building native for {architecture}"


@needs_npm
@pytest.mark.toolchain
def test_scripts_of_others_do_not_run(project: Project, shared: dict[str, Any], tmp_path: Path) -> None:
    native(tmp_path / "native", binding=False)
    project.write({"package.json": json.dumps(shared | {"dependencies": {"native": "file:../native"}})})
    names = project.names(**NODE)
    assert "node_modules/native/make.js" in names
    assert "node_modules/native/build/addon.node" not in names


@needs_npm
@pytest.mark.toolchain
def test_an_add_on_that_cannot_be_built_is_an_error_unless_it_is_optional(
    project: Project, shared: dict[str, Any], tmp_path: Path
) -> None:
    native(tmp_path / "native", fails=True)
    project.write({"package.json": json.dumps(shared | {"dependencies": {"native": "file:../native"}})})
    with pytest.raises(ManifestError, match=r"native has a native add-on, and none could be .* built for arm64"):
        project.package(**NODE, architecture="arm64")
    asked = {**shared, "dependencies": {}, "optionalDependencies": {"native": "file:../native"}}
    project.write({"package.json": json.dumps(asked)})
    made = project.package(**NODE, architecture="arm64")
    assert "native, which is optional, has no native add-on for Lambda" in made.remarks
    assert project.package(**NODE, architecture="arm64").remarks == made.remarks


def test_without_npm_it_is_asked_for(project: Project, shared: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    project.write({"package.json": json.dumps(shared | {"description": "without npm"})})
    with pytest.raises(
        MachineError, match=r"function orders: package.json has dependencies.* there is no npm"
    ) as caught:
        project.package(**NODE)
    assert "node_modules" in caught.value.hint


@pytest.mark.parametrize(
    "files",
    [
        {"package.json": '{"type": "module"}'},
        {"package.json": '{"devDependencies": {"nowhere": "1"}}'},
        {"package.json": '{"dependencies": {"nowhere": "1"}}', "node_modules/nowhere/index.js": "1"},
        {"package.json": '{"dependencies": {"nowhere": "1"}}', ".lambdaignore": "node_modules/\n"},
        {"lib/package.json": '{"dependencies": {"nowhere": "1"}}'},
    ],
)
def test_nothing_is_installed_where_nothing_is_missing(
    project: Project, files: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    project.write({"index.js": "exports.handler = async () => 1\n", **files})
    there = [name for name in files if name != ".lambdaignore"]
    assert project.names(**NODE) == sorted(["app.py", "index.js", *there])


@pytest.mark.parametrize("text", ["{", "[]"])
def test_a_package_json_that_is_none_is_told(project: Project, text: str) -> None:
    project.write({"index.js": "exports.handler = async () => 1\n", "package.json": text})
    with pytest.raises(ManifestError, match=r"package.json is no JSON"):
        project.package(**NODE)
