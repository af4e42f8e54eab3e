"""What a request to the Invoke API wants, read from its head and its body. Pure."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qs, unquote

from lambdacli.model import MAX_EVENT
from lambdacli.serve.door import answers
from lambdacli.serve.door.names import BadName, Contradiction, Named, named

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lambdacli.model import Manifest
    from lambdacli.serve.door.requests import Head

MAX_LATER_EVENT = 1024 * 1024  # bytes of an asynchronous invocation's event, "Lambda quotas" in the developer guide
MAX_CONTEXT = 3583  # bytes of X-Amz-Client-Context as sent, Invoke in the API reference
_MOST_NAMES = 1024  # that are kept
_KINDS = ("RequestResponse", "Event", "DryRun")
_LOGS = ("None", "Tail")
_TENANT = re.compile(r"[a-zA-Z0-9._:/=+\-@ ]{1,256}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# What clients say of a body without being told: SDKs, curl, fetch. Anything else is believed, and refused.
_TAKEN_FOR_JSON = ("application/octet-stream", "binary/octet-stream", "application/x-www-form-urlencoded", "text/plain")


class Wanted(NamedTuple):
    """An invocation as a caller asked for it, without its event. The same request, sent again, wants the same."""

    named: Named
    kind: str  # RequestResponse, Event or DryRun
    tail: bool  # the end of the log is wanted, too
    client_context: str
    tenant_id: str
    trace_id: str  # "": the caller gave none
    request_id: str  # as trace_id

    @property
    def limit(self) -> int:
        """Bytes that its event may have."""
        return MAX_LATER_EVENT if self.kind == "Event" else MAX_EVENT


class Names:
    """Looks functions up as callers name them; keeps what it found for as long as the manifest is the same."""

    def __init__(self) -> None:
        self._manifest: Manifest | None = None
        self._found: dict[tuple[str, str], Named] = {}

    def look_up(self, segment: str, query: str, manifest: Manifest) -> Named:
        """The function of a path's segment and a query, both as they were sent.

        Raises:
            Refused: it is no name, or of no function of the manifest.
        """
        if self._manifest is not manifest:
            self._manifest = manifest
            self._found.clear()
        if (found := self._found.get((segment, query))) is not None:
            return found
        found = _looked_up(unquote(segment), parse_qs(query).get("Qualifier", [""])[-1], manifest)
        if len(self._found) < _MOST_NAMES:
            self._found[segment, query] = found
        return found


def _looked_up(reference: str, qualifier: str, manifest: Manifest) -> Named:
    try:
        found = named(reference, qualifier, manifest)
    except BadName as error:
        raise answers.violated(str(error)) from None
    except Contradiction as error:
        raise answers.invalid_value(str(error)) from None
    if not found.function:
        raise answers.not_found(found.asked)
    return found


def wanted(found: Named, head: Head) -> Wanted:
    """What the headers say of an invocation.

    Raises:
        Refused: one of them cannot be meant.
    """
    get = head.headers.get
    return Wanted(
        found,
        _one_of(_KINDS, get("x-amz-invocation-type"), "invocationType"),
        _one_of(_LOGS, get("x-amz-log-type"), "logType") == "Tail",
        _decoded(context) if (context := get("x-amz-client-context")) else "",
        _tenant(tenant) if (tenant := get("x-amz-tenant-id")) else "",
        trace if (trace := get("x-amzn-trace-id")) and "Root=" in trace else "",
        _uuid(given) if (given := get("x-amzn-requestid")) else "",
    )


def check_media_type(headers: Mapping[str, str]) -> None:
    """Refuse a body that is said to be no JSON.

    Raises:
        Refused: it is.
    """
    coding = headers.get("content-encoding", "identity")
    if coding.lower() != "identity":
        raise answers.not_supported(f"Content-Encoding {coding}")
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type and "json" not in media_type and media_type not in _TAKEN_FOR_JSON:
        raise answers.not_supported(media_type)


def event_of(body: bytes) -> bytes:
    """The event as the function gets it; nothing at all is an empty object.

    Raises:
        Refused: it is no JSON.
    """
    if body in (b"", b"{}"):
        return b"{}"
    try:
        _CHECK(body.decode())
    except UnicodeDecodeError as error:
        raise answers.not_json(f"Invalid UTF-8 byte 0x{body[error.start]:02x}, offset {error.start}") from None
    except RecursionError:
        raise answers.not_json("Document nesting depth exceeds the maximum allowed") from None
    except ValueError as error:
        raise answers.not_json(str(error)) from None
    return body


def _constant(name: str) -> str:
    raise ValueError(f"Non-standard token '{name}'")


# Whether it is JSON is all that is asked: numbers stay texts.
_CHECK: Callable[[str], object] = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=_constant).decode


def _one_of(known: tuple[str, ...], value: str | None, parameter: str) -> str:
    if value is None or value in known:
        return value or known[0]
    several = ", ".join(known)
    constraint = f"Member must satisfy enum value set: [{several}]"
    raise answers.violated(f"Value '{value}' at '{parameter}' failed to satisfy constraint: {constraint}")


def _decoded(context: str) -> str:
    from base64 import b64decode

    if len(context) > MAX_CONTEXT:
        raise answers.bad_content(f"Client context must be at most {MAX_CONTEXT} bytes, and has {len(context)}.")
    try:
        value = json.loads(b64decode(context, validate=True))
        if isinstance(value, dict):
            return json.dumps(value)  # on one line: it becomes a header of the Runtime API
    except (ValueError, RecursionError):
        pass
    raise answers.bad_content("Client context must be a valid Base64-encoded JSON object.")


def _tenant(tenant: str) -> str:
    if _TENANT.fullmatch(tenant) is None:
        raise answers.violated(
            f"Value '{tenant}' at 'tenantId' failed to satisfy constraint: Member must satisfy regular expression "
            r"pattern: [a-zA-Z0-9\._:\/=+\-@ ]+"
        )
    return tenant


def _uuid(given: str) -> str:
    if _UUID.fullmatch(given) is None:
        raise answers.bad_content("x-amzn-RequestId must be a valid UUID string.")
    return given
