"""From a manifest's function to the plan of its execution environment: interpreter, code, variables."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lambdacli import runtimes
from lambdacli.errors import ManifestError
from lambdacli.local import code, variables
from lambdacli.local.execution import Plan

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from lambdacli.model import Function, Manifest
    from lambdacli.runtimes import Interpreter

# What an interpreter reads when it starts: a spare that is already running cannot follow it any more.
_READ_AT_START = ("PYTHON", "NODE_", "LD_", "LC_", "DYLD_", "MALLOC_", "SSL_", "OPENSSL_", "UV_")
_ALSO_READ_AT_START = {"LANG", "TZ", "PATH", "AWS_LAMBDA_EXEC_WRAPPER"}
_BASE = ("LANG", "TZ", "PATH", "LD_LIBRARY_PATH")


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the command line may change about a local run."""

    environment: Mapping[str, str] = field(default_factory=dict)
    timeout: float | None = None  # seconds; None: the function's own
    no_timeout: bool = False
    profile: str = ""
    credentials: bool = True
    allow_version_mismatch: bool = False


def plan(function: Function, manifest: Manifest, options: RunOptions) -> tuple[Plan, Interpreter]:
    """The plan of one function's execution environments, and the interpreter it runs on.

    Raises:
        ManifestError: a value of the function is missing, or its code.
        MachineError: the interpreter is not on this machine.
    """
    if function.unresolved:
        raise ManifestError("", problems=function.unresolved)
    runtime = runtimes.of(function.runtime)
    interpreter = runtime.find(function.runtime, function, manifest.folder, options.allow_version_mismatch)
    root = code.task_root(function)
    launch = runtime.launch(interpreter, function, root)
    environment = variables.environment(
        function,
        region=manifest.region,
        task_root=str(root),
        interpreter_folder=os.path.dirname(interpreter.path),  # noqa: PTH120 - a string in, a string out
        language=launch.environment,
        credentials=variables.credentials(os.environ, options.profile) if options.credentials else {},
        overrides=options.environment,
    )
    own = {**function.environment, **options.environment}
    wrapper = own.get("AWS_LAMBDA_EXEC_WRAPPER")
    spare = launch.spare and os.name == "posix" and not any(map(_read_at_start, own))
    return Plan(
        argv=(wrapper, *launch.argv) if wrapper else launch.argv,
        environment=environment,
        cwd=str(root),
        memory_size=function.memory,
        timeout=None if options.no_timeout else options.timeout or function.timeout,
        runtime_version=f"{runtime.language}:{interpreter.version}" if interpreter.version else runtime.language,
        spare_environment={**{k: environment[k] for k in _BASE}, **launch.environment} if spare else None,
    ), interpreter


def watched_paths(function: Function) -> tuple[Path, ...]:
    """Where this function's code lies: what to look at for changes."""
    return (function.code if function.code.is_dir() or function.code.suffix == ".zip" else function.code.parent,)


def _read_at_start(name: str) -> bool:
    return name in _ALSO_READ_AT_START or name.startswith(_READ_AT_START)
