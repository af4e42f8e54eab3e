"""Log groups: what a client puts into their streams reaches the functions whose filters match."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from pushing import departures, running

if TYPE_CHECKING:
    from pathlib import Path

    from lambdacli.serve.parts import Source


@pytest.fixture
def logs(source: Source) -> Any:
    client = source.connection.client("logs")
    client.create_log_group(logGroupName="/app/web")
    client.create_log_stream(logGroupName="/app/web", logStreamName="one")
    return client


async def put(logs: Any, *messages: str, stream: str = "one", at: int = 0) -> None:
    now = at or int(time.time() * 1000)
    events = [{"timestamp": now + number, "message": each} for number, each in enumerate(messages)]
    await asyncio.to_thread(logs.put_log_events, logGroupName="/app/web", logStreamName=stream, logEvents=events)


def unpacked(event: Any) -> dict[str, Any]:
    assert set(event) == {"awslogs"}
    assert set(event["awslogs"]) == {"data"}
    found: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))
    return found


def messages(event: Any) -> list[str]:
    return [each["message"] for each in unpacked(event)["logEvents"]]


def test_log_events_that_are_put(tmp_path: Path, source: Source, logs: Any) -> None:
    async def main() -> None:
        await put(logs, "before anybody listened")
        trigger = {"logs": {"log_group": "/app/web", "filter_pattern": "?ERROR ?Straße", "filter_name": "mine"}}
        async with running(tmp_path, source, {"alert": [trigger]}) as served:
            await put(logs, "ERROR one", "fine", "Straße two")
            [got] = await served.got()
            assert departures(got.event, "cloudwatch-logs") == []
            told = unpacked(got.event)
            assert {key: value for key, value in told.items() if key != "logEvents"} == {
                "messageType": "DATA_MESSAGE", "owner": source.account, "logGroup": "/app/web", "logStream": "one",
                "subscriptionFilters": ["mine"],
            }  # fmt: skip
            assert messages(got.event) == ["ERROR one", "Straße two"]
            assert len({each["id"] for each in told["logEvents"]}) == 2
            assert all(len(each["id"]) == 56 for each in told["logEvents"])
            assert (got.source, got.record) == ("logs /app/web", "one")
            assert await served.filtered() == ["1 log event does not match filter_pattern ?ERROR ?Straße"]

    asyncio.run(main())


def test_nothing_is_lost_or_told_twice(tmp_path: Path, source: Source, logs: Any) -> None:
    async def main() -> None:
        async with running(tmp_path, source, {"alert": [{"logs": "/app/web"}]}) as served:
            for number in range(20):
                await put(logs, "same", str(number))
            await put(logs, "old", at=1_700_000_000_000)
            await asyncio.to_thread(logs.create_log_stream, logGroupName="/app/web", logStreamName="two")
            await put(logs, "two", stream="two")

            def found() -> list[str]:
                return [message for each in served.later.got for message in messages(each.event)]

            await served.until(lambda: len(found()) >= 42)
            await asyncio.sleep(1.2)
            assert sorted(found()) == sorted([*["same"] * 20, *map(str, range(20)), "old", "two"])

    asyncio.run(main())


def test_json_and_columns(tmp_path: Path, source: Source, logs: Any) -> None:
    async def main() -> None:
        functions = {
            "json": [{"logs": {"log_group": "/app/web", "filter_pattern": '{ $.level = "error" && $.code > 5 }'}}],
            "columns": [{"logs": {"log_group": "/app/web", "filter_pattern": "[who, code = 4*]"}}],
        }
        async with running(tmp_path, source, functions) as served:
            await put(logs, '{"level": "error", "code": 6}', "me 404", '{"level": "error", "code": 5}')
            found = {each.function: each.event for each in await served.got(2)}
            assert messages(found["json"]) == ['{"level": "error", "code": 6}']
            [entry] = unpacked(found["columns"])["logEvents"]
            assert entry["extractedFields"] == {"who": "me", "code": "404"}

    asyncio.run(main())


def test_a_group_that_comes_later_and_a_pattern_that_is_none(tmp_path: Path, source: Source) -> None:
    client = source.connection.client("logs")

    async def main() -> None:
        functions = {
            "alert": [{"logs": "/app/web"}],
            "bad": [{"logs": {"log_group": "/x", "filter_pattern": "{ $.a }"}}],
        }
        async with running(tmp_path, source, functions) as served:
            assert served.heard.warnings == [
                (
                    "functions.bad.triggers[0].logs.filter_pattern: the end is no comparison"
                    " (no log event reaches the function here)"
                ),
                "logs /app/web is not there (ResourceNotFoundException) (it is looked for again and again)",
            ]
            client.create_log_group(logGroupName="/app/web")
            client.create_log_stream(logGroupName="/app/web", logStreamName="one")
            await put(client, "x")
            assert messages((await served.got())[0].event) == ["x"]
            assert served.heard.notes == ["logs /app/web: it is there now"]

    asyncio.run(main())
