"""What somebody may have meant: the hint of an error that names something unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST = 100  # characters of a name that are compared


def closest(name: str, valid: Iterable[str], likeness: float = 0.6) -> str:
    """The valid name that is most like another, in whatever case; "" when none is like it, of 1 at most."""
    from difflib import get_close_matches

    names = {each.lower(): each for each in valid}
    near = get_close_matches(name[:_LONGEST].lower(), names, n=1, cutoff=likeness)
    return names[near[0]] if near else ""


def nearest(name: str, valid: Iterable[str], otherwise: str = "") -> str:
    """`did you mean …?` with the valid name that is nearest; else `otherwise`."""
    found = closest(name, valid)
    return f"did you mean {found}?" if found else otherwise
