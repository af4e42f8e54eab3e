"""S3 event notifications. Source: "Amazon S3 Event Notifications" in the S3 user guide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

from lambdacli.resource import Ref, Resource, digest
from lambdacli.triggers import Finding, TriggerKind
from lambdacli.triggers._deployed import alias, permission, where
from lambdacli.triggers._parts import many, request, settings, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lambdacli.model import EventRequest, Function, Manifest, Trigger
    from lambdacli.resource import Place

# What S3 sends, and the template of each; a `*` stands for the first of its group.
TEMPLATES = {
    "s3:ObjectCreated:*": "s3-put",
    "s3:ObjectCreated:Put": "s3-put",
    "s3:ObjectCreated:Post": "s3-post",
    "s3:ObjectCreated:Copy": "s3-copy",
    "s3:ObjectCreated:CompleteMultipartUpload": "s3-multipart-upload",
    "s3:ObjectRemoved:*": "s3-delete",
    "s3:ObjectRemoved:Delete": "s3-delete",
    "s3:ObjectRemoved:DeleteMarkerCreated": "s3-delete-marker-created",
    "s3:ObjectRestore:*": "s3-restore-post",
    "s3:ObjectRestore:Post": "s3-restore-post",
    "s3:ObjectRestore:Completed": "s3-restore-completed",
    "s3:ObjectRestore:Delete": "s3-restore-delete",
    "s3:ReducedRedundancyLostObject": "s3-reduced-redundancy-lost",
    "s3:Replication:*": "s3-replication-failed",
    "s3:Replication:OperationFailedReplication": "s3-replication-failed",
    "s3:Replication:OperationMissedThreshold": "s3-replication-failed",
    "s3:Replication:OperationReplicatedAfterThreshold": "s3-replication-failed",
    "s3:Replication:OperationNotTracked": "s3-replication-failed",
    "s3:LifecycleExpiration:*": "s3-lifecycle-expiration",
    "s3:LifecycleExpiration:Delete": "s3-lifecycle-expiration",
    "s3:LifecycleExpiration:DeleteMarkerCreated": "s3-delete-marker-created",
    "s3:LifecycleTransition": "s3-lifecycle-transition",
    "s3:IntelligentTiering": "s3-intelligent-tiering",
    "s3:ObjectTagging:*": "s3-tagging-put",
    "s3:ObjectTagging:Put": "s3-tagging-put",
    "s3:ObjectTagging:Delete": "s3-tagging-delete",
    "s3:ObjectAcl:Put": "s3-acl-put",
}
_ONE_OF_SEVERAL = ("s3-delete-marker-created", "s3-replication-failed")  # templates whose event has several names
DEFAULT_EVENTS = ("s3:ObjectCreated:*",)
_SAFE = "/!-_.*'()"  # beside letters and digits: "Naming Amazon S3 objects" in the S3 user guide


def _sample(trigger: Trigger, _function: Function, manifest: Manifest) -> EventRequest:
    values = trigger.settings
    event = (values.get("events") or DEFAULT_EVENTS)[0]
    prefix, suffix = values.get("prefix", ""), values.get("suffix", "")
    key = example_key(prefix, suffix) if prefix or suffix else None
    parameters = {"bucket": values["bucket"], "key": key}
    template = TEMPLATES[event]
    if template in _ONE_OF_SEVERAL and not event.endswith("*"):
        parameters["event-name"] = event.removeprefix("s3:")
    return request(manifest, template, parameters)


def example_key(prefix: str, suffix: str) -> str:
    """A key that passes both: in/ and .jpg give in/example.jpg."""
    joined = "example" if not suffix or suffix[0] in "._-/" else "example-"
    return f"{prefix}{joined}{suffix}"


def _check(trigger: Trigger, _function: Function, _manifest: Manifest) -> Iterator[Finding]:
    events = trigger.settings.get("events", DEFAULT_EVENTS)
    for index, event in enumerate(events):
        group = event.rpartition(":")[0] + ":*"
        if event != group and group in events:
            yield Finding(f"{event} is part of {group}; S3 refuses overlapping events", f"events[{index}]")


def _deployment(trigger: Trigger, function: Function, place: Place) -> Iterator[Resource]:
    """The bucket's one notification configuration gets an entry; S3 asks for the permission before."""
    bucket = trigger.settings["bucket"]
    allowed = permission(trigger, function, place, "s3.amazonaws.com", Ref("bucket", bucket), sid=bucket, account=True)
    yield allowed
    entry = _entry(trigger, function)
    told = digest(repr((entry["Events"], entry.get("Filter"))))[:12]
    entries = {function.name: {told: entry}}
    yield Resource("bucket_notification", bucket, entries, where=where(trigger, function), after=(allowed.key,))


def _entry(trigger: Trigger, function: Function) -> dict[str, Any]:
    values = trigger.settings
    events = sorted(values.get("events", DEFAULT_EVENTS))
    entry: dict[str, Any] = {"LambdaFunctionArn": alias(function), "Events": events}
    # S3 compares with the key as it stands in the event
    rules = [
        {"Name": name, "Value": quote_plus(values[name], safe=_SAFE)} for name in ("prefix", "suffix") if name in values
    ]
    return {**entry, "Filter": {"Key": {"FilterRules": rules}}} if rules else entry


TRIGGER = TriggerKind(
    kind="s3",
    summary="S3: objects created, removed, restored, tagged … in a bucket.",
    schema=settings(
        {
            "bucket": text(
                "The bucket's name.",
                r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
                "expected a bucket's name: 3 to 63 lower-case letters, digits, dots and hyphens",
            ),
            "events": many(
                "Which events invoke.", {"enum": list(TEMPLATES)},
                minItems=1, uniqueItems=True, default=list(DEFAULT_EVENTS),
            ),
            "prefix": text("Only keys that begin so.", maxLength=1024),
            "suffix": text("Only keys that end so.", maxLength=1024),
        },
        "bucket",
    ),
    sample=_sample,
    delivery="push",
    check=_check,
    deployment=_deployment,
    shorthand="bucket",
)  # fmt: skip
