"""How WebSocket connections end, and handshakes that are not answered with one.

Codes of RFC 6455, "The WebSocket Protocol"; words as events of API Gateway have them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from lambdacli.serve.fronts.answer import Answer, encoded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lambdacli.serve.fronts.answer import Send

# What a server raises at whoever sends to a client that has gone; the second: uvicorn before it knew better
LOST = (OSError, RuntimeError)
_NO_STATUS, _ABNORMAL = 1005, 1006
_REASONS = {
    1000: "Connection Closed Normally",
    1001: "Going away",
    _NO_STATUS: "Client-side close frame status not set",
    _ABNORMAL: "Connection closed abnormally",
}


class End(NamedTuple):
    """How a connection ended: a code of the protocol, and words."""

    code: int
    reason: str


NORMAL = End(1000, _REASONS[1000])
GOING_AWAY = End(1001, _REASONS[1001])
NO_BINARY = End(1003, "Binary frames are not supported")
ABNORMAL = End(_ABNORMAL, _REASONS[_ABNORMAL])
TOO_BIG = End(1009, "Message too big")


def told(message: Mapping[str, Any]) -> End:
    """How the server says that the connection has ended."""
    code, reason = message.get("code", _NO_STATUS), message.get("reason")
    if code == _NO_STATUS and reason is None:  # it was lost: who takes leave gives a reason, be it an empty one
        return ABNORMAL
    return End(code, reason or _REASONS.get(code, ""))


async def refuse(scope: Mapping[str, Any], answer: Answer, send: Send) -> None:
    """Answer a handshake with something else than a connection."""
    if "websocket.http.response" not in (scope.get("extensions") or {}):
        await send({"type": "websocket.close", "code": 1008})
        return
    headers = [(name.encode("latin-1"), encoded(value)) for name, value in answer.headers]
    await send({"type": "websocket.http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": answer.body})
