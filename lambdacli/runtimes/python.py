"""Python: python3.8 to python3.14 (AWS: "Lambda runtimes")."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from lambdacli import cache
from lambdacli.runtimes import BOOTSTRAPS, Interpreter, Launch, Runtime, _search

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lambdacli.model import Function

_PROVE = """\
import sys
print("%d.%d.%d" % sys.version_info[:3])
print(sys.executable if sys.implementation.name == "cpython" else "")
"""
_PROOF = ("-I", "-S", "-c", _PROVE)
_VARIABLES = (
    "VIRTUAL_ENV",
    "PYENV_ROOT",
    "PYENV_VERSION",
    "UV_PYTHON_INSTALL_DIR",
    "MISE_DATA_DIR",
    "ASDF_DATA_DIR",
    "XDG_DATA_HOME",
)
_UTF8_SINCE = 12  # minor version whose image sets LC_CTYPE


def find(identifier: str, function: Function, project: Path, allow_mismatch: bool) -> Interpreter:  # noqa: FBT001 - the contract of runtimes
    """The function's interpreter: set for it, in a virtual environment of its or the project's, or on the machine.

    Raises:
        MachineError: none of the version, or the one set for the function does not run or is of another.
    """
    version = identifier.removeprefix("python")
    wanted = _search.Wanted(
        language="Python",
        version=version,
        explicit=function.interpreter,
        local=tuple(_virtual_environments(function, project)),
        machine=_machine,
        proof=_PROOF,
        variables=_VARIABLES,
        install=f"uv python install {version}, or pyenv install {version}",
    )
    proof, exact = _search.find(wanted, allow_mismatch=allow_mismatch)
    return Interpreter(proof.path, proof.version, exact)


def _virtual_environments(function: Function, project: Path) -> Iterator[str]:
    inside = "Scripts/python.exe" if _search.WINDOWS else "bin/python"
    for folder in (str(function.code), os.path.dirname(function.code), str(project)):
        for name in (".venv", "venv"):
            yield f"{folder}/{name}/{inside}"


def _machine(version: str) -> Iterator[str]:
    """Executables of a version, or of all that current runtimes have, in the order in which they are tried."""
    if not version:
        for identifier in reversed(RUNTIME.identifiers):
            yield from _machine(identifier.removeprefix("python"))
        yield _base()
        return
    name = f"python{version}"
    for path in _search.on_path(name, *(("python",) if _search.WINDOWS else ())):
        yield _base() if _is_own(path) else path
    yield from _windows(version) if _search.WINDOWS else _posix(version, name)
    if _search.matches(f"{sys.version_info[0]}.{sys.version_info[1]}", version):
        yield _base()


def _is_own(path: str) -> bool:
    """Whether it is of lambdacli's own virtual environment, whose packages are no function's.

    An environment that the user has activated is the project's, with lambdacli in it.
    """
    if os.environ.get("VIRTUAL_ENV") == sys.prefix:
        return False
    folder = os.path.realpath(os.path.dirname(path))
    return sys.prefix != sys.base_prefix and folder == os.path.realpath(os.path.dirname(sys.executable))


def _base() -> str:
    """The interpreter that runs lambdacli, outside of its virtual environment."""
    return getattr(sys, "_base_executable", None) or sys.executable


def _posix(version: str, name: str) -> Iterator[str]:
    data = os.environ.get("XDG_DATA_HOME") or _search.home(".local/share")
    inside = f"bin/{name}"
    yield from _search.versions(f"{_search.home('.pyenv', 'PYENV_ROOT')}/versions", f"{version}.", inside)
    yield from _search.versions(
        os.environ.get("UV_PYTHON_INSTALL_DIR") or f"{data}/uv/python", f"cpython-{version}.", inside
    )
    mise = os.environ.get("MISE_DATA_DIR") or f"{data}/mise"
    yield from _search.versions(f"{mise}/installs/python", f"{version}.", inside)
    yield from _search.versions(f"{_search.home('.asdf', 'ASDF_DATA_DIR')}/installs/python", f"{version}.", inside)
    for prefix in ("/opt/homebrew", "/usr/local", "/home/linuxbrew/.linuxbrew"):
        yield f"{prefix}/opt/python@{version}/{inside}"
        yield f"{prefix}/{inside}"
    yield f"/Library/Frameworks/Python.framework/Versions/{version}/{inside}"


def _windows(version: str) -> Iterator[str]:
    local = os.environ.get("LOCALAPPDATA") or _search.home("AppData/Local")
    roaming = os.environ.get("APPDATA") or _search.home("AppData/Roaming")
    yield from _search.versions(f"{_search.home('.pyenv')}/pyenv-win/versions", f"{version}.", "python.exe")
    uv = os.environ.get("UV_PYTHON_INSTALL_DIR") or f"{roaming}/uv/python"
    yield from _search.versions(uv, f"cpython-{version}.", "python.exe")
    yield f"{local}/Programs/Python/Python{version.replace('.', '')}/python.exe"


def launch(interpreter: Interpreter, function: Function, task_root: Path) -> Launch:  # noqa: ARG001 - the contract of runtimes
    """Our own client on the interpreter; layers are on PYTHONPATH, which the function's own replaces, as in AWS."""
    minor = interpreter.version.split(".")[1]
    layers = [folder for layer in function.layers for folder in _layer(layer, minor)]
    environment = {"PYTHONPATH": os.pathsep.join(layers)} if layers else {}
    if int(minor) >= _UTF8_SINCE:
        environment["LC_CTYPE"] = "C.UTF-8"
    bytecode = (f"{place}/bytecode",) if (place := cache.folder()) else ()
    return Launch(
        argv=(interpreter.path, "-B", "-s", str(BOOTSTRAPS / "bootstrap.py"), *bytecode),
        environment=environment,
        spare=True,
    )


def _layer(layer: str, minor: str) -> Iterator[str]:
    for folder in (f"{layer}/python/lib/python3.{minor}/site-packages", f"{layer}/python"):
        if os.path.isdir(folder):
            yield folder


def handler_problem(function: Function) -> str:
    """Why the handler's module or attribute cannot be found, in one line, or nothing. Runs no code of the user's."""
    from lambdacli.runtimes import _python_handler

    return _python_handler.problem(function)


RUNTIME = Runtime(
    language="python",
    identifiers=("python3.10", "python3.11", "python3.12", "python3.13", "python3.14"),
    deprecated={
        "python2.7": "2021-07-15",
        "python3.6": "2022-07-18",
        "python3.7": "2023-12-04",
        "python3.8": "2024-10-14",
        "python3.9": "2025-12-15",
    },
    endings=(".py",),
    find=find,
    launch=launch,
    handler_problem=handler_problem,
)
