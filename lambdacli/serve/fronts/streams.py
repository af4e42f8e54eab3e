"""A response that reaches its client while the function still writes it. The function waits for a slow client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdacli.serve.fronts.answer import BODILESS, Answer, encoded
from lambdacli.serve.fronts.contract import Malformed, with_media
from lambdacli.serve.fronts.prelude import MEDIA, Head, Prelude

if TYPE_CHECKING:
    from collections.abc import Callable

    from lambdacli.serve.fronts.site import Turn

_PLAIN = "application/octet-stream"


class Relay:
    """Takes a function's streamed response, and sends it on.

    Args:
        turn: the request's.
        finish: the service's own headers, put to those of the function.
        headed: the service takes no stream without a head, of this size at most; 0: it takes any.
    """

    def __init__(self, turn: Turn, finish: Callable[[Turn, Answer], Answer], headed: int = 0) -> None:
        self._turn = turn
        self._finish = finish
        self._prelude = Prelude(headed) if headed else None
        self.begun = False  # the function streams
        self.sent = False  # the client has the head
        self.closed = False  # the client has had an answer of the service's own
        self.problem = ""

    def begins(self, content_type: str) -> None:
        """Streaming: the function has begun to answer."""
        self.begun = True
        if self._prelude is None and content_type.partition(";")[0].strip().lower() == MEDIA:
            self._prelude = Prelude()

    async def chunk(self, data: bytes) -> None:
        """Streaming: a piece has come. Returns when there is room for the next."""
        if self.problem or self.closed:
            return
        if self._prelude is not None:
            try:
                found = self._prelude.feed(data)
            except Malformed as problem:
                self.problem = str(problem)
                return
            if found is None:
                return
            self._prelude = None
            head, data = found
            await self._head(head)
        elif not self.sent:
            await self._head(Head(200, []))
        if data and self._turn.status not in BODILESS:
            await self._turn.send({"type": "http.response.body", "body": data, "more_body": True})

    async def end(self) -> None:
        """The function has done its part.

        Raises:
            Malformed: nothing that can be sent has come.
        """
        if self._prelude is not None or self.problem:
            raise Malformed(self.problem or "it is not metadata, eight NUL bytes, and then the body")
        if not self.sent:
            await self._head(Head(200, []))
        await self._turn.send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _head(self, head: Head) -> None:
        self.sent = True
        answer = self._finish(self._turn, Answer(head.status, with_media(head.headers, _PLAIN)))
        self._turn.status = answer.status
        headers = [(name.encode("latin-1"), encoded(value)) for name, value in answer.headers]
        await self._turn.send({"type": "http.response.start", "status": answer.status, "headers": headers})
