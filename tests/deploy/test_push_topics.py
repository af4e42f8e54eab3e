from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from pushed import Pushed, alias

if TYPE_CHECKING:
    from pathlib import Path

    from forked import Forker
    from rules import Proxy

TOPIC = "arn:aws:sns:eu-west-1:123456789012:news"


@pytest.fixture
def project(tmp_path: Path, forker: Forker, aws: Proxy) -> Pushed:
    aws.client("sns").create_topic(Name="news")
    return Pushed(tmp_path, forker, aws)


def _subscriptions(project: Pushed) -> list[dict[str, Any]]:
    """All of the topic, with their attributes."""
    sns = project.aws.client("sns")
    found = sns.list_subscriptions_by_topic(TopicArn=TOPIC)["Subscriptions"]
    return [sns.get_subscription_attributes(SubscriptionArn=each["SubscriptionArn"])["Attributes"] for each in found]


def _publish(project: Pushed, message: str, **attributes: str) -> None:
    given = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
    project.aws.client("sns").publish(TopicArn=TOPIC, Message=message, MessageAttributes=given)


def test_a_message_that_the_policy_wants_invokes_the_function(project: Pushed) -> None:
    project.write({"reader": [{"sns": {"topic": "news", "filter_policy": {"kind": ["sport"]}}}]})
    project.deploy()
    _publish(project, "one", kind="politics")
    _publish(project, "two", kind="sport")
    assert project.got("reader")["Records"][0]["Sns"]["Message"] == "two"
    assert len(project.events("reader")) == 1
    (statement,) = project.statements("reader")
    assert statement["Principal"] == {"Service": "sns.amazonaws.com"}
    assert statement["Condition"] == {"ArnLike": {"AWS:SourceArn": TOPIC}}
    assert project.plan() == {}


def test_its_settings_are_changed_in_place_and_back(project: Pushed) -> None:
    project.write({"reader": [{"sns": "news"}]})
    project.deploy()
    (before,) = _subscriptions(project)
    body = {"topic": "news", "filter_policy": {"order": {"kind": ["new"]}}, "filter_policy_scope": "MessageBody"}
    for settings in (
        body,
        {"topic": "news", "filter_policy": {"kind": ["sport"]}},
        {**body, "redrive_queue": "dead"},
        {"topic": "news"},
    ):
        project.write({"reader": [{"sns": settings}]}, queues={"dead": None})
        assert {each["op"] for each in project.plan().values()} <= {"update", "create", "delete"}
        project.deploy()
        (after,) = _subscriptions(project)
        assert after["SubscriptionArn"] == before["SubscriptionArn"]
        assert json.loads(after.get("FilterPolicy") or "{}") == settings.get("filter_policy", {})
        if "filter_policy" in settings:
            assert after["FilterPolicyScope"] == settings.get("filter_policy_scope", "MessageAttributes")
        redrive = json.loads(after.get("RedrivePolicy") or "{}")
        queue = "arn:aws:sqs:eu-west-1:123456789012:dead"
        assert redrive == ({"deadLetterTargetArn": queue} if "redrive_queue" in settings else {})
        assert project.plan() == {}


def test_a_queue_of_ours_lets_the_topic_send_and_nobody_else(project: Pushed) -> None:
    project.write({"reader": [{"sns": {"topic": "news", "redrive_queue": "dead"}}]}, queues={"dead": None})
    project.deploy()
    sqs = project.aws.client("sqs")
    url = sqs.get_queue_url(QueueName="dead")["QueueUrl"]

    def policy() -> str:
        return str(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"].get("Policy", ""))

    (statement,) = json.loads(policy())["Statement"]
    sid = statement.pop("Sid")
    assert sid.startswith("lambdacli-reader-")
    assert statement == {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": "arn:aws:sqs:eu-west-1:123456789012:dead",
        "Condition": {"ArnEquals": {"aws:SourceArn": TOPIC}},
    }
    theirs = {"Sid": "theirs", "Effect": "Allow", "Principal": "*", "Action": "sqs:ReceiveMessage", "Resource": "*"}
    both = {"Version": "2012-10-17", "Statement": [theirs, {"Sid": sid, **statement}]}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(both)})
    assert project.plan() == {}
    project.write({"reader": [{"sns": "news"}]}, queues={"dead": None})
    project.deploy()
    assert json.loads(policy())["Statement"] == [theirs]
    assert project.plan() == {}


def test_a_queue_of_others_is_only_told_of(project: Pushed) -> None:
    project.aws.client("sqs").create_queue(QueueName="theirs")
    project.write({"reader": [{"sns": {"topic": "news", "redrive_queue": "theirs"}}]})
    assert "the policy of queue theirs must let sns.amazonaws.com send to it" in project.deploy()


def test_others_stay_subscribed_when_we_leave(project: Pushed) -> None:
    sns = project.aws.client("sns")
    sns.subscribe(TopicArn=TOPIC, Protocol="sqs", Endpoint="arn:aws:sqs:eu-west-1:123456789012:theirs")
    project.write({"reader": [{"sns": "news"}], "writer": [{"sns": "news"}]})
    project.deploy()
    assert {each["Endpoint"] for each in _subscriptions(project)} > {alias("reader"), alias("writer")}
    project.write({"reader": [], "writer": [{"sns": "news"}]})
    project.deploy()
    endpoints = {each["Endpoint"] for each in _subscriptions(project)}
    assert endpoints == {alias("writer"), "arn:aws:sqs:eu-west-1:123456789012:theirs"}
    assert project.statements("reader") == []
    project.run("destroy", "--yes")
    assert {each["Protocol"] for each in _subscriptions(project)} == {"sqs"}


def test_a_topic_that_is_not_there_is_told_in_the_plan(project: Pushed) -> None:
    project.write({"reader": [{"sns": "olds"}]})
    said = project.deploy(code=2)
    assert "there is no SNS topic olds" in said
    assert "functions.reader.triggers[0].sns" in said


def test_a_topic_of_another_region_is_refused_in_the_plan(project: Pushed) -> None:
    project.write({"reader": [{"sns": TOPIC.replace("eu-west-1", "us-east-1")}]})
    assert "the topic is in us-east-1" in project.deploy(code=2)


def test_a_second_subscription_to_a_topic_is_a_mistake(project: Pushed) -> None:
    project.write({"reader": [{"sns": "news"}, {"sns": {"topic": "news", "filter_policy": {"a": ["b"]}}}]})
    assert "there is one above" in project.run("validate", code=2)
