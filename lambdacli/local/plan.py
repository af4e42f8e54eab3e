"""What starts an execution environment, and how it follows from a manifest's function: interpreter, code, variables."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from lambdacli import runtimes
from lambdacli.errors import ManifestError, UsageError
from lambdacli.local import code, variables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lambdacli.model import Function, Manifest
    from lambdacli.runtimes import Interpreter

# What an interpreter reads when it starts: a spare that is already running cannot follow it any more.
_READ_AT_START = ("PYTHON", "NODE_", "LD_", "LC_", "DYLD_", "MALLOC_", "SSL_", "OPENSSL_", "UV_")
_ALSO_READ_AT_START = {"LANG", "TZ", "PATH", "AWS_LAMBDA_EXEC_WRAPPER"}
_BASE = ("LANG", "TZ", "PATH", "LD_LIBRARY_PATH")


class Plan(NamedTuple):
    """All that is needed to start an execution environment of a function, any number of times."""

    argv: tuple[str, ...]
    environment: Mapping[str, str]
    cwd: str
    memory_size: int  # MB
    timeout: float | None  # seconds; None: no limit
    runtime_version: str  # for INIT_START
    spare_environment: Mapping[str, str] | None = None  # None: a spare cannot stand in
    init_limit: float = 10.0  # seconds, Lambda's own


class Machine(NamedTuple):
    """Where and how a plan is to run, besides what the manifest says of the function."""

    variables: Mapping[str, str]  # win over the manifest's
    credentials: Mapping[str, str]
    timeout: float | None  # seconds; None: no limit
    allow_version_mismatch: bool = False


def plan(function: Function, manifest: Manifest, machine: Machine) -> tuple[Plan, Interpreter]:
    """The plan of one function's execution environments, and the interpreter it runs on.

    Raises:
        ManifestError: a value of the function is missing, or its code.
        UsageError: no process can be given one of its variables.
        MachineError: the interpreter is not on this machine.
    """
    if function.unresolved:
        raise ManifestError("", problems=function.unresolved)
    runtime = runtimes.of(function.runtime)
    interpreter = runtime.find(function.runtime, function, manifest.folder, machine.allow_version_mismatch)
    root = code.task_root(function)
    function = code.with_layers(function)
    launch = runtime.launch(interpreter, function, root)
    environment = variables.environment(
        function,
        region=manifest.region,
        task_root=str(root),
        interpreter_folder=os.path.dirname(interpreter.path),  # noqa: PTH120 - a string in, a string out
        language=launch.environment,
        credentials=machine.credentials,
        overrides=machine.variables,
    )
    own = {**function.environment, **machine.variables}
    if cut := next((name for name, value in own.items() if "\0" in value), ""):
        raise UsageError(f"the environment variable {cut} has a NUL character", hint="no process can be given one")
    wrapper = own.get("AWS_LAMBDA_EXEC_WRAPPER")
    spare = launch.spare and os.name == "posix" and not any(map(_read_at_start, own))
    return Plan(
        argv=(wrapper, *launch.argv) if wrapper else launch.argv,
        environment=environment,
        cwd=str(root),
        memory_size=function.memory,
        timeout=machine.timeout,
        runtime_version=f"{runtime.language}:{interpreter.version}" if interpreter.version else runtime.language,
        spare_environment={**{k: environment[k] for k in _BASE}, **launch.environment} if spare else None,
    ), interpreter


def _read_at_start(name: str) -> bool:
    return name in _ALSO_READ_AT_START or name.startswith(_READ_AT_START)
