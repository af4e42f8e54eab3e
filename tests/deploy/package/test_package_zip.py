"""A package is a zip of the same bytes for the same content, whatever the machine, and gives that content back."""

from __future__ import annotations

import base64
import hashlib
import os
import stat
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdacli.deploy.package import archive, package_layer, tree
from lambdacli.errors import ManifestError

if TYPE_CHECKING:
    from conftest import Project

posix = pytest.mark.skipif(os.name != "posix", reason="modes and links are of Linux and macOS")
MANY = {f"data/{number}.txt": f"{number}\n" * number for number in range(40)}
LARGE = b"".join(b"%d\n" % (number * number) for number in range(400_000))  # more than one block

# Another machine: its own umask, time zone, order of creation, times and cache.
ELSEWHERE = """
import os, sys, time
from pathlib import Path
umask, reverse, stamp, folder = int(sys.argv[1], 8), sys.argv[2] == "reverse", float(sys.argv[3]), Path(sys.argv[4])
os.umask(umask)
files = {"app.py": b"def handler(event, context): pass\\n", "b/c.txt": b"c" * 5000, "b/ü.bin": bytes(range(256)) * 9000}
for name in sorted(files, reverse=reverse):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(files[name])
    os.utime(path, (stamp, stamp))
(folder / "tool").write_text("#!/bin/sh\\n")
(folder / "tool").chmod(0o700)
os.symlink("b/c.txt", folder / "link")
from lambdacli.deploy.package import package
from lambdacli.model import Function
made = package(Function("orders", "app.handler", "python3.13", folder))
print(made.sha256, made.content, made.size)
"""


@posix
def test_the_same_bytes_whatever_the_umask_the_clock_the_zone_and_the_order(tmp_path: Path) -> None:
    machines = [
        ("022", "forward", "1e9", "UTC"),
        ("077", "reverse", "1.7e9", "Asia/Tokyo"),
        ("002", "reverse", "0", "EST5"),
    ]
    said = set()
    for number, (umask, order, stamp, zone) in enumerate(machines):
        folder = tmp_path / f"machine-{number}"
        folder.mkdir()
        environment = {**os.environ, "TZ": zone, "LAMBDACLI_CACHE_DIR": str(tmp_path / f"cache-{number}")}
        argv = [sys.executable, "-c", ELSEWHERE, umask, order, stamp, str(folder)]
        said.add(subprocess.run(argv, capture_output=True, check=True, env=environment, text=True).stdout)
    assert len(said) == 1


def test_digests_and_sizes_are_those_of_the_zip(project: Project) -> None:
    made = project.write(MANY).package()
    data = made.path.read_bytes()
    assert made.sha256 == base64.b64encode(hashlib.sha256(data).digest()).decode()
    assert made.size == len(data)
    assert made.unpacked == sum(path.stat().st_size for path in project.folder.rglob("*") if path.is_file())


def test_entries_are_sorted_dated_alike_and_deflated(project: Project) -> None:
    made = project.write({**MANY, "large.bin": LARGE}).package()
    with zipfile.ZipFile(made.path) as opened:
        assert opened.testzip() is None
        entries = opened.infolist()
        assert [e.filename for e in entries] == sorted(e.filename for e in entries)
        assert {e.date_time for e in entries} == {(1980, 1, 1, 0, 0, 0)}
        assert opened.read("large.bin") == LARGE
        assert opened.getinfo("large.bin").compress_size < len(LARGE) / 2


def test_others_can_unpack_it(project: Project, tmp_path: Path) -> None:
    made = project.write({**MANY, "large.bin": LARGE, "größe/日本.txt": "ü"}).package()
    argv = [sys.executable, "-m", "zipfile", "-e", str(made.path), str(tmp_path / "out")]
    subprocess.run(argv, check=True)
    assert (tmp_path / "out/large.bin").read_bytes() == LARGE
    assert (tmp_path / "out/größe/日本.txt").read_text("utf-8") == "ü"


@posix
def test_modes_are_those_that_lambda_can_read_and_run(project: Project) -> None:
    project.write({"tool": "#!/bin/sh\n", "private.txt": "x"})
    (project.folder / "tool").chmod(0o700)
    (project.folder / "private.txt").chmod(0o600)
    with zipfile.ZipFile(project.package().path) as opened:
        modes = {e.filename: e.external_attr >> 16 for e in opened.infolist()}
    assert modes == {"app.py": stat.S_IFREG | 0o644, "tool": stat.S_IFREG | 0o755, "private.txt": stat.S_IFREG | 0o644}


