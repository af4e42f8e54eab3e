"""Filters of streams and queues that carry typed or framed data: DynamoDB, the Kinesis Producer Library, Kafka, MQ."""

from __future__ import annotations

from binascii import a2b_base64
from typing import TYPE_CHECKING, Any

from lambdacli.events.filters.basic import as_object, as_text, hasher, in_bytes

if TYPE_CHECKING:
    from lambdacli.events.forms import AttributeValue, Bytes, SyncRecord, TypedParameter

_FORMS: dict[str, Any] = {
    **dict.fromkeys(("S", "B"), str),
    "N": (str, int, float),
    **dict.fromkeys(("SS", "NS", "BS", "L"), list),
    "M": dict,
    **dict.fromkeys(("BOOL", "NULL"), bool),
}
_KPL_MAGIC = bytes.fromhex("f3899ac2")


def dynamodb(value: Any, keys: Any = None) -> dict[str, AttributeValue]:
    """An item in DynamoDB's JSON: plain values are given their types, typed ones stay; keys it lacks are added."""
    item = (keys or {}) | as_object(value)
    return {name: each if _typed(each) else _attribute(each) for name, each in item.items()}


def _typed(value: Any) -> bool:
    """Whether a value has DynamoDB's JSON already: a type, and what such a value looks like."""
    if not isinstance(value, dict) or len(value) != 1:
        return False
    ((kind, inner),) = value.items()
    if kind not in _FORMS or not isinstance(inner, _FORMS[kind]):
        return False
    if kind in {"M", "L"}:
        return all(map(_typed, inner.values() if kind == "M" else inner))
    return all(map(_is_base64, [inner] if kind == "B" else inner)) if kind in {"B", "BS"} else True


def _is_base64(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(a2b_base64(value) or not value)
    except ValueError:
        return False


def _attribute(value: Any) -> dict[str, Any]:
    if value is None:
        return {"NULL": True}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, (int, float)):
        return {"N": str(value)}
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, list):
        return {"L": [_attribute(each) for each in value]}
    return {"M": dynamodb(value)}


def dynamodb_size(value: Any, *more: Any) -> int:
    """About as many bytes as DynamoDB counts for these items (developer guide: "Item sizes and formats")."""
    return sum(
        len(name.encode()) + _size(each) for item in (value, *more) if item for name, each in dynamodb(item).items()
    )


def _size(attribute: dict[str, Any]) -> int:
    kind, value = next(iter(attribute.items()))
    if kind == "N":
        return (len(str(value).strip("-0.")) + 1) // 2 + 1
    if kind == "B":
        return len(a2b_base64(value))
    if kind == "M":
        return 3 + sum(len(name.encode()) + _size(each) + 1 for name, each in value.items())
    if kind == "L":
        return 3 + sum(_size(each) + 1 for each in value)
    if kind in {"SS", "NS", "BS"}:
        return sum(_size({kind[0]: each}) for each in value)
    return 1 if kind in {"BOOL", "NULL"} else len(as_text(value).encode())


def gzipped(value: Any) -> bytes:
    """Compressed as gzip does: the same bytes for the same data, whatever the clock and the platform."""
    import zlib

    data = in_bytes(value)
    squeezer = zlib.compressobj(6, zlib.DEFLATED, -15)
    body = squeezer.compress(data) + squeezer.flush()
    end = zlib.crc32(data).to_bytes(4, "little") + (len(data) & 0xFFFFFFFF).to_bytes(4, "little")
    return b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff" + body + end


def kpl(value: Any, partition_key: Any) -> bytes:
    """Records aggregated by the Kinesis Producer Library: magic, protobuf, MD5 of the protobuf.

    (Kinesis producer library, "KPL Aggregated Record Format": key table 1, records 3; in a record key index 1, data 3.)
    Lists within the list of records are records too.
    """
    parts = value if isinstance(value, list) else [value]
    records = [each for part in parts for each in (part if isinstance(part, list) else [part])]
    message = _field(1, as_text(partition_key).encode())
    message += b"".join(_field(3, b"\x08\x00" + _field(3, in_bytes(each))) for each in records)
    return bytes(_KPL_MAGIC + message + hasher("md5")(message).digest())


def _field(number: int, data: bytes) -> bytes:
    """A length-delimited protobuf field."""
    length = len(data)
    prefix = bytearray([number << 3 | 2])
    while length > 0x7F:  # noqa: PLR2004 - seven bits a byte
        prefix.append(length & 0x7F | 0x80)
        length >>= 7
    prefix.append(length)
    return bytes(prefix) + data


def kafka_headers(value: Any) -> list[dict[str, Bytes]]:
    """Headers as Lambda hands them over: one object each, the value as a list of Java's bytes, which have a sign."""
    return [
        {name: [byte - (byte >> 7 << 8) for byte in in_bytes(each)]} for name, each in as_object(value or {}).items()
    ]


def rabbit_headers(value: Any) -> dict[str, Any]:
    """Headers of RabbitMQ: text becomes {"bytes": […]}, numbers stay."""
    return {
        name: {"bytes": list(each.encode())} if isinstance(each, str) else each
        for name, each in as_object(value).items()
    }


def sync_records(value: Any) -> dict[str, SyncRecord]:
    """Records of a Cognito Sync dataset: plain values are new ones, null is a record that goes; whole ones stay."""
    return {name: each if isinstance(each, dict) else _sync_record(each) for name, each in as_object(value).items()}


def _sync_record(value: Any) -> dict[str, str]:
    if value is None:
        return {"oldValue": "", "newValue": "", "op": "remove"}
    return {"oldValue": "", "newValue": as_text(value), "op": "replace"}


def typed_parameters(value: Any) -> list[TypedParameter]:
    """Parameters as Bedrock's agents send them: name, type of the OpenAPI schema, and the value as text."""
    return [
        {"name": name, "type": _schema_type(each), "value": as_text(each)} for name, each in as_object(value).items()
    ]


def _schema_type(value: Any) -> str:
    names = {bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}
    return names.get(type(value), "string")


FILTERS = {
    "dynamodb": dynamodb,
    "dynamodb_size": dynamodb_size,
    "gzip": gzipped,
    "kpl": kpl,
    "kafka_headers": kafka_headers,
    "rabbit_headers": rabbit_headers,
    "sync_records": sync_records,
    "typed_parameters": typed_parameters,
}
