"""HTTP/1.1 requests, cut out of the bytes of a connection. Pure: bytes in, requests out.

Written by hand because a connection may be handed to another server between two requests: what has been read of the
second is needed as it came.
"""

from __future__ import annotations

import re
from functools import lru_cache

MAX_HEAD = 64 * 1024  # bytes of a request line with all headers
# RFC 9110 and 9112: no whitespace before a colon, no continued lines, no control characters.
_HEAD = re.compile(
    rb"[!-~]+ [!-~\x80-\xff]+ HTTP/1\.[01](?:\r\n[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\x00-\x08\x0a-\x1f\x7f]*)*"
)
_SHORT = 1024  # bytes of a head that is remembered
_END = b"\r\n\r\n"
_ONCE = ("content-length", "host", "transfer-encoding")
_LENGTH = 18  # digits of a Content-Length
_SIZE_LINE = 1024  # bytes of a chunk's first line


class Malformed(Exception):  # noqa: N818 - what the request is
    """Not a request that can be answered other than with this status; the connection is of no more use."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class Head:
    """A request without its body. Header names are in lower case.

    Attributes:
        length: bytes of the body; -1: it comes in chunks.
        newest: HTTP/1.1, so that the answer may come in chunks.
        verdict: what whoever answers has found out about it; the same request, sent again, is not looked at again.
    """

    __slots__ = ("headers", "keep_alive", "length", "method", "newest", "target", "verdict")

    def __init__(
        self, method: str, target: str, headers: dict[str, str], *, keep_alive: bool, length: int, newest: bool
    ) -> None:
        self.method = method
        self.target = target
        self.headers = headers
        self.keep_alive = keep_alive
        self.length = length
        self.newest = newest
        self.verdict: object = None

    @property
    def expects_continue(self) -> bool:
        """Whether the client waits to be told that it may send the body."""
        return self.headers.get("expect", "").lower() == "100-continue"


class Reader:
    """The requests of one connection, one after another: `head`, then `body`, then the next `head`."""

    def __init__(self) -> None:
        self._data = b""  # not taken yet; begins with a head, or with what follows one
        self._head: Head | None = None
        self._end = 0  # where the body begins in `_data`
        self._pieces: list[bytes] = []
        self._read = 0  # bytes of the body so far
        self._searched = 0
        self._chunk = -1  # bytes missing of a chunk, with its line end; -1: its size comes first; -2: trailers

    @property
    def begun(self) -> bool:
        """Whether part of a request is there."""
        return bool(self._data) or self._head is not None

    @property
    def waiting(self) -> int:
        """Bytes that nobody has asked for yet."""
        return len(self._data)

    def add(self, data: bytes) -> None:
        """Bytes have come."""
        self._data = self._data + data if self._data else data

    def head(self) -> Head | None:
        """The next request without its body, once that much is there.

        Raises:
            Malformed: it is no request, or too large.
        """
        if self._head is not None:
            return self._head
        if self._data.startswith(b"\r\n"):  # RFC 9112 2.2: be lenient to an empty line before a request
            self._data = self._data.lstrip(b"\r\n")
        end = self._data.find(_END, self._searched)
        if end < 0:
            if len(self._data) > MAX_HEAD:
                raise Malformed(431, "the request's headers are too large")
            self._searched = max(0, len(self._data) - len(_END))
            return None
        if end > MAX_HEAD:
            raise Malformed(431, "the request's headers are too large")
        self._head = _known(self._data[:end]) if end <= _SHORT else parse(self._data[:end])
        self._end = end + len(_END)
        self._searched = 0
        return self._head

    def rest(self) -> bytes:
        """All that is there, the head that `head` gave included: somebody else reads on."""
        data, self._data, self._head, self._end = self._data, b"", None, 0
        return data

    def body(self, limit: int) -> bytes | None:
        """The body of the request whose head was read, once it is whole. More bytes than the limit are dropped.

        Returns:
            Bytes; more than `limit` of them never, but `size` tells how many there were.

        Raises:
            Malformed: its chunks are none.
        """
        head = self._head
        if head is None:
            return None
        if self._end:
            self._data, self._end, self._read = self._data[self._end :], 0, 0
        if not (self._sized(head.length, limit) if head.length >= 0 else self._chunked(limit)):
            return None
        whole = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces, self._head = [], None
        return whole

    @property
    def size(self) -> int:
        """Bytes of the body that was read last, or is being read."""
        return self._read

    def _sized(self, length: int, limit: int) -> bool:
        missing = length - self._read
        self._take(missing, limit)
        return self._read == length

    def _chunked(self, limit: int) -> bool:
        while True:
            if self._chunk >= 0:
                self._chunk -= self._take(max(0, self._chunk - 2), limit)
                if self._chunk > 2 or len(self._data) < self._chunk:  # noqa: PLR2004 - CR and LF
                    return False
                if not self._data.startswith(b"\r\n"):
                    raise Malformed(400, "a chunk of the body does not end where it should")
                self._data, self._chunk = self._data[2:], -1
            line, separator, rest = self._data.partition(b"\r\n")
            if not separator:
                if len(line) > _SIZE_LINE:
                    raise Malformed(400, "a chunk of the body has no size")
                return False
            self._data = rest
            if self._chunk == -1:
                size = _chunk_size(line)
                self._chunk = size + 2 if size else -2
            elif not line:  # trailers are not looked at
                self._chunk = -1
                return True

    def _take(self, most: int, limit: int) -> int:
        """Move bytes of the body from what is there to what was read; returns how many."""
        piece = self._data[:most]
        if piece:
            self._data = self._data[len(piece) :]
            if self._read + len(piece) <= limit:
                self._pieces.append(piece)
            self._read += len(piece)
        return len(piece)


@lru_cache(maxsize=256)
def _known(data: bytes) -> Head:
    """A client without signatures and dates sends the same headers over and over."""
    return parse(data)


def parse(data: bytes) -> Head:
    """A head without its empty line.

    Raises:
        Malformed: it is none.
    """
    if _HEAD.fullmatch(data) is None:
        raise Malformed(400, "this is no HTTP/1.1 request")
    lines = data.decode("latin-1").split("\r\n")
    method, target, version = lines[0].split(" ")
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        name = name.lower()
        if name in headers:
            if name in _ONCE:
                raise Malformed(400, f"the request has two {name} headers")
            headers[name] += f", {value.strip()}"
        else:
            headers[name] = value.strip()
    newest = version == "HTTP/1.1"
    if newest and "host" not in headers:
        raise Malformed(400, "the request has no Host header")
    connection = headers.get("connection", "").lower()
    keep_alive = "close" not in connection if newest else "keep-alive" in connection
    return Head(method, target, headers, keep_alive=keep_alive, length=_length(headers), newest=newest)


def _length(headers: dict[str, str]) -> int:
    coding = headers.get("transfer-encoding")
    length = headers.get("content-length")
    if coding is not None:
        if length is not None:
            raise Malformed(400, "the request has both Content-Length and Transfer-Encoding")
        if coding.lower() != "chunked":
            raise Malformed(501, f"the transfer coding {coding!r} is not known here")
        return -1
    if length is None:
        return 0
    if not (length.isascii() and length.isdigit()) or len(length) > _LENGTH:
        raise Malformed(400, "the Content-Length is no number")
    return int(length)


def _chunk_size(line: bytes) -> int:
    digits = line.partition(b";")[0].strip()
    if not digits or len(digits) > _LENGTH or not all(each in b"0123456789abcdefABCDEF" for each in digits):
        raise Malformed(400, "a chunk of the body has no size")
    return int(digits, 16)
