"""MQTT topics: a rule of ours sends every message of a topic filter to a queue; statements are evaluated here.

Source: "Rules for AWS IoT", "SQS" and "Lambda" among its rule actions, and "Topic filters" in the IoT developer guide.
"""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any

from lambdacli import partitions
from lambdacli.errors import LambdacliError
from lambdacli.refusals import Refused
from lambdacli.resource import digest
from lambdacli.serve.pushed.arriving import Arrival, Fate, Problem
from lambdacli.serve.pushed.iot_functions import UNDEFINED, Message
from lambdacli.serve.pushed.iot_sql import Statement, Unread
from lambdacli.serve.pushed.queued import Queued
from lambdacli.triggers._parts import name_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lambdacli.serve.pushed.arriving import Given, Subscriber

_DIGEST = 12  # characters
_SQL = (
    "SELECT encode(*, 'base64') AS payload, topic() AS topic, clientid() AS client, timestamp() AS time, "
    "'{filter}' AS filter FROM '{filter}'"
)
_VERSION = "2016-03-23"


def feed(given: Given) -> Queued:
    """Brings what is published to MQTT topics."""
    return Queued(given, Topics(given))


class Topics:
    """A rule for each topic filter that a trigger's statement names."""

    kind = "iot"
    principal = "iot.amazonaws.com"

    def __init__(self, given: Given) -> None:
        self._given = given
        self._connected: set[str] = set()
        self._statements: list[tuple[Subscriber, Statement]] = []
        self._subscribers: Sequence[Subscriber] = ()

    @property
    def subscribers(self) -> Sequence[Subscriber]:
        """See `Way`."""
        return self._subscribers

    @subscribers.setter
    def subscribers(self, those: Sequence[Subscriber]) -> None:
        before = {each.trigger.settings["sql"] for each in self._subscribers}
        self._subscribers = those
        self._statements = []
        for each in those:
            sql = each.trigger.settings["sql"]
            try:
                self._statements.append((each, Statement(sql)))
            except Unread as error:
                if sql not in before:
                    hint = "what is published does not reach the function here"
                    self._given.common.telling.warning(f"{each.where}.sql: {error}", hint)

    async def connect(self, queue: str) -> list[Problem]:
        """See `Way`."""
        filters = {statement.topic for _, statement in self._statements}
        problems = [each for topic in sorted(filters - self._connected) for each in await self._lead(topic, queue)]
        return problems + [each for topic in sorted(self._connected - filters) for each in await self._remove(topic)]

    def forget(self) -> None:
        """See `Way`."""
        self._connected = set()

    async def disconnect(self) -> list[Problem]:
        """See `Way`."""
        return [each for topic in sorted(self._connected) for each in await self._remove(topic)]

    def arrivals(self, body: str) -> Iterator[Arrival]:
        """See `Way`."""
        told = json.loads(body)
        payload = base64.b64decode(told["payload"])
        account = self._given.source.account
        message = Message(told["topic"], payload, _content(payload), told["client"], told["time"], account)
        concerned = [pair for pair in self._statements if pair[1].topic == told["filter"]]
        yield Arrival(f"iot {told['filter']}", message.topic, [_fate(*pair, message) for pair in concerned])

    # Parts

    async def _lead(self, topic: str, queue: str) -> list[Problem]:
        source = self._given.source
        role = f"arn:{partitions.of(source.region)}:iam::{source.account}:role/{self._given.prefix}"
        try:
            url = (await self._given.ask("sqs", "get_queue_url", QueueName=name_of(queue)))["QueueUrl"]
            payload = {
                "sql": _SQL.format(filter=topic),
                "awsIotSqlVersion": _VERSION,
                "ruleDisabled": False,
                "actions": [{"sqs": {"roleArn": role, "queueUrl": url, "useBase64": False}}],
            }
            await self._put(self._name(topic), payload)
        except LambdacliError as error:
            return [Problem(f"iot {topic}", error)]
        self._connected.add(topic)
        return []

    async def _put(self, name: str, payload: dict[str, Any]) -> None:
        try:
            await self._given.ask("iot", "create_topic_rule", ruleName=name, topicRulePayload=payload)
        except Refused as refused:
            if not refused.exists:
                raise
            await self._given.ask("iot", "replace_topic_rule", ruleName=name, topicRulePayload=payload)

    async def _remove(self, topic: str) -> list[Problem]:
        self._connected.discard(topic)
        try:
            await self._given.ask("iot", "delete_topic_rule", ruleName=self._name(topic))
        except LambdacliError as error:
            return [Problem(f"iot {topic}", error)]
        return []

    def _name(self, topic: str) -> str:
        """AWS takes letters, digits and _ only."""
        return f"{re.sub('[^a-zA-Z0-9_]', '_', self._given.prefix)}_{digest(topic)[:_DIGEST]}"


def _content(payload: bytes) -> Any:
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):
        return UNDEFINED


def _fate(subscriber: Subscriber, statement: Statement, message: Message) -> Fate:
    if reason := statement.why(message):
        return Fate(subscriber.function, why=reason)
    event = statement.event(message)
    if event is UNDEFINED:
        return Fate(subscriber.function, why="the payload is no JSON, which is all that a Lambda action takes")
    return Fate(subscriber.function, json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode())
