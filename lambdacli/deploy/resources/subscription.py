"""A function's subscription to an SNS topic.

Source: Subscribe, GetSubscriptionAttributes and SetSubscriptionAttributes in SNS's API reference. A subscription is
told from others by its topic and its endpoint: there is at most one of an alias to a topic.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lambdacli.deploy.resources import UNKNOWN, Actual, Kind
from lambdacli.triggers._pushed import as_json, short

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Deployed, Properties
    from lambdacli.resource import Place

_FIELDS = ("FilterPolicyScope", "FilterPolicy", "RedrivePolicy")
_BODY = "MessageBody"
_REGION = 3  # where it stands in an ARN


class _Subscription(Kind):
    """Named by the function and the topic."""

    kind = "subscription"
    label = "SNS subscription"
    rank = 70
    immutable = frozenset({"TopicArn", "Endpoint"})

    def objection(self, properties: Properties, actual: Actual | None, place: Place) -> str:
        """One Region is deployed to."""
        topic = str(properties["TopicArn"]).split(":")
        if len(topic) > _REGION and topic[_REGION] != place.region:
            return f"the topic is in {topic[_REGION]}, and lambdacli deploys to {place.region}: subscribe in one Region"
        return ""

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        """The subscription of the endpoint, found among those of the topic."""
        topic, endpoint = properties["TopicArn"], properties["Endpoint"]
        if UNKNOWN in (topic, endpoint) or topic.split(":")[_REGION] != aws.place.region:
            return None
        return _found(topic, endpoint, aws)

    def found_on(self, function: Deployed, aws: Aws) -> Iterable[tuple[str, Actual]]:
        """The topics that may invoke the function."""
        for topic in function.sources("sns"):
            if there := _found(topic, function.alias_arn, aws):
                yield f"{function.name}/{short(topic, 'sns', aws.place)}", there

    def create(self, name: str, properties: Properties, aws: Aws) -> Attributes:
        """Subscribe; the same call again answers with the same subscription."""
        attributes = {key: _written(properties[key]) for key in _FIELDS if properties[key]}
        if not properties["FilterPolicy"]:
            attributes.pop("FilterPolicyScope", None)
        answer = aws.call(
            "sns",
            "subscribe",
            TopicArn=properties["TopicArn"],
            Protocol="lambda",
            Endpoint=properties["Endpoint"],
            Attributes=attributes,
            ReturnSubscriptionArn=True,
        )
        return {"arn": str(answer["SubscriptionArn"])}

    def update(
        self, name: str, properties: Properties, actual: Actual, changed: AbstractSet[str], aws: Aws
    ) -> Attributes:
        """Set what differs. A nested policy is only valid for bodies: the scope widens before it, and narrows after."""
        body = properties["FilterPolicyScope"] == _BODY
        order = _FIELDS if body else ("FilterPolicy", "FilterPolicyScope", "RedrivePolicy")
        for field in order:
            if field in changed:
                _set(actual.attributes["arn"], field, properties[field], aws)
        return actual.attributes

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:
        """Unsubscribe."""
        aws.remove("sns", "unsubscribe", SubscriptionArn=actual.attributes["arn"])


def _found(topic: str, endpoint: str, aws: Aws) -> Actual | None:
    subscriptions = aws.listed("sns", "list_subscriptions_by_topic", "Subscriptions", TopicArn=topic)
    arns = [each["SubscriptionArn"] for each in subscriptions if each["Endpoint"] == endpoint]
    answer = aws.get("sns", "get_subscription_attributes", SubscriptionArn=arns[0]) if arns else None
    if answer is None:
        return None
    return Actual(_properties(topic, endpoint, answer["Attributes"]), {"arn": arns[0]})


def _properties(topic: str, endpoint: str, attributes: Mapping[str, str]) -> dict[str, Any]:
    policy = json.loads(attributes.get("FilterPolicy") or "{}")
    scope = attributes.get("FilterPolicyScope") if policy else None
    redrive = json.loads(attributes.get("RedrivePolicy") or "{}")
    return {
        "TopicArn": topic,
        "Endpoint": endpoint,
        "FilterPolicy": policy,
        "FilterPolicyScope": scope or "MessageAttributes",
        "RedrivePolicy": redrive,
    }


def _set(arn: str, field: str, value: Any, aws: Aws) -> None:
    """SNS takes {} for no filter policy, and no value at all for no redrive policy."""
    given = {"AttributeValue": _written(value)} if value or field == "FilterPolicy" else {}
    aws.call("sns", "set_subscription_attributes", SubscriptionArn=arn, AttributeName=field, **given)


def _written(value: Any) -> str:
    return value if isinstance(value, str) else as_json(value)


KIND = _Subscription()
