"""One file per trigger kind: its schema fragment, its sample event, what makes sense in a manifest.

A file `<kind>.py` defines `TRIGGER = TriggerKind(...)`; its name is the key in the manifest. Files are imported only
when their kind is asked for, so that a command pays for the triggers it touches.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from lambdacli.model import EventRequest, Function, Manifest, Severity, Trigger
    from lambdacli.resource import Grant, Place, Resource


class Finding(NamedTuple):
    """What a trigger's `check` has to say: `key` is relative to the trigger's settings ("" is the trigger itself)."""

    message: str
    key: str = ""
    hint: str = ""
    severity: Severity = "error"


def _nothing_to_say(_trigger: Trigger, _function: Function, _manifest: Manifest) -> Iterable[Finding]:
    return ()


def _nothing_there(_trigger: Trigger, _function: Function, _place: Place) -> Iterable[Resource | Grant]:
    return ()


Delivery = Literal[
    "call",  # whoever wants calls the Invoke API
    "http",  # a request is answered with what the function returns
    "websocket",  # a connection's messages are
    "poll",  # it is asked for records, as Lambda's event source mappings do
    "push",  # its service sends events, which nobody waits for
    "clock",  # it is time
    "aws",  # nothing here sends them: AWS alone does
]


class TriggerKind(NamedTuple):
    """All that lambdacli knows of one kind of trigger."""

    kind: str
    summary: str
    schema: Mapping[str, Any]  # JSON Schema of the settings, AWS's terms in snake_case
    sample: Callable[[Trigger, Function, Manifest], EventRequest]  # the event that this very trigger would send
    check: Callable[[Trigger, Function, Manifest], Iterable[Finding]] = _nothing_to_say
    # what it takes on AWS: resources, and what the function's role must permit
    deployment: Callable[[Trigger, Function, Place], Iterable[Resource | Grant]] = _nothing_there
    delivery: Delivery = "aws"  # how `serve` brings its events here
    shorthand: str = ""  # the setting that a plain string stands for, as `schedule: rate(5 minutes)`


@cache
def kinds() -> tuple[str, ...]:
    """Every kind, sorted: the names of the files beside this one."""
    return tuple(sorted(p.stem for p in Path(__file__).parent.glob("*.py") if not p.stem.startswith("_")))


@cache
def load(kind: str) -> TriggerKind:
    """The kind's file, imported.

    Raises:
        KeyError: there is no such kind.
    """
    if kind not in kinds():
        raise KeyError(kind)
    return cast("TriggerKind", import_module(f"{__name__}.{kind}").TRIGGER)


def enabled(trigger: Trigger) -> bool:
    """Whether it is on: those that AWS can switch off have a setting for it."""
    return trigger.settings.get("enabled", True) is not False


def active(manifest: Manifest, delivery: Delivery | None = None) -> Iterator[tuple[Function, Trigger]]:
    """Every trigger that is on, with the function whose it is; of one delivery alone, if that is named."""
    for function in manifest.functions.values():
        for trigger in function.triggers:
            if (delivery is None or load(trigger.kind).delivery == delivery) and enabled(trigger):
                yield function, trigger


def where(function: str, trigger: Trigger, key: str = "") -> str:
    """A function's trigger, or one of its settings, in the manifest: functions.orders.triggers[0].sqs.queue."""
    path = f"functions.{function}.triggers[{trigger.position}].{trigger.kind}"
    return f"{path}.{key}" if key else path
