"""One file per language: its runtime identifiers, how it is found and started, how a handler is checked offline.

A file `<language>.py` defines `RUNTIME = Runtime(...)`. The bootstraps, which the function's own interpreter runs and
which speak the Lambda Runtime API, lie in `bootstraps/`.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, cast

from lambdacli.errors import UsageError
from lambdacli.suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lambdacli.model import Function

BOOTSTRAPS = Path(__file__).parent / "bootstraps"


class Interpreter(NamedTuple):
    """A found and proven interpreter: `version` is what it said of itself when it was run."""

    path: str
    version: str
    exact: bool = True  # False: another major.minor than asked for, allowed by --allow-version-mismatch


class Launch(NamedTuple):
    """How to start a runtime as a child process.

    `spare` tells that `argv` may also be started before its function is known: with LAMBDACLI_SPARE_FD=<n> in its
    environment the bootstrap loads all it needs, then reads from file descriptor <n>, until end of file, a JSON object
    {"environment": {...}, "cwd": "..."}, takes both over entirely, and goes on as if it had been started with them.
    """

    argv: tuple[str, ...]
    environment: Mapping[str, str] = MappingProxyType({})  # what Lambda's image sets for this language
    spare: bool = False


class Runtime(NamedTuple):
    """All that lambdacli knows of one language."""

    language: str
    identifiers: tuple[str, ...]  # AWS's, oldest first, the current ones
    deprecated: Mapping[str, str]  # identifier → the date of AWS's deprecation
    endings: tuple[str, ...]  # of source files: lets `invoke app.handler` guess
    find: Callable[[str, Function, Path, bool], Interpreter]  # identifier, function, project folder, allow mismatch
    launch: Callable[[Interpreter, Function, Path], Launch]  # interpreter, function, task root
    handler_problem: Callable[[Function], str]  # "" or why the handler cannot be found; never imports user code
    managed: bool = True  # by AWS; else a function brings its own, which need not know handlers


@cache
def languages() -> tuple[str, ...]:
    """Every language, sorted: the names of the files beside this one."""
    return tuple(sorted(p.stem for p in Path(__file__).parent.glob("*.py") if not p.stem.startswith("_")))


@cache
def load(language: str) -> Runtime:
    """The language's file, imported."""
    return cast("Runtime", import_module(f"{__name__}.{language}").RUNTIME)


@cache
def identifiers() -> tuple[str, ...]:
    """Every runtime identifier that a manifest may name, deprecated ones included."""
    return tuple(i for language in languages() for i in (*load(language).identifiers, *load(language).deprecated))


def of(identifier: str) -> Runtime:
    """The runtime of an identifier such as python3.13; only its own language is imported, whose name it starts with.

    Raises:
        UsageError: the identifier is unknown.
    """
    for language in languages():
        if identifier.startswith(language):
            runtime = load(language)
            if identifier in runtime.identifiers or identifier in runtime.deprecated:
                return runtime
    current = [i for language in languages() for i in load(language).identifiers]
    raise UsageError(
        f"unknown runtime {identifier!r}", hint=nearest(identifier, current, f"one of {', '.join(current)}")
    )
