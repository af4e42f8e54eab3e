"""Topics: what a client publishes reaches the function as SNS invokes it; filter policies."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from pushing import departures, running

from lambdacli.patterns.notifications import why

if TYPE_CHECKING:
    from pathlib import Path

    from lambdacli.serve.parts import Source

ARN = "arn:aws:sns:eu-west-1:123456789012:alerts"


@pytest.fixture
def sns(source: Source) -> Any:
    client = source.connection.client("sns")
    client.create_topic(Name="alerts")
    return client


async def publish(sns: Any, message: str, subject: str = "", **attributes: Any) -> str:
    given = {name: {"DataType": kind, "StringValue": value} for name, (kind, value) in attributes.items()}
    more = {"Subject": subject} if subject else {}
    answer = await asyncio.to_thread(sns.publish, TopicArn=ARN, Message=message, MessageAttributes=given, **more)
    return str(answer["MessageId"])


@pytest.mark.parametrize("topic", ["alerts", ARN])
def test_a_message_that_is_published(tmp_path: Path, source: Source, sns: Any, topic: str) -> None:
    async def main() -> None:
        async with running(tmp_path, source, {"alarm": [{"sns": topic}]}) as served:
            sent = await publish(sns, "hällo", "about", kind=("String", "new"), size=("Number", "5"))
            [got] = await served.got()
            assert departures(got.event, "sns-notification") == []
            [record] = got.event["Records"]
            told = record["Sns"]
            assert (record["EventSource"], record["EventVersion"]) == ("aws:sns", "1.0")
            assert record["EventSubscriptionArn"].startswith(f"{ARN}:")
            assert (told["MessageId"], told["TopicArn"], told["Subject"], told["Message"]) == (
                sent,
                ARN,
                "about",
                "hällo",
            )
            assert told["MessageAttributes"] == {
                "kind": {"Type": "String", "Value": "new"},
                "size": {"Type": "Number", "Value": "5"},
            }
            assert {"SigningCertUrl", "UnsubscribeUrl"} < set(told)
            assert not {"SigningCertURL", "UnsubscribeURL"} & set(told)
            assert (got.source, got.record) == ("sns alerts", sent)

    asyncio.run(main())


def test_a_message_without_subject_and_attributes(tmp_path: Path, source: Source, sns: Any) -> None:
    async def main() -> None:
        async with running(tmp_path, source, {"alarm": [{"sns": "alerts"}]}) as served:
            await publish(sns, "x")
            told = (await served.got())[0].event["Records"][0]["Sns"]
            assert told["Subject"] is None
            assert told["MessageAttributes"] == {}

    asyncio.run(main())


def test_filter_policies_say_why(tmp_path: Path, source: Source, sns: Any) -> None:
    async def main() -> None:
        functions = {
            "new": [{"sns": {"topic": "alerts", "filter_policy": {"kind": ["new"]}}}],
            "big": [
                {
                    "sns": {
                        "topic": "alerts",
                        "filter_policy": {"order": {"size": [{"numeric": [">", 5]}]}},
                        "filter_policy_scope": "MessageBody",
                    }
                }
            ],
        }
        async with running(tmp_path, source, functions) as served:
            await publish(sns, '{"order": {"size": 6}}', kind=("String", "old"))
            assert [each.function for each in await served.got()] == ["big"]
            assert await served.filtered() == ['filter_policy: kind is "old", wanted ["new"]']
            await publish(sns, "text", kind=("String", "new"))
            assert [each.function for each in await served.got()] == ["new"]
            assert await served.filtered() == ["filter_policy: the message is no JSON object"]

    asyncio.run(main())


def test_another_policy_counts_at_once_and_a_topic_that_nobody_wants_is_left(
    tmp_path: Path, source: Source, sns: Any
) -> None:
    source = source._replace(ours=False)

    def subscribed() -> int:
        return len(sns.list_subscriptions_by_topic(TopicArn=ARN)["Subscriptions"])

    async def main() -> None:
        async with running(tmp_path, source, {"alarm": [{"sns": "alerts"}]}) as served:
            assert subscribed() == 1
            await served.change({"alarm": [{"sns": {"topic": "alerts", "filter_policy": {"kind": ["new"]}}}]})
            await publish(sns, "x")
            assert await served.filtered() == ["filter_policy: the message has no attributes"]
            await served.change({"alarm": []})
            assert subscribed() == 0
            await served.change({"alarm": [{"sns": "alerts"}]})
            await publish(sns, "y")
            assert (await served.got())[0].event["Records"][0]["Sns"]["Message"] == "y"
        assert subscribed() == 0

    asyncio.run(main())


STRINGS = {"Type": "String.Array", "Value": json.dumps(["rugby", "golf", 5, True, None])}
ATTRIBUTES = {
    "store": {"Type": "String", "Value": "example_corp"},
    "price": {"Type": "Number", "Value": "210.75"},
    "sports": STRINGS,
    "ip": {"Type": "String", "Value": "10.0.0.7"},
    "empty": {"Type": "String", "Value": ""},
    "raw": {"Type": "Binary", "Value": "AAAA"},
    "number": {"Type": "String", "Value": "5"},
    "precise": {"Type": "Number.double", "Value": "3.015e2"},
}


@pytest.mark.parametrize(
    ("policy", "passing"),
    [
        ({"store": ["example_corp"]}, True),
        ({"store": ["Example_corp"]}, False),
        ({"store": [{"equals-ignore-case": "EXAMPLE_CORP"}]}, True),
        ({"store": [{"prefix": "example"}]}, True),
        ({"store": [{"suffix": "_corp"}]}, True),
        ({"store": [{"anything-but": ["example_corp"]}]}, False),
        ({"store": [{"anything-but": {"prefix": "other"}}]}, True),
        ({"price": [{"numeric": [">", 200, "<=", 210.75]}]}, True),
        ({"price": ["210.75"]}, False),
        ({"precise": [{"numeric": ["=", 301.5]}]}, True),
        ({"number": [{"numeric": ["=", 5]}]}, False),
        ({"sports": ["golf"]}, True),
        ({"sports": [5]}, True),
        ({"sports": [True]}, True),
        ({"sports": [None]}, True),
        ({"sports": ["tennis"]}, False),
        ({"sports": [{"anything-but": ["rugby", "golf"]}]}, True),
        ({"ip": [{"cidr": "10.0.0.0/24"}]}, True),
        ({"ip": [{"cidr": "10.0.1.0/24"}]}, False),
        ({"store": [{"exists": True}]}, True),
        ({"store": [{"exists": False}]}, False),
        ({"missing": [{"exists": False}]}, True),
        ({"missing": [{"exists": True}]}, False),
        ({"empty": [{"exists": True}]}, False),
        ({"raw": [{"exists": True}]}, False),
        ({"missing": ["x"], "store": ["example_corp"]}, False),
        ({"$or": [{"missing": ["x"]}, {"store": ["example_corp"]}]}, True),
        ({"$or": [{"missing": ["x"]}, {"store": ["other"]}]}, False),
        ('{"store": ["example_corp"]}', True),
        ({}, True),
    ],
)
def test_policies_for_attributes(policy: Any, passing: bool) -> None:  # noqa: FBT001 - the expected answer
    assert (why(policy, "MessageAttributes", "x", ATTRIBUTES) == "") is passing


def test_a_message_without_attributes_passes_no_policy_for_them() -> None:
    assert why({"x": [{"exists": False}]}, "MessageAttributes", "x", {}) == "the message has no attributes"


@pytest.mark.parametrize(
    ("policy", "message", "reason"),
    [
        ({"a": {"b": [1]}}, '{"a": {"b": 1}}', ""),
        ({"a": {"b": [1]}}, '{"a": [{"b": 2}, {"b": 1}]}', ""),
        ({"a": [{"exists": True}]}, '{"a": null}', 'a is null, wanted [{"anything-but": [null, ""]}]'),
        ({"a": [{"exists": False}]}, "{}", ""),
        ({"a": [1]}, "[1]", "the message is no JSON object"),
        ({"a": [1]}, "1", "the message is no JSON object"),
    ],
)
def test_policies_for_bodies(policy: Any, message: str, reason: str) -> None:
    assert why(policy, "MessageBody", message, ATTRIBUTES) == reason
