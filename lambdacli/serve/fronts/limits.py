"""What each service takes at most, and what it says instead of a function's answer.

Sources: "Amazon API Gateway quotas" and "Gateway response types" in the API Gateway developer guide, "Handling Lambda
errors with an API Gateway API" in the Lambda developer guide, "Troubleshoot your Application Load Balancers".
"""

from __future__ import annotations

from typing import NamedTuple

from lambdacli.serve.fronts.answer import Answer, message

MEGABYTE = 1024 * 1024
_INTERNAL = "Internal Server Error"
_TYPE = "x-amzn-errortype"


class Manners(NamedTuple):
    """Limits in bytes, and the answers of the service itself."""

    body: int
    headers: int  # with the request line
    no_route: Answer
    too_large: Answer
    too_many_headers: Answer
    failed: Answer  # the function did, or could not be invoked
    malformed: Answer
    late: Answer
    throttled: Answer


def _html(status: int, reason: str) -> Answer:
    title = f"{status} {reason}"
    page = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n</body>\r\n"
    )
    headers = [("server", "awselb/2.0"), ("content-type", "text/html")]
    return Answer(status, headers, f"{page}</html>\r\n".encode())


def _rest(status: int, text: str | None, error_type: str) -> Answer:
    return message(status, text, (_TYPE, error_type))


HTTP = Manners(
    body=10 * MEGABYTE,
    headers=10_240,
    no_route=message(404, "Not Found"),
    too_large=message(413, "Request Entity Too Large"),
    too_many_headers=message(431, "Request Header Fields Too Large"),
    failed=message(500, _INTERNAL),
    malformed=message(500, _INTERNAL),
    late=message(503, "Service Unavailable"),
    throttled=message(503, "Service Unavailable"),
)
REST = Manners(
    body=10 * MEGABYTE,
    headers=10_240,
    no_route=_rest(403, "Missing Authentication Token", "MissingAuthenticationTokenException"),
    too_large=_rest(413, "Request Too Long", "RequestTooLargeException"),
    too_many_headers=_rest(431, "Request Header Fields Too Large", "RequestHeaderFieldsTooLargeException"),
    failed=_rest(502, "Internal server error", "InternalServerErrorException"),
    malformed=_rest(502, "Internal server error", "InternalServerErrorException"),
    late=_rest(504, "Endpoint request timed out", "InternalServerErrorException"),
    throttled=_rest(500, "Internal server error", "InternalServerErrorException"),
)
ALB = Manners(
    body=MEGABYTE,
    headers=65_536,
    no_route=_html(404, "Not Found"),
    too_large=_html(413, "Request Entity Too Large"),
    too_many_headers=_html(400, "Bad Request"),
    failed=_html(502, "Bad Gateway"),
    malformed=_html(502, "Bad Gateway"),
    late=_html(504, "Gateway Time-out"),
    throttled=_html(502, "Bad Gateway"),
)
_URL_FAILED = Answer(502, [("content-type", "application/json")], _INTERNAL.encode())
URL = Manners(
    body=6 * MEGABYTE,
    headers=65_536,
    no_route=message(404, None, key="Message"),
    too_large=message(413, "Request Entity Too Large", (_TYPE, "RequestTooLargeException"), key="Message"),
    too_many_headers=message(431, "Request Header Fields Too Large", key="Message"),
    failed=_URL_FAILED,
    malformed=_URL_FAILED,
    late=message(504, "Gateway Timeout", key="Message"),
    throttled=Answer(
        429,
        [("content-type", "application/json"), (_TYPE, "TooManyRequestsException")],
        b'{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded","Type":"User","message":"Rate Exceeded."}',
    ),
)
