"""A folder of installed packages made the same on every machine and by every installer."""

from __future__ import annotations

import glob
import os
import re
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# Who installed a package, from where, and when: nothing that code asks for.
_ABOUT_INSTALLING = ("INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", "uv_build.json")
_PYTHON = re.compile(rb"#!.*python|#!/bin/sh\n'''exec' ")


def stamp(path: str) -> tuple[object, ...]:
    """Changes when a file, or any file of a folder, does."""
    from lambdacli.deploy.package import tree
    from lambdacli.deploy.package.rules import Rules

    if os.path.isdir(path):
        built = Rules(("build/", "dist/", "*.egg-info/"))  # which installing it leaves there
        return (path, tree.fingerprint(tree.walk(path, built)))
    try:
        status = os.stat(path)
    except OSError:
        return (path,)
    return (path, status.st_size, status.st_mtime_ns, status.st_ino)


def normalise(folder: str) -> None:
    """Take away what names this machine: scripts with its interpreter's path, and notes of the installation."""
    for name in _scripts(os.path.join(folder, "bin")):
        os.unlink(name)
    for name in (".lock", "bin"):  # uv's own, and what is empty now
        _remove_empty(os.path.join(folder, name))
    for about in glob.glob(os.path.join(glob.escape(folder), "*.dist-info")):
        for name in _ABOUT_INSTALLING:
            if os.path.exists(path := os.path.join(about, name)):
                os.unlink(path)
        _sort_record(os.path.join(about, "RECORD"), folder)


def remove(folder: str, packages: Iterable[str]) -> None:
    """Take away packages and what is known about them."""
    for package in packages:
        for found in glob.glob(os.path.join(glob.escape(folder), f"{package}-*.dist-info")):
            shutil.rmtree(found)
        shutil.rmtree(os.path.join(folder, package), ignore_errors=True)


def _scripts(folder: str) -> list[str]:
    if not os.path.isdir(folder):
        return []
    return [each.path for each in os.scandir(folder) if each.is_file() and _is_script(each.path)]


def _is_script(path: str) -> bool:
    with open(path, "rb") as stream:
        return path.endswith(".exe") or bool(_PYTHON.match(stream.read(200)))


def _remove_empty(path: str) -> None:
    if os.path.isdir(path) and not os.listdir(path):
        os.rmdir(path)
    elif os.path.isfile(path) and not os.path.getsize(path):
        os.unlink(path)


def _sort_record(path: str, folder: str) -> None:
    """Leave in a list of installed files those that are there, in one order."""
    try:
        with open(path, encoding="utf-8", newline="") as stream:
            lines = stream.read().splitlines()
    except OSError:
        return
    plain = (re.sub(r'^("?)(?:\.\./)+', r"\1", line) for line in lines)  # pip counts from where it has not installed
    there = sorted(line for line in plain if os.path.exists(os.path.join(folder, line.rsplit(",", 2)[0].strip('"'))))
    with open(path, "w", encoding="utf-8", newline="") as stream:
        stream.write("".join(f"{line}\n" for line in there))
