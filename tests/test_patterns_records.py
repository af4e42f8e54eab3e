"""Filters of event source mappings: data as text or JSON, in base64 or not, and metadata."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from lambdacli.patterns.records import Filters, passes


def encoded(text: str | bytes) -> str:
    return base64.b64encode(text if isinstance(text, bytes) else text.encode()).decode()


def sqs(body: str) -> dict[str, Any]:
    return {"messageId": "1", "body": body, "attributes": {}, "eventSource": "aws:sqs"}


def kinesis(data: str | bytes) -> dict[str, Any]:
    return {"kinesis": {"partitionKey": "1", "data": encoded(data)}, "eventID": "shardId-0:1"}


JSON, TEXT, NO_DATA = {"body": {"code": ["B"]}}, {"body": [{"prefix": "B"}]}, {"messageId": ["1"]}


# the table "Properly filtering Amazon SQS messages" of the developer guide
@pytest.mark.parametrize(
    ("body", "pattern", "passing"),
    [
        ("BBB", TEXT, True),
        ("AAA", TEXT, False),
        ("BBB", NO_DATA, True),
        ("BBB", JSON, False),
        ('{"code": "B"}', TEXT, False),
        ('["B"]', TEXT, False),
        ('{"code": "B"}', NO_DATA, True),
        ('{"code": "B"}', JSON, True),
        ('{"code": "A"}', JSON, False),
        ("12", {"body": ["12"]}, True),
        ('[{"code": "B"}]', JSON, True),
    ],
)
def test_a_queues_messages(body: str, pattern: Any, passing: bool) -> None:  # noqa: FBT001 - the expected answer
    assert passes([pattern], sqs(body), "body")[0] is passing
    assert passes([json.dumps(pattern)], sqs(body), "body")[0] is passing


@pytest.mark.parametrize(
    ("data", "pattern", "passing"),
    [
        ('{"code": "B"}', {"data": {"code": ["B"]}}, True),
        ('{"code": "A"}', {"data": {"code": ["B"]}}, False),
        ("no JSON", {"data": {"code": [{"exists": False}]}}, False),
        (b"\xff\xfe", {"data": {"code": [{"exists": False}]}}, False),
        ("no JSON", {"partitionKey": ["1"]}, True),
        ("no JSON", {"eventID": [{"prefix": "shardId-0"}]}, True),
        ('{"code": "B"}', {"partitionKey": ["2"], "data": {"code": ["B"]}}, False),
    ],
)
def test_a_streams_records(data: str | bytes, pattern: Any, passing: bool) -> None:  # noqa: FBT001 - as above
    assert passes([pattern], kinesis(data), "data")[0] is passing


def test_a_tables_changes_as_they_are() -> None:
    record = {"eventName": "INSERT", "dynamodb": {"NewImage": {"n": {"N": "5"}, "s": {"S": "x"}}}}
    assert passes([{"eventName": ["INSERT"], "dynamodb": {"NewImage": {"s": {"S": ["x"]}}}}], record, "dynamodb")[0]
    assert passes([{"dynamodb": {"NewImage": {"n": {"N": [5]}}}}], record, "dynamodb") == (
        False,
        'dynamodb.NewImage.n.N is "5", wanted [5]',
    )


def test_a_topics_records() -> None:
    record = {"topic": "t", "key": encoded("k"), "value": encoded('{"device": "AB1"}')}
    assert passes([{"value": {"device": [{"prefix": "AB"}]}}], record, "value")[0]
    assert passes([{"key": ["k"]}], record, "value")[0]
    assert not passes([{"value": ["AB1"]}], record, "value")[0]


def test_one_of_several_filters_is_enough() -> None:
    filters = Filters([{"body": {"kind": ["a"]}}, {"body": {"kind": ["b"]}}], "body")
    assert filters.passes(sqs('{"kind": "b"}')) == (True, "")
    assert filters.passes(sqs('{"kind": "c"}')) == (
        False,
        'filter 1: body.kind is "c", wanted ["a"]; filter 2: body.kind is "c", wanted ["b"]',
    )
    text = "body is no JSON object, and the filter looks into one"
    assert filters.passes(sqs("text")) == (False, f"filter 1: {text}; filter 2: {text}")


def test_without_filters_everything_passes() -> None:
    assert passes([], sqs("x"), "body") == (True, "")
