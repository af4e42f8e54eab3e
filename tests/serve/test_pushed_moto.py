"""Another emulator, given by its URL: the same events reach the functions, however it writes them."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest
from emulator import ACCOUNT, MOTO, REGION, Moto, Unavailable, executable
from pushing import departures, running

from lambdacli.connection import Connection, Target
from lambdacli.serve.parts import Source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def given() -> Iterator[Source]:
    try:
        command = executable(MOTO)
    except Unavailable as reason:
        pytest.skip(str(reason))
    with Moto(command) as running_moto:
        connection = Connection(region=REGION, target=Target(running_moto.url, ("test", "test")))
        yield Source(connection, running_moto.url, ACCOUNT, REGION, ours=False)
        connection.close()


def test_what_a_given_endpoint_pushes(tmp_path: Path, given: Source) -> None:
    client = given.connection.client
    client("s3").create_bucket(Bucket="photos", CreateBucketConfiguration={"LocationConstraint": REGION})
    client("sns").create_topic(Name="alerts")
    client("logs").create_log_group(logGroupName="/app")
    client("logs").create_log_stream(logGroupName="/app", logStreamName="one")

    def push() -> None:
        client("s3").put_object(Bucket="photos", Key="in/a b+c.jpg", Body=b"x")
        attributes = {"raw": {"DataType": "Binary", "BinaryValue": b"xyz"}}
        topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:alerts"
        client("sns").publish(TopicArn=topic, Message="x", Subject="s", MessageAttributes=attributes)
        entry = {"Source": "my.shop", "DetailType": "paid", "Detail": json.dumps({"n": 1})}
        client("events").put_events(Entries=[entry])
        event = {"timestamp": 1_795_000_000_000, "message": "x"}
        client("logs").put_log_events(logGroupName="/app", logStreamName="one", logEvents=[event])

    async def main() -> None:
        functions = {
            "s3-put": [{"s3": {"bucket": "photos", "prefix": "in/a b"}}],
            "sns-notification": [{"sns": "alerts"}],
            "eventbridge-event": [{"eventbridge": {"pattern": {"source": ["my.shop"], "detail": {"n": [1]}}}}],
            "cloudwatch-logs": [{"logs": "/app"}],
        }
        async with running(tmp_path, given, functions) as served:
            await asyncio.to_thread(push)
            found = {each.function: each.event for each in await served.got(4)}
            assert {name: departures(event, name) for name, event in found.items()} == {key: [] for key in functions}
            assert found["s3-put"]["Records"][0]["s3"]["object"]["key"] == "in/a+b%2Bc.jpg"
            assert served.heard.warnings == []
        assert client("sqs").list_queues().get("QueueUrls", []) == []
        assert client("sns").list_subscriptions()["Subscriptions"] == []
        assert client("events").list_rules()["Rules"] == []
        assert "QueueConfigurations" not in client("s3").get_bucket_notification_configuration(Bucket="photos")
        assert served.heard.warnings == []

    asyncio.run(main())
