"""requirements.txt installed for Lambda's Python and platform by uv or pip, from wheels alone.

Amazon Linux 2, of python3.11 and before, has glibc 2.26; Amazon Linux 2023, since python3.12, has 2.34 (AWS: "Lambda
runtimes"). What was installed is kept until requirements.txt, or a file it names, changes.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from typing import TYPE_CHECKING, NamedTuple

from lambdacli.deploy.package import installed, kept
from lambdacli.deploy.package.running import failed, run, said
from lambdacli.errors import LambdacliError, MachineError, ManifestError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lambdacli.model import Function

_AL2023_SINCE, _GLIBC_AL2, _GLIBC_AL2023, _GLIBC_LEAST = 12, 26, 34, 5  # minor versions, of Python and of glibc
_MACHINES = {"x86_64": "x86_64", "arm64": "aarch64"}
_OWN_OF_RUNTIME = frozenset(("boto3", "botocore", "s3transfer"))
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_FILE = re.compile(r"(?:-r|-c|--requirement|--constraint)[\s=]*(.+)")
_LOCAL = re.compile(r"(?:(?:-e|--editable)[\s=]+|[^#]*@\s*)?(?:file:(?://)?)?((?:\.{0,2}/|\.$)[^;\s]*|\S+\.whl)")
_OTHER = re.compile(r"(?:[^-A-Za-z0-9]|[A-Za-z0-9+.-]+://|-e|--editable).*")  # neither an option nor a name
_NO_WHEEL = (  # as pip and uv say it
    re.compile(r"No matching distribution found for (\S+)"),
    re.compile(r"there (?:is|are) no versions? of ([A-Za-z0-9]\S*)"),
    re.compile(r"Because (?:only )?([A-Za-z0-9]\S*) (?:has no|was not found)"),
)
_NO_INDEX = re.compile(r"connection broken|Max retries|Could not fetch URL|HTTP error|Failed to fetch", re.IGNORECASE)


class _Asked(NamedTuple):
    names: frozenset[str]  # normalised (PEP 503)
    texts: tuple[str, ...]  # of all files
    paths: tuple[str, ...]  # of packages on this machine


def install(
    function: Function, there: set[str], project: Path, tell: Callable[[str], None]
) -> tuple[str, tuple[str, ...]]:
    """The folder of installed packages ("" if there is nothing to install), and remarks.

    Raises:
        ManifestError: a package has no wheel for the function's runtime and architecture.
        MachineError: there is neither uv nor pip, or it fails.
    """
    asked = _read(os.path.join(function.code, "requirements.txt"))
    if not (asked.names or asked.paths) or _vendored(asked, there):
        return "", ()
    stamps = [installed.stamp(path) for path in asked.paths]
    key = kept.key("requirements 1", asked.texts, stamps, function.runtime, function.architecture)

    def fill(target: str) -> None:
        tell(f"installing requirements.txt for {function.runtime} on {function.architecture}")
        _install(function, target, _installer(function, project, asked))
        installed.normalise(target)
        if not _OWN_OF_RUNTIME & asked.names:
            installed.remove(target, _OWN_OF_RUNTIME)

    return kept.installed(key, fill), ()


def _read(path: str) -> _Asked:
    names: set[str] = set()
    texts: dict[str, str] = {}
    paths: list[str] = []
    waiting = [path]
    while waiting:
        file = waiting.pop()
        if file in texts:
            continue
        texts[file] = _text(file)
        folder = os.path.dirname(file)
        for line in _lines(texts[file]):
            if match := _FILE.match(line):
                waiting.append(os.path.normpath(os.path.join(folder, match[1].strip())))
                continue
            local = _LOCAL.match(line)
            if local and "://" not in local[1]:
                paths.append(os.path.normpath(os.path.join(folder, local[1])))
            elif match := _OTHER.match(line):  # it has no name to be found by
                names.add(match[0])
            if match := _NAME.match("" if local and "@" not in line else line):
                names.add(normalised(match[0]))
    return _Asked(frozenset(names), tuple(texts.values()), tuple(paths))


def _text(file: str) -> str:
    try:
        with open(file, encoding="utf-8-sig") as stream:
            return stream.read()
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise ManifestError(f"{file} cannot be read: {reason}") from None


def _lines(text: str) -> list[str]:
    joined = re.sub(r"\\\r?\n", " ", text).splitlines()
    return [line for each in joined if (line := re.sub(r"(?:^|\s)#.*", "", each).strip())]


def normalised(name: str) -> str:
    """A package's name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _vendored(asked: _Asked, there: set[str]) -> bool:
    """Whether all packages lie in the folder already, as `pip install --target` puts them."""
    present = {normalised(name.partition("-")[0]) for name in there if name.endswith(".dist-info/METADATA")}
    return not asked.paths and asked.names <= present


