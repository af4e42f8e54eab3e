"""Filters of event source mappings: which records of a queue, a stream or a topic reach the function.

Source: "Control which events Lambda sends to your function" in the Lambda developer guide, and the filtering page of
each event source: data that is JSON is matched by an object of the pattern, plain text by a list; where a record and
a filter differ in that, the filter does not let the record pass. JSON here is an object or a list: a message such as
12 is text, as the pattern that could match it is none but text.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any

from lambdacli.patterns.examples import parsed
from lambdacli.patterns.matching import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_ENCODED = ("data", "value", "key")  # in base64 where the service hands them over


class Filters:
    """The filters of one mapping, read once.

    Args:
        filters: patterns, as objects or JSON text; none let every record pass.
        data_key: what the source calls its data: body (SQS), data (Kinesis, Amazon MQ), dynamodb, value (Kafka).
    """

    def __init__(self, filters: Iterable[Any], data_key: str) -> None:
        self._key = data_key
        self._filters = [(each, Pattern(each)) for each in map(parsed, filters)]

    def passes(self, record: Mapping[str, Any]) -> tuple[bool, str]:
        """Whether a record, as it stands in the function's event, passes one of the filters; why not."""
        if not self._filters:
            return True, ""
        seen = _seen(record)
        reasons = [self._reason(pattern, read, seen) for pattern, read in self._filters]
        if "" in reasons:
            return True, ""
        if len(reasons) == 1:
            return False, reasons[0]
        return False, "; ".join(f"filter {number}: {reason}" for number, reason in enumerate(reasons, 1))

    def _reason(self, pattern: Mapping[str, Any], read: Pattern, seen: Mapping[str, Any]) -> str:
        key = self._key
        if key in pattern and isinstance(pattern[key], dict) is not isinstance(seen.get(key), (dict, list)):
            if isinstance(pattern[key], dict):
                return f"{key} is no JSON object, and the filter looks into one"
            return f"{key} is JSON, and the filter looks at plain text"
        return read.why(seen)


def passes(filters: Iterable[Any], record: Mapping[str, Any], data_key: str) -> tuple[bool, str]:
    """Whether a record passes one of the filters, and why not; `Filters` is for asking again and again."""
    return Filters(filters, data_key).passes(record)


def _seen(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record as filters see it: its data decoded, the metadata of Kinesis beside it."""
    seen = {**record, **record["kinesis"]} if "kinesis" in record else dict(record)
    for key in _ENCODED:
        if isinstance(seen.get(key), str):
            seen[key] = _read(_decoded(seen[key]))
    if isinstance(seen.get("body"), str):
        seen["body"] = _read(seen["body"])
    return seen


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return text


def _read(text: str) -> Any:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return found if isinstance(found, (dict, list)) else text
