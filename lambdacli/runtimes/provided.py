"""Custom runtimes: any executable named `bootstrap` (AWS: "Building a custom runtime for AWS Lambda")."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from lambdacli.runtimes import Interpreter, Launch, Runtime

if TYPE_CHECKING:
    from pathlib import Path

    from lambdacli.model import Function


def find(identifier: str, function: Function, project: Path, allow_mismatch: bool) -> Interpreter:  # noqa: ARG001, FBT001 - the contract of runtimes
    """Nothing to find on the machine: the function brings its own."""
    return Interpreter(function.interpreter, identifier.removeprefix("provided").lstrip("."))


def launch(interpreter: Interpreter, function: Function, task_root: Path) -> Launch:
    """The `bootstrap` of the function, else of a layer; a path that does not exist if there is none."""
    candidates = [str(task_root), *function.layers]
    for folder in candidates:
        if os.path.exists(f"{folder}/bootstrap"):
            return Launch(_command(f"{folder}/bootstrap", interpreter))
    return Launch(_command(f"{task_root}/bootstrap", interpreter))


def _command(path: str, interpreter: Interpreter) -> tuple[str, ...]:
    return (interpreter.path, path) if interpreter.path else (path,)


def handler_problem(function: Function) -> str:
    """Why there is no executable `bootstrap`, in one line, or nothing."""
    from lambdacli.runtimes import _files

    with _files.Code(function.code) as code:
        if not code.is_file("bootstrap"):
            if any(os.path.exists(f"{layer}/bootstrap") for layer in function.layers):
                return ""
            return f"no file named bootstrap in {function.code}"
        if not code.executable("bootstrap"):
            return f"{function.code}/bootstrap is not executable: chmod +x it"
        if code.read("bootstrap").split(b"\n", 1)[0].endswith(b"\r"):
            return f"{function.code}/bootstrap has Windows line ends (CRLF): no interpreter is called so"
    return ""


RUNTIME = Runtime(
    language="provided",
    identifiers=("provided.al2", "provided.al2023"),
    deprecated={"provided": "2024-01-08"},
    endings=(),
    find=find,
    launch=launch,
    handler_problem=handler_problem,
    managed=False,
)
