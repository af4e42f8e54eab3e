"""The cache: what others could have written is not believed, and a cache that cannot be had costs only time."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from lambdacli import cache

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(os.name != "posix", reason="owners and modes are POSIX's")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LAMBDACLI_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_keeps_what_was_written_private_to_the_user(place: Path) -> None:
    old = os.umask(0)
    try:
        cache.write_text("room/name", "text")
        cache.write("value", [1])
    finally:
        os.umask(old)
    assert (cache.read_text("room/name"), cache.read("value")) == ("text", [1])
    assert {each: each.stat().st_mode & 0o777 for each in (place, *place.rglob("*"))} == {
        place: 0o700,
        place / "room": 0o700,
        place / "room" / "name": 0o600,
        place / "value.json": 0o600,
    }


def test_keeps_names_that_are_no_unicode(place: Path) -> None:  # noqa: ARG001 - a fresh cache
    cache.write_text("name", "/folder/\udcff")
    assert cache.read_text("name") == "/folder/\udcff"


@pytest.mark.parametrize("mode", [0o720, 0o702, 0o777])
def test_a_folder_that_others_can_write_is_not_used(place: Path, mode: int) -> None:
    cache.write_text("name", "text")
    place.chmod(mode)
    assert (cache.folder(), cache.read_text("name")) == ("", "")
    cache.write_text("name", "more")
    place.chmod(0o755)  # others may read what they like
    assert cache.read_text("name") == "text"


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_a_file_that_others_can_write_is_not_read(place: Path, mode: int) -> None:
    cache.write_text("name", "text")
    (place / "name").chmod(mode)
    assert cache.read_text("name") == ""


def test_a_folder_of_someone_else_is_not_used(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() == 0:
        cache.write_text("name", "text")
        os.chown(place, 12345, -1)
    else:
        monkeypatch.setenv("LAMBDACLI_CACHE_DIR", "/")
    assert (cache.folder(), cache.read_text("name")) == ("", "")


def test_a_relative_folder_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LAMBDACLI_CACHE_DIR", "rel")
    assert cache.folder() == str(tmp_path / "rel")


@pytest.mark.skipif(sys.platform == "darwin", reason="XDG is Linux's")
def test_the_platforms_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LAMBDACLI_CACHE_DIR")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache.folder() == str(tmp_path / "xdg" / "lambdacli")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative is to be ignored")
    assert cache.folder() == str(tmp_path / ".cache" / "lambdacli")


def test_a_user_without_a_home_has_no_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for an unknown uid in a container: `~` is not expanded."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LAMBDACLI_CACHE_DIR")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", "~")
    assert cache.folder() == ""
    cache.write_text("name", "text")
    assert cache.read_text("name") == ""
    assert list(tmp_path.iterdir()) == []


def test_no_place_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file" / "cache"):
        monkeypatch.setenv("LAMBDACLI_CACHE_DIR", str(place))
        cache.write_text("name", "text")
        assert cache.read_text("name") == ""
