"""package.json's dependencies installed for Lambda's platform by npm, in a copy: the user's folder stays as it is."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from typing import TYPE_CHECKING, Any

from lambdacli.deploy.package import binaries, installed, kept
from lambdacli.deploy.package.running import failed, run, said
from lambdacli.errors import MachineError, ManifestError

if TYPE_CHECKING:
    from collections.abc import Callable

    from lambdacli.model import Function

_CPUS = {"x86_64": "x64", "arm64": "arm64"}
_LOCKS = ("npm-shrinkwrap.json", "package-lock.json")
_OTHER_LOCKS = ("yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb")
_OPTIONS = ("--omit=dev", "--install-links", "--ignore-scripts", "--no-audit", "--no-fund")
_SECTIONS = ("dependencies", "optionalDependencies", "devDependencies", "peerDependencies")
_OF_THE_USER = (
    "E404",
    "ETARGET",
    "EUSAGE",
    "EBADPLATFORM",
    "ERESOLVE",
    "EJSONPARSE",
    "EINVALIDPACKAGENAME",
    "ENOVERSIONS",
)


def install(function: Function, tell: Callable[[str], None]) -> tuple[str, tuple[str, ...]]:
    """The folder that holds `node_modules` ("" if there is nothing to install), and remarks.

    No script runs, except those of native add-ons that bring none for Lambda's platform: they fetch or compile it.

    Raises:
        ManifestError: package.json is broken, or asks for what there is not.
        MachineError: npm is not there, or fails.
    """
    folder = str(function.code)
    asked = _asked(os.path.join(folder, "package.json"))
    if not asked.get("dependencies") and not asked.get("optionalDependencies"):
        return "", ()
    lock = next((name for name in _LOCKS if os.path.exists(os.path.join(folder, name))), "")
    local = [path for path in _local(asked) if os.path.exists(os.path.join(folder, path))]
    texts = [_bytes(os.path.join(folder, name)) for name in ("package.json", ".npmrc", *_LOCKS)]
    stamps = [installed.stamp(os.path.normpath(os.path.join(folder, path))) for path in local]
    key = kept.key("npm 1", texts, stamps, function.runtime, function.architecture)

    def fill(target: str) -> None:
        tell(f"installing package.json for {function.runtime} on {function.architecture}")
        work = os.path.join(os.path.dirname(target), "work")
        root = _copy(folder, work, asked, lock, local)
        _run(function, root, "ci" if lock else "install", *_OPTIONS)
        kept.remember(key, _build(function, root, tell))
        _own_copies(os.path.join(root, "node_modules"))
        if os.path.isdir(os.path.join(root, "node_modules")):
            os.rename(os.path.join(root, "node_modules"), os.path.join(target, "node_modules"))

    modules = kept.installed(key, fill)
    missing = kept.recall(key, given=True) or {}
    return modules, (*_remarks(folder, lock), *missing.get("remarks", ()))


def _asked(path: str) -> dict[str, Any]:
    try:
        asked = json.loads(_bytes(path).decode("utf-8-sig"))
    except ValueError as error:
        raise ManifestError(f"{path} is no JSON: {error}") from None
    if not isinstance(asked, dict):
        raise ManifestError(f"{path} is no JSON object")
    return asked


def _bytes(path: str) -> bytes:
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except OSError:
        return b""


def _local(asked: dict[str, Any]) -> list[str]:
    """The relative paths of `file:` dependencies."""
    sections = [section for name in _SECTIONS if isinstance(section := asked.get(name), dict)]
    paths = [str(at).removeprefix("file:") for section in sections for at in section.values() if str(at)[:5] == "file:"]
    return sorted({path for path in paths if not os.path.isabs(path)})


def _copy(folder: str, work: str, asked: dict[str, Any], lock: str, local: list[str]) -> str:
    """The folder to install in: as deep as `file:` dependencies, copied too, climb out of it."""
    depth = max((os.path.normpath(path).split(os.sep).count("..") for path in local), default=0)
    root = os.path.join(work, *["in"] * (depth + 1))
    os.makedirs(root)
    with open(os.path.join(root, "package.json"), "w", encoding="utf-8") as stream:
        json.dump({name: value for name, value in asked.items() if name != "scripts"}, stream)
    for name in filter(None, (lock, ".npmrc")):
        if os.path.exists(source := os.path.join(folder, name)):
            shutil.copyfile(source, os.path.join(root, name))
    for path in local:
        source, target = (os.path.normpath(os.path.join(start, path)) for start in (folder, root))
        if os.path.isdir(source):
            leave = shutil.ignore_patterns("node_modules", ".git")
            shutil.copytree(source, target, symlinks=True, ignore=leave, dirs_exist_ok=True)
        else:
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copyfile(source, target)
    return root


def _run(function: Function, root: str, *command: str) -> None:
    npm = shutil.which("npm")
    if not npm:
        raise MachineError(
            "package.json has dependencies to be installed, and there is no npm",
            hint=f"install Node.js with npm, or put node_modules into {function.code} yourself",
        )
    cpu, version = _CPUS[function.architecture], function.runtime.removeprefix("nodejs").removesuffix(".x")
    # what scripts that fetch prebuilt add-ons ask for instead of npm's own options
    wanted = {"arch": cpu, "platform": "linux", "libc": "glibc", "target": f"{version}.0.0"}
    environment = {**{f"npm_config_{name}": value for name, value in wanted.items()}, "NO_COLOR": "1"}
    options = (f"--cpu={cpu}", "--os=linux", "--libc=glibc", "--no-update-notifier", "--loglevel=error")
    done = run([npm, *command, *options], root, environment)
    if done.returncode:
        if any(code in done.stderr for code in _OF_THE_USER):
            raise ManifestError(f"npm cannot install package.json: {said(done)}")
        raise failed("npm", "package.json", done)


def _build(function: Function, root: str, tell: Callable[[str], None]) -> dict[str, list[str]]:
    """Have the add-ons fetched or built that are not there; remarks on optional ones that still are not.

    Raises:
        ManifestError: one that is not optional could not be built.
    """
    modules = os.path.join(root, "node_modules")
    if missing := _without_addon(function, modules):
        names = [_name(folder) for folder in missing]
        tell(f"building {', '.join(names)} for {function.architecture}")
        with contextlib.suppress(ManifestError, MachineError):
            _run(function, root, "rebuild", *names)
        missing = _without_addon(function, modules)
    optional = _optional(modules)
    for folder in missing:
        if os.path.relpath(folder, root).replace(os.sep, "/") not in optional:
            raise ManifestError(
                f"{_name(folder)} has a native add-on, and none could be fetched or built for {function.architecture}",
                hint=f"install node_modules yourself, on Linux {function.architecture}, and it is packaged as it is",
            )
        shutil.rmtree(os.path.join(folder, "build"), ignore_errors=True)  # for this machine, if anything
    return {"remarks": [f"{_name(folder)}, which is optional, has no native add-on for Lambda" for folder in missing]}


def _optional(modules: str) -> set[str]:
    """The places of packages that others do without."""
    try:
        packages = json.loads(_bytes(os.path.join(modules, ".package-lock.json")) or b"{}").get("packages", {})
    except ValueError:
        return set()
    return {name for name, about in packages.items() if about.get("optional") or about.get("devOptional")}


def _without_addon(function: Function, modules: str) -> list[str]:
    """The folders of packages with native code, none of it for the function's architecture."""
    found = (top for top, _, files in os.walk(modules) if "binding.gyp" in files and _is_package(top))
    return sorted(top for top in found if not _has_addon(function, top))


