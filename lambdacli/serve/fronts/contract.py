"""What a function must return to each service, and what its client gets of that. Pure.

Sources: "Lambda proxy integrations" and "Create AWS Lambda proxy integrations for HTTP APIs" in the API Gateway
developer guide, "Invoking Lambda function URLs" in the Lambda developer guide, "Use Lambda functions as targets of an
Application Load Balancer" in the Elastic Load Balancing user guide.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from lambdacli.serve.fronts.answer import Answer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

JSON = ("content-type", "application/json")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_BROKEN = re.compile(r"[\r\n\0]")
_OWN = frozenset(("content-length", "transfer-encoding", "connection", "keep-alive", "upgrade"))  # the server's
_STRICT = frozenset(("statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"))
_SUCCESS = 200
_FIRST, _LAST = 200, 599


class Malformed(Exception):  # noqa: N818 - what the function's answer is
    """The function's answer is not what the service takes; its text says why."""


def inferred(payload: bytes, media: str) -> Answer:
    """Payload format 2.0: whatever has no statusCode is the body.

    Args:
        payload: JSON, as the function returned it.
        media: type of a body that says nothing of it, beside a statusCode.
    """
    value = _loaded(payload)
    if not isinstance(value, dict) or "statusCode" not in value:
        return Answer(_SUCCESS, [JSON], value.encode() if isinstance(value, str) else payload)
    headers = [*_headers(value.get("headers"))]
    cookies = value.get("cookies") or ()
    if not isinstance(cookies, (list, tuple)) or not all(isinstance(each, str) for each in cookies):
        raise Malformed("cookies is no list of texts")
    headers += (("set-cookie", _clean("set-cookie", each)) for each in cookies)
    return Answer(status(value), with_media(headers, media), _body(value, decode=True))


def proxied(payload: bytes, *, decode: bool, strict: bool, media: str = "application/json") -> Answer:
    """Payload format 1.0, and REST APIs.

    Args:
        payload: JSON, as the function returned it.
        decode: whether a body in base64 is sent as the bytes that it stands for.
        strict: whether keys that mean nothing are refused.
        media: type of a body that says nothing of it.
    """
    value = _loaded(payload)
    if not isinstance(value, dict):
        raise Malformed(f"it is no object but {_told(value)}")
    unknown = sorted({*value} - _STRICT) if strict else []
    if unknown:
        raise Malformed(f"{', '.join(unknown[:3])}: no such keys, only {', '.join(sorted(_STRICT))}")
    answered = status(value)
    many = [*_lists(value.get("multiValueHeaders"))]
    named = {name for name, _ in many}
    single = [each for each in _headers(value.get("headers")) if each[0] not in named]
    return Answer(answered, with_media(single + many, media), _body(value, decode=decode))


def balanced(payload: bytes, *, lists: bool) -> Answer:
    """Application Load Balancers: headers or multiValueHeaders, as the target group has it."""
    value = _loaded(payload)
    if not isinstance(value, dict):
        raise Malformed(f"it is no object but {_told(value)}")
    if isinstance(value.get("statusCode"), str):
        raise Malformed("statusCode is a text, not a number")
    answered = status(value)
    headers = _lists(value.get("multiValueHeaders")) if lists else _headers(value.get("headers"))
    return Answer(answered, [*headers], _body(value, decode=True))


def status(value: Mapping[str, Any]) -> int:
    """The status code; a text of digits counts as API Gateway counts it."""
    given = value.get("statusCode")
    if given is None:
        raise Malformed("statusCode is missing")
    number = int(given) if isinstance(given, str) and given.isdigit() else given
    if isinstance(number, float) and number.is_integer():
        number = int(number)
    if isinstance(number, bool) or not isinstance(number, int) or not _FIRST <= number <= _LAST:
        raise Malformed(f"statusCode is no HTTP status but {_told(given)}")
    return number


def headers_and_cookies(value: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Those of the metadata before a streamed body."""
    found = [*_headers(value.get("headers")), *_lists(value.get("multiValueHeaders"))]
    return found + [("set-cookie", _clean("set-cookie", str(each))) for each in value.get("cookies") or ()]


def with_media(headers: list[tuple[str, str]], media: str) -> list[tuple[str, str]]:
    """The headers, with a content type if they have none."""
    for name, _ in headers:
        if name == "content-type":
            return headers
    return [*headers, ("content-type", media)]


def _loaded(payload: bytes) -> Any:
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):
        raise Malformed("it is no JSON") from None


def _headers(given: Any) -> Iterator[tuple[str, str]]:
    if given is None:
        return
    if not isinstance(given, dict):
        raise Malformed(f"headers is no object but {_told(given)}")
    for name, value in given.items():
        lower = name.lower()
        if value is not None and lower not in _OWN:
            yield lower, _clean(lower, value)


def _lists(given: Any) -> Iterator[tuple[str, str]]:
    if given is None:
        return
    if not isinstance(given, dict):
        raise Malformed(f"multiValueHeaders is no object but {_told(given)}")
    for name, values in given.items():
        if not isinstance(values, list):
            raise Malformed(f"multiValueHeaders.{name} is no list but {_told(values)}")
        lower = name.lower()
        for value in values:
            if value is not None and lower not in _OWN:
                yield lower, _clean(lower, value)


def _clean(name: str, value: Any) -> str:
    if isinstance(value, str):
        text = value
    elif isinstance(value, (int, float)):
        text = json.dumps(value)
    else:
        raise Malformed(f"the header {name} is no text but {_told(value)}")
    if not _is_name(name) or not (text.isprintable() or _BROKEN.search(text) is None):
        raise Malformed(f"{name!r} is no name of a header, or its value has more than one line")
    return text


@lru_cache(maxsize=512)
def _is_name(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


def _body(value: Mapping[str, Any], *, decode: bool) -> bytes:
    body = value.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise Malformed(f"body is no text but {_told(body)}")
    if not (decode and value.get("isBase64Encoded")):
        return body.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        raise Malformed("body is no base64, though isBase64Encoded says so") from None


def _told(value: Any) -> str:
    """What a value is, in words."""
    if value is None:
        return "null"
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", int: "a number"}
    return names.get(type(value), "a number")
