"""A zip of code or of a layer is unpacked once, as Lambda has it: links and modes kept, read-only, nothing outside."""

from __future__ import annotations

import os
import stat
import zipfile
from typing import TYPE_CHECKING

import pytest

from lambdacli.errors import ManifestError
from lambdacli.local import code
from lambdacli.model import Function

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(os.name != "posix", reason="functions run on Linux and macOS")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LAMBDACLI_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def zipped(folder: Path, members: dict[str, tuple[int, str]], name: str = "code.zip") -> Path:
    """Members by name: mode with its kind, and content."""
    with zipfile.ZipFile(folder / name, "w") as archive:
        for path, (mode, text) in members.items():
            info = zipfile.ZipInfo(path)
            info.external_attr = mode << 16
            archive.writestr(info, text)
    return folder / name


def unpacked(archive: Path) -> Path:
    return code.task_root(Function("f", "app.handler", "python3.13", archive))


LINK = stat.S_IFLNK | 0o777
FILE = stat.S_IFREG | 0o644


def test_links_are_links(tmp_path: Path) -> None:
    members = {
        "lib/real.so.1": (FILE, "library"),
        "lib/real.so": (LINK, "real.so.1"),
        "bin/tool": (LINK, "../lib/real.so"),
        "everything": (LINK, "."),
        "dangling": (LINK, "nope"),
    }
    root = unpacked(zipped(tmp_path, members))
    assert {name: str((root / name).readlink()) for name, (mode, _) in members.items() if mode == LINK} == {
        name: target for name, (mode, target) in members.items() if mode == LINK
    }
    assert (root / "everything/bin/tool").read_text() == "library"


@pytest.mark.parametrize(
    "links",
    [
        {"x": "/etc/passwd"},
        {"x": "../x"},
        {"sub/x": "../../x"},
        {"sub/d": "..", "x": "sub/d/../etc"},
        {"x": "sub/d/../etc", "sub/d": ".."},
    ],
)
def test_links_that_point_out_of_the_zip(tmp_path: Path, links: dict[str, str]) -> None:
    archive = zipped(tmp_path, {name: (LINK, target) for name, target in links.items()})
    with pytest.raises(ManifestError) as caught:
        unpacked(archive)
    assert "symbolic link" in caught.value.message
    assert next(name for name in links if name.endswith("x")) in caught.value.message
    assert list((tmp_path / "cache" / "code").iterdir()) == []


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    for second in ((FILE, "text"), (LINK, "app.py")):
        with pytest.raises(Exception, match=r"code\.zip"):
            unpacked(zipped(tmp_path, {"way": (LINK, str(outside)), "way/file": second}))
    assert list(outside.iterdir()) == []


def test_modes_as_in_var_task(tmp_path: Path) -> None:
    modes = {"run": 0o4777, "group": 0o674, "plain": 0o666, "secret": 0o600, "none": 0, "deep/er/run": 0o700}
    root = unpacked(zipped(tmp_path, {name: (stat.S_IFREG | mode if mode else 0, "") for name, mode in modes.items()}))
    found = {path.relative_to(root).as_posix(): stat.S_IMODE(path.stat().st_mode) for path in (root, *root.rglob("*"))}
    assert found == {
        "run": 0o555, "group": 0o555, "plain": 0o444, "secret": 0o444, "none": 0o444, "deep/er/run": 0o555,
        ".": 0o555, "deep": 0o555, "deep/er": 0o555,
    }  # fmt: skip


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_comes_twice(tmp_path: Path) -> None:
    archive = zipped(tmp_path, {"app.py": (FILE, "old"), "link": (LINK, "app.py")})
    with zipfile.ZipFile(archive, "a") as opened:
        opened.writestr("app.py", "new")
    assert (unpacked(archive) / "link").read_text() == "new"


def test_unpacked_once_by_content(tmp_path: Path) -> None:
    archive = zipped(tmp_path, {"app.py": (FILE, "1")})
    root = unpacked(archive)
    again = tmp_path / "again.zip"
    again.write_bytes(archive.read_bytes())
    assert unpacked(again) == root
    zipped(tmp_path, {"app.py": (FILE, "2")}, "again.zip")
    assert (unpacked(again) / "app.py").read_text() == "2"
    assert (unpacked(archive) / "app.py").read_text() == "1"


def test_other_code_of_the_same_size_and_time(tmp_path: Path) -> None:
    """As of builds that set all times to a constant."""
    for text in "12":
        archive = zipped(tmp_path, {"app.py": (FILE, text)})
        os.utime(archive, (1, 1))
        assert (unpacked(archive) / "app.py").read_text() == text


def test_only_the_newest_copies_are_kept(tmp_path: Path) -> None:
    first = zipped(tmp_path, {"deep/app.py": (FILE, "first")}, "first.zip")
    kept = unpacked(first)
    for number in range(20):
        root = unpacked(zipped(tmp_path, {"deep/app.py": (FILE, str(number))}))
        assert unpacked(first) == kept  # used again and again
        assert (kept / "deep/app.py").read_text() == "first"
        assert (root / "deep/app.py").read_text() == str(number)
    assert len(list(kept.parent.iterdir())) == 8


def test_a_zip_that_may_not_be_read(tmp_path: Path) -> None:
    archive = zipped(tmp_path, {"app.py": (FILE, "")})
    archive.chmod(0)
    if os.access(archive, os.R_OK):
        pytest.skip("root may read everything")
    with pytest.raises(ManifestError, match=r"code\.zip cannot be read: permission denied"):
        unpacked(archive)


@pytest.mark.parametrize("name", ["src", "code.zip", "app.py"])
def test_code_below_a_folder_that_may_not_be_searched(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "private"
    folder.mkdir(0)
    if os.access(folder, os.X_OK):
        pytest.skip("root may read everything")
    with pytest.raises(ManifestError, match=f"function f: its code .*{name} cannot be read: permission denied"):
        unpacked(folder / name)


@pytest.mark.parametrize("name", ["nope", "nope.zip", "app.py/below", "pipe", "nul\0"])
def test_code_that_is_none(tmp_path: Path, name: str) -> None:
    (tmp_path / "app.py").write_text("")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ManifestError, match=r"function f: (no code at|its code .* cannot be read)"):
        unpacked(tmp_path / name)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
def test_a_zip_with_broken_data(tmp_path: Path, method: int) -> None:
    archive = tmp_path / "code.zip"
    with zipfile.ZipFile(archive, "w", method) as opened:
        opened.writestr("app.py", os.urandom(500))
    data = bytearray(archive.read_bytes())
    data[45:200] = b"\xff" * 155
    archive.write_bytes(data)
    with pytest.raises(ManifestError, match=r"code\.zip is not a zip that can be unpacked"):
        unpacked(archive)
