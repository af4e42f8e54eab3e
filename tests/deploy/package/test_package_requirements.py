"""requirements.txt is installed for Lambda's Python and platform, here from wheels that the tests make."""

from __future__ import annotations

import shutil
import sys
import time
import zipfile
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from lambdacli.errors import MachineError, ManifestError

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Project

RUNTIME = f"python{sys.version_info[0]}.{sys.version_info[1]}"
TAG = f"cp{sys.version_info[0]}{sys.version_info[1]}"
UV = shutil.which("uv")

ENTRY_POINT = "[console_scripts]\ntool = {name}:main\n"


def wheel(folder: Path, name: str, version: str = "1.0", tag: str = "py3-none-any", needs: str = "") -> None:
    """A wheel with one module, which holds its tag."""
    folder.mkdir(exist_ok=True)
    about = f"{name}-{version}.dist-info"
    requires = f"Requires-Dist: {needs}\n" if needs else ""
    members = {
        f"{name}/__init__.py": f"TAG = {tag!r}\n",
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{requires}",
        f"{about}/WHEEL": f"Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: {tag}\n",
        f"{about}/entry_points.txt": ENTRY_POINT.format(name=name),
    }
    record = "".join(f"{member},,\n" for member in (*members, f"{about}/RECORD"))
    with zipfile.ZipFile(folder / f"{name}-{version}-{tag}.whl", "w") as opened:
        for member, text in {**members, f"{about}/RECORD": record}.items():
            opened.writestr(member, text)


