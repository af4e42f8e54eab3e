"""Function errors: what is posted to the Runtime API, and what is written to the log. Imported when one occurs."""

import os
import sys
import time
import traceback

from . import payload

TYPE_CHECKING = False  # importing `typing` costs a start
if TYPE_CHECKING:
    from typing import Any

_HERE = os.path.dirname(__file__)
_HARD_SPACE = "\N{NO-BREAK SPACE}"


class Fault(Exception):  # noqa: N818 - its `kind` is the error's name
    """An error of the runtime's own: a Runtime.* type, a message, and the stack trace to show, if any."""

    def __init__(self, kind: str, message: str, trace: "list[str] | None" = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.trace = trace


def describe(error: BaseException, request_id: str = "") -> "dict[str, Any]":
    """The error object that the caller gets; our own frames lead no stack trace."""
    if isinstance(error, Fault):
        return _error(error.message, error.kind, error.trace, request_id)
    frames = list(traceback.extract_tb(error.__traceback__))
    for index, frame in enumerate(frames):
        if not frame.filename.startswith(_HERE):
            frames = frames[index:]
            break
    lines = traceback.format_list([(f.filename, f.lineno or 0, f.name, f.line) for f in frames])
    return _error(str(error), type(error).__name__, lines, request_id)


def _error(message: str, kind: str, trace: "list[str] | None", request_id: str) -> "dict[str, Any]":
    return {"errorMessage": message or "", "errorType": kind, "requestId": request_id, "stackTrace": trace or []}


def encode(error: "dict[str, Any]") -> bytes:
    """The error object as JSON, whatever is in its texts."""
    return payload.Encoder().encode(error).encode("utf-8", "replace")


def log(error: "dict[str, Any]") -> None:
    """Write an error to the log stream: lines joined by carriage returns are one event of a log stream."""
    if os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON":
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        text = payload.Encoder().encode({"timestamp": now, "level": "ERROR", **error})
    else:
        text = "\r".join(_lines(error))
    sys.stdout.write(text + "\n")


def _lines(error: "dict[str, Any]") -> "list[str]":
    head = "[ERROR]"
    if error["errorType"]:
        head += " " + error["errorType"] + (":" if error["errorMessage"] else "")
    if error["errorMessage"]:
        head += " " + error["errorMessage"]
    lines = [head, "Traceback (most recent call last):"]
    for entry in error["stackTrace"]:
        for line in entry.splitlines() or [""]:
            bare = line.lstrip(" ")
            lines.append(_HARD_SPACE * (len(line) - len(bare)) + bare)
    return lines
