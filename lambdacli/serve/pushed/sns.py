"""Topics: a queue of ours subscribes, and what it gets becomes what a function would get directly.

Source: "Invoking Lambda functions with Amazon SNS notifications" in the Lambda developer guide, "Amazon SNS message
delivery" and "Parsing Amazon SNS message formats" in the SNS developer guide.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lambdacli import partitions
from lambdacli.errors import LambdacliError
from lambdacli.patterns import notifications
from lambdacli.serve.pushed.arriving import Arrival, Fate, Problem, grouped
from lambdacli.serve.pushed.queued import Queued
from lambdacli.triggers._parts import name_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lambdacli.serve.pushed.arriving import Given, Subscriber

_RENAMED = {"SigningCertURL": "SigningCertUrl", "UnsubscribeURL": "UnsubscribeUrl"}  # as functions get them


def feed(given: Given) -> Queued:
    """Brings what is published to topics."""
    return Queued(given, Topics(given))


class Topics:
    """The subscriptions to all topics that triggers name; filters are ours."""

    kind = "sns"
    principal = "sns.amazonaws.com"

    def __init__(self, given: Given) -> None:
        self._ask = given.ask
        region, account = given.source.region, given.source.account
        self._arn = f"arn:{partitions.of(region)}:sns:{region}:{account}:"
        self._subscriptions: dict[str, str] = {}  # ARN by topic
        self.subscribers: Sequence[Subscriber] = ()

    async def connect(self, queue: str) -> list[Problem]:
        """See `Way`."""
        topics = grouped(self.subscribers, "topic")
        problems = [each for topic in topics for each in await self._subscribe(topic, queue)]
        left = [topic for topic in self._subscriptions if topic not in topics]
        return problems + [each for topic in left for each in await self._unsubscribe(topic)]

    def forget(self) -> None:
        """See `Way`."""
        self._subscriptions = {}

    async def disconnect(self) -> list[Problem]:
        """See `Way`."""
        return [each for topic in [*self._subscriptions] for each in await self._unsubscribe(topic)]

    def arrivals(self, body: str) -> Iterator[Arrival]:
        """See `Way`."""
        message = json.loads(body)
        if not isinstance(message, dict) or message.get("Type") != "Notification":
            raise ValueError("no notification of SNS")
        topic = name_of(message["TopicArn"])
        event = self._event(topic, message)
        concerned = [each for each in self.subscribers if name_of(each.trigger.settings["topic"]) == topic]
        fates = [_fate(each, event) for each in concerned]
        yield Arrival(f"sns {topic}", message["MessageId"], fates)

    # Parts

    async def _subscribe(self, topic: str, queue: str) -> list[Problem]:
        if topic in self._subscriptions:
            return []
        try:
            answer = await self._ask(
                "sns", "subscribe",
                TopicArn=self._arn + topic, Protocol="sqs", Endpoint=queue, ReturnSubscriptionArn=True,
            )  # fmt: skip
        except LambdacliError as error:
            return [Problem(f"sns {topic}", error)]
        self._subscriptions[topic] = str(answer["SubscriptionArn"])
        return []

    async def _unsubscribe(self, topic: str) -> list[Problem]:
        try:
            await self._ask("sns", "unsubscribe", SubscriptionArn=self._subscriptions.pop(topic))
        except LambdacliError as error:
            return [Problem(f"sns {topic}", error)]
        return []

    def _event(self, topic: str, message: Mapping[str, Any]) -> dict[str, Any]:
        """What a function gets that subscribes itself."""
        told = {_RENAMED.get(key, key): value for key, value in message.items()}
        record = {
            "EventSource": "aws:sns",
            "EventVersion": "1.0",
            "EventSubscriptionArn": self._subscriptions.get(topic, f"{message['TopicArn']}:{message['MessageId']}"),
            "Sns": {"Subject": None, "MessageAttributes": {}, **told},
        }
        return {"Records": [record]}


def _fate(subscriber: Subscriber, event: Mapping[str, Any]) -> Fate:
    settings = subscriber.trigger.settings
    told = event["Records"][0]["Sns"]
    scope = settings.get("filter_policy_scope", "MessageAttributes")
    reason = notifications.why(settings.get("filter_policy"), scope, told["Message"], told["MessageAttributes"])
    if reason:
        return Fate(subscriber.function, why=f"filter_policy: {reason}")
    return Fate(subscriber.function, json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode())
