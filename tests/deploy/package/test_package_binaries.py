"""Native code for another platform is refused, unless the package brings the same for Lambda's as well."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest

from lambdacli.deploy.package import package_layer
from lambdacli.errors import ManifestError

if TYPE_CHECKING:
    from conftest import Project


def elf(machine: int) -> bytes:
    return b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HH", 3, machine) + bytes(44)


X86, ARM, INTEL_32 = elf(62), elf(183), elf(3)
MAC = b"\xcf\xfa\xed\xfe" + bytes(60)
FAT = b"\xca\xfe\xba\xbe\x00\x00\x00\x02" + bytes(56)
WINDOWS = b"MZ\x90\x00" + bytes(60)
JAVA_CLASS = b"\xca\xfe\xba\xbe\x00\x00\x00\x41" + bytes(56)


@pytest.mark.parametrize(
    ("name", "content", "architecture", "built_for"),
    [
        ("numpy/core.so", ARM, "x86_64", "Linux arm64"),
        ("numpy/core.cpython-313-x86_64-linux-gnu.so", X86, "arm64", "Linux x86_64"),
        ("lib/libpq.so.5.16", ARM, "x86_64", "Linux arm64"),
        ("numpy/core.cpython-313-darwin.so", MAC, "arm64", "macOS"),
        ("numpy/core.so", FAT, "x86_64", "macOS"),
        ("numpy/core.cp313-win_amd64.pyd", WINDOWS, "x86_64", "Windows"),
        ("node_modules/@img/sharp-darwin-arm64/lib/sharp-darwin-arm64.node", MAC, "arm64", "macOS"),
        ("old.so", INTEL_32, "x86_64", "Linux x86 (32 bits)"),
    ],
)
def test_libraries_for_another_platform_are_refused(
    project: Project, name: str, content: bytes, architecture: str, built_for: str
) -> None:
    project.write({name: content})
    with pytest.raises(ManifestError) as caught:
        project.package(architecture=architecture)
    assert caught.value.message == (
        f"function orders: {name} is built for {built_for}, the function runs on {architecture}"
    )
    assert f"build it for Linux on {architecture}" in caught.value.hint
    assert name in project.names(architecture=architecture, exclude=(f"!{name}",))


def test_the_hint_names_the_architecture_that_it_was_built_for(project: Project) -> None:
    project.write({"bootstrap": ARM})
    (project.folder / "bootstrap").chmod(0o755)
    with pytest.raises(ManifestError, match="bootstrap is built for Linux arm64") as caught:
        project.package(runtime="provided.al2023")
    assert "or set architecture: arm64" in caught.value.hint
    assert "bootstrap" in project.names(runtime="provided.al2023", architecture="arm64")


@pytest.mark.parametrize(
    "files",
    [
        {"bcrypt/prebuilds/darwin-arm64/b.node": MAC, "bcrypt/prebuilds/linux-x64/b.node": X86},
        {"@img/sharp-darwin-arm64/sharp-darwin-arm64.node": MAC, "@img/sharp-linux-x64/sharp-linux-x64.node": X86},
        {"m.cpython-313-darwin.so": MAC, "m.cpython-313-x86_64-linux-gnu.so": X86},
        {"m.cp313-win_amd64.pyd": WINDOWS, "m.cpython-313-x86_64-linux-gnu.so": X86},
        {"attach_x86.so": INTEL_32, "attach_linux_amd64.so": X86},
        {"lib/libx.arm64.so": ARM, "lib/libx.x86_64.so": X86},
    ],
)
def test_packages_may_bring_several_platforms(project: Project, files: dict[str, bytes]) -> None:
    assert project.write(files).names() == sorted(["app.py", *files])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("node_modules/fsevents/fsevents.node", MAC),
        ("setuptools/cli.exe", WINDOWS),
        ("lib/x.dylib", MAC),
        ("notes.so", b"so it is"),
        ("App.class", JAVA_CLASS),
        ("fine.so", X86),
        ("empty.so", b""),
        ("cut.so", b"\x7fELF"),
    ],
)
def test_what_lambda_does_not_load_may_be_there(project: Project, name: str, content: bytes) -> None:
    made = project.write({name: content}).package()
    assert made.remarks == ()


def test_a_program_for_another_platform_is_a_remark(project: Project) -> None:
    project.write({"bin/tool": MAC})
    (project.folder / "bin/tool").chmod(0o755)
    assert project.package().remarks == ("bin/tool is built for another platform than Linux x86_64",)


def test_modules_for_another_python_are_a_remark(project: Project) -> None:
    project.write({"fast.cpython-311-x86_64-linux-gnu.so": X86, "stable.abi3.so": X86})
    assert project.package().remarks == (
        "fast.cpython-311-x86_64-linux-gnu.so is built for another version than Python 3.13",
    )
    assert project.package(runtime="python3.11").remarks == ()
    project.write({"fast.cpython-313-x86_64-linux-gnu.so": X86})
    assert project.package().remarks == ()


def test_a_layer_may_be_for_both_unless_one_is_asked_for(project: Project) -> None:
    project.write({"lib/x.so": ARM})
    assert package_layer(project.folder).remarks == ()
    assert package_layer(project.folder, architecture="arm64").remarks == ()
    with pytest.raises(ManifestError, match=r"layer .*: lib/x.so is built for Linux arm64"):
        package_layer(project.folder, architecture="x86_64")
