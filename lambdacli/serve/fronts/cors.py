"""CORS as HTTP APIs and function URLs answer it. Pure.

Sources: "Configure CORS for HTTP APIs" in the API Gateway developer guide, "Cross-origin resource sharing (CORS)" of
function URLs in the Lambda developer guide.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from lambdacli.serve.fronts.answer import without

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lambdacli.serve.fronts.request import Request

_PREFIX = "access-control-"


class Cors:
    """The CORS of an API or a function URL, as AWS's `Cors` has it: AllowOrigins, AllowMethods and so on."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._origins: list[str] = settings.get("AllowOrigins", [])
        more = {
            "access-control-allow-methods": ",".join(settings.get("AllowMethods", ())),
            "access-control-allow-headers": ",".join(settings.get("AllowHeaders", ())),
            "access-control-max-age": str(settings["MaxAge"]) if settings.get("MaxAge") else "",
        }
        always = {
            "access-control-expose-headers": ",".join(settings.get("ExposeHeaders", ())),
            "access-control-allow-credentials": "true" if settings.get("AllowCredentials") else "",
        }
        self._preflight = [(name, value) for name, value in more.items() if value]
        self._always = [(name, value) for name, value in always.items() if value]

    def allows(self, origin: str) -> bool:
        """Whether scripts of that origin may read answers; https://* stands for every origin of https."""
        return any(each == "*" or fnmatchcase(origin.lower(), each) for each in self._origins)

    def headers(self, origin: str) -> list[tuple[str, str]]:
        """What every answer to that origin has; nothing for one that is not allowed."""
        if not origin or not self.allows(origin):
            return []
        if "*" in self._origins:
            return [("access-control-allow-origin", "*"), *self._always]
        return [("access-control-allow-origin", origin), ("vary", "Origin"), *self._always]

    def preflight(self, origin: str) -> list[tuple[str, str]]:
        """What the answer to a preflight has."""
        found = self.headers(origin)
        return found + self._preflight if found else []

    def put(self, headers: list[tuple[str, str]], request: Request) -> list[tuple[str, str]]:
        """A response's headers with these instead of what the function says of CORS."""
        origin = request.origin
        mine = self.preflight(origin) if is_preflight(request) else self.headers(origin)
        return [*without(headers, _PREFIX), *mine]


def is_preflight(request: Request) -> bool:
    """Whether a browser asks what it may do."""
    return request.method == "OPTIONS" and bool(request.origin and request.header("access-control-request-method"))
