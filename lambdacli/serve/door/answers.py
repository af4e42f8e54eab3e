"""What the Invoke API answers, as values: results, and the service's errors in its own form. Pure.

Errors as the Lambda API reference lists them under Invoke; their texts as Lambda's own service returns them.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from lambdacli.local.invocation import new_id

REASONS = {
    200: "OK", 202: "Accepted", 204: "No Content", 400: "Bad Request", 403: "Forbidden", 404: "Not Found",
    408: "Request Timeout", 413: "Payload Too Large", 415: "Unsupported Media Type", 429: "Too Many Requests",
    431: "Request Header Fields Too Large", 500: "Internal Server Error", 501: "Not Implemented",
    503: "Service Unavailable",
}  # fmt: skip


class Answer(NamedTuple):
    """A whole response: what is in `head` comes after the length and the type, each line with its end."""

    status: int
    body: bytes
    head: str = ""
    content_type: str = "application/json"

    @property
    def summary(self) -> str:
        """Status and message of an error."""
        said = json.loads(self.body or b"{}")
        return f"{self.status} {said.get('Message') or said.get('message') or ''}".rstrip()

    def written(self, *, keep_alive: bool, date: str) -> bytes:
        """The bytes to send."""
        length = "" if self.status == 204 else f"Content-Length: {len(self.body)}\r\n"  # noqa: PLR2004 - RFC 9110 8.6
        kind = f"Content-Type: {self.content_type}\r\n" if self.body else ""
        close = "" if keep_alive else "Connection: close\r\n"
        reason = REASONS.get(self.status, "")
        return (
            f"HTTP/1.1 {self.status} {reason}\r\nDate: {date}\r\n{kind}{length}{self.head}{close}\r\n".encode(
                "latin-1", "replace"
            )
            + self.body
        )


class Refused(Exception):  # noqa: N818 - what happened to the request
    """The request is answered with an error of the service."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def of_json(value: Any, status: int = 200, head: str = "") -> Answer:
    """An answer whose body is JSON."""
    return Answer(status, json.dumps(value).encode(), head or f"x-amzn-RequestId: {new_id()}\r\n")


def error(status: int, kind: str, body: dict[str, Any], head: str = "") -> Refused:
    """An error of the service; `kind` is its shape in the model."""
    return Refused(of_json(body, status, f"x-amzn-RequestId: {new_id()}\r\nx-amzn-ErrorType: {kind}\r\n{head}"))


def not_found(arn: str) -> Refused:
    """The manifest has no such function, or it has no such version or alias."""
    return error(404, "ResourceNotFoundException", {"Type": "User", "Message": f"Function not found: {arn}"})


def throttled() -> Refused:
    """All reserved concurrency is in use."""
    reason = "ReservedFunctionConcurrentInvocationLimitExceeded"
    return error(
        429, "TooManyRequestsException",
        {"Reason": reason, "Type": "User", "message": "Rate Exceeded."}, "Retry-After: 1\r\n",
    )  # fmt: skip


def not_json(reason: str) -> Refused:
    """The event is no JSON."""
    text = f"Could not parse request body into json: Could not parse payload into json: {reason}"
    return error(400, "InvalidRequestContentException", {"Type": "User", "message": text})


def bad_content(text: str) -> Refused:
    """A header of the invocation cannot be read."""
    return error(400, "InvalidRequestContentException", {"Type": None, "message": text})


def too_large(size: int, kind: str, limit: int) -> Refused:
    """The event is larger than this kind of invocation takes."""
    text = f"{size} byte payload is too large for the {kind} invocation type (limit {limit} bytes)"
    return error(413, "RequestTooLargeException", {"Type": "User", "message": text})


def not_supported(media_type: str) -> Refused:
    """The event is said to be something else than JSON."""
    text = f"The content type of the Invoke request body is not JSON: {media_type}"
    return error(415, "UnsupportedMediaTypeException", {"Type": "User", "message": text})


def invalid_value(text: str) -> Refused:
    """A parameter is wrong by itself or beside another."""
    return error(400, "InvalidParameterValueException", {"Type": "User", "message": text})


def violated(text: str) -> Refused:
    """A parameter breaks a constraint of the model."""
    return error(400, "ValidationException", {"message": f"1 validation error detected: {text}"})


def not_here(operation: str) -> Refused:
    """Lambda can do it, this endpoint cannot."""
    text = (
        f"{operation} is not served here: this is lambdacli's local endpoint, which invokes, gets and lists the "
        "functions of a manifest; change the manifest, or deploy it"
    )
    return error(501, "NotImplementedException", {"Type": "Service", "message": text, "Message": text})


def foreign(text: str) -> Answer:
    """The request comes from, or is meant for, somewhere else."""
    head = f"x-amzn-RequestId: {new_id()}\r\nx-amzn-ErrorType: AccessDeniedException\r\n"
    return of_json({"message": text, "Message": text}, 403, head)


def unreadable(status: int, reason: str) -> Answer:
    """What came is no request."""
    return of_json({"message": reason}, status)


def broken() -> Answer:
    """A bug of ours."""
    head = f"x-amzn-RequestId: {new_id()}\r\nx-amzn-ErrorType: ServiceException\r\n"
    return of_json({"Type": "Service", "Message": "An error occurred in lambdacli itself"}, 500, head)


def ending() -> Answer:
    """The invocation was killed as the server ends."""
    head = f"x-amzn-RequestId: {new_id()}\r\nx-amzn-ErrorType: ServiceException\r\n"
    return of_json({"Type": "Service", "Message": "The local endpoint was stopped"}, 503, head)
