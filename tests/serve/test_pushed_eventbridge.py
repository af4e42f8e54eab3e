"""Buses: what a client puts on them reaches the functions whose patterns match, as their rules would send it."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from pushing import departures, running

if TYPE_CHECKING:
    from pathlib import Path

    from lambdacli.serve.parts import Source


async def put(source: Source, detail: Any, bus: str = "default", **more: Any) -> str:
    entry = {"Source": "my.shop", "DetailType": "paid", "Detail": json.dumps(detail), "EventBusName": bus, **more}
    answer = await asyncio.to_thread(source.connection.client("events").put_events, Entries=[entry])
    return str(answer["Entries"][0]["EventId"])


def rule(**settings: Any) -> dict[str, Any]:
    return {"eventbridge": {"pattern": {"source": ["my.shop"]}, **settings}}


def test_an_event_that_is_put(tmp_path: Path, source: Source) -> None:
    async def main() -> None:
        async with running(tmp_path, source, {"ship": [rule()]}) as served:
            sent = await put(source, {"amount": 5, "name": "Zoë"}, Resources=["arn:aws:x"])
            [got] = await served.got()
            assert departures(got.event, "eventbridge-event") == []
            known = {"version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"}
            assert set(got.event) == known
            assert (got.event["id"], got.event["source"], got.event["detail-type"]) == (sent, "my.shop", "paid")
            assert got.event["detail"] == {"amount": 5, "name": "Zoë"}
            assert got.event["resources"] == ["arn:aws:x"]
            assert got.event["account"] == source.account
            assert "." not in got.event["time"]
            assert (got.source, got.record) == ("eventbridge default", sent)

    asyncio.run(main())


def test_patterns_say_why(tmp_path: Path, source: Source) -> None:
    async def main() -> None:
        pattern = {"source": ["my.shop"], "detail": {"amount": [{"numeric": [">", 5]}]}}
        async with running(tmp_path, source, {"ship": [rule(pattern=pattern)]}) as served:
            await put(source, {"amount": 5})
            assert await served.filtered() == ['pattern: detail.amount is 5, wanted [{"numeric": [">", 5]}]']
            await put(source, {"amount": 6})
            await served.got()

    asyncio.run(main())


def test_what_a_rule_makes_of_its_event(tmp_path: Path, source: Source) -> None:
    async def main() -> None:
        functions = {
            "fixed": [rule(input={"x": [1, None]})],
            "part": [rule(input_path="$.detail.who")],
            "made": [
                rule(
                    name="mine",
                    input_transformer={
                        "paths": {"who": "$.detail.who", "n": "$.detail.n"},
                        "template": '{"to": <who>, "times": <n>, "by": <aws.events.rule-name>}',
                    },
                )
            ],
            "text": [rule(input_transformer={"paths": {"n": "$.detail.n"}, "template": '"there are <n>"'})],
        }
        async with running(tmp_path, source, functions) as served:
            await put(source, {"who": "me", "n": 3})
            assert {each.function: each.event for each in await served.got(4)} == {
                "fixed": {"x": [1, None]},
                "part": "me",
                "made": {"to": "me", "times": 3, "by": "mine"},
                "text": "there are 3",
            }

    asyncio.run(main())


def test_each_bus_has_its_own(tmp_path: Path, source: Source) -> None:
    events = source.connection.client("events")
    events.create_event_bus(Name="orders")

    async def main() -> None:
        functions = {"one": [rule()], "two": [rule(event_bus="orders")], "off": [rule(enabled=False)]}
        async with running(tmp_path, source._replace(ours=False), functions) as served:
            await put(source, {}, "orders")
            [got] = await served.got()
            assert (got.function, got.source) == ("two", "eventbridge orders")
            await put(source, {})
            assert [each.function for each in await served.got()] == ["one"]
            await served.change({"two": [rule(event_bus="orders")]})
            assert events.list_rules()["Rules"] == []
        assert events.list_rules(EventBusName="orders")["Rules"] == []

    asyncio.run(main())


def test_an_event_of_a_bucket(tmp_path: Path, source: Source) -> None:
    s3 = source.connection.client("s3")
    s3.create_bucket(Bucket="photos", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_bucket_notification_configuration(
        Bucket="photos", NotificationConfiguration={"EventBridgeConfiguration": {}}
    )

    async def main() -> None:
        pattern = {"source": ["aws.s3"], "detail": {"object": {"key": [{"prefix": "my photos/"}]}}}
        async with running(tmp_path, source, {"thumbnail": [rule(pattern=pattern)]}) as served:
            await asyncio.to_thread(s3.put_object, Bucket="photos", Key="my photos/a", Body=b"x")
            [got] = await served.got()
            assert got.event["detail-type"] == "Object Created"
            assert got.event["detail"]["object"]["key"] == "my photos/a"

    asyncio.run(main())