class _Installer(NamedTuple):
    name: str
    command: list[str]


def _installer(function: Function, project: Path, asked: _Asked) -> _Installer:
    """Uv if it is there, else pip, which alone builds folders of this machine while it builds nothing else.

    Raises:
        MachineError: what is needed is not there.
    """
    version, machine = function.runtime.removeprefix("python"), _MACHINES[function.architecture]
    folders = any(map(os.path.isdir, asked.paths))
    if (uv := shutil.which("uv")) and not folders:
        return _Installer("uv", _uv(uv, version, machine))
    if python := _with_pip(function, project, version):
        return _Installer("pip", _pip(python, version, machine))
    lacking = (
        "names a folder, and there is no pip to build it" if folders else "asks for uv or pip, and neither is there"
    )
    raise MachineError(
        f"requirements.txt {lacking}",
        hint=f"`{sys.executable} -m ensurepip` installs pip; or put the packages into {function.code} yourself",
    )


def _install(function: Function, target: str, installer: _Installer) -> None:
    command = [*installer.command, "--target", target, "-r", "requirements.txt"]
    done = run(command, str(function.code), _QUIET)
    if done.returncode:
        where = f"Python {function.runtime.removeprefix('python')} on Linux {function.architecture}"
        missing = _missing(" ".join(done.stderr.split()))
        if _NO_INDEX.search(done.stderr):
            raise MachineError(
                "requirements.txt cannot be installed: its package index does not answer", hint=said(done)
            )
        if not missing:
            raise failed(installer.name, "requirements.txt", done)
        raise ManifestError(
            f"requirements.txt: {missing} has no wheel for {where}",
            hint="is there such a version? if it has no wheel, build one on Amazon Linux and name its file",
        )


_QUIET = {
    "PIP_REQUIRE_VIRTUALENV": "0",
    "PIP_USER": "0",
    "PIP_ROOT_USER_ACTION": "ignore",
    "PIP_NO_COLOR": "1",
    "NO_COLOR": "1",
}


def _missing(text: str) -> str:
    """What an installer has found no wheel for; nothing where it failed otherwise."""
    return next((match[1].rstrip(",.") for pattern in _NO_WHEEL if (match := pattern.search(text))), "")


def _glibc(version: str) -> int:
    return _GLIBC_AL2023 if int(version.partition(".")[2]) >= _AL2023_SINCE else _GLIBC_AL2


def _uv(uv: str, version: str, machine: str) -> list[str]:
    platform = f"{machine}-manylinux_2_34" if _glibc(version) == _GLIBC_AL2023 else f"{machine}-manylinux2014"
    return [
        *(uv, "pip", "install", "--quiet", "--python", sys.executable, "--link-mode", "copy", "--only-binary", ":all:"),
        *("--python-platform", platform, "--python-version", version),
    ]


def _pip(python: str, version: str, machine: str) -> list[str]:
    platforms = [f"manylinux_2_{minor}_{machine}" for minor in range(_glibc(version), _GLIBC_LEAST - 1, -1)]
    platforms += [f"{name}_{machine}" for name in ("manylinux2014", "manylinux2010", "manylinux1", "linux")]
    return [
        *(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
        *("--no-input", "--no-compile", "--no-warn-conflicts", "--only-binary=:all:", "--implementation", "cp"),
        *("--python-version", version),
        *(part for platform in platforms for part in ("--platform", platform)),
    ]


def _with_pip(function: Function, project: Path, version: str) -> str:
    """A Python that has pip, if any; of the function's version first, as pip reads markers as of its own."""
    candidates = [sys.executable]
    if version != f"{sys.version_info[0]}.{sys.version_info[1]}":
        candidates = [*_interpreter(function, project), sys.executable]
    return next((path for path in candidates if _has_pip(path, project)), "")


def _has_pip(path: str, project: Path) -> bool:
    if path == sys.executable:
        from importlib.util import find_spec

        return find_spec("pip") is not None
    return not run([path, "-m", "pip", "--version"], str(project), {}).returncode


def _interpreter(function: Function, project: Path) -> list[str]:
    from lambdacli import runtimes

    try:
        return [runtimes.of(function.runtime).find(function.runtime, function, project, False).path]  # noqa: FBT003 - the contract of runtimes
    except LambdacliError:
        return []
