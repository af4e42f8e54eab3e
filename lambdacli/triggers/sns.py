"""SNS topics. Source: "Invoking Lambda functions with Amazon SNS notifications"; Subscribe in SNS's API reference."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lambdacli.patterns import example, parsed
from lambdacli.resource import Ref, Resource
from lambdacli.triggers import Finding, TriggerKind
from lambdacli.triggers import _pushed as pushed
from lambdacli.triggers._deployed import alias, permission, resource
from lambdacli.triggers._parts import arn_pattern, choice, name_of, request, settings, text
from lambdacli.triggers._sources import check_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lambdacli.model import EventRequest, Function, Manifest, Trigger
    from lambdacli.resource import Place


def _sample(trigger: Trigger, _function: Function, manifest: Manifest) -> EventRequest:
    values = trigger.settings
    parameters: dict[str, Any] = {"topic": name_of(values["topic"])}
    if wanted := example(parsed(values.get("filter_policy"))):
        if values.get("filter_policy_scope") == "MessageBody":
            parameters["message"] = json.dumps(wanted)
        else:
            parameters["message-attributes"] = {
                name: [None] if value is None else value  # only an item of a list can be null
                for name, value in wanted.items()
                if not isinstance(value, dict)
            }
    return request(manifest, "sns-notification", parameters, values["topic"])


def _check(trigger: Trigger, function: Function, _manifest: Manifest) -> Iterator[Finding]:
    values = trigger.settings
    before = (each for each in function.triggers if each.kind == trigger.kind and each.position < trigger.position)
    if any(each.settings["topic"] == values["topic"] for each in before):
        hint = "a filter policy with $or lets both through"
        yield Finding("SNS keeps one subscription of a function to a topic, and there is one above", "topic", hint)
    if values["topic"].endswith(".fifo"):
        hint = "subscribe an SQS FIFO queue, and let the queue trigger the function"
        yield Finding("a FIFO topic does not deliver to Lambda", "topic", hint)
    if "filter_policy_scope" in values and "filter_policy" not in values:
        yield Finding("there is no filter_policy that this could be the scope of", "filter_policy_scope")
    policy = values.get("filter_policy", {})
    if isinstance(policy, str):
        try:
            policy = json.loads(policy)
        except ValueError as error:
            yield Finding(f"the filter policy is no JSON: {error}", "filter_policy")
            return
    if not isinstance(policy, dict):
        yield Finding("a filter policy is a JSON object", "filter_policy")
        return
    nested = [key for key, value in policy.items() if isinstance(value, dict)]
    if nested and values.get("filter_policy_scope") != "MessageBody":
        hint = "add `filter_policy_scope: MessageBody`"
        yield Finding("attributes are not nested", f"filter_policy.{nested[0]}", hint)
    else:
        yield from check_pattern(policy, "filter_policy")


def _deployment(trigger: Trigger, function: Function, place: Place) -> Iterator[Resource]:
    """A subscription, which SNS asks no permission for: without one it delivers nothing."""
    values = trigger.settings
    name = pushed.short(values["topic"], "sns", place)
    topic = Ref("topic", name)
    arn = name if name.startswith("arn:") else place.arn("sns", name)
    allowed = permission(trigger, function, place, "sns.amazonaws.com", topic, sid=arn)
    letting, notes = pushed.dead_letters(trigger, function, place, "redrive_queue", "sns.amazonaws.com", topic)
    yield from (allowed, *letting)
    queue = pushed.queue(trigger, place, "redrive_queue")
    properties = {
        "TopicArn": topic,
        "Endpoint": alias(function),
        "FilterPolicy": parsed(values.get("filter_policy")),
        "FilterPolicyScope": values.get("filter_policy_scope", "MessageAttributes"),
        "RedrivePolicy": {"deadLetterTargetArn": Ref("queue", queue)} if queue else {},
    }
    after = (allowed.key, *(each.key for each in letting))
    yield resource(trigger, function, "subscription", name, properties, after=after, notes=notes)


TRIGGER = TriggerKind(
    kind="sns",
    summary="SNS topic.",
    schema=settings(
        {
            "topic": text(
                "The topic's name or ARN.",
                rf"^([a-zA-Z0-9_-]{{1,256}}(\.fifo)?|{arn_pattern('sns')}.+)$",
                "expected a topic's name (letters, digits, - and _) or an ARN",
            ),
            "filter_policy": {
                "type": ["object", "string"],
                "description": "Only messages that match invoke.",
                "minLength": 2,
            },
            "filter_policy_scope": choice("What the policy looks at.", "MessageAttributes", "MessageBody"),
            "redrive_queue": text("Name or ARN of an SQS queue for messages that could not be delivered."),
        },
        "topic",
    ),
    sample=_sample,
    delivery="push",
    check=_check,
    deployment=_deployment,
    shorthand="topic",
)
