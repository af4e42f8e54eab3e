"""An event inside another: whose parameters are whose, what makes records, and what travels."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdacli import events
from lambdacli.errors import EventError
from lambdacli.events.departures import departures
from lambdacli.events.wrap import CARRIERS, constant, wrapped

if TYPE_CHECKING:
    from pathlib import Path


def wrap(*names: str) -> events.Template:
    return wrapped([events.load(name) for name in names])


def render(names: str, count: int | None = None, /, **parameters: Any) -> Any:
    given = {name.replace("_", "-"): value for name, value in parameters.items()}
    return events.render(wrap(*names.split()), given, count=count)


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def test_parameters_of_both() -> None:
    (record,) = render("sqs-receive-message s3-put", bucket="photos", key="a b.jpg", queue_name="q")["Records"]
    inner = json.loads(record["body"])["Records"][0]["s3"]
    assert (inner["bucket"]["name"], inner["object"]["key"]) == ("photos", "a+b.jpg")
    assert record["eventSourceARN"].endswith(":q")
    assert record["md5OfBody"] == md5(record["body"])


def test_it_is_what_the_composed_template_makes() -> None:
    def body(event: Any) -> Any:
        found = json.loads(event["Records"][0]["body"])["Records"][0]
        return {key: value for key, value in found.items() if key != "responseElements"}

    assert body(render("sqs-receive-message s3-put", key="k")) == body(
        events.render(events.load("sqs-s3-notification"), {"key": "k"})
    )


def test_three_deep() -> None:
    records = render("sqs-receive-message sns-notification s3-put", topic="t", key=["a", "b"])["Records"]
    notifications = [json.loads(each["body"]) for each in records]
    assert [each["TopicArn"].rpartition(":")[2] for each in notifications] == ["t", "t"]
    inner = [json.loads(each["Message"])["Records"] for each in notifications]
    assert [[each["s3"]["object"]["key"] for each in event] for event in inner] == [["a"], ["b"]]
    assert "SigningCertURL" in notifications[0]
    assert len({each["MessageId"] for each in notifications}) == 2


def test_what_makes_records_makes_them_of_the_event_around() -> None:
    assert len(render("sqs-receive-message eventbridge-event", 3)["Records"]) == 3
    details = render("sqs-receive-message eventbridge-event", source=["a", "b"])["Records"]
    assert [json.loads(each["body"])["source"] for each in details] == ["a", "b"]
    with pytest.raises(EventError, match="differ in number"):
        render("sqs-receive-message s3-put", key=["a", "b"], receipt_handle="x", size=[1, 2, 3])


def test_one_record_around_several(tmp_path: Path) -> None:
    outer = {
        "name": "shop-call", "summary": "a call", "params": {"body": {}, "key": {"default": "outer"}},
        "carries": "body", "event": {"body": "${body}", "key": "${key}"},
    }  # fmt: skip
    (tmp_path / "shop-call.json").write_text(json.dumps(outer), encoding="utf-8")
    template = wrapped([events.load("shop-call", [tmp_path]), events.load("s3-put")])
    event = events.render(template, {"s3-put-key": ["a", "b"], "key": "mine"})
    assert event["key"] == "mine"
    assert [each["s3"]["object"]["key"] for each in json.loads(event["body"])["Records"]] == ["a", "b"]
    assert len(json.loads(events.render(template, {}, count=3)["body"])["Records"]) == 3
    around = wrapped([events.load("sqs-receive-message"), template])
    assert len(events.render(around, {"s3-put-key": ["a", "b"]})["Records"]) == 2


def test_names_that_are_taken_belong_to_the_event_around() -> None:
    event = render(
        "sqs-receive-message sns-notification", message_attributes={"a": "1"},
        sns_notification_message_attributes={"b": "2"},
    )["Records"][0]  # fmt: skip
    assert list(event["messageAttributes"]) == ["a"]
    assert list(json.loads(event["body"])["MessageAttributes"]) == ["b"]
    twice = wrap("sqs-receive-message", "sns-notification", "sns-notification").params
    assert "topic" in twice
    assert "sns-notification-topic" in twice


def test_the_parameter_that_carries_is_taken() -> None:
    with pytest.raises(EventError, match="parameter body: s3-put goes there") as raised:
        render("sqs-receive-message s3-put", body="x")
    assert "--wrap" in raised.value.hint
    with pytest.raises(EventError, match="has no parameter 'message'"):
        render("sqs-receive-message sns-notification s3-put", message="x")


def test_bytes_travel_as_bytes_and_as_json_where_only_text_goes() -> None:
    record = render("kinesis-get-records cloudwatch-logs", log_group="g")["Records"][0]
    assert json.loads(gzip.decompress(base64.b64decode(record["kinesis"]["data"])))["logGroup"] == "g"
    body = json.loads(render("sqs-receive-message cloudwatch-logs")["Records"][0]["body"])
    assert list(body) == ["awslogs"]


def test_an_object_takes_the_event_itself(tmp_path: Path) -> None:
    outer = {
        "name": "shop-detail", "summary": "one", "params": {"detail": {"type": "object", "default": {}}},
        "carries": "detail", "event": {"detail": "${detail}"},
    }  # fmt: skip
    (tmp_path / "shop-detail.json").write_text(json.dumps(outer), encoding="utf-8")
    template = wrapped([events.load("shop-detail", [tmp_path]), events.load("s3-test-event")])
    assert events.render(template, {"bucket": "b"})["detail"]["Bucket"] == "b"


def test_defaults_follow_the_globals() -> None:
    record = render("sqs-receive-message s3-put", region="cn-north-1", time="2020-01-01")["Records"][0]
    inner = json.loads(record["body"])["Records"][0]
    assert (inner["awsRegion"], inner["eventTime"]) == ("cn-north-1", "2020-01-01T00:00:00.000Z")
    assert inner["s3"]["bucket"]["arn"].startswith("arn:aws-cn:")


def test_what_carries_nothing() -> None:
    with pytest.raises(EventError, match="event s3-put carries no other event") as raised:
        wrap("s3-put", "sqs-receive-message")
    assert all(name in raised.value.hint for name in CARRIERS)
    assert all(events.load(name).carries for name in CARRIERS)


@pytest.mark.parametrize("name", [name for name in events.names() if events.load(name).carries])
@pytest.mark.parametrize("inner", ["s3-put", "cloudwatch-logs"])
def test_everything_that_carries_carries_any(name: str, inner: str) -> None:
    event = events.render(wrap(name, inner), {})
    assert event != events.render(events.load(name), {})
    assert json.loads(events.dumps(event)) == event


@pytest.mark.parametrize("inner", events.names())
def test_everything_can_be_carried(inner: str) -> None:
    event = events.render(wrap("sqs-receive-message", "sns-notification", inner), {})
    assert json.loads(json.loads(event["Records"][0]["body"])["Message"]) is not None


def test_s3_has_a_subject_of_its_own_in_sns_unless_one_is_given() -> None:
    subjects = [
        render("sns-notification s3-delete", **given)["Records"][0]["Sns"]["Subject"]
        for given in ({}, {"subject": "mine"})
    ]
    assert subjects == ["Amazon S3 Notification", "mine"]


def test_what_an_event_sets_around_it_is_not_itself(tmp_path: Path) -> None:
    inner = {
        "name": "shop-sale", "summary": "a sale", "event": {"it": "me"},
        "travels-with": {"message": "overwritten", "subject": "in ${region}", "region": "x", "unknown": 1},
    }  # fmt: skip
    (tmp_path / "shop-sale.json").write_text(json.dumps(inner), encoding="utf-8")
    template = wrapped([events.load("sns-notification"), events.load("shop-sale", [tmp_path])])
    found = events.render(template, {"region": "eu-west-1"})["Records"][0]["Sns"]
    assert (found["Message"], found["Subject"]) == ('{"it":"me"}', "in eu-west-1")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text("${}?|'a."),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("${}?a", max_size=6), inner, max_size=3),
    max_leaves=10,
)


@given(JSON)
def test_an_event_that_is_there_already_goes_inside_as_it_is(event: Any) -> None:
    inside = constant(event, "mine.json")
    assert events.render(inside, {}) == event
    if isinstance(event, (dict, list)):
        template = wrapped([events.load("sqs-receive-message"), events.load("sns-notification"), inside])
        (record,) = events.render(template, {"topic": "t"})["Records"]
        message = json.loads(record["body"])["Message"]
        assert json.loads(message) == event
        assert message == events.dumps(event, compact=True)
    detail = events.render(wrapped([events.load("eventbridge-event"), constant({"a": event}, "x")]), {})["detail"]
    assert detail == {"a": event}


def test_an_event_that_is_there_already_carries_no_other() -> None:
    with pytest.raises(EventError, match=r"event mine\.json carries no other event"):
        wrapped([constant({}, "mine.json"), events.load("s3-put")])
    with pytest.raises(EventError, match=r"parameter body: mine\.json goes there"):
        events.render(wrapped([events.load("sqs-receive-message"), constant({}, "mine.json")]), {"body": "x"})


@pytest.mark.parametrize("event", [{"$merge": [{"a": 1}, "${more}"]}, {"$use": "shop-base"}])
def test_what_travels_of_an_event_that_an_operator_makes(tmp_path: Path, event: Any) -> None:
    base = {"name": "shop-base", "summary": "one", "event": {"a": 1}}
    sale = {
        "name": "shop-sale", "summary": "a sale", "params": {"more": {"type": "object"}}, "event": event,
        "travels-as": "${.a}, ${.b}",
    }  # fmt: skip
    around = {"name": "shop-call", "summary": "a call", "event": {"body": {"$carry": "shop-sale"}}}
    for each in (base, sale, around):
        (tmp_path / f"{each['name']}.json").write_text(json.dumps(each), encoding="utf-8")
    template = events.load("shop-call", [tmp_path])
    found = events.render(template, {})
    assert found == {"body": "1, "}
    assert departures(events.schema(template), found) == []


def test_what_travels_of_an_event_that_is_no_object(tmp_path: Path) -> None:
    sale = {"name": "shop-sale", "summary": "a sale", "event": {"$json": {}}, "travels-as": "it: ${.a}"}
    (tmp_path / "shop-sale.json").write_text(json.dumps(sale), encoding="utf-8")
    template = wrapped([events.load("sqs-receive-message"), events.load("shop-sale", [tmp_path])])
    assert events.render(template, {})["Records"][0]["body"] == "it: "


def test_a_spelling_that_is_taken_means_the_event_around(tmp_path: Path) -> None:
    call = {"body": {}, "key": {"default": "outer", "aliases": ["same"]}}
    sale = {"name": {"default": "inner", "aliases": ["key", "same", "mine"]}}
    for name, params, more in (
        ("shop-call", call, {"carries": "body", "event": ["${key}", "${body}"]}),
        ("shop-sale", sale, {"event": ["${name}"]}),
    ):
        template = {"name": name, "summary": "one", "params": params, **more}
        (tmp_path / f"{name}.json").write_text(json.dumps(template), encoding="utf-8")
    around = wrapped([events.load(name, [tmp_path]) for name in ("shop-call", "shop-sale")])
    assert around.params["name"].aliases == ("mine",)
    for spelling in ("key", "same"):
        assert events.render(around, {spelling: "x", "mine": "y"}) == ["x", '["y"]']


def test_an_event_that_is_nested_too_deeply_or_no_object() -> None:
    deep: Any = []
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(EventError, match=r"deep\.json: the event is nested too deeply"):
        constant(deep, "deep.json")
    with pytest.raises(EventError, match=r"event eventbridge-event carries an object, and list\.json is a list"):
        wrapped([events.load("eventbridge-event"), constant([{"a": 1}], "list.json")])


@pytest.mark.parametrize("depth", [300, 500, 900])
def test_an_event_of_any_depth_goes_inside_or_is_an_error(depth: int) -> None:
    deep: Any = []
    for _ in range(depth):
        deep = [deep]
    with suppress(EventError):
        template = wrapped([events.load("sqs-receive-message"), constant(deep, "deep.json")])
        assert events.render(template, {})["Records"][0]["body"] == "[" * (depth + 1) + "]" * (depth + 1)
