"""JSON as RFC 8259 has it: Python's NaN and Infinity are none."""

from __future__ import annotations

import json
from typing import Any


class TooDeepError(ValueError):
    """More arrays and objects inside one another than Python reads."""

    def __init__(self) -> None:
        super().__init__("nested too deeply")


def loads(text: str | bytes) -> Any:
    """What a JSON text says.

    Raises:
        TooDeepError: nested too deeply.
        ValueError: it is no JSON; a JSONDecodeError, which knows line and column, unless it is a word such as NaN.
    """
    try:
        return json.loads(text, parse_constant=_refuse)
    except RecursionError:
        raise TooDeepError from None


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")
