"""One invocation and its outcome: values, and the errors that Lambda itself makes. No I/O.

Wording and error types as Lambda's own service returns them.
"""

from __future__ import annotations

import json
import math
import os
from typing import Literal, NamedTuple

Status = Literal["success", "error", "timeout"]


def new_id() -> str:
    """A random UUID (version 4), as Lambda's request ids are."""
    text = random_hex(31)
    return f"{text[:8]}-{text[8:12]}-4{text[12:15]}-{_VARIANT[text[15]]}{text[16:19]}-{text[19:]}"


def random_hex(digits: int) -> str:
    """So many random hexadecimal digits; the system is asked for many at once."""
    if _Random.at + digits > len(_Random.digits):
        _Random.digits, _Random.at = os.urandom(max(_AT_ONCE, digits)).hex(), 0
    begin, _Random.at = _Random.at, _Random.at + digits
    return _Random.digits[begin : _Random.at]


class _Random:
    digits = ""
    at = 0

    @classmethod
    def forget(cls) -> None:
        """Two processes must not have the same."""
        cls.digits = ""


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_Random.forget)
_AT_ONCE = 64  # bytes: two invocations' worth, as a run needs no more
_VARIANT = {digit: "89ab"[int(digit, 16) % 4] for digit in "0123456789abcdef"}  # RFC 9562


class Invocation(NamedTuple):
    """What a caller asks of a function. `event` is JSON; `client_context` and `identity` are plain JSON or empty."""

    event: bytes
    request_id: str
    function_arn: str
    trace_id: str = ""
    client_context: str = ""
    identity: str = ""
    tenant_id: str = ""


class Report(NamedTuple):
    """The figures of Lambda's REPORT line. Durations in milliseconds, memory in MB; `init` only for a cold start."""

    duration: float
    memory_size: int
    memory_used: int
    init: float | None = None

    @property
    def billed(self) -> int:
        """Milliseconds on the bill: run and initialisation, rounded up."""
        return math.ceil(self.duration + (self.init or 0))


class Outcome(NamedTuple):
    """How an invocation ended. `payload` is what the Invoke API would return: the result, or the error object.

    Of a result that was streamed to its caller it is empty.
    """

    request_id: str
    payload: bytes
    status: Status
    error_type: str  # "" on success
    report: Report
    out_of_memory: bool = False


class PlatformError(NamedTuple):
    """An error that Lambda makes, not the runtime."""

    error_type: str
    message: str

    def payload(self, request_id: str) -> bytes:
        """The error object that the caller gets."""
        prefix = "" if self.error_type.startswith("Function.") else f"RequestId: {request_id} Error: "
        return json.dumps({"errorType": self.error_type, "errorMessage": prefix + self.message}).encode()


def timed_out(seconds: float) -> PlatformError:
    """The function ran longer than its timeout."""
    return PlatformError("Sandbox.Timedout", f"Task timed out after {seconds:.2f} seconds")


def exited(status: int) -> PlatformError:
    """The runtime's process ended by itself; `status` as in `subprocess.Popen.returncode`."""
    if status == 0:
        return PlatformError("Runtime.ExitError", "Runtime exited without providing a reason")
    reason = f"exit status {status}" if status > 0 else f"signal: {_signal(-status)}"
    return PlatformError("Runtime.ExitError", f"Runtime exited with error: {reason}")


def out_of_memory() -> PlatformError:
    """The function's processes together used more than its memory."""
    return PlatformError("Runtime.OutOfMemory", "Runtime exited with error: signal: killed")


def response_too_large(limit: int) -> PlatformError:
    """The response was over the limit of a buffered invocation, in bytes."""
    return PlatformError(
        "Function.ResponseSizeTooLarge",
        f"Response payload size exceeded maximum allowed payload size ({limit} bytes).",
    )


def response_truncated() -> PlatformError:
    """The runtime closed its connection in the middle of a streamed response."""
    return PlatformError("Runtime.TruncatedResponse", "The response ended before it was complete")


def invalid_entrypoint(message: str) -> PlatformError:
    """The runtime's executable cannot be started."""
    return PlatformError("Runtime.InvalidEntrypoint", message)


def _signal(number: int) -> str:
    import signal

    return signal.strsignal(number).lower() if signal.strsignal(number) else f"signal {number}"  # type: ignore[union-attr]
