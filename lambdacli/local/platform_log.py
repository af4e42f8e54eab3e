"""The lines that Lambda itself writes into a function's log. Pure text.

Format: "Understanding the Lambda log format" in the AWS Lambda developer guide.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lambdacli.local.invocation import Outcome


def init_start(runtime: str) -> str:
    """A new execution environment begins; `runtime` as python:3.13.1."""
    return f"INIT_START Runtime Version: {runtime}\n"


def init_report(duration_ms: float, phase: str, status: str, error_type: str = "") -> str:
    """The initialisation did not succeed; `phase` is init or invoke."""
    tail = f"\tError Type: {error_type}" if error_type else ""
    return f"INIT_REPORT Init Duration: {duration_ms:.2f} ms\tPhase: {phase}\tStatus: {status}{tail}\n"


def start(request_id: str) -> str:
    """An invocation begins."""
    return f"START RequestId: {request_id} Version: $LATEST\n"


def end(request_id: str) -> str:
    """An invocation has ended."""
    return f"END RequestId: {request_id}\n"


def note(request_id: str, text: str) -> str:
    """A remark of Lambda's about an invocation, as that it timed out."""
    now = time.time()
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
    return f"{stamp}.{int(now * 1000) % 1000:03d}Z {request_id} {text}\n"


def report(outcome: Outcome) -> str:
    """The figures of an invocation."""
    figures = outcome.report
    line = (
        f"REPORT RequestId: {outcome.request_id}\tDuration: {figures.duration:.2f} ms\t"
        f"Billed Duration: {figures.billed} ms\tMemory Size: {figures.memory_size} MB\t"
        f"Max Memory Used: {figures.memory_used} MB\t"
    )
    if figures.init is not None:
        line += f"Init Duration: {figures.init:.2f} ms\t"
    if outcome.status == "timeout":
        line += "Status: timeout\t"
    elif outcome.status == "error":
        line += f"Status: error\tError Type: {outcome.error_type}\t"
    return f"{line}\n"