def _is_package(folder: str) -> bool:
    parts = folder.split(os.sep)
    return parts[-2] == "node_modules" or (parts[-2].startswith("@") and parts[-3] == "node_modules")


def _name(folder: str) -> str:
    return folder.replace(os.sep, "/").rpartition("node_modules/")[2]


def _has_addon(function: Function, folder: str) -> bool:
    files = (os.path.join(top, name) for top, _, names in os.walk(folder) for name in names if name.endswith(".node"))
    for path in files:
        with open(path, "rb") as stream:
            found = binaries.binary(path, stream.read(binaries.HEAD), program=False)
        if found and found.built_for == function.architecture:
            return True
    return False


def _own_copies(modules: str) -> None:
    """Put a copy in the place of each link that leaves node_modules, which Lambda would not have."""
    top = os.path.realpath(modules)
    for folder, names, _ in os.walk(modules):
        for name in names:
            path = os.path.join(folder, name)
            if os.path.islink(path) and os.path.commonpath((top, real := os.path.realpath(path))) != top:
                os.unlink(path)
                shutil.copytree(real, path, symlinks=True, ignore=shutil.ignore_patterns("node_modules"))


def _remarks(folder: str, lock: str) -> tuple[str, ...]:
    if lock:
        return ()
    other = next((name for name in _OTHER_LOCKS if os.path.exists(os.path.join(folder, name))), "")
    if other:
        return (f"npm does not read {other}: install node_modules yourself to have just its versions",)
    return ("no package-lock.json: another machine may install other versions",)
