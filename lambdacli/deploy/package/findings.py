"""What is wrong with the files of a package: secrets, native code for another platform, too much of everything."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from lambdacli.deploy.package import binaries, secrets
from lambdacli.errors import ManifestError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lambdacli.deploy.package.rules import Rules
    from lambdacli.model import Architecture

UNPACKED = 262_144_000  # bytes of a function and its layers together: 250 MB, "Lambda quotas"
_NAMED = 3  # files in one message
_BIGGEST = 5


class Wanted(NamedTuple):
    """What the code has to run on; "" where that is open, as for a layer."""

    architecture: Architecture | None = None
    python: str = ""  # 3.13


class Findings:
    """Looks at every file's first block; may be told of them on any thread."""

    def __init__(self, wanted: Wanted, rules: Rules) -> None:
        self._wanted, self._rules = wanted, rules
        self._binaries: list[binaries.Binary] = []
        self._secrets: list[tuple[str, str]] = []

    def look(self, name: str, data: bytes, *, program: bool, vendored: bool = False) -> None:
        """One file; test keys that packages bring along are nobody's secrets."""
        found = binaries.binary(name, data[: binaries.HEAD], program=program)
        if found and not self._rules.ask_for(name):
            self._binaries.append(found)
        if vendored or "node_modules/" in name:
            return
        reason = secrets.reason(name, data)
        if reason and not self._rules.ask_for(name):
            self._secrets.append((name, reason))

    def judge(self) -> list[str]:
        """Remarks on what may be wrong.

        Raises:
            ManifestError: a file looks like a secret, or was built for another platform.
        """
        if self._secrets:
            raise _secret(sorted(self._secrets))
        remarks = []
        if self._wanted.architecture:
            remarks += self._platform(self._wanted.architecture)
        if self._wanted.python:
            others = binaries.other_python(self._binaries, self._wanted.python)
            if others:
                remarks.append(f"{_some(others)} built for another version than Python {self._wanted.python}")
        return remarks

    def _platform(self, architecture: Architecture) -> list[str]:
        wrong = binaries.foreign(self._binaries, architecture)
        programs = [each.name for each in wrong if binaries.is_program(each)]
        for each in wrong:
            if not binaries.is_program(each):
                raise ManifestError(
                    f"{each.name} is built for {_system(each.built_for)}, the function runs on {architecture}",
                    hint=f"{binaries.hint(architecture, each)}; !{each.name} in .lambdaignore packages it anyway",
                )
        return [f"{_some(programs)} built for another platform than Linux {architecture}"] if programs else []


def _system(built_for: str) -> str:
    return built_for if built_for in {"macOS", "Windows"} else f"Linux {built_for}"


def _secret(found: list[tuple[str, str]]) -> ManifestError:
    name, reason = found[0]
    others = f", and {len(found) - 1} more: {_names(each for each, _ in found[1:])}" if found[1:] else ""
    return ManifestError(
        f"{name} looks like a secret: it {reason}{others}",
        hint=f"leave it out with {name} in .lambdaignore or the function's `exclude`; !{name} there packages it",
    )


def _some(names: list[str]) -> str:
    return f"{_names(names)} {'is' if len(names) == 1 else 'are'}"


def _names(names: Iterable[str]) -> str:
    kept = list(names)
    return ", ".join(kept[:_NAMED]) + (f" and {len(kept) - _NAMED} more" if len(kept) > _NAMED else "")


def biggest(sizes: Iterable[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    """The largest folders, or files at the top, of names and bytes; a folder of packages counts package by package."""
    folders: Counter[str] = Counter()
    for name, size in sizes:
        first, *rest = name.split("/")
        inner = first in {"node_modules", "python", "nodejs", "lib"} and len(rest) > 1
        folders[f"{first}/{rest[0]}" if inner else first] += size
    return tuple(sorted(folders.items(), key=lambda each: (-each[1], each[0]))[:_BIGGEST])


def too_large(unpacked: int, parts: Iterable[tuple[str, int]]) -> ManifestError:
    """More than Lambda unpacks; names what takes the most."""
    named = ", ".join(f"{name} {megabytes(size)}" for name, size in parts)
    return ManifestError(
        f"{megabytes(unpacked)} unpacked, of {megabytes(UNPACKED)} at most; the largest: {named}",
        hint="leave out what it does not need with .lambdaignore or `exclude`",
    )


def megabytes(size: int) -> str:
    """As AWS counts them: 1 MB is 1024 * 1024 bytes."""
    return f"{size / (1 << 20):,.1f} MB"
