"""Which names go into a package: what is never wanted, `.lambdaignore`, and the function's own `exclude`."""

from __future__ import annotations

import os
import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pathspec import GitIgnoreSpec

IGNORE_FILE = ".lambdaignore"

_NEVER = frozenset(
    (
        *(".git", ".hg", ".svn", ".bzr", ".jj"),
        *(
            "__pycache__",
            ".pytest_cache",
            ".mypy_cache",
            ".ruff_cache",
            ".hypothesis",
            ".tox",
            ".nox",
            ".ipynb_checkpoints",
        ),
        *(".idea", ".vscode", ".vs", ".fleet", ".zed"),
        *(".aws-sam", ".serverless", ".chalice", ".terraform"),
        *(".DS_Store", "Thumbs.db", "desktop.ini", ".env", ".envrc", ".coverage"),
    )
)
_NEVER_ENDING = (".swp", ".swo", "~")
_NEVER_IN_MODULES = ("node_modules/.cache", "node_modules/.package-lock.json")
_NEVER_AT_TOP = frozenset((IGNORE_FILE, "lambdacli.yaml", "lambdacli.yml"))


class _Asked(NamedTuple):
    """One `!pattern`: its last part, and the whole as a rule."""

    last: str
    rule: GitIgnoreSpec


class Rules:
    """The patterns of gitignore's syntax, in their order: the last that matches a name decides.

    What is left out by default, or looks like a secret, comes in only by a `!pattern` that names it itself:
    `!.env`, `!certs/*.pem` or `!.venv/`, not by one that takes in a whole folder.
    """

    def __init__(self, lines: Iterable[str] = ()) -> None:
        self.lines = tuple(lines)
        self._spec = _spec(self.lines) if self.lines else None
        self._asked = [_asked(line) for line in self.lines if line.startswith("!")]

    def leave_out(self, name: str, *, folder: bool = False) -> bool:
        """Whether a name, relative to the package's root and with forward slashes, does not go in."""
        if _never(name):
            return not self.ask_for(name)
        return self._spec is not None and bool(self._spec.check_file(name + "/" * folder).include)

    def ask_for(self, name: str) -> bool:
        """Whether a `!pattern` names just this file or folder."""
        base = name.rpartition("/")[2]
        return any(fnmatchcase(base, last) and rule.match_file(name + "/") for last, rule in self._asked)


def read(folder: str, exclude: Iterable[str]) -> Rules:
    """The rules of a folder of code: of its .lambdaignore, then the function's own."""
    lines: list[str] = []
    try:
        with open(os.path.join(folder, IGNORE_FILE), encoding="utf-8-sig", errors="replace") as stream:
            lines = stream.read().splitlines()
    except OSError:
        pass
    return Rules((*lines, *exclude))


def _never(name: str) -> bool:
    base = name.rpartition("/")[2]
    return (
        base in _NEVER
        or base.startswith(".env.")
        or base.endswith(_NEVER_ENDING)
        or name in _NEVER_AT_TOP
        or name.endswith(_NEVER_IN_MODULES)
    )


def _asked(line: str) -> _Asked:
    body = line[1:].strip()
    last = body.rstrip("/").rpartition("/")[2]
    return _Asked("" if not last.strip("*") else last, _spec([body]))


def _spec(lines: Iterable[str]) -> GitIgnoreSpec:
    """The rules of some lines; one that is none, as `[z-a]`, matches nothing, as with git."""
    from pathspec import GitIgnoreSpec

    kept = list(lines)
    try:
        return GitIgnoreSpec.from_lines(kept)
    except (ValueError, re.error):
        good = (_spec([line]) for line in kept) if len(kept) > 1 else ()
        return GitIgnoreSpec([pattern for spec in good for pattern in spec.patterns])
