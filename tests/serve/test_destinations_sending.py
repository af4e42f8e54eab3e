"""Records arrive at real queues, topics, buckets and buses, in the shape that Lambda documents."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, cast

import pytest
from heard import Heard

from lambdacli.local.invocation import Outcome, Report
from lambdacli.model import Destination
from lambdacli.serve.destinations import Sender, records
from lambdacli.serve.fleet import Call, Fleet, NoSuchFunction
from lambdacli.serve.telling import Step

if TYPE_CHECKING:
    from collections.abc import Callable

    from lambdacli.local.invocation import Status
    from lambdacli.serve.parts import Source

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:orders"
NOW = datetime(2026, 3, 4, 5, 6, 7, 89_000, tzinfo=timezone.utc)
STEP = Step("sent", "s3 photos", "orders", ("one",), request_id="r-1")
EVENT = b'{"order": 1.50, "name": "\xc3\xa4"}'


class Functions:
    """A fleet with two functions, and a `Later` that keeps what it gets."""

    class manifest:  # noqa: N801 - the attribute's name
        app, stage = "shop", "dev"

    def __init__(self) -> None:
        self.got: list[tuple[str, Any, str]] = []

    def function(self, name: str) -> None:
        if name not in ("orders", "mails"):
            raise NoSuchFunction(name)

    def submit(self, function: str, call: Call, source: str, record: str = "") -> None:  # noqa: ARG002
        self.got.append((function, json.loads(call.event), source))


def tried(payload: bytes | None = b'{"done": true}', status: Status = "success", tries: int = 1) -> records.Tried:
    outcome = None if payload is None else Outcome("r-1", payload, status, "", Report(1, 128, 1))
    return records.Tried("orders", ARN, "r-1", tries, outcome, NOW)


def failed() -> records.Tried:
    return tried(b'{"errorMessage": "no items", "errorType": "ValueError"}', "error", 3)


def send(
    source: Source | None, end: Destination, message: records.Message, functions: Functions | None = None,
    step: Step = STEP, work: Callable[[Sender], Any] | None = None,
) -> tuple[bool, Heard]:  # fmt: skip
    heard = Heard()

    async def main() -> bool:
        both = cast("Any", functions or Functions())
        sender = Sender(source, cast("Fleet", both), both, heard)
        try:
            return bool(await (work(sender) if work else sender.send(end, message, step)))
        finally:
            sender.close()

    return asyncio.run(main()), heard


def received(source: Source, queue: str) -> list[dict[str, Any]]:
    sqs = source.connection.client("sqs")
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    answer = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"], WaitTimeSeconds=2)
    return list(answer.get("Messages", ()))


def queue(source: Source, name: str) -> str:
    url = source.connection.client("sqs").create_queue(QueueName=name)["QueueUrl"]
    answer = source.connection.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return str(answer["Attributes"]["QueueArn"])


@pytest.mark.parametrize("by_arn", [False, True])
def test_a_queue_gets_the_record_of_a_success(source: Source, *, by_arn: bool) -> None:
    arn = queue(source, "done")
    message = records.invoked(tried(), EVENT, "Success")
    sent, heard = send(source, Destination("sqs", arn if by_arn else "done"), message)
    assert sent
    assert heard.steps == [STEP._replace(detail="sqs done")]
    [got] = received(source, "done")
    assert json.loads(got["Body"]) == {
        "version": "1.0",
        "timestamp": "2026-03-04T05:06:07.089Z",
        "requestContext": {
            "requestId": "r-1",
            "functionArn": f"{ARN}:$LATEST",
            "condition": "Success",
            "approximateInvokeCount": 1,
        },
        "requestPayload": {"order": 1.5, "name": "ä"},
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST"},
        "responsePayload": {"done": True},
    }


def test_a_failure_says_so_and_an_event_that_was_never_tried_has_no_response() -> None:
    failure = json.loads(records.invoked(failed(), EVENT, "RetriesExhausted").body)
    assert failure["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"}
    assert failure["responsePayload"] == {"errorMessage": "no items", "errorType": "ValueError"}
    assert failure["requestContext"]["condition"] == "RetriesExhausted"
    aged = json.loads(records.invoked(tried(None, tries=0), EVENT, "EventAgeExceeded").body)
    assert "responseContext" not in aged
    assert "responsePayload" not in aged
    assert aged["requestContext"]["approximateInvokeCount"] == 0


def test_what_is_no_json_or_half_a_character_is_still_a_record() -> None:
    odd = records.invoked(tried(b"\xff\xfe"), b'"\\ud800"', "Success")
    assert json.loads(odd.body.encode())["requestPayload"] == "\ud800"
    assert json.loads(odd.body)["responsePayload"] == "��"
    assert json.loads(records.invoked(tried(b"NaN"), b"1", "Success").body)["responsePayload"] == "NaN"


def test_a_topic_passes_the_record_on(source: Source) -> None:
    arn = queue(source, "heard")
    sns = source.connection.client("sns")
    topic = sns.create_topic(Name="done")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    sent, _ = send(source, Destination("sns", "done"), records.invoked(tried(), EVENT, "Success"))
    assert sent
    [got] = received(source, "heard")
    assert json.loads(json.loads(got["Body"])["Message"])["requestContext"]["condition"] == "Success"


def test_a_bucket_gets_an_object_for_each_failure_with_lambdas_own_name(source: Source) -> None:
    s3 = source.connection.client("s3")
    s3.create_bucket(Bucket="failures", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    end = Destination("s3", "arn:aws:s3:::failures")
    assert send(source, end, records.invoked(failed(), EVENT, "RetriesExhausted"))[0]
    [key] = [each["Key"] for each in s3.list_objects_v2(Bucket="failures")["Contents"]]
    uuid = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    assert re.fullmatch(f"aws/lambda/async/orders/2026/03/04/2026-03-04T05.06.07-{uuid}", key)
    assert json.loads(s3.get_object(Bucket="failures", Key=key)["Body"].read())["requestPayload"]["order"] == 1.5


@pytest.mark.parametrize(("outcome", "result"), [(tried(), "Success"), (failed(), "Failure")])
def test_a_bus_gets_the_record_as_detail(source: Source, outcome: records.Tried, result: str) -> None:
    arn = queue(source, "rule")
    events = source.connection.client("events")
    bus = events.create_event_bus(Name="shop")["EventBusArn"]
    events.put_rule(Name="all", EventBusName="shop", EventPattern='{"source": ["lambda"]}')
    events.put_targets(Rule="all", EventBusName="shop", Targets=[{"Id": "1", "Arn": arn}])
    condition: records.Condition = "Success" if result == "Success" else "RetriesExhausted"
    assert send(source, Destination("eventbridge", "shop"), records.invoked(outcome, EVENT, condition))[0]
    [got] = received(source, "rule")
    event = json.loads(got["Body"])
    assert event["detail-type"] == f"Lambda Function Invocation Result - {result}"
    assert event["source"] == "lambda"
    assert event["resources"] == [bus, f"{ARN}:$LATEST"]
    assert event["detail"]["requestContext"]["condition"] == condition


@pytest.mark.parametrize("target", ["mails", "arn:aws:lambda:eu-west-1:123456789012:function:shop-dev-mails"])
def test_another_function_gets_the_record_as_its_event(target: str) -> None:
    functions = Functions()
    sent, heard = send(None, Destination("function", target), records.invoked(tried(), EVENT, "Success"), functions)
    assert sent
    [(name, event, source)] = functions.got
    assert (name, source) == ("mails", "destination of orders")
    assert event["responsePayload"] == {"done": True}
    assert heard.of("sent")


def test_a_dead_letter_is_the_event_itself_with_attributes(source: Source) -> None:
    queue(source, "dead")
    long = "\x1b" + "ä" * 1000
    payload = json.dumps({"errorMessage": long, "errorType": "ValueError"}).encode()
    message = records.dead_letter(tried(payload, "error", 3), EVENT)
    step = STEP._replace(what="dead-lettered")
    sent, heard = send(source, Destination("sqs", "dead"), message, step=step)
    assert sent
    assert heard.steps == [step._replace(detail="sqs dead")]
    [got] = received(source, "dead")
    assert got["Body"].encode() == EVENT
    attributes = got["MessageAttributes"]
    assert attributes["RequestID"] == {"StringValue": "r-1", "DataType": "String"}
    assert attributes["ErrorCode"] == {"StringValue": "200", "DataType": "Number"}
    text = attributes["ErrorMessage"]["StringValue"]
    assert text.startswith("\ufffdää")
    assert 1020 < len(text.encode()) <= 1024


def test_a_dead_letter_of_an_event_that_was_throttled_says_so() -> None:
    attributes = records.dead_letter(tried(None, tries=0), EVENT).attributes
    assert attributes["ErrorCode"] == ("Number", "429")
    assert attributes["ErrorMessage"] == ("String", "Rate Exceeded.")


def test_a_batch_that_is_given_up_goes_whole_to_a_bucket_only() -> None:
    information = {"KinesisBatchInfo": {"shardId": "shardId-000"}}
    message = records.discarded(failed(), EVENT, "RetryAttemptsExhausted", information, "u-1", "shardId-000")
    document = json.loads(message.body)
    assert document["KinesisBatchInfo"] == information["KinesisBatchInfo"]
    assert document["requestContext"]["functionArn"] == ARN
    assert json.loads(message.whole) == {**document, "payload": EVENT.decode()}
    assert message.key.startswith("aws/lambda/u-1/shardId-000/2026/03/04/2026-03-04T05.06.07-")


def test_without_sources_it_is_told_where_it_would_have_gone() -> None:
    message = records.invoked(failed(), EVENT, "RetriesExhausted")
    sent, heard = send(None, Destination("sqs", "failed"), message)
    assert not sent
    [step] = heard.steps
    assert step.what == "discarded"
    assert step.detail == "there are no sources here: it would have gone to sqs failed"


def test_a_function_that_is_not_served_is_told_of() -> None:
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:another"
    sent, heard = send(None, Destination("function", arn), records.invoked(tried(), EVENT, "Success"))
    assert not sent
    assert heard.steps[0].detail == "it would have gone to function another, which is not served here"


def test_what_the_service_refuses_is_told_with_its_reason(source: Source) -> None:
    given = source._replace(ours=False)  # one of ours might only be starting again
    sent, heard = send(given, Destination("sqs", "nowhere"), records.invoked(tried(), EVENT, "Success"))
    assert not sent
    [step] = heard.steps
    assert step.what == "discarded"
    assert step.detail.startswith("it could not go to sqs nowhere: sqs:GetQueueUrl: ")


def test_a_queue_that_comes_late_still_gets_it(source: Source) -> None:
    message = records.invoked(tried(), EVENT, "Success")

    async def work(sender: Sender) -> bool:
        sending = asyncio.create_task(sender.send(Destination("sqs", "late"), message, STEP))
        await asyncio.sleep(0.3)
        await asyncio.to_thread(queue, source, "late")
        return await sending

    sent, heard = send(source, Destination("sqs", "late"), message, work=work)
    assert sent
    assert [each.what for each in heard.steps] == ["sent"]
    assert len(received(source, "late")) == 1


def test_what_is_on_its_way_as_everything_ends_is_told_as_discarded(source: Source) -> None:
    message = records.invoked(tried(), EVENT, "Success")

    async def work(sender: Sender) -> bool:
        sending = asyncio.create_task(sender.send(Destination("sqs", "never"), message, STEP))
        await asyncio.sleep(0.1)
        sending.cancel()
        await asyncio.wait([sending])
        return sending.cancelled()

    cancelled, heard = send(source, Destination("sqs", "never"), message, work=work)
    assert cancelled
    assert [each.what for each in heard.steps] == ["discarded"]
    assert heard.steps[0].detail == "everything ended before it was at sqs never"
