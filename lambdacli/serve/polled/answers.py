"""What a function answers to a batch: all done, some failed, or nothing that makes sense. Pure.

Source: "Success and failure conditions" of ReportBatchItemFailures for Amazon SQS, Kinesis and DynamoDB Streams in the
AWS Lambda developer guide.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Container

_ABSENT = object()


class Verdict(NamedTuple):
    """Which of a batch's records have failed."""

    failed: frozenset[str] = frozenset()  # itemIdentifiers
    whole: str = ""  # why the whole batch has failed; "": it has not


def verdict(payload: bytes, known: Container[str]) -> Verdict:
    """What an answer says where ReportBatchItemFailures is on.

    Args:
        payload: of the response.
        known: ids of the records in the batch.
    """
    if not payload.strip():
        return Verdict()
    try:
        answer = json.loads(payload)
    except (ValueError, RecursionError):
        return Verdict(whole="its answer is no JSON")
    return _reported(answer, known)


def _reported(answer: Any, known: Container[str]) -> Verdict:
    if answer is None:
        return Verdict()
    if not isinstance(answer, dict):
        return Verdict(whole="its answer is no object with batchItemFailures")
    failures = answer.get("batchItemFailures")
    if failures is None:
        return Verdict()
    if not isinstance(failures, list):
        return Verdict(whole="batchItemFailures is no list")
    failed: set[str] = set()
    for each in failures:
        identifier = each.get("itemIdentifier", _ABSENT) if isinstance(each, dict) else _ABSENT
        if reason := _wrong(identifier, known):
            return Verdict(whole=reason)
        failed.add(str(identifier))
    return Verdict(frozenset(failed))


def _wrong(identifier: Any, known: Container[str]) -> str:
    if identifier is _ABSENT:
        return "an item of batchItemFailures has no itemIdentifier"
    if identifier is None or identifier == "":
        return "an itemIdentifier of batchItemFailures is empty"
    if not isinstance(identifier, str) or identifier not in known:
        return f"batchItemFailures names {str(identifier)[:80]!r}, which is not in the batch"
    return ""
