"""What somebody may have meant: the hint of an error that names something unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST = 100  # characters of a name that are compared


def nearest(name: str, valid: Iterable[str], otherwise: str = "") -> str:
    """`did you mean …?` with the valid name that is nearest, in whatever case; else `otherwise`."""
    from difflib import get_close_matches

    names = {each.lower(): each for each in valid}
    near = get_close_matches(name[:_LONGEST].lower(), names, n=1)
    return f"did you mean {names[near[0]]}?" if near else otherwise
