"""What only the disk, or more than one setting, can tell: offline, and without running the user's code."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lambdacli.model import Manifest, Problem


def check(manifest: Manifest) -> list[Problem]:
    """See `lambdacli.manifest.lint`."""
    return [problem for function in manifest.functions.values() for problem in function.unresolved]
