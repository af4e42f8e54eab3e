"""A bucket's notifications: S3 checks where they go, and that no two of them overlap."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple
from xml.etree import ElementTree as ET

from rules.permissions import permitted
from rules.rule import Answer, Refusal, Rule, World

if TYPE_CHECKING:
    from rules.calls import Call


class _Notification(NamedTuple):
    arn: str
    events: tuple[str, ...]
    prefix: str
    suffix: str


class Notifications(Rule):
    """A function that does not let the bucket invoke it, and filters that overlap, are refused.

    Source: PutBucketNotificationConfiguration in the S3 API reference, and "Configuring event notifications using
    object key name filtering" in the S3 user guide.
    """

    watches = ("s3:PutBucketNotificationConfiguration",)

    def before(self, call: Call, world: World) -> Refusal | Answer | None:
        wanted = [_notification(each) for each in ET.fromstring(call.request.body) if len(each)]  # noqa: S314
        for one, other in combinations(wanted, 2):
            if _overlap(one, other):
                begun = "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the "
                return Refusal("InvalidArgument", begun + "prefixes are overlapping for the same event type.")
        bucket = f"arn:aws:s3:::{call.parameters['Bucket']}"
        for each in wanted:
            if ":function:" in each.arn and not permitted(each.arn, "s3.amazonaws.com", bucket, world):
                text = "Unable to validate the following destination configurations"
                return Refusal("InvalidArgument", text)
        return None


def _notification(element: ET.Element) -> _Notification:
    plain = {child.tag.rpartition("}")[2]: child.text or "" for child in element}
    arn = next((plain[name] for name in ("CloudFunction", "Queue", "Topic") if name in plain), "")
    events = tuple(child.text or "" for child in element if child.tag.endswith("}Event") or child.tag == "Event")
    rules = {}
    for rule in element.iter():
        if rule.tag.rpartition("}")[2] == "FilterRule":
            values = {child.tag.rpartition("}")[2]: child.text or "" for child in rule}
            rules[values["Name"].lower()] = values["Value"]
    return _Notification(arn, events, rules.get("prefix", ""), rules.get("suffix", ""))


def _overlap(one: _Notification, other: _Notification) -> bool:
    return (
        any(_same_event(this, that) for this in one.events for that in other.events)
        and (one.prefix.startswith(other.prefix) or other.prefix.startswith(one.prefix))
        and (one.suffix.endswith(other.suffix) or other.suffix.endswith(one.suffix))
    )


def _same_event(one: str, other: str) -> bool:
    short, long = sorted((one.rstrip("*"), other.rstrip("*")), key=len)
    return one == other or (long.startswith(short) and f"{short}*" in (one, other))
