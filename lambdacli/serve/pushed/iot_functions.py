"""Functions of IoT's SQL, over the values of JSON. Source: "Functions" in the AWS IoT SQL reference."""

from __future__ import annotations

import base64
import hashlib
import math
import re
import uuid
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


class _Undefined:
    """What a path leads to where there is nothing; its own type, so that nothing of JSON equals it."""

    def __repr__(self) -> str:
        return "Undefined"


UNDEFINED = _Undefined()


class Message(NamedTuple):
    """A message that has been published."""

    topic: str
    payload: bytes
    content: Any  # the payload's JSON; UNDEFINED where it is none
    client: str = "n/a"
    time: int = 0  # milliseconds since 1970
    account: str = ""


def decimal(value: Any) -> Any:
    """A number, or the number in a text; UNDEFINED where there is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return UNDEFINED
    if isinstance(value, str):
        try:
            return int(value) if re.fullmatch(r"\s*[+-]?\d+\s*", value) else float(value)
        except ValueError:
            return UNDEFINED
    return value


def _of_texts(function: Callable[..., Any]) -> Callable[..., Any]:
    """Undefined unless all are texts, or numbers, which are written out."""

    def called(_message: Message, *values: Any) -> Any:
        if not all(isinstance(each, (str, int, float)) for each in values):
            return UNDEFINED
        try:
            return function(*[each if isinstance(each, str) else str(each) for each in values])
        except (ValueError, IndexError, TypeError, re.error):
            return UNDEFINED

    return called


def _of_numbers(function: Callable[..., Any]) -> Callable[..., Any]:
    """Undefined unless all are numbers."""

    def called(_message: Message, *values: Any) -> Any:
        numbers = [decimal(each) for each in values]
        try:
            return UNDEFINED if UNDEFINED in numbers else function(*numbers)
        except (ValueError, ArithmeticError, TypeError):
            return UNDEFINED

    return called


def _topic(message: Message, number: Any = None) -> Any:
    if number is None:
        return message.topic
    parts = message.topic.split("/")
    return parts[number - 1] if isinstance(number, int) and 0 < number <= len(parts) else UNDEFINED


def _encode(message: Message, value: Any, scheme: Any) -> Any:
    if scheme != "base64":
        return UNDEFINED
    given = message.payload if value is message.content else str(value).encode()
    return base64.b64encode(given).decode()


def _decode(_message: Message, value: Any, scheme: Any) -> Any:
    if scheme != "base64" or not isinstance(value, str):
        return UNDEFINED
    try:
        return base64.b64decode(value, validate=True).decode()
    except ValueError:
        return UNDEFINED


def _get(_message: Message, value: Any, key: Any) -> Any:
    if isinstance(value, dict):
        return value.get(key, UNDEFINED)
    if isinstance(value, (list, str)) and isinstance(key, int) and 0 <= key < len(value):
        return value[key]
    return UNDEFINED


def _substring(text: str, begin: str, end: str = "") -> str:
    return text[max(0, int(begin)) : int(end) if end else len(text)]


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "topic": _topic,
    "timestamp": lambda message: message.time,
    "clientid": lambda message: message.client,
    "accountid": lambda message: message.account,
    "newuuid": lambda _: str(uuid.uuid4()),
    "encode": _encode,
    "decode": _decode,
    "get": _get,
    "isnull": lambda _, value: value is None,
    "isundefined": lambda _, value: value is UNDEFINED,
    "upper": _of_texts(str.upper),
    "lower": _of_texts(str.lower),
    "trim": _of_texts(str.strip),
    "ltrim": _of_texts(str.lstrip),
    "rtrim": _of_texts(str.rstrip),
    "length": _of_texts(len),
    "concat": _of_texts(lambda *texts: "".join(texts)),
    "startswith": _of_texts(str.startswith),
    "endswith": _of_texts(str.endswith),
    "indexof": _of_texts(str.find),
    "replace": _of_texts(str.replace),
    "substring": _of_texts(_substring),
    "regexp_matches": _of_texts(lambda text, pattern: re.search(pattern, text) is not None),
    "md5": _of_texts(lambda text: hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()),
    "sha1": _of_texts(lambda text: hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()),
    "sha256": _of_texts(lambda text: hashlib.sha256(text.encode()).hexdigest()),
    "abs": _of_numbers(abs),
    "ceil": _of_numbers(math.ceil),
    "floor": _of_numbers(math.floor),
    "round": _of_numbers(lambda number: math.floor(number + 0.5)),
    "sqrt": _of_numbers(math.sqrt),
    "power": _of_numbers(pow),
    "mod": _of_numbers(lambda one, other: one % other),
    "sign": _of_numbers(lambda number: (number > 0) - (number < 0)),
}
