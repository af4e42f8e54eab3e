"""SQS queues, standard and FIFO. Source: "Using Lambda with Amazon SQS" in the Lambda developer guide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdacli.patterns import content
from lambdacli.resource import Grant, Ref
from lambdacli.triggers import Finding, TriggerKind
from lambdacli.triggers import _mappings as mappings
from lambdacli.triggers import _sources as sources
from lambdacli.triggers._parts import arn_pattern, name_of, number, request, settings, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lambdacli.model import EventRequest, Function, Manifest, Trigger
    from lambdacli.resource import Place, Resource

_WITHOUT_WINDOW = 10
_DEFAULT_VISIBILITY = 30  # seconds
_VISIBILITY_FACTOR = 6  # AWS asks for a visibility timeout of six times the function's


def _sample(trigger: Trigger, _function: Function, manifest: Manifest) -> EventRequest:
    queue = name_of(trigger.settings["queue"])
    template = "sqs-receive-message-fifo" if queue.endswith(".fifo") else "sqs-receive-message"
    parameters = {"queue-name": queue, "body": content(trigger.settings.get("filters"), "body")}
    return request(manifest, template, parameters, trigger.settings["queue"])


def _check(trigger: Trigger, function: Function, manifest: Manifest) -> Iterator[Finding]:
    values = trigger.settings
    yield from sources.check_filters(values)
    fifo = values["queue"].endswith(".fifo")
    size, window = values.get("batch_size", 10), values.get("maximum_batching_window", 0)
    if fifo and window:
        yield Finding("a FIFO queue has no batching window", "maximum_batching_window", "remove it")
    if fifo and size > _WITHOUT_WINDOW:
        yield Finding(f"a FIFO queue gives at most {_WITHOUT_WINDOW} messages at once", "batch_size")
    elif size > _WITHOUT_WINDOW and not window:
        hint = "add `maximum_batching_window: 1` or more"
        yield Finding(f"more than {_WITHOUT_WINDOW} messages need a batching window", "batch_size", hint)
    yield from _concurrency(trigger, function)
    yield from _visibility(trigger, function, manifest)


def _concurrency(trigger: Trigger, function: Function) -> Iterator[Finding]:
    most = trigger.settings.get("maximum_concurrency")
    reserved = function.reserved_concurrency
    if most is not None and reserved is not None and most > reserved:
        message = f"{most} invocations at once, but the function's reserved_concurrency is {reserved}"
        yield Finding(message, "maximum_concurrency", "messages would be throttled and end in the dead-letter queue")
    if most is not None and trigger.settings.get("provisioned_pollers"):
        yield Finding("maximum_concurrency and provisioned_pollers exclude each other", "maximum_concurrency")


def _visibility(trigger: Trigger, function: Function, manifest: Manifest) -> Iterator[Finding]:
    wanted = _VISIBILITY_FACTOR * function.timeout + trigger.settings.get("maximum_batching_window", 0)
    made = manifest.resources.get("queues", {}).get(trigger.settings["queue"])
    known = None if made is None else made.get("visibility_timeout", wanted)  # it is made as the function needs it
    visibility = trigger.settings.get("visibility_timeout", known)
    if visibility is None:
        if function.timeout > _DEFAULT_VISIBILITY:
            message = f"a queue hides a message for {_DEFAULT_VISIBILITY} s unless told, the function may take"
            hint = f"give the queue {wanted} s or more and say so here: `visibility_timeout: {wanted}`"
            yield Finding(f"{message} {function.timeout} s: AWS refuses that", "queue", hint, "warning")
    elif visibility < function.timeout:
        message = f"{visibility} s is shorter than the function's timeout of {function.timeout} s: AWS refuses it"
        yield Finding(message, "visibility_timeout", f"{wanted} or more")
    elif visibility < wanted:
        message = f"{visibility} s is short for a timeout of {function.timeout} s: messages may come twice"
        yield Finding(message, "visibility_timeout", f"AWS advises {wanted} or more", "warning")


def _deployment(trigger: Trigger, function: Function, place: Place) -> Iterator[Resource | Grant]:
    values = trigger.settings
    name = mappings.local(values["queue"], place)
    queue = Ref("queue", name)
    source = mappings.source_name(name if name.startswith("arn:") else place.arn("sqs", name), place)
    concurrency = values.get("maximum_concurrency")
    properties = {
        "EventSourceArn": queue,
        **mappings.batches(values, _WITHOUT_WINDOW),
        **mappings.responses(values),
        **mappings.pollers(values),
        "ScalingConfig": {"MaximumConcurrency": concurrency} if concurrency is not None else {},
    }
    yield mappings.mapping(trigger, function, place, source, properties)
    yield Grant(("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"), (queue,))
    yield from mappings.grants(values)
    yield from mappings.encrypted(place, "queues", name, "kms:Decrypt")


TRIGGER = TriggerKind(
    kind="sqs",
    summary="SQS queue, standard or FIFO.",
    schema=settings(
        {
            "queue": text(
                "The queue's name or ARN; a FIFO queue's ends in .fifo.",
                rf"^([a-zA-Z0-9_-]{{1,75}}(\.fifo)?|{arn_pattern('sqs')}.+)$",
                "expected a queue's name (up to 80 letters, digits, - and _) or an ARN",
            ),
            **sources.batch(10, 10000),
            "report_batch_item_failures": sources.report_batch_item_failures(),
            "maximum_concurrency": number("Invocations at once for this queue.", 2, 1000),
            "visibility_timeout": number("The queue's own, in seconds: checked against the timeout.", 0, 43200),
            "provisioned_pollers": sources.pollers(2, 10000),
        },
        "queue",
    ),
    sample=_sample,
    delivery="poll",
    check=_check,
    deployment=_deployment,
    shorthand="queue",
)
