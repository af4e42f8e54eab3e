"""Records as the bytes of an event: each written once, so that its size is known before a batch is full. Pure."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from lambdacli.model import MAX_EVENT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Protocol, TypeVar

    class Written(Protocol):
        """A record that was written."""

        @property
        def text(self) -> bytes:
            """JSON."""

    _Record = TypeVar("_Record", bound=Written)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"{type(value).__name__} is no JSON")


_AS_IT_IS = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_plain).encode
_ESCAPED = json.JSONEncoder(separators=(",", ":"), default=_plain).encode
_BEGIN, _BETWEEN = b'{"Records":[', b","
_ROOM = MAX_EVENT - 1024  # bytes for records; the rest is for what stands around them


def written(record: Mapping[str, Any]) -> bytes:
    """A record as JSON; bytes in base64."""
    try:
        return _AS_IT_IS(record).encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return _ESCAPED(record).encode()


def event(texts: Iterable[bytes], more: Mapping[str, Any] | None = None) -> bytes:
    """The event of a batch; `more` stands beside its records."""
    rest = b"," + written(more)[1:] if more else b"}"
    return b"".join((_BEGIN, _BETWEEN.join(texts), b"]", rest))


def fits(size: int, text: bytes, extra: int = 0) -> bool:
    """Whether one more record may join those of so many bytes, besides so many others of the event."""
    return size + len(text) + len(_BETWEEN) + extra <= _ROOM


def parts(records: Sequence[_Record], extra: int = 0) -> Iterator[Sequence[_Record]]:
    """Records in groups that each fit into one event; one that is too large for any stands alone."""
    begin = size = 0
    for index, record in enumerate(records):
        if index > begin and not fits(size, record.text, extra):
            yield records[begin:index]
            begin, size = index, 0
        size += len(record.text) + len(_BETWEEN)
    if begin < len(records):
        yield records[begin:]
