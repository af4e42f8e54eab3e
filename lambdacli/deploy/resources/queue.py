"""SQS queues. Source: CreateQueue, SetQueueAttributes and GetQueueAttributes in the SQS API reference."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from lambdacli.deploy.resources import Actual, _named, _ours

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Properties

# what a queue has that nobody has told otherwise
DEFAULTS: Mapping[str, Any] = MappingProxyType({
    "VisibilityTimeout": 30,
    "MessageRetentionPeriod": 345_600,
    "DelaySeconds": 0,
    "ReceiveMessageWaitTimeSeconds": 0,
    "RedrivePolicy": {},
    "Policy": {},
    "KmsMasterKeyId": "",
    "SqsManagedSseEnabled": True,
})  # fmt: skip
_JSON = ("RedrivePolicy", "Policy")
_FLAGS = ("FifoQueue", "ContentBasedDeduplication", "SqsManagedSseEnabled")


class _Queue(_named.Named):
    """A queue, by name or ARN."""

    kind = "queue"
    label = "SQS queue"
    service = "sqs"
    section = "queues"
    defaults = DEFAULTS
    immutable = frozenset({"FifoQueue"})
    stateful = True

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        """The queue; of one that is only referred to, whether it exists."""
        if _named.foreign(name, aws.place):
            return Actual({}, {"arn": name}, owned=False)
        found = aws.get("sqs", "get_queue_url", QueueName=_named.bare(name))
        if found is None:
            return None
        url = {"url": found["QueueUrl"]}
        return self._whole(found["QueueUrl"], url, aws) if properties else Actual({}, url, owned=False)

    def _whole(self, url: str, attributes: Mapping[str, str], aws: Aws) -> Actual | None:
        answer = aws.get("sqs", "get_queue_attributes", QueueUrl=url, AttributeNames=["All"])
        tagged = aws.get("sqs", "list_queue_tags", QueueUrl=url)
        if answer is None or tagged is None:
            return None  # deleted in between
        tags = tagged.get("Tags", {})
        properties = {**_properties(answer.get("Attributes", {})), "Tags": tags}
        return Actual(properties, attributes, owned=_ours.tagged(tags, aws.place))

    def create(self, name: str, properties: Properties, aws: Aws) -> Attributes:
        """Made again with the same attributes, it is the same queue."""
        given = {key: value for key, value in properties.items() if key != "Tags" and value not in ({}, "")}
        if not given.get("FifoQueue", True):
            del given["FifoQueue"]  # AWS takes no false here
        made = aws.call("sqs", "create_queue", QueueName=name, Attributes=_spelt(given), tags=properties["Tags"])
        return {"url": made["QueueUrl"]}

    def update(
        self, name: str, properties: Properties, actual: Actual, changed: AbstractSet[str], aws: Aws
    ) -> Attributes:
        url = actual.attributes["url"]
        attributes = _spelt({key: properties[key] for key in changed if key != "Tags"})
        if attributes:
            aws.call("sqs", "set_queue_attributes", QueueUrl=url, Attributes=attributes)
        if "Tags" in changed:
            aws.call("sqs", "tag_queue", QueueUrl=url, Tags=properties["Tags"])
            if lost := _named.lost(properties["Tags"], actual.properties.get("Tags", {})):
                aws.call("sqs", "untag_queue", QueueUrl=url, TagKeys=lost)
        return actual.attributes

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:
        aws.remove("sqs", "delete_queue", QueueUrl=actual.attributes["url"])


def _properties(attributes: Mapping[str, str]) -> dict[str, Any]:
    """In our shape: numbers, flags and JSON are no texts."""
    properties = dict(DEFAULTS)
    properties |= {"SqsManagedSseEnabled": False, "FifoQueue": False, "ContentBasedDeduplication": False}
    for key, text in attributes.items():
        if key in _JSON:
            properties[key] = json.loads(text) if text else {}
        elif key in _FLAGS:
            properties[key] = text == "true"
        else:
            properties[key] = int(text) if text.isdecimal() else text
    if redrive := properties["RedrivePolicy"]:
        properties["RedrivePolicy"] = {**redrive, "maxReceiveCount": int(redrive["maxReceiveCount"])}
    return properties


def _spelt(properties: Mapping[str, Any]) -> dict[str, str]:
    """As SQS takes them: texts. What has no value is taken away by an empty one."""
    return {key: _text(value) for key, value in properties.items()}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return json.dumps(value) if value else ""
    return str(value)


KIND = _Queue()
