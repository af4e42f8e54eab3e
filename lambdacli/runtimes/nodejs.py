"""Node.js: nodejs18.x to nodejs24.x (AWS: "Lambda runtimes")."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from lambdacli.runtimes import BOOTSTRAPS, Interpreter, Launch, Runtime, _search

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lambdacli.model import Function

_PROOF = ("-e", "console.log(process.version); console.log(process.execPath)")
_VARIABLES = (
    "NVM_DIR", "NVM_BIN", "FNM_DIR", "VOLTA_HOME", "MISE_DATA_DIR", "ASDF_DATA_DIR", "XDG_DATA_HOME",
    "NODENV_VERSION", "ASDF_NODEJS_VERSION", "MISE_NODE_VERSION",
)  # fmt: skip


def find(identifier: str, function: Function, project: Path, allow_mismatch: bool) -> Interpreter:  # noqa: ARG001, FBT001 - the contract of runtimes
    """The function's interpreter: set for it, or on the machine.

    Raises:
        MachineError: none of the major version, or the one set for the function does not run or is of another.
    """
    version = identifier.removeprefix("nodejs").partition(".")[0]
    wanted = _search.Wanted(
        language="Node.js",
        version=version,
        explicit=function.interpreter,
        local=(),
        machine=_machine,
        proof=_PROOF,
        variables=_VARIABLES,
        install=f"nvm install {version}, fnm install {version}, or volta install node@{version}",
    )
    proof, exact = _search.find(wanted, allow_mismatch=allow_mismatch)
    return Interpreter(proof.path, proof.version, exact)


def _machine(version: str) -> Iterator[str]:
    """Executables of a major version, or of any, in the order in which they are tried."""
    yield from _search.on_path("node", *((f"node{version}", f"node-{version}") if version else ()))
    yield from _windows(version) if _search.WINDOWS else _posix(version)


def _posix(version: str) -> Iterator[str]:
    dotted = f"{version}." if version else ""
    data = os.environ.get("XDG_DATA_HOME") or _search.home(".local/share")
    yield from _search.versions(f"{_search.home('.nvm', 'NVM_DIR')}/versions/node", f"v{dotted}", "bin/node")
    fnm = [f"{data}/fnm", _search.home(".fnm"), _search.home("Library/Application Support/fnm")]
    for folder in filter(None, [os.environ.get("FNM_DIR"), *fnm]):
        yield from _search.versions(f"{folder}/node-versions", f"v{dotted}", "installation/bin/node")
    yield from _search.versions(f"{_search.home('.volta', 'VOLTA_HOME')}/tools/image/node", dotted, "bin/node")
    mise = os.environ.get("MISE_DATA_DIR") or f"{data}/mise"
    yield from _search.versions(f"{mise}/installs/node", dotted, "bin/node")
    yield from _search.versions(f"{_search.home('.asdf', 'ASDF_DATA_DIR')}/installs/nodejs", dotted, "bin/node")
    for prefix in ("/opt/homebrew", "/usr/local", "/home/linuxbrew/.linuxbrew"):
        yield from (f"{prefix}/opt/node@{version}/bin/node",) if version else ()
        yield f"{prefix}/bin/node"


def _windows(version: str) -> Iterator[str]:
    dotted = f"{version}." if version else ""
    local = os.environ.get("LOCALAPPDATA") or _search.home("AppData/Local")
    roaming = os.environ.get("APPDATA") or _search.home("AppData/Roaming")
    yield from _search.versions(os.environ.get("NVM_HOME") or f"{roaming}/nvm", f"v{dotted}", "node.exe")
    fnm = os.environ.get("FNM_DIR") or f"{roaming}/fnm"
    yield from _search.versions(f"{fnm}/node-versions", f"v{dotted}", "installation/node.exe")
    volta = os.environ.get("VOLTA_HOME") or f"{local}/Volta"
    yield from _search.versions(f"{volta}/tools/image/node", dotted, "node.exe")
    yield f"{os.environ.get('PROGRAMFILES', 'C:/Program Files')}/nodejs/node.exe"


def launch(interpreter: Interpreter, function: Function, task_root: Path) -> Launch:  # noqa: ARG001 - the contract of runtimes
    """Our own client on the interpreter; modules of layers are found through NODE_PATH."""
    major = interpreter.version.partition(".")[0]
    folders = [
        folder
        for layer in function.layers
        for folder in (f"{layer}/nodejs/node{major}/node_modules", f"{layer}/nodejs/node_modules")
        if os.path.isdir(folder)
    ]
    return Launch(
        argv=(interpreter.path, str(BOOTSTRAPS / "bootstrap.cjs")),
        environment={"NODE_PATH": os.pathsep.join(folders)} if folders else {},
        spare=True,
    )


def handler_problem(function: Function) -> str:
    """Why the handler's file or export cannot be found, in one line, or nothing. Runs no code of the user's."""
    from lambdacli.runtimes import _nodejs_handler

    return _nodejs_handler.problem(function)


RUNTIME = Runtime(
    language="nodejs",
    identifiers=("nodejs20.x", "nodejs22.x", "nodejs24.x"),
    deprecated={
        "nodejs12.x": "2023-03-31",
        "nodejs14.x": "2023-12-04",
        "nodejs16.x": "2024-06-12",
        "nodejs18.x": "2025-09-01",
    },
    endings=(".js", ".mjs", ".cjs"),
    find=find,
    launch=launch,
    handler_problem=handler_problem,
)