@posix
def test_content_tells_apart_what_the_zip_does(project: Project) -> None:
    before = project.package()
    (project.folder / "app.py").chmod(0o755)
    program = project.package()
    project.write({"app.py": "def handler(event, context):\n    return None\n"})
    changed = project.package()
    assert len({each.content for each in (before, program, changed)}) == 3
    assert len({each.sha256 for each in (before, program, changed)}) == 3


@posix
@pytest.mark.parametrize(
    ("name", "target", "stored"),
    [
        ("link", "app.py", "app.py"),
        ("b/link", "../app.py", "../app.py"),
        ("b/up", "..", ".."),
        ("dangling", "nope", "nope"),
        ("layer", "/opt/bin/tool", "/opt/bin/tool"),
        ("b/round", "../../code/app.py", "../app.py"),
    ],
)
def test_links_inside_stay_links(project: Project, name: str, target: str, stored: str) -> None:
    path = project.folder / name
    path.parent.mkdir(exist_ok=True)
    path.symlink_to(target)
    with zipfile.ZipFile(project.package().path) as opened:
        assert opened.read(name).decode() == stored
        assert stat.S_ISLNK(opened.getinfo(name).external_attr >> 16)


@posix
def test_an_absolute_link_inside_is_made_relative(project: Project) -> None:
    (project.folder / "link").symlink_to(project.folder / "app.py")
    with zipfile.ZipFile(project.package().path) as opened:
        assert opened.read("link") == b"app.py"


@posix
@pytest.mark.parametrize("target", ["/etc/passwd", "../secret", "b/../../secret"])
def test_links_that_leave_the_folder_are_refused(project: Project, tmp_path: Path, target: str) -> None:
    (tmp_path / "secret").write_text("x")
    project.write({"b/c": "c"})
    (project.folder / "link").symlink_to(target)
    with pytest.raises(
        ManifestError, match=r"function orders: the symbolic link link leaves .*: it points to"
    ) as caught:
        project.package()
    assert ".lambdaignore" in caught.value.hint
    project.write({".lambdaignore": "link\n"})
    assert project.names() == ["app.py", "b/c"]


@posix
def test_a_name_that_is_no_utf8_is_refused(project: Project) -> None:
    try:
        Path(os.fsdecode(os.fsencode(project.folder) + b"/\xff.txt")).write_text("x")
    except OSError:
        pytest.skip("this file system takes UTF-8 alone")
    with pytest.raises(ManifestError, match=r"\\xff.txt cannot be packaged: its name is no UTF-8"):
        project.package()


def test_more_files_than_sixteen_bits_count(tmp_path: Path) -> None:
    entries = [tree.Entry(f"{number:06}", "", tree.LINK, 0, "target") for number in range(65_600)]
    with (tmp_path / "many.zip").open("wb") as stream:
        archive.write(entries, stream, lambda *_: None)
    with zipfile.ZipFile(tmp_path / "many.zip") as opened:
        assert opened.namelist() == [entry.name for entry in entries]
        assert opened.read("065599") == b"target"


NAMES = st.text(
    st.characters(codec="utf-8", exclude_characters="/\\\0:", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=12
)
PATHS = st.lists(NAMES.filter(lambda name: name not in {".", ".."}), min_size=1, max_size=3).map("/".join)
TREES = st.dictionaries(PATHS, st.binary(max_size=200), max_size=8)


@posix
@settings(max_examples=60)
@given(TREES)
def test_any_tree_comes_back_as_it_was(files: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            path = Path(folder, "code", name)
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            except OSError:
                continue  # a file is in the place of a folder, or the name is too long
        Path(folder, "code").mkdir(exist_ok=True)
        written = {
            path.relative_to(Path(folder, "code")).as_posix(): path.read_bytes()
            for path in Path(folder, "code").rglob("*")
            if path.is_file()
        }
        named = [f"!{name}" for name in written]
        made = package_layer(Path(folder, "code"), exclude=named)
        with zipfile.ZipFile(made.path) as opened:
            content = {name: opened.read(name) for name in opened.namelist()}
        assert content.items() <= written.items()
        assert list(content) == sorted(content, key=str.encode)
        assert made == package_layer(Path(folder, "code"), exclude=named)
