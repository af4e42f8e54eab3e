"""The packages that a folder of code asks for, installed for Lambda: by requirements.txt or package.json.

Nothing is installed where they lie in the folder already, or where the rules leave out the file that asks for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from lambdacli.deploy.package import tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lambdacli.deploy.package.rules import Rules
    from lambdacli.model import Function


class There(NamedTuple):
    """What was installed, by names in the package, and what is to be said about it."""

    entries: list[tree.Entry]
    remarks: tuple[str, ...] = ()


def install(
    function: Function, own: list[tree.Entry], rules: Rules, project: Path, tell: Callable[[str], None]
) -> There:
    """Install what the user's own files ask for, unless it was installed before.

    Raises:
        ManifestError: there is no such package, or none for the function's runtime and architecture.
        MachineError: what installs is not there, or fails.
    """
    names = {entry.name for entry in own}
    if function.runtime.startswith("python") and "requirements.txt" in names:
        from lambdacli.deploy.package import requirements

        folder, remarks = requirements.install(function, names, project, tell)
    elif function.runtime.startswith("nodejs") and "package.json" in names and _may_have_modules(names, rules):
        from lambdacli.deploy.package import npm

        folder, remarks = npm.install(function, tell)
    else:
        return There([])
    return There(tree.walk(folder, rules, installed=True) if folder else [], remarks)


def _may_have_modules(names: set[str], rules: Rules) -> bool:
    there = any(name.startswith("node_modules/") for name in names)
    return not there and not rules.leave_out("node_modules", folder=True)
