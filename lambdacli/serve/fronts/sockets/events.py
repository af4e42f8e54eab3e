"""The events that WebSocket APIs send to functions. Pure.

Source: "Set up integrations in WebSocket APIs" and "Control access to WebSocket APIs with AWS Lambda REQUEST
authorizers" in the API Gateway developer guide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from lambdacli.serve.fronts.payloads import gathered, last, usual
from lambdacli.serve.fronts.request import common_log_time, request_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lambdacli.serve.fronts.payloads import Api
    from lambdacli.serve.fronts.request import Request


class Client(NamedTuple):
    """What every event of a connection tells of it."""

    id: str
    api: Api
    domain: str  # the Host header with which it came
    connected_at: int  # epoch milliseconds
    source_ip: str
    user_agent: str
    authorizer: Mapping[str, Any] = {}  # what the authorizer of $connect said


def connects(client: Client, request: Request, moment: float) -> dict[str, Any]:
    """The event of $connect; moments are epoch seconds."""
    return {
        **_asked(request),
        "requestContext": _context(client, "$connect", "CONNECT", moment),
        "isBase64Encoded": False,
    }


def authorizes(client: Client, request: Request, moment: float) -> dict[str, Any]:
    """What a REQUEST authorizer gets beside its type and the method's ARN."""
    return {
        "queryStringParameters": {},
        "multiValueQueryStringParameters": {},
        "stageVariables": {},
        **_asked(request),
        "requestContext": _context(client, "$connect", "CONNECT", moment),
    }


def says(client: Client, route: str, text: str, moment: float) -> dict[str, Any]:
    """The event of a message."""
    return {
        "requestContext": _context(client, route, "MESSAGE", moment, messageId=request_id()),
        "body": text,
        "isBase64Encoded": False,
    }


def disconnects(client: Client, code: int, reason: str, moment: float) -> dict[str, Any]:
    """The event of $disconnect; the code is of the WebSocket protocol."""
    headers = {"Host": client.domain, "x-api-key": "", "X-Forwarded-For": "", "x-restapi": ""}
    ended = {"disconnectStatusCode": code, "disconnectReason": reason}
    return {
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "requestContext": _context(client, "$disconnect", "DISCONNECT", moment, **ended),
        "isBase64Encoded": False,
    }


def _asked(request: Request) -> dict[str, Any]:
    """Headers and query of the handshake."""
    spelled = request.spellings()
    headers = gathered((spelled.get(name) or _usual(name), value) for name, value in request.headers + request.added)
    found: dict[str, Any] = {"headers": last(headers), "multiValueHeaders": headers}
    if query := gathered(request.parameters()):
        found["queryStringParameters"], found["multiValueQueryStringParameters"] = last(query), query
    return found


def _usual(name: str) -> str:
    """A header's name as clients write it, where nobody told."""
    return usual(name).replace("Websocket", "WebSocket")


def _context(client: Client, route: str, kind: str, moment: float, **more: Any) -> dict[str, Any]:
    identity = {"sourceIp": client.source_ip}
    if client.user_agent:
        identity["userAgent"] = client.user_agent
    context: dict[str, Any] = {
        "routeKey": route,
        "eventType": kind,
        "extendedRequestId": request_id(),
        "requestTime": common_log_time(moment),
        "messageDirection": "IN",
        **more,
        "stage": client.api.stage,
        "connectedAt": client.connected_at,
        "requestTimeEpoch": int(moment * 1000),
        "identity": identity,
        "requestId": request_id(),
        "domainName": client.domain,
        "connectionId": client.id,
        "apiId": client.api.id,
    }
    if client.authorizer:
        context["authorizer"] = dict(client.authorizer)
    return context
