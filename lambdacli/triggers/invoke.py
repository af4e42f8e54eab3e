"""Custom event sources: a user's own application calls the Invoke API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdacli.model import EventRequest
from lambdacli.triggers import TriggerKind
from lambdacli.triggers._parts import settings, text

if TYPE_CHECKING:
    from lambdacli.model import Function, Manifest, Trigger


def _sample(trigger: Trigger, _function: Function, _manifest: Manifest) -> EventRequest:
    # no region or account: a custom event has only its own parameters
    return EventRequest(trigger.settings.get("event", "hello-world"), dict(trigger.settings.get("parameters", {})))


TRIGGER = TriggerKind(
    kind="invoke",
    summary="Your own application, which calls the Invoke API.",
    schema=settings(
        {
            "event": text("The template of its events, one of your own or of `lambdacli generate-event --list`."),
            "parameters": {"type": "object", "description": "Parameters of that template."},
        }
    ),
    sample=_sample,
    delivery="call",
    shorthand="event",
)
