"""Which route of an API a request takes. Compiled once for each manifest.

Sources: "Routing API requests" (HTTP APIs) and "Set up API methods" (REST APIs) in the API Gateway developer guide.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

T = TypeVar("T")

_PARAMETER = re.compile(r"\{([^{}]*?)(\+?)\}")
_EVERY = "ANY"


class _Path(Generic[T]):
    """A path with all that is there for its methods."""

    def __init__(self, path: str) -> None:
        self.by_method: dict[str, T] = {}
        self.names = [match[1] for match in _PARAMETER.finditer(path)]
        self.greedy = "+}" in path
        self.segments = path.count("/")
        self.rank = tuple(_rank(segment) for segment in path.split("/"))
        self.pattern = re.compile(_expression(path), re.DOTALL)

    def of(self, method: str) -> T | None:
        """What the method leads to."""
        return self.by_method.get(method, self.by_method.get(_EVERY))


class Routes(Generic[T]):
    """Routes by method and path.

    Args:
        routes: method (or ANY), path with parameters in braces, what is there.
        default: what is there for every other request.
        path_first: the most specific path that matches is the only one, whatever its methods: REST APIs. Otherwise
            another path that has the method may follow: HTTP APIs.
    """

    def __init__(
        self, routes: Iterable[tuple[str, str, T]], default: T | None = None, *, path_first: bool = False
    ) -> None:
        paths: dict[str, _Path[T]] = {}
        for method, path, there in routes:
            paths.setdefault(path, _Path(path)).by_method.setdefault(method, there)
        self._exact = {path: each for path, each in paths.items() if not each.names}
        named = sorted((each for each in paths.values() if each.names), key=lambda each: each.rank)
        self._greedy = [each for each in named if each.greedy]
        self._by_segments: dict[int, list[_Path[T]]] = {}
        for each in named:
            if not each.greedy:
                self._by_segments.setdefault(each.segments, []).append(each)
        self._default = default
        self._path_first = path_first

    def find(self, method: str, path: str) -> tuple[T, dict[str, str]] | None:
        """What a request leads to, and its path parameters, not decoded."""
        exact = self._exact.get(path)
        if exact is not None:
            there = exact.of(method)
            if there is not None:
                return there, {}
            if self._path_first:
                return None
        for each in (*self._by_segments.get(path.count("/"), ()), *self._greedy):
            match = each.pattern.fullmatch(path)
            if match is None:
                continue
            there = each.of(method)
            if there is not None:
                return there, dict(zip(each.names, match.groups(), strict=True))
            if self._path_first:
                return None
        return None if self._default is None else (self._default, {})


def _rank(segment: str) -> int:
    """Lower is more specific."""
    match = _PARAMETER.fullmatch(segment)
    return 0 if match is None else 2 if match[2] else 1


def _expression(path: str) -> str:
    pieces, end = [], 0
    for match in _PARAMETER.finditer(path):
        pieces += [re.escape(path[end : match.start()]), "(.+)" if match[2] else "([^/]+)"]
        end = match.end()
    return "".join(pieces) + re.escape(path[end:])
