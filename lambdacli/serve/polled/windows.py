"""Tumbling windows: which window a record belongs to, and what the function is told and answers. Pure.

Source: "Implementing stateful Kinesis Data Streams processing in Lambda" in the AWS Lambda developer guide.
"""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any, NamedTuple

MOST_STATE = 1 << 20  # bytes


class Window(NamedTuple):
    """Seconds since 1970: from, and before."""

    start: int
    end: int


class Answer(NamedTuple):
    """The state that the function has answered; `wrong`: why it is none."""

    state: Any = None
    size: int = 0  # bytes
    wrong: str = ""


def window(moment: float, seconds: int) -> Window:
    """The window of so many seconds that a moment belongs to."""
    start = int(moment // seconds) * seconds
    return Window(start, start + seconds)


def told(at: Window, state: Any, shard: str, arn: str, *, final: bool, early: bool = False) -> dict[str, Any]:
    """What stands in the event beside the records."""
    return {
        "window": {"start": _written(at.start), "end": _written(at.end)},
        "state": state,
        "shardId": shard,
        "eventSourceARN": arn,
        "isFinalInvokeForWindow": final,
        "isWindowTerminatedEarly": early,
    }


def answered(payload: bytes) -> Answer:
    """The state in the function's answer, which it must have."""
    try:
        answer = json.loads(payload)
    except (ValueError, RecursionError):
        return Answer(wrong="its answer is no JSON")
    if not isinstance(answer, dict) or "state" not in answer:
        return Answer(wrong="its answer has no state, as one in a window must have")
    state = answer["state"]
    return Answer(state, len(json.dumps(state, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")))


def shown(at: Window) -> str:
    """As people say it: window 2026-11-22T00:00:00Z to 2026-11-22T00:01:00Z."""
    return f"window {_written(at.start)} to {_written(at.end)}"


def _written(moment: int) -> str:
    return datetime.fromtimestamp(moment, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
