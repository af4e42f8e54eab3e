"""The forms of what filters make, as types: filters are annotated with them, JSON Schemas are derived from them.

Nothing of this is imported to make an event.
"""

from __future__ import annotations

from typing import Annotated, Any


class Form:
    """What JSON Schema says of a value beside its type."""

    def __init__(self, **keywords: Any) -> None:
        self.keywords = keywords


Iso = Annotated[
    str,
    Form(
        title="a time as 2026-01-02T03:04:05Z",
        pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d([.,]\d+)?)?(Z|[+-]\d\d:?\d\d)$",
    ),
]
Clf = Annotated[
    str,
    Form(title="a time as 02/Jan/2026:03:04:05 +0000", pattern=r"^\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}$"),
]
Uuid = Annotated[
    str, Form(title="a UUID", pattern=r"^[0-9A-Za-z]{8}-[0-9A-Za-z]{4}-[0-9A-Za-z]{4}-[0-9A-Za-z]{4}-[0-9A-Za-z]{12}$")
]
Digits = Annotated[str, Form(title="digits", pattern=r"^-?[0-9]+$")]
Hex = Annotated[str, Form(title="hexadecimal digits", pattern=r"^[0-9A-Fa-f]*$")]
Md5 = Annotated[str, Form(title="an MD5 digest in hexadecimal digits", pattern=r"^[0-9a-f]{32}$")]
Sha1 = Annotated[str, Form(title="a SHA-1 digest in hexadecimal digits", pattern=r"^[0-9a-f]{40}$")]
Sha256 = Annotated[str, Form(title="a SHA-256 digest in hexadecimal digits", pattern=r"^[0-9a-f]{64}$")]
UrlKey = Annotated[str, Form(title="a URL-encoded key (a space is +)", pattern=r"^[!-~]*$")]
Base64 = Annotated[str, Form(contentEncoding="base64")]

Bytes = Annotated[list[int], Form(items={"type": "integer", "minimum": -128, "maximum": 255})]

_STRING = {"type": "string"}
_STRINGS = {"type": "array", "items": _STRING}
SqsAttribute = Annotated[
    dict[str, Any],
    Form(
        properties={
            "stringValue": _STRING,
            "binaryValue": _STRING,
            "stringListValues": _STRINGS,
            "binaryListValues": _STRINGS,
            "dataType": _STRING,
        },
        required=["dataType"],
        additionalProperties=False,
    ),
]
SnsAttribute = Annotated[
    dict[str, Any],
    Form(properties={"Type": _STRING, "Value": _STRING}, required=["Type", "Value"], additionalProperties=False),
]
AttributeValue = Annotated[
    dict[str, Any],
    Form(
        properties={
            "S": _STRING,
            "N": {"type": "string", "title": "a number", "pattern": r"^-?[0-9.]+([eE][+-]?[0-9]+)?$"},
            "B": _STRING,
            "BOOL": {"type": "boolean"},
            "NULL": {"type": "boolean"},
            "SS": _STRINGS,
            "NS": _STRINGS,
            "BS": _STRINGS,
            "L": {"type": "array", "items": {"type": "object"}},
            "M": {"type": "object", "additionalProperties": {"type": "object"}},
        },
        minProperties=1,
        additionalProperties=False,
    ),
]
SyncRecord = Annotated[
    dict[str, Any],
    Form(
        properties={"oldValue": _STRING, "newValue": _STRING, "op": {"type": "string", "enum": ["replace", "remove"]}},
        required=["op"],
        additionalProperties=False,
    ),
]
TypedParameter = Annotated[
    dict[str, Any],
    Form(
        properties={"name": _STRING, "type": _STRING, "value": _STRING},
        required=["name", "type", "value"],
        additionalProperties=False,
    ),
]
