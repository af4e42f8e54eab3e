"""Filters of SQS and SNS: message attributes in the shapes of each, and the digest that SQS makes of them."""

from __future__ import annotations

import json
from binascii import a2b_base64
from typing import TYPE_CHECKING, Any

from lambdacli.events.filters.basic import as_object, hasher

if TYPE_CHECKING:
    from lambdacli.events.forms import Md5, SnsAttribute, SqsAttribute

_KINDS = ("String", "Number", "Binary")


def _attributes(value: Any) -> dict[str, tuple[str, str]]:
    """Name → data type and value as text, from plain JSON or from any spelling of SQS's and SNS's own shapes."""
    if value in (None, ""):
        return {}
    return {name: _attribute(name, each) for name, each in as_object(value, "message attributes").items()}


def _attribute(name: str, value: Any) -> tuple[str, str]:
    if isinstance(value, bool):
        return "String", "true" if value else "false"
    if isinstance(value, (int, float)):
        return "Number", str(value)
    if isinstance(value, str):
        return "String", value
    if isinstance(value, list):
        return "String.Array", json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    keys = {key.lower(): each for key, each in value.items()} if isinstance(value, dict) else {}
    kind = keys.get("datatype", keys.get("type"))
    text = keys.get("stringvalue", keys.get("binaryvalue", keys.get("value")))
    if not isinstance(kind, str) or kind.partition(".")[0] not in _KINDS or text is None:
        raise ValueError(f"message attribute {name}: expected text, a number or {{DataType, StringValue}}")
    return kind, text if isinstance(text, str) else json.dumps(text)


def sqs_attributes(value: Any) -> dict[str, SqsAttribute]:
    """As a Lambda function gets them from SQS."""
    return {name: _for_sqs(kind, text) for name, (kind, text) in _attributes(value).items()}


def _for_sqs(kind: str, text: str) -> dict[str, Any]:
    key = "binaryValue" if kind.startswith("Binary") else "stringValue"
    return {key: text, "stringListValues": [], "binaryListValues": [], "dataType": kind}


def sqs_attributes_md5(value: Any) -> Md5 | None:
    """MD5OfMessageAttributes; null without attributes.

    Name, data type and value of each attribute, sorted by name, each preceded by its length in four bytes; before the
    value one byte tells text (1) from bytes (2). (SQS developer guide: "Calculating the MD5 message digest for
    message attributes".)
    """
    attributes = _attributes(value)
    if not attributes:
        return None
    digest = hasher("md5")(b"")
    for name, (kind, text) in sorted(attributes.items()):
        binary = kind.startswith("Binary")
        content = a2b_base64(text) if binary else text.encode()
        digest.update(_measured(name.encode()) + _measured(kind.encode()))
        digest.update((b"\x02" if binary else b"\x01") + _measured(content))
    return str(digest.hexdigest())


def _measured(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


def sns_attributes(value: Any) -> dict[str, SnsAttribute]:
    """As a Lambda function gets them from SNS."""
    return {name: {"Type": kind, "Value": text} for name, (kind, text) in _attributes(value).items()}


FILTERS = {
    "sqs_attributes": sqs_attributes,
    "sqs_attributes_md5": sqs_attributes_md5,
    "sns_attributes": sns_attributes,
}
