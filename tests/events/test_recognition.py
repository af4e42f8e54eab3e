"""Which event somebody has, and where it departs from the shape of that event."""

from __future__ import annotations

import base64
import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdacli import events
from lambdacli.errors import EventError

if TYPE_CHECKING:
    from pathlib import Path


def sample(name: str, /, *, count: int | None = None, **parameters: Any) -> Any:
    return events.render(
        events.load(name), {key.replace("_", "-"): each for key, each in parameters.items()}, count=count
    )


def said(event: Any, name: str = "") -> list[str]:
    found = events.check(event, name) if name else events.recognise(event)
    return [str(each) for each in found.departures]


@pytest.mark.parametrize(
    ("event", "name"),
    [
        (sample("sqs-receive-message", body=json.dumps(sample("s3-put"))), "sqs-s3-notification"),
        (sample("sqs-receive-message", body="Hello"), "sqs-receive-message"),
        (sample("sqs-receive-message", body='{"Records": [{"eventSource": "mine"}]}'), "sqs-receive-message"),
        (sample("apigateway-aws-proxy-cognito"), "apigateway-aws-proxy-cognito"),
        (sample("s3-delete", count=3), "s3-delete"),
        (sample("eventbridge-event", detail_type="Mine", source="me"), "eventbridge-event"),
        (sample("dynamodb-insert"), "dynamodb-insert"),
        (sample("dynamodb-update"), "dynamodb-update"),
        (sample("sns-notification", message="x"), "sns-notification"),
    ],
)
def test_the_most_specific_event_that_fits(event: Any, name: str) -> None:
    found = events.recognise(event)
    assert (found.name, found.fits, found.departures) == (name, True, ())


def test_what_it_is_counts_more_than_what_is_missing() -> None:
    event = sample("eventbridge-s3-object-created")
    del event["detail"]["bucket"]
    found = events.recognise(event)
    assert (found.name, found.fits) == ("eventbridge-s3-object-created", False)
    assert [str(each) for each in found.departures] == ['$.detail: the key "bucket" is missing']


@pytest.mark.parametrize(
    ("event", "name", "near"),
    [
        ({"Records": [{"eventSource": "aws:sqs", "body": "x"}]}, "sqs-receive-message", True),
        ({"source": "aws.s3", "detail-type": "Object Created", "detail": {}}, "eventbridge-s3-object-created", True),
        ({"Records": [{"eventName": "INSERT", "dynamodb": {}}]}, "dynamodb-insert", True),
        ({"Records": [{"Sns": {"Message": "x"}}]}, "sns-notification", False),
        ({"triggerSource": "PreSignUp_SignUp", "userName": "x"}, "cognito-pre-sign-up", True),
    ],
)
def test_a_few_keys_of_an_event_as_in_a_test_of_ones_own(event: Any, name: str, near: bool) -> None:  # noqa: FBT001 - parametrised
    found = events.recognise(event)
    assert (found.name, found.near, found.fits) == (name, near, False)


def test_its_own_name_counts_more_than_what_a_handler_has_filled_in() -> None:
    event = sample("cognito-user-migration")
    event["response"] |= {"userAttributes": {"email": "a@example.com"}, "finalUserStatus": "CONFIRMED"}
    found = events.recognise(event)
    assert (found.name, found.departures) == ("cognito-user-migration", ())


def test_events_that_are_equal_are_all_named() -> None:
    found = events.recognise(sample("cloudfront-ab-test"))
    assert found.name == "cloudfront-viewer-request"
    assert "cloudfront-ab-test" in found.others


@pytest.mark.parametrize(
    "event",
    [
        5,
        "text",
        None,
        True,
        [],
        {},
        [1, 2],
        {"my": "own"},
        {"items": [{"a": 1}]},
        [[[[]]]],
        {"": {"": ""}},
        {"Records": []},
        {"requests": [], "x": 1},
    ],
)
def test_json_that_is_no_event_is_said_to_be_none(event: Any) -> None:
    found = events.recognise(event)
    assert (found.near, found.fits) == (False, False)


