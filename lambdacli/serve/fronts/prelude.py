"""What stands before a streamed HTTP body: JSON with the status and the headers, then eight NUL bytes. Pure.

Source: "Writing response streaming-enabled Lambda functions" in the AWS Lambda developer guide, and "Set up a Lambda
proxy integration with payload response streaming" in the API Gateway developer guide.
"""

from __future__ import annotations

import json
from typing import NamedTuple

from lambdacli.serve.fronts import contract
from lambdacli.serve.fronts.contract import Malformed

MEDIA = "application/vnd.awslambda.http-integration-response"
_END = b"\0" * 8
MOST = 16 * 1024  # bytes, of API Gateway; of function URLs none is documented


class Head(NamedTuple):
    """Status and headers, whose names are lower case."""

    status: int
    headers: list[tuple[str, str]]


class Prelude:
    """Takes the pieces of a response until its head is whole, which has so many bytes at most."""

    def __init__(self, most: int = 1024 * 1024) -> None:
        self._most = most
        self._taken = bytearray()

    def feed(self, data: bytes) -> tuple[Head, bytes] | None:
        """The head and what of the body has come with it; None while more is needed.

        Raises:
            Malformed: it is no prelude.
        """
        searched = max(0, len(self._taken) - len(_END))
        self._taken += data
        end = self._taken.find(_END, searched)
        if 0 <= end <= self._most:
            return _head(bytes(self._taken[:end])), bytes(self._taken[end + len(_END) :])
        if len(self._taken) > self._most:
            raise Malformed(f"its first {self._most} bytes are not metadata and eight NUL bytes")
        return None


def _head(metadata: bytes) -> Head:
    try:
        value = json.loads(metadata)
    except (ValueError, RecursionError):
        raise Malformed("its metadata is no JSON") from None
    if not isinstance(value, dict):
        raise Malformed("its metadata is no object")
    number = contract.status(value) if "statusCode" in value else 200
    return Head(number, contract.headers_and_cookies(value))
