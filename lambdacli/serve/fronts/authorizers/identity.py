"""Where the credentials of a request stand: $request.header.Authorization, method.request.querystring.token and others.

Sources: "Control access to HTTP APIs with AWS Lambda authorizers" and "Configure a Lambda authorizer" in the API
Gateway developer guide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lambdacli.serve.fronts.authorizers import Asked

_STARTS = (
    ("$request.", "request."),
    ("method.request.", "request."),
    ("$context.", "context."),
    ("context.", "context."),
)


def values(sources: Iterable[str], asked: Asked) -> list[str]:
    """What stands there; "" where nothing does."""
    return [_value(_plain(each), asked) for each in sources]


def _plain(source: str) -> str:
    for start, plain in _STARTS:
        if source.startswith(start):
            return plain + source.removeprefix(start)
    return source


def _value(source: str, asked: Asked) -> str:
    request = asked.turn.request
    place, _, name = source.rpartition(".")
    if place == "request.header":
        return request.header(name.lower())
    if place == "request.querystring":
        return request.parameter(name)
    told = {
        "context.httpMethod": request.method,
        "context.path": request.path,
        "context.routeKey": asked.route,
        "context.resourcePath": asked.route.partition(" ")[2],
        "context.stage": asked.stage,
        "context.domainName": request.host,
        "context.identity.sourceIp": request.source_ip,
        "context.identity.userAgent": request.user_agent,
        "context.http.sourceIp": request.source_ip,
    }
    return told.get(source, "")
