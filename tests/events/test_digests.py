"""Digests and frames against values that others computed."""

from __future__ import annotations

import base64
import hashlib
import itertools
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdacli.events.filters import find
from lambdacli.events.filters.basic import hasher
from lambdacli.events.filters.data import dynamodb, dynamodb_size, kpl
from lambdacli.events.filters.messages import sqs_attributes, sqs_attributes_md5
from lambdacli.events.identity import number, uuid

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.mark.parametrize(
    ("value", "digest"),
    [("1493147359900", "235c5c510d26fb653d073faed50ae77c"), ("1493147359901", "994258b45346a2cc3f9cbb611aa7af30")],
)
def test_message_attributes_digest_as_sqs_answered(value: str, digest: str) -> None:
    """Recorded from SQS: a Number attribute called timestamp."""
    assert sqs_attributes_md5({"timestamp": {"DataType": "Number", "StringValue": value}}) == digest
    assert sqs_attributes_md5({"timestamp": {"dataType": "Number", "stringValue": value}}) == digest
    assert sqs_attributes_md5({"timestamp": int(value)}) == digest


def by_hand(attributes: dict[str, tuple[str, bytes]]) -> str:
    """AWS's description, word by word, on the standard library."""
    data = b""
    for name in sorted(attributes):
        kind, value = attributes[name]
        data += struct.pack(">I", len(name.encode())) + name.encode()
        data += struct.pack(">I", len(kind)) + kind.encode()
        data += b"\2" if kind.startswith("Binary") else b"\1"
        data += struct.pack(">I", len(value)) + value
    return hashlib.md5(data).hexdigest()  # noqa: S324 - what SQS uses


@given(attributes=st.dictionaries(TEXT, TEXT | st.binary(), min_size=1))
def test_message_attributes_digest_as_described(attributes: dict[str, str | bytes]) -> None:
    given_ = {
        name: value
        if isinstance(value, str)
        else {"DataType": "Binary", "BinaryValue": base64.b64encode(value).decode()}
        for name, value in attributes.items()
    }
    expected = {
        name: ("String", value.encode()) if isinstance(value, str) else ("Binary", value)
        for name, value in attributes.items()
    }
    assert sqs_attributes_md5(given_) == by_hand(expected)


def test_no_attributes_no_digest() -> None:
    assert sqs_attributes_md5({}) is None
    assert sqs_attributes(None) == {}


@pytest.mark.parametrize("value", [{"a": None}, {"a": {}}, {"a": {"DataType": "Wrong", "StringValue": ""}}, [1]])
def test_attributes_that_are_none(value: Any) -> None:
    with pytest.raises(ValueError, match="message attribute"):
        sqs_attributes(value)


@given(data=st.binary())
def test_hashes_are_those_of_hashlib(data: bytes) -> None:
    for name in ("md5", "sha1", "sha256"):
        assert hasher(name)(data).hexdigest() == hashlib.new(name, data).hexdigest()


def test_kpl_frame_is_magic_protobuf_and_digest() -> None:
    """By hand: key table (field 1), then two records (field 3) of key index (1) and data (3)."""
    message = b"\x0a\x02pk" + b"\x1a\x07\x08\x00\x1a\x03one" + b"\x1a\x85\x02\x08\x00\x1a\x80\x02" + b"x" * 256
    expected = bytes.fromhex("f3899ac2") + message + hashlib.md5(message).digest()  # noqa: S324 - what KPL uses
    assert kpl(["one", "x" * 256], "pk") == expected
    assert find("base64")(kpl("one", "pk")).startswith("84mawg")


def test_dynamodb_values_and_sizes() -> None:
    item = {"S": "ab", "N": 12.5, "typed": {"N": "3"}, "map": {"x": [1, "y", None]}}
    assert dynamodb(item) == {
        "S": {"S": "ab"},
        "N": {"N": "12.5"},
        "typed": {"N": "3"},
        "map": {"M": {"x": {"L": [{"N": "1"}, {"S": "y"}, {"NULL": True}]}}},
    }
    assert dynamodb_size({"Id": 101}, {"Id": 101, "Message": "New item!"}, None) == 26, "as AWS's own sample has it"
    assert dynamodb_size({"b": {"B": "AAAA"}, "ss": {"SS": ["a", "bc"]}, "t": True}) == 1 + 3 + 2 + 3 + 1 + 1


def test_ids_of_neighbours_lie_far_apart() -> None:
    found = [number(0, 1, record) for record in range(1000)]
    assert len(set(found)) == 1000
    differing = [f"{one ^ other:b}".count("1") for one, other in itertools.pairwise(found)]
    assert 60 < sum(differing) / len(differing) < 68, "half of 128 bits"
    assert uuid((1 << 128) - 1) == "ffffffff-ffff-4fff-afff-ffffffffffff"
