"""What the triggers share whose services push events: names, dead letters, JSON as text."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from lambdacli.resource import Ref, Resource, digest, shortened
from lambdacli.triggers._deployed import where

if TYPE_CHECKING:
    from lambdacli.model import Function, Trigger
    from lambdacli.resource import Place, Value


def own_name(trigger: Trigger, function: Function, place: Place, key: str = "name", most: int = 64) -> str:
    """The name that the trigger gives, or one that no other trigger of this app and stage has.

    Dots keep it apart: neither apps and stages nor functions have any in their names.
    """
    if key in trigger.settings:
        return str(trigger.settings[key])
    nameless = [each.position for each in function.triggers if each.kind == trigger.kind and key not in each.settings]
    index = nameless.index(trigger.position)
    return place.named(f"{function.name}.{trigger.kind}" + (f".{index + 1}" if index else ""), most)


def short(arn: str, service: str, place: Place) -> str:
    """The name of what lies in this account and region, the whole ARN of anything else."""
    return arn.removeprefix(place.arn(service, ""))


def as_json(value: Any) -> str:
    """JSON as text, the same for the same value."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def queue(trigger: Trigger, place: Place, key: str = "dead_letter_queue") -> str:
    """The queue that a trigger names: its name where it is here, else its ARN; "" where it names none."""
    return short(trigger.settings.get(key, ""), "sqs", place)


def _own_queues(place: Place) -> set[str]:
    """The queues that the manifest owns, and those that they send their dead letters to."""
    sections = place.manifest.resources.get("queues", {})
    return {*sections, *(each.get("dead_letter_queue", "") for each in sections.values())}


def dead_letters(
    trigger: Trigger, function: Function, place: Place, key: str, principal: str, source: Value
) -> tuple[list[Resource], tuple[str, ...]]:
    """What lets a service send to the trigger's queue for dead letters, or what to say where others own that queue.

    Source: "Using dead-letter queues to process undelivered events" in the EventBridge user guide, "Configuring an
    Amazon SNS dead-letter queue for a subscription" in SNS's.

    Args:
        trigger: which names the queue.
        function: whose trigger it is.
        place: where.
        key: the setting with the queue's name or ARN.
        principal: the service that sends.
        source: ARN of what sends.
    """
    name = queue(trigger, place, key)
    if not name:
        return [], ()
    if name not in _own_queues(place):
        return [], (f"the policy of queue {name} must let {principal} send to it",)
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": principal},
        "Action": "sqs:SendMessage",
        "Resource": Ref("queue", name),
        "Condition": {"ArnEquals": {"aws:SourceArn": source}},
    }
    statements = {function.name: {digest(repr((principal, source)))[:12]: statement}}
    return [Resource("queue_policy", name, statements, where=where(trigger, function, key))], ()


def retries(trigger: Trigger, *, always: bool) -> dict[str, int]:
    """How a service tries to deliver; nothing unless the manifest says something, or AWS fills it in `always`.

    Source: RetryPolicy in the API references of EventBridge and EventBridge Scheduler, with the same defaults.
    """
    values = trigger.settings
    if not always and not {"maximum_event_age", "maximum_retry_attempts"} & values.keys():
        return {}
    return {
        "MaximumEventAgeInSeconds": values.get("maximum_event_age", 86400),
        "MaximumRetryAttempts": values.get("maximum_retry_attempts", 185),
    }


def group_name(place: Place) -> str:
    """The schedule group of an app and stage."""
    return shortened(place.prefix, 64)


def moment(text: str) -> datetime:
    """An ISO 8601 time; one without a zone is in UTC.

    Raises:
        ValueError: it is none.
    """
    found = datetime.fromisoformat(f"{text[:-1]}+00:00" if text.endswith(("Z", "z")) else text)
    return found.astimezone(timezone.utc) if found.tzinfo else found.replace(tzinfo=timezone.utc)


def written(when: datetime) -> str:
    """A moment as text, in UTC and in whole seconds."""
    return when.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
