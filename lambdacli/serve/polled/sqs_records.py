"""SQS messages as the records that a function gets. Pure.

Source: "Using Lambda with Amazon SQS" in the AWS Lambda developer guide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from lambdacli.serve.polled.packing import written

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lambdacli.serve.queues import Message


class Item(NamedTuple):
    """A message that was received, and its record."""

    message: Message
    text: bytes  # the record as JSON
    until: float  # of the loop's clock: when its queue may give it to somebody else

    @property
    def group(self) -> str:
        """Its message group in a FIFO queue; "" in others."""
        return self.message.attributes.get("MessageGroupId", "")

    @property
    def received(self) -> int:
        """How often it has been received."""
        return int(self.message.attributes.get("ApproximateReceiveCount", "1"))


def record(message: Message, arn: str, region: str) -> dict[str, Any]:
    """The record of a message from the queue with this ARN."""
    digest = {"md5OfMessageAttributes": message.md5_of_attributes} if message.md5_of_attributes else {}
    return {
        "messageId": message.id,
        "receiptHandle": message.receipt,
        "body": message.body,
        "attributes": message.attributes,
        "messageAttributes": {name: _attribute(each) for name, each in message.message_attributes.items()},
        **digest,
        "md5OfBody": message.md5,
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": region,
    }


def item(message: Message, seen: Mapping[str, Any], until: float) -> Item:
    """A message whose record is `seen`."""
    return Item(message, written(seen), until)


def _attribute(given: Mapping[str, Any]) -> dict[str, Any]:
    value = {name: given[key] for key, name in _VALUES.items() if key in given}
    return {**value, "stringListValues": [], "binaryListValues": [], "dataType": given.get("DataType", "String")}


_VALUES = {"StringValue": "stringValue", "BinaryValue": "binaryValue"}
