"""The calls that are made without boto3 give what boto3 gives, and leave to it whatever goes wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from answering import HANGUP, Answering, error, ok
from emulator import REGION

from lambdacli.connection import Target
from lambdacli.refusals import Refused
from lambdacli.serve.sources.direct import Direct

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lambdacli.serve.parts import Source

ALL = {"MessageSystemAttributeNames": ["All"], "MessageAttributeNames": ["All"]}


@pytest.fixture
def answering() -> Iterator[Answering]:
    server = Answering()
    yield server
    server.close()


@pytest.fixture
def stub(answering: Answering) -> Iterator[Direct]:
    connection = Direct(REGION, Target(answering.url, ("test", "test")))
    yield connection
    connection.close()


@pytest.fixture
def direct(source: Source) -> Iterator[Direct]:
    connection = Direct(REGION, Target(source.endpoint, ("test", "test")))
    yield connection
    connection.close()


def alike(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """Without what every reception has of its own."""
    found = []
    for message in answer["Messages"]:
        attributes = {k: v for k, v in message["Attributes"].items() if not k.startswith("ApproximateFirst")}
        found.append({**message, "ReceiptHandle": "", "Attributes": {**attributes, "ApproximateReceiveCount": ""}})
    return sorted(found, key=lambda each: str(each["Body"]))


def test_a_message_is_what_boto3_makes_of_it(source: Source, direct: Direct) -> None:
    queues = source.connection.client("sqs")
    url = queues.create_queue(QueueName="orders.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    attributes = {
        "raw": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
        "text": {"DataType": "String", "StringValue": "grün"},
        "number": {"DataType": "Number", "StringValue": "1"},
    }
    for body in ("a \u2028 \N{SLICE OF PIZZA}", '{"b": 1}'):
        more = {"MessageGroupId": "g", "MessageDeduplicationId": str(len(body))}
        queues.send_message(QueueUrl=url, MessageBody=body, MessageAttributes=attributes, **more)
    asked = {"QueueUrl": url, "MaxNumberOfMessages": 10, "VisibilityTimeout": 0, **ALL}

    ours = direct.once("sqs", "receive_message", asked)
    theirs = source.connection.once("sqs", "receive_message", asked)

    assert alike(ours) == alike(theirs)
    assert len(ours["Messages"]) == 2


def test_what_was_deleted_is_gone(source: Source, direct: Direct) -> None:
    queues = source.connection.client("sqs")
    url = queues.create_queue(QueueName="orders")["QueueUrl"]
    queues.send_message(QueueUrl=url, MessageBody="x")
    (message,) = direct.once("sqs", "receive_message", {"QueueUrl": url, "VisibilityTimeout": 0})["Messages"]
    entries = [{"Id": "0", "ReceiptHandle": message["ReceiptHandle"]}]

    answer = direct.once("sqs", "delete_message_batch", {"QueueUrl": url, "Entries": entries})

    assert [each["Id"] for each in answer["Successful"]] == ["0"]
    assert "Messages" not in direct.once("sqs", "receive_message", {"QueueUrl": url})


def test_a_queue_that_is_not_there_is_absent(source: Source, direct: Direct) -> None:
    with pytest.raises(Refused) as caught:
        direct.once("sqs", "receive_message", {"QueueUrl": f"{source.endpoint}/000000000000/missing"})

    assert caught.value.absent


@pytest.mark.parametrize("first", [HANGUP, error("InternalFailure", status=500), ok(Messages=[])._replace(body=b"<")])
def test_what_is_no_success_is_asked_for_with_boto3(answering: Answering, stub: Direct, first: Any) -> None:
    answering.plans(first, ok(Messages=[{"MessageId": "1"}]))

    answer = stub.once("sqs", "receive_message", {"QueueUrl": f"{answering.url}/1/orders"})

    assert [each["MessageId"] for each in answer["Messages"]] == ["1"]
    assert [each.given for each in answering.asked] == [{"QueueUrl": f"{answering.url}/1/orders"}] * 2


def test_a_success_needs_no_boto3(answering: Answering, stub: Direct) -> None:
    answering.plans(ok(Messages=[]))

    answers = [stub.once("sqs", "receive_message", {"QueueUrl": "http://x/1/orders"}) for _ in range(3)]

    assert answers == [{"Messages": []}] * 3  # boto3 would add ResponseMetadata
    assert len(answering.asked) == 3


def test_nobody_listens(stub: Direct, answering: Answering) -> None:
    answering.close()

    with pytest.raises(Refused) as caught:
        stub.once("sqs", "receive_message", {"QueueUrl": "http://x/1/orders"})

    assert not caught.value.absent