@pytest.fixture(
    params=[
        pytest.param("pip", marks=pytest.mark.skipif(not find_spec("pip"), reason="no pip")),
        pytest.param("uv", marks=[pytest.mark.toolchain, pytest.mark.skipif(not UV, reason="no uv")]),
    ]
)
def installer(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each in turn, with a cache of its own; where pip is meant uv is not found."""
    monkeypatch.setenv("LAMBDACLI_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "empty").mkdir()
    if request.param == "pip":
        monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    return str(request.param)


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    return tmp_path / "wheels"


def ask(project: Project, wheels: Path, *lines: str) -> None:
    wheels.mkdir(exist_ok=True)
    project.write({"requirements.txt": "\n".join([f"--no-index\n--find-links {wheels}", *lines, ""])})


def read(project: Project, name: str, **settings: str) -> str:
    with zipfile.ZipFile(project.package(runtime=RUNTIME, **settings).path) as opened:
        return opened.read(name).decode()


@pytest.mark.usefixtures("installer")
def test_requirements_lie_at_the_root(project: Project, wheels: Path) -> None:
    wheel(wheels, "first", needs="second")
    wheel(wheels, "second")
    ask(project, wheels, "first==1.0  # why", "")
    assert project.names(runtime=RUNTIME) == [
        "app.py",
        *(f"first-1.0.dist-info/{name}" for name in ("METADATA", "RECORD", "WHEEL", "entry_points.txt")),
        "first/__init__.py",
        "requirements.txt",
        *(f"second-1.0.dist-info/{name}" for name in ("METADATA", "RECORD", "WHEEL", "entry_points.txt")),
        "second/__init__.py",
    ]
    assert project.told == [f"installing requirements.txt for {RUNTIME} on x86_64"]
    assert "bin/" not in read(project, "first-1.0.dist-info/RECORD")


@pytest.mark.usefixtures("installer")
@pytest.mark.parametrize(
    ("architecture", "tag"),
    [("x86_64", f"{TAG}-{TAG}-manylinux2014_x86_64"), ("arm64", f"{TAG}-{TAG}-manylinux2014_aarch64")],
)
def test_wheels_are_those_of_the_architecture(project: Project, wheels: Path, architecture: str, tag: str) -> None:
    for each in (
        f"{TAG}-{TAG}-manylinux2014_x86_64",
        f"{TAG}-{TAG}-manylinux2014_aarch64",
        f"{TAG}-{TAG}-macosx_11_0_arm64",
        f"{TAG}-{TAG}-win_amd64",
        "cp36-cp36m-manylinux2014_x86_64",
    ):
        wheel(wheels, "fast", tag=each)
    ask(project, wheels, "fast")
    assert read(project, "fast/__init__.py", architecture=architecture) == f"TAG = {tag!r}\n"


@pytest.mark.usefixtures("installer")
def test_a_package_without_a_wheel_is_named(project: Project, wheels: Path) -> None:
    wheel(wheels, "fast", tag=f"{TAG}-{TAG}-manylinux2014_x86_64")
    wheel(wheels, "fine")
    ask(project, wheels, "fine", "fast==1.0")
    with pytest.raises(
        ManifestError, match=r"function orders: requirements.txt: fast\S* has no wheel for Python"
    ) as caught:
        project.package(runtime=RUNTIME, architecture="arm64")
    assert caught.value.message.endswith("on Linux arm64")


@pytest.mark.usefixtures("installer")
def test_a_package_that_there_is_not_is_named(project: Project, wheels: Path) -> None:
    wheel(wheels, "fine")
    ask(project, wheels, "fine", "nowhere")
    with pytest.raises(ManifestError, match=r"requirements.txt: nowhere has no wheel for Python"):
        project.package(runtime=RUNTIME)


@pytest.mark.usefixtures("installer")
def test_what_was_installed_is_kept_until_requirements_change(project: Project, wheels: Path) -> None:
    wheel(wheels, "first")
    wheel(wheels, "second")
    ask(project, wheels, "-r more.txt")
    project.write({"more.txt": "first\n"})
    time.sleep(0.12)
    before = project.package(runtime=RUNTIME)
    shutil.rmtree(wheels)
    assert project.package(runtime=RUNTIME) == before
    project.write({"new.py": "x"})
    assert "first/__init__.py" in project.names(runtime=RUNTIME)
    assert len(project.told) == 1
    wheel(wheels, "second")
    project.write({"more.txt": "second\n"})
    assert "second/__init__.py" in project.names(runtime=RUNTIME)
    assert len(project.told) == 2


@pytest.mark.usefixtures("installer")
def test_a_changed_package_of_this_machine_is_installed_again(project: Project, tmp_path: Path, wheels: Path) -> None:
    wheel(tmp_path, "local", tag="py3-none-any")
    ask(project, wheels, "local @ file://" + str(tmp_path / "local-1.0-py3-none-any.whl"))
    assert "TAG" in read(project, "local/__init__.py")
    (tmp_path / "local-1.0-py3-none-any.whl").unlink()
    with pytest.raises(MachineError, match=r"cannot install requirements\.txt"):
        project.package(runtime=RUNTIME)


@pytest.mark.usefixtures("installer")
@pytest.mark.parametrize(("listed", "there"), [("helper", False), ("helper\nboto3", True), ("helper\nBotoCore", True)])
def test_boto3_is_only_packaged_where_it_is_listed(project: Project, wheels: Path, listed: str, there: bool) -> None:  # noqa: FBT001
    wheel(wheels, "helper", needs="boto3")
    wheel(wheels, "boto3", needs="botocore")
    wheel(wheels, "botocore")
    ask(project, wheels, listed)
    names = project.names(runtime=RUNTIME)
    assert "helper/__init__.py" in names
    assert ("boto3/__init__.py" in names, "botocore/__init__.py" in names) == (there, there)
    assert any(name.startswith("boto") for name in names) == there


@pytest.mark.usefixtures("installer")
def test_own_files_win_over_installed_ones(project: Project, wheels: Path) -> None:
    wheel(wheels, "first")
    wheel(wheels, "second")
    ask(project, wheels, "first", "second")
    project.write({"first/__init__.py": "MINE = 1\n", "second": "a file"})
    assert read(project, "first/__init__.py") == "MINE = 1\n"
    assert [name for name in project.names(runtime=RUNTIME) if name.startswith("second/")] == []


@pytest.mark.usefixtures("installer")
def test_rules_apply_to_installed_packages(project: Project, wheels: Path) -> None:
    wheel(wheels, "first")
    ask(project, wheels, "first")
    names = project.names(runtime=RUNTIME, exclude=("*.dist-info/",))
    assert names == ["app.py", "first/__init__.py", "requirements.txt"]


@pytest.mark.usefixtures("installer")
def test_a_wheel_may_bring_what_is_for_other_platforms(project: Project, wheels: Path) -> None:
    wheel(wheels, "several")
    with zipfile.ZipFile(wheels / "several-1.0-py3-none-any.whl", "a") as opened:
        opened.writestr("several/attach.cp39-win_amd64.pyd", b"MZ" + bytes(62))
    ask(project, wheels, "several")
    assert "several/attach.cp39-win_amd64.pyd" in project.names(runtime=RUNTIME)


@pytest.mark.parametrize("lines", ["", "# nothing\n\n", "--no-index\n"])
def test_nothing_to_install_needs_no_installer(project: Project, lines: str) -> None:
    project.write({"requirements.txt": lines})
    project.package(runtime=RUNTIME)
    assert project.told == []


@pytest.mark.usefixtures("installer")
@pytest.mark.parametrize(
    "line", ["!!first", "https://127.0.0.1:1/first-1.0-py3-none-any.whl", "-e git+file:///nowhere"]
)
def test_no_line_is_passed_over(project: Project, wheels: Path, line: str) -> None:
    wheels.mkdir()
    ask(project, wheels, line)
    with pytest.raises((MachineError, ManifestError), match=r"requirements\.txt"):
        project.package(runtime=RUNTIME)


def test_packages_that_lie_there_are_not_installed_again(project: Project) -> None:
    project.write(
        {"requirements.txt": "Some.Package>=1\n", "some_package-1.0.dist-info/METADATA": "", "some_package/x.py": ""}
    )
    assert "some_package/x.py" in project.names(runtime=RUNTIME)
    assert project.told == []


def test_requirements_that_are_left_out_are_not_installed(project: Project) -> None:
    project.write({"requirements.txt": "nowhere\n"})
    assert project.names(runtime=RUNTIME, exclude=("requirements.txt",)) == ["app.py"]


def test_they_are_of_python_alone(project: Project) -> None:
    project.write({"requirements.txt": "nowhere\n", "index.mjs": "export const handler = 1\n"})
    assert "requirements.txt" in project.names(runtime="nodejs22.x", handler="index.handler")


def test_a_file_that_it_names_must_be_there(project: Project) -> None:
    project.write({"requirements.txt": "-r nowhere.txt\n"})
    with pytest.raises(ManifestError, match=r"nowhere.txt cannot be read: no such file"):
        project.package(runtime=RUNTIME)


@pytest.mark.usefixtures("installer")
def test_logins_are_masked(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    project.write(
        {
            "requirements.txt": "--index-url http://user:hush@127.0.0.1:9/simple\nfirst @ http://user:hush@127.0.0.1:9/first-1.0-py3-none-any.whl\n"
        }
    )
    with pytest.raises(MachineError) as caught:
        project.package(runtime=RUNTIME)
    assert "hush" not in caught.value.message + caught.value.hint
