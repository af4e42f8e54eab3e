"""What goes wrong on the way: throttled, refused, slow or broken calls, answers that are lost, and killed callers."""

from __future__ import annotations

import os
import signal
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rules.http import Answer, Hangup
from rules.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from rules.calls import Call

_THROTTLES = {
    "lambda": ("TooManyRequestsException", 429), "s3": ("SlowDown", 503), "iam": ("Throttling", 400),
    "elbv2": ("Throttling", 400), "ses": ("Throttling", 400), "sns": ("Throttled", 429), "sts": ("Throttling", 400),
    "apigateway": ("TooManyRequestsException", 429), "apigatewayv2": ("TooManyRequestsException", 429),
    "cognito-idp": ("TooManyRequestsException", 400), "sqs": ("RequestThrottled", 403),
}  # fmt: skip
_DENIED = {
    "s3": "AccessDenied", "iam": "AccessDenied", "elbv2": "AccessDenied", "ses": "AccessDenied",
    "sns": "AuthorizationError", "sts": "AccessDenied", "cognito-idp": "NotAuthorizedException",
}  # fmt: skip


class Fault:
    """One way to go wrong. `ask` asks the emulator."""

    def __call__(self, call: Call, ask: Callable[[], Answer]) -> Answer:
        raise NotImplementedError


class Throttled(Fault):
    """Not done: too many calls."""

    def __call__(self, call: Call, ask: Callable[[], Answer]) -> Answer:  # noqa: ARG002
        code, status = _THROTTLES.get(call.service, ("ThrottlingException", 400))
        return Refusal(code, "Rate exceeded", status).answer(call)


class Denied(Fault):
    """Not done: the caller may not."""

    def __call__(self, call: Call, ask: Callable[[], Answer]) -> Answer:  # noqa: ARG002
        code = _DENIED.get(call.service, "AccessDeniedException")
        text = f"User: arn:aws:iam::123456789012:user/test is not authorized to perform: {call.name}"
        return Refusal(code, text, 403).answer(call)


class Broken(Fault):
    """Done, and then answered with an error of AWS's own."""

    def __call__(self, call: Call, ask: Callable[[], Answer]) -> Answer:
        ask()
        return Refusal("InternalFailure", "The request processing has failed.", 500).answer(call)


class Lost(Fault):
    """Done, and then the connection breaks before the answer."""

    def __call__(self, call: Call, ask: Callable[[], Answer]) -> Answer:  # noqa: ARG002
        ask()
        raise Hangup


@dataclass
class Slow(Fault):
    """Done and answered, later."""

    seconds: float = 0.3

    def __call__(self, call: Call, ask: Callable[[], Answer]) -> Answer:  # noqa: ARG002
        time.sleep(self.seconds)
        return ask()


@dataclass
class Killed(Fault):
    """Done, and then the caller is killed before the answer; nothing that it asked for meanwhile is done."""

    pid: int
    done: bool = False

    def __call__(self, call: Call, ask: Callable[[], Answer]) -> Answer:  # noqa: ARG002
        ask()
        self.done = True
        os.kill(self.pid, signal.SIGKILL)
        raise Hangup


@dataclass
class Planned:
    """A fault and the calls that it meets, at most `times` of them."""

    meets: Callable[[Call], bool]
    fault: Fault
    times: float
    met: list[Call] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def takes(self, call: Call) -> bool:
        """Whether this call goes wrong."""
        with self._lock:
            if len(self.met) >= self.times or not self.meets(call):
                return False
            self.met.append(call)
            return True


def each_once() -> Callable[[Call], bool]:
    """Meets every call the first time that it is made, and not when it is tried again."""
    seen: set[str] = set()

    def meets(call: Call) -> bool:
        first = call.signature not in seen
        seen.add(call.signature)
        return first

    return meets
