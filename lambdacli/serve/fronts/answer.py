"""What a client gets, as a value; and why a request gets no answer of a function."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from typing import TypeAlias

    Send: TypeAlias = Callable[[dict[str, Any]], Awaitable[None]]

BODILESS = (204, 304)  # a body after these would be taken for the connection's next answer: RFC 9112, section 6.3


class Answer(NamedTuple):
    """A whole response. Header names are lower case."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes = b""

    async def deliver(self, send: Send) -> None:
        """Send it."""
        headers = [(name.encode("latin-1"), encoded(value)) for name, value in self.headers]
        body = b"" if self.status in BODILESS else self.body
        if self.status not in BODILESS:
            headers.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


class Refusal(Exception):  # noqa: N818 - it says what happens
    """A request that its service answers itself; `reason` is for those who watch, "" where the answer says enough."""

    def __init__(self, answer: Answer, reason: str = "") -> None:
        super().__init__(reason)
        self.answer = answer
        self.reason = reason


def encoded(value: str) -> bytes:
    """A header's value as bytes."""
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode()


def message(status: int, text: str | None, *headers: tuple[str, str], key: str = "message") -> Answer:
    """API Gateway's and Lambda's own way to say why."""
    body = json.dumps({key: text}, separators=(",", ":")).encode()
    return Answer(status, [("content-type", "application/json"), *headers], body)


def without(headers: Iterable[tuple[str, str]], prefix: str) -> list[tuple[str, str]]:
    """All headers but those whose names begin so."""
    return [each for each in headers if not each[0].startswith(prefix)]
