"""What functions answer to batches, as "Success and failure conditions" in the developer guide has it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lambdacli.serve.polled.answers import verdict
from lambdacli.serve.polled.checkpoint import Checkpoint
from lambdacli.serve.polled.packing import event, parts, written
from lambdacli.serve.polled.stream_api import Record
from lambdacli.serve.polled.windows import Window, window

KNOWN = {"a", "b", "c"}


@pytest.mark.parametrize(
    "answer", ["", " ", "null", "{}", '{"batchItemFailures": []}', '{"batchItemFailures": null}', '{"statusCode": 200}']
)
def test_all_is_done(answer: str) -> None:
    assert verdict(answer.encode(), KNOWN) == (frozenset(), "")


def test_some_have_failed() -> None:
    answer = {
        "batchItemFailures": [{"itemIdentifier": "a"}, {"itemIdentifier": "c", "more": 1}, {"itemIdentifier": "a"}]
    }
    assert verdict(json.dumps(answer).encode(), KNOWN) == ({"a", "c"}, "")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("{", "no JSON"),
        ('"ok"', "no object"),
        ("[]", "no object"),
        ("3", "no object"),
        ({"batchItemFailures": {"itemIdentifier": "a"}}, "no list"),
        ({"batchItemFailures": ["a"]}, "no itemIdentifier"),
        ({"batchItemFailures": [{"itemidentifier": "a"}]}, "no itemIdentifier"),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, "is empty"),
        ({"batchItemFailures": [{"itemIdentifier": None}]}, "is empty"),
        ({"batchItemFailures": [{"itemIdentifier": "a"}, {"itemIdentifier": "z"}]}, "'z', which is not in the batch"),
        ({"batchItemFailures": [{"itemIdentifier": ["a"]}]}, "not in the batch"),
    ],
)
def test_the_whole_batch_has_failed(answer: Any, reason: str) -> None:
    text = answer if isinstance(answer, str) else json.dumps(answer)
    found = verdict(text.encode(), KNOWN)
    assert reason in found.whole
    assert not found.failed


def test_a_shard_is_done_up_to_the_first_record_that_is_not() -> None:
    checkpoint = Checkpoint()
    for sequence in "1234":
        checkpoint.read(sequence, wanted=sequence != "2")
    checkpoint.done("34")
    assert checkpoint.sequence == ""
    assert checkpoint.left("1234") == ("1",)
    checkpoint.done("1")
    assert checkpoint.sequence == "4"
    checkpoint.read("5", wanted=False)
    assert checkpoint.sequence == "5"


def test_what_cannot_be_utf_8_and_what_is_bytes_is_written_all_the_same() -> None:
    assert json.loads(written({"half": "\ud800", "raw": b"\xff"})) == {"half": "\ud800", "raw": "/w=="}
    assert written({"ü": 1}) == '{"ü":1}'.encode()
    assert json.loads(event([b"1", b"2"], {"more": True})) == {"Records": [1, 2], "more": True}


def test_records_are_parted_where_an_event_is_full() -> None:
    from datetime import datetime, timezone

    def record(size: int) -> Record:
        return Record(str(size), 0, datetime.now(timezone.utc), b"x" * size)

    sizes = [3_000_000, 3_000_000, 3_000_000, 7_000_000, 10]
    groups = [[len(each.text) for each in part] for part in parts([record(size) for size in sizes])]
    assert groups == [[3_000_000] * 2, [3_000_000], [7_000_000], [10]]
    assert [len(part) for part in parts([record(3_000_000)] * 2, extra=500_000)] == [1, 1]


def test_windows_begin_where_the_clock_divides() -> None:
    assert window(125.7, 60) == Window(120, 180)
    assert window(120, 60) == Window(120, 180)
