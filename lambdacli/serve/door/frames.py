"""WebSocket frames as API Gateway takes them: of a message of up to 128 KB none may have more than 32 KB.

Source: "Amazon API Gateway quotas" in the API Gateway developer guide. A message is what ASGI knows of, so the frames
are looked at where the server reads them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

if TYPE_CHECKING:
    from websockets.frames import Frame
    from websockets.http11 import Request

MAX_FRAME = 32 * 1024  # bytes
_GOING_AWAY, _TOO_BIG = 1001, 1009


class Frames(WebSocketsSansIOProtocol):
    """uvicorn's protocol, which ends the connection at a frame that is too large.

    Who sends to a slow client waits, as with uvicorn's newer versions.
    """

    def shutdown(self) -> None:
        """Uvicorn: the server ends."""
        if not self.handshake_complete or self.close_sent:
            super().shutdown()
        else:
            self._close(_GOING_AWAY, "Going away")

    def pause_writing(self) -> None:
        """Asyncio: the client does not take what is sent."""
        self.writable.clear()

    def resume_writing(self) -> None:
        """Asyncio: it does again."""
        self.writable.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """Asyncio: it never will."""
        super().connection_lost(exc)
        self.writable.set()

    def handle_connect(self, event: Request) -> None:
        """Uvicorn: the handshake has come. Names of headers are in lower case, and told as they were written."""
        super().handle_connect(event)
        if self.handshake_complete:  # refused
            return
        names = [name for name, _ in self.scope["headers"]]
        self.scope["headers"] = [(name.lower(), value) for name, value in self.scope["headers"]]
        extensions: dict[str, Any] = self.scope.get("extensions") or {}
        self.scope["extensions"] = {**extensions, "lambdacli.headers": {"names": names}}

    def handle_text(self, event: Frame) -> None:
        """Uvicorn: the first frame of a text has come."""
        if self._fits(event):
            super().handle_text(event)

    def handle_bytes(self, event: Frame) -> None:
        """Uvicorn: the first frame of a binary message has come."""
        if self._fits(event):
            super().handle_bytes(event)

    def handle_cont(self, event: Frame) -> None:
        """Uvicorn: a further frame has come."""
        if self._fits(event):
            super().handle_cont(event)

    def _fits(self, event: Frame) -> bool:
        if len(event.data) <= MAX_FRAME and not self.close_sent:
            return True
        if not self.close_sent:
            self._close(_TOO_BIG, "Message too big")
        return False

    def _close(self, code: int, reason: str) -> None:
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.conn.fail(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.transport.close()
