"""What is sent to destinations and dead-letter queues, as Lambda documents it. Pure.

Source: "Capturing records of Lambda asynchronous invocations" and "Capturing discarded batches" (Kinesis, DynamoDB
Streams, Kafka) in the AWS Lambda developer guide.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from lambdacli.local.invocation import new_id

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from lambdacli.local.invocation import Outcome

_LATEST = "$LATEST"
_COLONS_WITH_QUALIFIER = 7  # arn:aws:lambda:region:account:function:name:qualifier
_MOST_ERROR = 1024  # bytes of an error message in a dead letter
_DONE, _THROTTLED = "200", "429"  # HTTP status codes of the Invoke API

_NOT_IN_MESSAGES = re.compile(
    "[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)  # SendMessage, SQS's API reference

Condition = Literal["Success", "RetriesExhausted", "EventAgeExceeded"]
Attribute = tuple[Literal["String", "Number"], str]


class Message(NamedTuple):
    """What goes to a destination, whichever it is."""

    body: str
    function: str  # whose invocation it tells of
    function_arn: str
    request_id: str = ""  # of the invocation
    result: Literal["Success", "Failure"] = "Failure"
    key: str = ""  # of the object in a bucket
    whole: str = ""  # what a bucket gets instead of the body; "": the body
    attributes: Mapping[str, Attribute] = {}


class Tried(NamedTuple):
    """How it came to the record."""

    function: str
    function_arn: str  # as it was invoked
    request_id: str
    tries: int  # invocations, retries included
    outcome: Outcome | None  # the last one's; None: it was never invoked
    now: datetime


def invoked(tried: Tried, event: bytes, condition: Condition) -> Message:
    """The record of an asynchronous invocation that is over."""
    arn = qualified(tried.function_arn)
    document = {
        "version": "1.0",
        "timestamp": timestamp(tried.now),
        "requestContext": _context(tried, arn, condition),
        "requestPayload": parsed(event),
        **_response(tried.outcome),
    }
    if tried.outcome is not None:
        document["responsePayload"] = parsed(tried.outcome.payload)
    key = f"aws/lambda/async/{tried.function}/{_dated(tried.now)}"
    result: Literal["Success", "Failure"] = "Success" if condition == "Success" else "Failure"
    return Message(text(document), tried.function, arn, tried.request_id, result, key)


def discarded(
    tried: Tried, event: bytes, condition: str, information: Mapping[str, Any], mapping: str, part: str
) -> Message:
    """The record of a batch that an event source mapping gives up.

    Args:
        tried: how often, and what came of it.
        event: the whole event, which only a bucket gets.
        condition: as RetryAttemptsExhausted, RecordAgeExceeded.
        information: under the name of its kind: KinesisBatchInfo, DDBStreamBatchInfo, KafkaBatchInfo.
        mapping: UUID of the event source mapping.
        part: shard, or topic and partition, that the batch is from.
    """
    document = {
        "requestContext": _context(tried, tried.function_arn, condition),
        **(_response(tried.outcome) or {"responseContext": None}),
        "version": "1.0",
        "timestamp": timestamp(tried.now),
        **information,
    }
    whole = text({**document, "payload": event.decode(errors="replace")})
    key = f"aws/lambda/{mapping}/{part}/{_dated(tried.now)}"
    return Message(text(document), tried.function, tried.function_arn, tried.request_id, key=key, whole=whole)


def dead_letter(tried: Tried, event: bytes) -> Message:
    """The event itself, with what went wrong as message attributes."""
    code, error = _error(tried.outcome)
    attributes: dict[str, Attribute] = {"RequestID": ("String", tried.request_id), "ErrorCode": ("Number", code)}
    if error:  # an attribute has to have a value
        attributes["ErrorMessage"] = ("String", error)
    body = event.decode(errors="replace")
    return Message(body, tried.function, qualified(tried.function_arn), tried.request_id, attributes=attributes)


def qualified(arn: str) -> str:
    """A function's ARN with the version that runs here, if it has no qualifier."""
    return arn if arn.count(":") == _COLONS_WITH_QUALIFIER else f"{arn}:{_LATEST}"


def timestamp(moment: datetime) -> str:
    """As 2019-11-14T18:16:05.568Z."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def parsed(payload: bytes) -> Any:
    """JSON as what it says; anything else as text."""
    try:
        return json.loads(payload, parse_constant=str)
    except (ValueError, RecursionError):
        return payload.decode(errors="replace")


def text(document: Any) -> str:
    """JSON as AWS writes it: without spaces, in UTF-8 where that can say it."""
    plain = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    try:
        plain.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return json.dumps(document, separators=(",", ":"))
    return plain


def _context(tried: Tried, arn: str, condition: str) -> dict[str, Any]:
    return {
        "requestId": tried.request_id,
        "functionArn": arn,
        "condition": condition,
        "approximateInvokeCount": tried.tries,
    }


def _response(outcome: Outcome | None) -> dict[str, Any]:
    if outcome is None:
        return {}
    failed = {} if outcome.status == "success" else {"functionError": "Unhandled"}
    return {"responseContext": {"statusCode": int(_DONE), "executedVersion": _LATEST, **failed}}


def _error(outcome: Outcome | None) -> tuple[str, str]:
    """The HTTP status code, and the first of the error's words."""
    if outcome is None:
        return _THROTTLED, "Rate Exceeded."
    answer = parsed(outcome.payload)
    message = answer.get("errorMessage", "") if isinstance(answer, dict) else answer
    allowed = _NOT_IN_MESSAGES.sub("\ufffd", str(message))
    return _DONE, allowed.encode()[:_MOST_ERROR].decode(errors="ignore")


def _dated(now: datetime) -> str:
    return f"{now:%Y/%m/%d/%Y-%m-%dT%H.%M.%S}-{new_id()}"