def test_of_what_is_no_event_the_nearest_is_named() -> None:
    found = events.recognise({"serialNumber": "1", "batteryVoltage": "1mV", "my": 1, "own": 2, "more": 3})
    assert (found.name, found.near, found.fits) == ("iot-button", False, False)
    assert '$: the key "clickType" is missing' in [str(each) for each in found.departures]


def test_departures_are_named_with_their_place() -> None:
    event = sample("s3-put")
    record = event["Records"][0]
    record["eventSource"] = "aws:s33"
    record["s3"]["object"]["size"] = "1024"
    record["s3"]["object"]["kye"] = record["s3"]["object"].pop("key")
    record["responseElements"]["brandNew"] = 1
    assert said(event) == [
        '$.Records[0].eventSource: expected "aws:s3", not "aws:s33"',
        '$.Records[0].s3.object.size: expected an integer, not "1024"',
        '$.Records[0].s3.object: the key "key" is missing',
        "note: $.Records[0].responseElements.brandNew: unknown key",
        "note: $.Records[0].s3.object.kye: unknown key; did you mean key?",
    ]


def test_unknown_keys_and_unusual_forms_are_notes() -> None:
    event = sample("sqs-receive-message")
    event["Records"][0] |= {"messageId": "message-1", "newKey": {}}
    found = events.recognise(event)
    assert found.fits
    assert [str(each) for each in found.departures] == [
        'note: $.Records[0].messageId: expected a UUID, not "message-1"',
        "note: $.Records[0].newKey: unknown key",
    ]


def test_null_for_what_aws_leaves_out_is_a_note() -> None:
    event = sample("apigateway-http-api-proxy") | {"stageVariables": None, "rawPath": None}
    assert said(event) == [
        "$.rawPath: expected a string, not null",
        "note: $.stageVariables: null, where AWS leaves the key out",
    ]


def test_what_is_in_texts_is_looked_at() -> None:
    event = sample("sqs-sns-s3-notification")
    body = json.loads(event["Records"][0]["body"])
    message = json.loads(body["Message"])
    message["Records"][0]["s3"]["object"]["size"] = None
    body["Message"] = json.dumps(message)
    event["Records"][0]["body"] = json.dumps(body)
    assert said(event) == ["$.Records[0].body → $.Message → $.Records[0].s3.object.size: expected an integer, not null"]
    event["Records"][0]["body"] = "{"
    assert said(event, "sqs-sns-s3-notification") == ['$.Records[0].body: expected JSON, not "{"']


def test_what_is_packed_is_looked_at() -> None:
    event = sample("cloudwatch-logs")
    data = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))
    data["logEvents"][0]["timestamp"] = "now"
    event["awslogs"]["data"] = base64.b64encode(gzip.compress(json.dumps(data).encode())).decode()
    assert said(event) == ['$.awslogs.data → $.logEvents[0].timestamp: expected an integer, not "now"']
    for text, expected in (("%", "base64"), ("aGVsbG8=", "gzip in base64")):
        event["awslogs"]["data"] = text
        assert said(event) == [f'$.awslogs.data: expected {expected}, not "{text}"']
    record = sample("kinesis-get-records")
    record["Records"][0]["kinesis"]["data"] = "no base64"
    assert said(record, "kinesis-get-records") == [
        '$.Records[0].kinesis.data: expected base64, not "no base64"',
    ]


def test_the_same_in_many_records_is_said_once() -> None:
    event = sample("s3-put", count=10_000)
    for record in event["Records"][1:]:
        record["s3"]["object"]["size"] = "1"
    assert said(event) == ['$.Records[1].s3.object.size: expected an integer, not "1" (and in 9,998 more records)']
    event = sample("eventbridge-codebuild-state-change")
    event["resources"] = [1, 2, 3]
    assert said(event) == ["$.resources[0]: expected an ARN of codebuild, not 1 (and in 2 more items)"]


def test_what_is_found_is_shown_in_few_words() -> None:
    event = sample("s3-put")
    for found, shown in (("x" * 5000, f'"{"x" * 60}…"'), ({"a": 1}, "an object"), ([[]], "an array"), ({}, "{}")):
        event["Records"][0]["s3"]["object"]["size"] = found
        assert said(event) == [f"$.Records[0].s3.object.size: expected an integer, not {shown}"]
    event["Records"] = []
    assert said(event, "s3-put") == ["$.Records: expected a record at least, not an empty array"]
    assert said([], "s3-put") == ["$: expected an object, not []"]


