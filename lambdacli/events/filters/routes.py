"""Filters of HTTP routes: what a path carries where its route has `{names}`."""

from __future__ import annotations

import re
from typing import Any

_NAME = re.compile(r"\{([^{}+]+)(\+?)\}")
_DEFAULT = "$default"


def path_parameters(path: Any, route: Any) -> dict[str, str] | None:
    """`/orders/42` on `/orders/{id}` carries {"id": "42"}; null where nothing is named or nothing fits."""
    names = _NAME.findall(route_path(route))
    match = _pattern(route_path(route)).fullmatch(path) if names else None
    return {name: value for (name, _), value in zip(names, match.groups(), strict=True)} if match else None


def _pattern(route: str) -> re.Pattern[str]:
    pieces = []
    end = 0
    for match in _NAME.finditer(route):
        pieces += [re.escape(route[end : match.start()]), "(.+)" if match.group(2) else "([^/]+)"]
        end = match.end()
    return re.compile("".join(pieces) + re.escape(route[end:]), re.DOTALL)


def path_of(route: Any) -> str:
    """A path that fits a route: names stand for themselves, a greedy one for several segments."""
    if route == _DEFAULT:
        return "/path/to/resource"
    return _NAME.sub(lambda m: "path/to/resource" if m.group(2) else m.group(1), route_path(route))


def route_method(route: Any) -> str | None:
    """The method of a route key such as `GET /orders/{id}`; null for ANY and `$default`."""
    method, space, _ = route.partition(" ")
    return method.upper() if space and method.upper() != "ANY" else None


def route_path(route: Any) -> str:
    """The path of a route key, with or without a method before it."""
    before, space, path = route.partition(" ")
    return str(path) if space and before.isalpha() else str(route)


def staged(path: Any, stage: Any) -> str:
    """The path as clients ask for it: behind the stage's name, unless that is `$default`."""
    return str(path) if stage == _DEFAULT else f"/{stage}{path}"


FILTERS = {
    "path_parameters": path_parameters,
    "path_of": path_of,
    "route_method": route_method,
    "route_path": route_path,
    "staged": staged,
}
