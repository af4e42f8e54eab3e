"""How an interpreter is found: candidates in order, the first that proves its version by running wins.

The find is remembered and verified by the executable's size and time, so that a known interpreter costs no process.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lambdacli import cache
from lambdacli.errors import MachineError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

WINDOWS = sys.platform == "win32"
_PROOF_SECONDS = 20
_PROOF_LINES = 2  # version, path
_FIELDS = 3  # path, version, stamp


@dataclass(frozen=True, slots=True)
class Proof:
    """What an interpreter said of itself: its real path and its whole version."""

    path: str
    version: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """One search: what for, where, and how a candidate proves itself."""

    language: str  # as people call it: Python
    version: str  # 3.13, or 22 for Node.js
    explicit: str  # path set for the function, or ""
    local: tuple[str, ...]  # executables beside the function or the project, which come first
    machine: Callable[[str], Iterable[str]]  # version → executables elsewhere, in order; "" → of any version
    proof: tuple[str, ...]  # arguments that print the version, then the path, one a line
    variables: tuple[str, ...]  # of the environment, that the result depends on
    install: str  # the commands that install it


def find(wanted: Wanted, *, allow_mismatch: bool) -> tuple[Proof, bool]:
    """The interpreter, and whether it is of exactly the version wanted.

    Raises:
        MachineError: there is none; the hint says how to install one.
    """
    key = _key(wanted)
    name = _name(wanted.language + wanted.version, key)
    if (known := _recall(name, key)) is not None:
        return known, True
    if wanted.explicit:
        proof = _explicit(wanted, allow_mismatch=allow_mismatch)
        exact = matches(proof.version, wanted.version)
    else:
        found = next(_proven((*wanted.local, *wanted.machine(wanted.version)), wanted, wanted.version), None)
        exact = found is not None
        proof = found or _nearest(wanted, allow_mismatch=allow_mismatch)
    if exact:
        _remember(name, key, proof)
    return proof, exact


def matches(version: str, wanted: str) -> bool:
    """Whether 3.13.1 is a 3.13."""
    return version == wanted or version.startswith(wanted + ".")


def prove(path: str, arguments: Sequence[str]) -> Proof | None:
    """Run a candidate; None if it does not run or does not answer as it should."""
    import subprocess

    try:
        done = subprocess.run(  # noqa: S603 - running the candidate is the proof
            [path, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PROOF_SECONDS,
            check=False,
            encoding="utf-8",
            errors="replace",
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    lines = done.stdout.splitlines()
    if done.returncode or len(lines) != _PROOF_LINES or not os.path.isfile(lines[1]):
        return None
    return Proof(lines[1], lines[0].removeprefix("v"))


def on_path(*names: str) -> Iterator[str]:
    """Executables of these names on PATH, name by name."""
    folders = [folder for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    for name in names:
        for folder in folders:
            yield os.path.join(folder, name + ".exe" if WINDOWS else name)


def versions(folder: str, prefix: str, inside: str) -> Iterator[str]:
    """`inside` of each subfolder that starts with `prefix`, the newest version first."""
    try:
        names = [name for name in os.listdir(folder) if name.startswith(prefix)]
    except OSError:
        return
    for name in sorted(names, key=_numbers, reverse=True):
        yield f"{folder}/{name}/{inside}"


def home(path: str, variable: str = "") -> str:
    """A folder below the user's home, unless an environment variable names it."""
    return (os.environ.get(variable) if variable else "") or os.path.expanduser(f"~/{path}")


def _numbers(text: str) -> tuple[int, ...]:
    digits = "".join(c if c.isdigit() else " " for c in text)
    return tuple(map(int, digits.split()))


def _proven(candidates: Iterable[str], wanted: Wanted, version: str) -> Iterator[Proof]:
    seen = set()
    for path in candidates:
        if path in seen or not os.path.isfile(path) or not os.access(path, os.X_OK):
            continue
        seen.add(path)
        proof = _proof(path, wanted)
        if proof is not None and (not version or matches(proof.version, version)):
            yield proof


def _proof(path: str, wanted: Wanted) -> Proof | None:
    """A candidate's proof, remembered for what is no shim: the same file says the same next time."""
    name = _name(wanted.language, path)
    if (known := _recall(name, path)) is not None:
        return known
    proof = prove(path, wanted.proof)
    if proof is not None and proof.path == os.path.realpath(path):
        _remember(name, path, proof)
    return proof


def _explicit(wanted: Wanted, *, allow_mismatch: bool) -> Proof:
    proof = prove(wanted.explicit, wanted.proof)
    if proof is None:
        raise MachineError(
            f"interpreter {wanted.explicit} is no working {wanted.language}",
            hint="name the executable itself, or leave the setting out to search the machine",
        )
    if not allow_mismatch and not matches(proof.version, wanted.version):
        raise MachineError(
            f"interpreter {wanted.explicit} is {wanted.language} {proof.version}, not {wanted.version}",
            hint="set the function's runtime to it, or run with --allow-version-mismatch",
        )
    return proof


def _nearest(wanted: Wanted, *, allow_mismatch: bool) -> Proof:
    if allow_mismatch:
        found = list(_proven((*wanted.local, *wanted.machine("")), wanted, ""))
        if found:
            return min(found, key=lambda proof: _distance(proof.version, wanted.version))
    other = "" if allow_mismatch else "; --allow-version-mismatch runs the nearest version instead"
    raise MachineError(
        f"{wanted.language} {wanted.version} is not on this machine", hint=f"install it: {wanted.install}{other}"
    )


def _distance(version: str, wanted: str) -> tuple[int, ...]:
    steps = [abs(a - b) for a, b in zip(_numbers(version), _numbers(wanted), strict=False)]
    return (*steps, *(-n for n in _numbers(version)))  # of two equally near the newer


def _key(wanted: Wanted) -> str:
    local = [path for path in wanted.local if os.path.exists(path)]
    environment = [os.environ.get(name, "") for name in ("PATH", "HOME", *wanted.variables)]
    fields = (sys.prefix, wanted.language, wanted.version, wanted.explicit, *local, *environment)
    return "\0".join(fields).replace("\n", " ")


def _name(kind: str, key: str) -> str:
    from zlib import crc32

    return f"interpreters/{kind.lower()}-{crc32(key.encode('utf-8', 'replace')):08x}"


def _recall(name: str, key: str) -> Proof | None:
    kept, _, rest = cache.read_text(name).partition("\n")
    fields = rest.split("\n")
    if kept != key or len(fields) != _FIELDS:
        return None
    path, version, stamp = fields
    return Proof(path, version) if stamp == _stamp(path) else None


def _remember(name: str, key: str, proof: Proof) -> None:
    cache.write_text(name, "\n".join((key, proof.path, proof.version, _stamp(proof.path))))


def _stamp(path: str) -> str:
    try:
        status = os.stat(path)
    except OSError:
        return ""
    return f"{status.st_mtime_ns} {status.st_size}"