def test_a_choice_is_named_with_the_nearest() -> None:
    event = sample("sns-cloudwatch-alarm")
    message = json.loads(event["Records"][0]["Sns"]["Message"])
    message["NewStateValue"] = "ALARMS"
    event["Records"][0]["Sns"]["Message"] = json.dumps(message)
    (line,) = said(event)
    assert line.startswith("$.Records[0].Sns.Message → $.NewStateValue: expected ")
    assert line.endswith('not "ALARMS"; did you mean ALARM?')


def test_an_event_is_held_against_the_one_that_is_named() -> None:
    assert events.check(sample("s3-post"), "s3-post").fits
    assert said(sample("s3-post"), "s3-put") == [
        '$.Records[0].eventName: expected "ObjectCreated:Put", not "ObjectCreated:Post"'
    ]
    with pytest.raises(EventError, match="there is no event template 's3-putt'"):
        events.check({}, "s3-putt")


def test_own_events_are_known_too_and_broken_ones_hide_no_others(tmp_path: Path) -> None:
    own = {"name": "order-placed", "summary": "The shop placed an order", "event": {"shop": "mine", "order": "${'1'}"}}
    (tmp_path / "order-placed.json").write_text(json.dumps(own))
    (tmp_path / "order-broken.json").write_text("{")
    found = events.recognise({"shop": "mine", "order": 7}, (tmp_path,))
    assert (found.name, found.summary, found.near) == ("order-placed", "The shop placed an order", True)
    assert [str(each) for each in found.departures] == ["$.order: expected a string, not 7"]


@pytest.mark.parametrize("depth", [100, 900])
def test_deep_nesting_is_no_bug(depth: int) -> None:
    deep = json.loads("[" * depth + "]" * depth)
    events.recognise(deep)
    assert events.recognise({"payload": deep, "Records": [deep]}).fits is False
    event = sample("sqs-receive-message", body="[" * 100_000)
    event["Records"][0]["attributes"] = deep
    assert said(event) == ["$.Records[0].attributes: expected an object, not an array"]


KEYS = ("Records", "eventSource", "body", "s3", "Sns", "detail", "detail-type", "request", "awslogs", "data", "é", "")
TEXTS = st.text(max_size=5) | st.sampled_from(("aws:s3", "aws:sqs", "{}", "[", "e30=", "\ud800", "2.0"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
)


@settings(max_examples=100)
@given(JSON)
def test_any_json_is_something_or_nothing(event: Any) -> None:
    found = events.recognise(event)
    for name in (found.name, "s3-put", "sqs-sns-s3-notification", "cloudwatch-logs"):
        assert all(str(each) for each in events.check(event, name).departures) if name else not found.fits


def test_a_misspelt_key_of_an_object_that_may_hold_more_is_named_with_the_missing_one() -> None:
    event = sample("eventbridge-s3-object-created")
    event["detail"]["requestor"] = event["detail"].pop("requester")
    found = events.recognise(event)
    assert [str(each) for each in found.departures] == ['$.detail: the key "requester" is missing; is it requestor?']


def test_a_name_with_more_around_it_is_nearly_the_name() -> None:
    event = sample("s3-restore-completed")
    event["Records"][0]["eventName"] = "s3:ObjectRestore:Completed"
    del event["Records"][0]["glacierEventData"]
    found = events.recognise(event)
    assert (found.name, len(found.departures)) == ("s3-restore-completed", 2)


def test_what_is_mostly_something_else_is_not_near_anything() -> None:
    others = dict.fromkeys("abcdefg", 1)
    assert events.recognise({"serialNumber": "1", "batteryVoltage": "1mV", **others}).name == ""


def test_a_key_that_would_hold_much_is_missed_the_more() -> None:
    answer = {"statusCode": 200, "headers": {"a": "b"}, "multiValueHeaders": {"a": ["b"]}, "isBase64Encoded": False}
    assert not events.recognise(answer | {"body": "Hello"}).near
    assert not events.recognise(answer).near
