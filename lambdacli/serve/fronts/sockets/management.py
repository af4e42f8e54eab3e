"""The `@connections` API, with which functions post back to clients, look at them and disconnect them.

Source: "Use @connections commands in your backend service" in the API Gateway developer guide, and the service model of
the API Gateway Management API.
"""

from __future__ import annotations

import asyncio  # noqa: TID253 - this module is only imported once a loop is wanted
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from lambdacli.serve.fronts.answer import Answer, message
from lambdacli.serve.fronts.request import Request, TooLarge
from lambdacli.serve.fronts.sockets.api import MAX_MESSAGE
from lambdacli.serve.fronts.sockets.ends import NORMAL
from lambdacli.serve.fronts.sockets.socket import Gone

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from lambdacli.serve.fronts.request import Receive
    from lambdacli.serve.fronts.sockets.socket import Socket

_PLACE = "@connections"
_ID = re.compile(r"[A-Za-z0-9_-]{1,100}={0,2}")
_PATIENCE = 2.0  # seconds until a client whose buffers are full has to take something
_LEADING = 2  # a stage, and the place


def connection_of(path: str) -> str | None:
    """The id in `/@connections/{id}` or `/{stage}/@connections/{id}`, or None for other paths."""
    parts = unquote(path).strip("/").split("/")
    if _PLACE not in parts[:_LEADING]:
        return None
    at = parts.index(_PLACE)
    return "/".join(parts[at + 1 :])


def _error(status: int, error_type: str, text: str | None = None) -> Answer:
    return message(status, text, ("x-amzn-errortype", error_type))


_GONE = _error(410, "GoneException", "Gone")
_TOO_LARGE = _error(413, "PayloadTooLargeException", f"the data has more than {MAX_MESSAGE} bytes")
_FULL = _error(429, "LimitExceededException", "the client does not take what is sent to it")
_NO_METHOD = _error(403, "MissingAuthenticationTokenException", "Missing Authentication Token")


async def answered(scope: Mapping[str, Any], receive: Receive, sockets: Mapping[str, Socket]) -> Answer:
    """The answer to a request whose path has an id of a connection."""
    identity = connection_of(scope["path"]) or ""
    if not _ID.fullmatch(identity):
        return _error(400, "BadRequestException", f"Invalid connectionId: {identity[:100]}")
    socket = sockets.get(identity)
    method = scope["method"]
    if method not in ("GET", "POST", "DELETE"):
        return _NO_METHOD
    if socket is None or not socket.open:
        return _GONE
    if method == "GET":
        return _described(socket)
    if method == "DELETE":
        await socket.close(NORMAL)
        return Answer(204, [])
    return await _posted(Request(scope, receive), socket)


async def _posted(request: Request, socket: Socket) -> Answer:
    try:
        await request.read(MAX_MESSAGE)
        await asyncio.wait_for(socket.post(request.body), _PATIENCE)
    except TooLarge:
        return _TOO_LARGE
    except Gone:
        return _GONE
    except asyncio.TimeoutError:
        return _FULL
    return Answer(200, [])


def _described(socket: Socket) -> Answer:
    client = socket.client
    told = {
        "connectedAt": _iso(socket.connected_at),
        "identity": {"sourceIp": client.source_ip, "userAgent": client.user_agent},
        "lastActiveAt": _iso(socket.last_active),
    }
    return Answer(200, [("content-type", "application/json")], json.dumps(told).encode())


def _iso(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"
