"""Route selection expressions: what of a message chooses its route. Pure.

Source: "Route selection expressions" in "Create routes for WebSocket APIs in API Gateway" of the developer guide.
"""

from __future__ import annotations

import json
import re
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_VARIABLE = re.compile(r"\$\{([^{}]*)\}")
_BODY = "request.body"
_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]|\['([^']*)'\]|\[\"([^\"]*)\"\]")


class NotJson(Exception):  # noqa: N818 - what the message is
    """The message is no JSON: no expression applies to it."""


def compiled(expression: str) -> Callable[[str], str]:
    """What makes a route's key of a message, with "" for what is not in it; it raises `NotJson` for other texts."""
    if expression.startswith(f"${_BODY}"):
        return partial(_one, expression[1:])
    if _VARIABLE.search(expression):
        return partial(_several, expression)
    return partial(_static, expression.replace("\\$", "$"))


def _one(path: str, message: str) -> str:
    return _text(_found(path, _loaded(message)))


def _several(expression: str, message: str) -> str:
    body = _loaded(message)
    return _VARIABLE.sub(lambda match: _text(_found(match[1], body)), expression)


def _static(value: str, message: str) -> str:
    _loaded(message)
    return value


def _loaded(message: str) -> Any:
    try:
        return json.loads(message)
    except (ValueError, RecursionError):
        raise NotJson from None


def _found(path: str, body: Any) -> Any:
    """What lies at request.body.a.b[0] or None."""
    if not path.startswith(_BODY):
        return None
    value = body
    for match in _STEP.finditer(path.removeprefix(_BODY)):
        name = match[1] or match[3] or match[4]
        if match[2] is not None:
            index = int(match[2])
            value = value[index] if isinstance(value, list) and index < len(value) else None
        else:
            value = value.get(name) if isinstance(value, dict) else None
    return value


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return f"[{', '.join(_text(each) for each in value)}]"
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
