"""What happened to every event, as values: whoever shows them decides how. No I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    from lambdacli.errors import LambdacliError

What = Literal[
    "received",  # it has come from its source
    "filtered",  # it does not match; `detail` says which pattern
    "batched",  # it is part of an invocation that begins
    "answered",  # a caller got an answer: of the Invoke API, of HTTP; `detail` is the status
    "succeeded",  # the function has done its work
    "failed",  # the function failed, or was not reached; what comes next is another step
    "retried",  # it is tried again; `detail` says when
    "returned",  # its queue has it back
    "throttled",  # no environment was free
    "dead-lettered",  # it went to a dead-letter queue; `detail` says to which
    "sent",  # its record went to a destination; `detail` says to which
    "discarded",  # nobody gets it any more; `detail` says why
]
FINAL = ("filtered", "answered", "succeeded", "dead-lettered", "sent", "discarded", "retried", "returned")


class Step(NamedTuple):
    """One thing that happened to one record of a source, or to several at once."""

    what: What
    source: str  # where it came from, as people say it: sqs orders, GET /orders/{id}, schedule rate(5 minutes)
    function: str = ""
    records: tuple[str, ...] = ()  # message ids, sequence numbers, event ids
    detail: str = ""
    request_id: str = ""  # of the invocation
    milliseconds: float | None = None  # that it took


class Telling(Protocol):
    """Who hears of it. Called in order, from the loop's thread; must be quick."""

    @property
    def platform(self) -> bool:
        """Whether `log` is to get Lambda's own lines of ordinary invocations, too: START, END, REPORT."""

    def step(self, step: Step) -> None:
        """Something happened to an event."""

    def log(self, function: str, chunk: bytes) -> None:
        """A piece of a function's log, as it comes."""

    def note(self, text: str) -> None:
        """Something that people should know: an address, what is watched, what was reloaded."""

    def warning(self, text: str, hint: str = "") -> None:
        """Something that is not as it should be, while all else goes on."""

    def trouble(self, error: LambdacliError) -> None:
        """A part cannot work until something is changed."""
