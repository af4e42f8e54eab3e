"""The events that APIs and function URLs make of requests: payload formats 2.0 and 1.0.

Sources: "Create AWS Lambda proxy integrations for HTTP APIs" and "Lambda proxy integrations" in the API Gateway
developer guide, "Invoking Lambda function URLs" in the Lambda developer guide.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdacli.serve.fronts.request import common_log_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lambdacli.serve.fronts.request import Request

dumps = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode

_NOBODY = dict.fromkeys(
    (
        "accessKey", "accountId", "caller", "cognitoAuthenticationProvider", "cognitoAuthenticationType",
        "cognitoIdentityId", "cognitoIdentityPoolId", "principalOrgId", "user", "userArn",
    ),
)  # fmt: skip


class Api(NamedTuple):
    """What all requests of an API have in common."""

    id: str
    account: str
    region: str
    stage: str


def version_2(
    request: Request, api: Api, route: str, path: str, request_id: str, parameters: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The event of format 2.0, without a body and without who calls.

    Args:
        request: what has come.
        api: where it has come to; the account of a function URL is `anonymous`.
        route: the route's key.
        path: the path, with the stage if it is in the URL.
        request_id: of the API, not of the function.
        parameters: decoded path parameters.
    """
    headers, cookies = _joined(request)
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": route,
        "rawPath": path,
        "rawQueryString": request.query,
    }
    if cookies:
        event["cookies"] = cookies
    event["headers"] = headers
    if request.query and (query := request.parameters()):
        event["queryStringParameters"] = _commas(query)
    event["requestContext"] = {
        "accountId": api.account,
        "apiId": api.id,
        "domainName": request.host,
        "domainPrefix": request.host.partition(".")[0],
        "http": {
            "method": request.method,
            "path": path,
            "protocol": "HTTP/1.1",
            "sourceIp": request.source_ip,
            "userAgent": request.user_agent,
        },
        "requestId": request_id,
        "routeKey": route,
        "stage": api.stage,
        "time": common_log_time(request.moment),
        "timeEpoch": int(request.moment * 1000),
    }
    if parameters:
        event["pathParameters"] = parameters
    return event


def _joined(request: Request) -> tuple[dict[str, str], list[str]]:
    """Headers with commas between several values of one, and the cookies, which are not among them."""
    headers: dict[str, str] = {}
    cookies: list[str] = []
    for name, value in request.headers:
        if name == "cookie":
            cookies += value.split("; ")
        elif name in headers:
            headers[name] += f",{value}"
        else:
            headers[name] = value
    headers.update(request.added)
    if request.body and "content-length" not in headers:
        headers["content-length"] = str(len(request.body))
    return headers, cookies


def _commas(query: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in query:
        found[name] = f"{found[name]},{value}" if name in found else value
    return found


def version_1(
    request: Request, api: Api, resource: str, path: str, request_id: str, parameters: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The event of format 1.0, as REST APIs send it, without a body and without who calls.

    Args:
        request: what has come.
        api: where it has come to.
        resource: the route's path, as the manifest has it.
        path: the path without the stage.
        request_id: of the API.
        parameters: path parameters.
    """
    spelled = request.spellings()
    headers = gathered((spelled.get(name) or usual(name), value) for name, value in request.headers + request.added)
    query = gathered(request.parameters())
    return {
        "resource": resource,
        "path": path,
        "httpMethod": request.method,
        "headers": last(headers),
        "multiValueHeaders": headers,
        "queryStringParameters": last(query) or None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": parameters or None,
        "stageVariables": None,
        "requestContext": _context_1(request, api, resource, path, request_id),
    }


def _context_1(request: Request, api: Api, resource: str, path: str, request_id: str) -> dict[str, Any]:
    return {
        "accountId": api.account,
        "apiId": api.id,
        "domainName": request.host,
        "domainPrefix": request.host.partition(".")[0],
        "extendedRequestId": request_id,
        "httpMethod": request.method,
        "identity": {**_NOBODY, "sourceIp": request.source_ip, "userAgent": request.user_agent},
        "path": path if api.stage == "$default" else f"/{api.stage}{path}",
        "protocol": "HTTP/1.1",
        "requestId": request_id,
        "requestTime": common_log_time(request.moment),
        "requestTimeEpoch": int(request.moment * 1000),
        "resourcePath": resource,
        "stage": api.stage,
    }


def gathered(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """All values of each name."""
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def last(values: Mapping[str, list[str]]) -> dict[str, str]:
    """The last value of each name."""
    return {name: each[-1] for name, each in values.items()}


def usual(name: str) -> str:
    """A header's name as clients of HTTP/1.1 write it, and API Gateway those that it adds."""
    return "-".join(part.capitalize() for part in name.split("-"))


def with_body(event: dict[str, Any], body: tuple[str | None, bool]) -> None:
    """Put the body in, and whether it is base64."""
    event["body"], event["isBase64Encoded"] = body
