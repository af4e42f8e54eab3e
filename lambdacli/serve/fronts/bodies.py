"""Which bodies are text and which arrive as base64."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# All that HTTP APIs, function URLs and load balancers take as text; a form, or nothing, is not among them.
_TEXTS = frozenset(("application/json", "application/javascript", "application/xml"))


def told(body: bytes, media: str, encoding: str = "") -> tuple[str, bool]:
    """The body for an event, and whether it is base64, as HTTP APIs, function URLs and load balancers decide.

    Args:
        body: as it came.
        media: its content type without parameters, in lower case.
        encoding: its content encoding.
    """
    if not encoding and (media.startswith("text/") or media in _TEXTS):
        try:
            return body.decode(), False
        except UnicodeDecodeError:
            pass  # not the text that its type says
    return base64.b64encode(body).decode(), True


def told_by_types(body: bytes, media: str, binary: Iterable[str]) -> tuple[str, bool]:
    """The same as a REST API with these binary media types decides; what is not UTF-8 in a text is replaced."""
    if matches(media or "application/json", binary):
        return base64.b64encode(body).decode(), True
    return body.decode("utf-8", "replace"), False


def matches(media: str, types: Iterable[str]) -> bool:
    """Whether a media type is among some, which may be `*/*` or `image/*`."""
    main = media.partition("/")[0]
    return any(each in ("*/*", media, f"{main}/*") for each in types)
