"""MQTT topics: what a client publishes reaches the functions whose statements select it."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from pushing import running

from lambdacli.serve.pushed.iot_functions import UNDEFINED, Message
from lambdacli.serve.pushed.iot_sql import Statement, Unread

if TYPE_CHECKING:
    from pathlib import Path

    from lambdacli.serve.parts import Source


async def publish(source: Source, topic: str, payload: Any) -> None:
    given = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    await asyncio.to_thread(source.connection.client("iot-data").publish, topic=topic, payload=given)


def test_a_message_that_is_published(tmp_path: Path, source: Source) -> None:
    async def main() -> None:
        functions = {
            "all": [{"iot": "SELECT * FROM 'devices/+/status'"}],
            "low": [{"iot": "SELECT battery, topic(2) AS device FROM 'devices/#' WHERE battery < 10"}],
            "off": [{"iot": {"sql": "SELECT * FROM 'devices/#'", "enabled": False}}],
        }
        async with running(tmp_path, source._replace(ours=False), functions) as served:
            sent = {"battery": 5, "name": "Zoë", "deep": {"x": [1, 2.5, None]}}
            await publish(source, "devices/d1/status", sent)
            found = {each.function: each for each in await served.got(2)}
            assert found["all"].event == sent
            assert found["low"].event == {"battery": 5, "device": "d1"}
            assert (found["all"].source, found["all"].record) == ("iot devices/+/status", "devices/d1/status")
            await publish(source, "devices/d1/other", {"battery": 50})
            assert await served.filtered() == ['WHERE battery < 10 is not true of {"battery": 50}']
            await publish(source, "devices/d1/status", b"\xff\x00")
            assert sorted(await served.filtered(2)) == [
                "WHERE battery < 10 is not true of a payload that is no JSON",
                "the payload is no JSON, which is all that a Lambda action takes",
            ]
        assert source.connection.client("iot").list_topic_rules()["rules"] == []

    asyncio.run(main())


def test_a_statement_that_is_not_evaluated_here_is_told(tmp_path: Path, source: Source) -> None:
    async def main() -> None:
        functions = {
            "one": [{"iot": "SELECT get_thing_shadow('a', 'b') AS s FROM 'x'"}],
            "two": [{"iot": "SELECT * FROM 'x'"}],
        }
        async with running(tmp_path, source, functions) as served:
            assert served.heard.warnings == [
                (
                    "functions.one.triggers[0].iot.sql: function get_thing_shadow is not evaluated here"
                    " (what is published does not reach the function here)"
                )
            ]
            await publish(source, "x", {})
            assert [each.function for each in await served.got()] == ["two"]

    asyncio.run(main())


CONTENT = {"a": 5, "b": "text", "c": {"d": [1, {"e": True}]}, "n": None, "s": "12", "from_": 1}
MESSAGE = Message("devices/d1/status", json.dumps(CONTENT).encode(), CONTENT, "me", 1_700_000_000_000, "123456789012")


@pytest.mark.parametrize(
    ("columns", "event"),
    [
        ("*", CONTENT),
        ("VALUE c", CONTENT["c"]),
        ("VALUE *", CONTENT),
        ("a", {"a": 5}),
        ("a AS x, b", {"x": 5, "b": "text"}),
        ("*, topic() AS t", {**CONTENT, "t": "devices/d1/status"}),
        ("c.d[1].e AS e", {"e": True}),
        ("c.d", {"d": [1, {"e": True}]}),
        ("missing, a", {"a": 5}),
        ("topic(1)", {"topic": "devices"}),
        ("timestamp() AS t, clientid() AS c, accountid() AS a", {"t": 1700000000000, "c": "me", "a": "123456789012"}),
        ("a + 1 AS x, a * 2.5 AS y, a / 2 AS z, a % 2 AS m, -a AS n", {"x": 6, "y": 12.5, "z": 2, "m": 1, "n": -5}),
        ("a + b AS x, s * 2 AS y, b * 2 AS z", {"x": "5text", "y": 24}),
        ("upper(b) AS u, concat(b, '-', a) AS c, length(b) AS l, substring(b, 1, 3) AS s",
         {"u": "TEXT", "c": "text-5", "l": 4, "s": "ex"}),
        (r"'it\'s' AS x, 1.5 AS y, true AS z, null AS n",
         {"x": "it's", "y": 1.5, "z": True, "n": None}),
        ("decode(encode(*, 'base64'), 'base64') AS raw", {"raw": json.dumps(CONTENT)}),
        ("get(c.d, 0) AS x, get(c, 'd') AS y, get(c, 'z') AS z", {"x": 1, "y": [1, {"e": True}]}),
        ("floor(2.7) AS f, ceil(2.1) AS c, round(2.5) AS r, abs(-3) AS a, power(2, 3) AS p",
         {"f": 2, "c": 3, "r": 3, "a": 3, "p": 8}),
        ("isnull(n) AS n, isundefined(zzz) AS u", {"n": True, "u": True}),
        ("md5('a') AS m", {"m": "0cc175b9c0f1b6a831c399e269772661"}),
    ],
)  # fmt: skip
def test_columns(columns: str, event: Any) -> None:
    statement = Statement(f"SELECT {columns} FROM 'devices/+/status'")  # noqa: S608 - no database reads it
    assert statement.event(MESSAGE) == event


@pytest.mark.parametrize(
    ("condition", "true"),
    [
        ("a = 5", True),
        ("a <> 5", False),
        ("a >= 5 AND b = 'text'", True),
        ("a > 5 OR b = 'text'", True),
        ("NOT a > 5", True),
        ("NOT (a > 5 OR b = 'text')", False),
        ("a > 5 AND b = 'x' OR a = 5", True),
        ("a > 5 AND (b = 'x' OR a = 5)", False),
        ("missing > 5", False),
        ("NOT missing > 5", False),
        ("missing <> 5", False),
        ("s > 11", True),
        ("s = 12", True),
        ("b > 11", False),
        ("b >= 'tex'", True),
        ("a IN (1, 5)", True),
        ("a in [1, 2]", False),
        ("c.d[1].e", True),
        ("c.d[1].e = true", True),
        ("n = null", True),
        ("startswith(b, 'te') AND endswith(topic(), '/status')", True),
        ("regexp_matches(b, '^t.*t$')", True),
        ("topic(2) = 'd1'", True),
        ("a + 1 = 6", True),
        ("a % 2 = 1", True),
    ],
)
def test_conditions(condition: str, true: bool) -> None:  # noqa: FBT001 - the expected answer
    why = Statement(f"select * from 'devices/#' where {condition}").why(MESSAGE)  # noqa: S608 - as above
    assert (why == "") is true
    assert true or why.startswith(f"WHERE {condition} is not true of {{")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT",
        "SELECT * FROM topic",
        "SELECT * FROM 'a' WHERE",
        "SELECT * FROM 'a' WHERE a !",
        "SELECT * FROM 'a' WHERE a != 1",
        "SELECT a AS FROM 'a'",
        "SELECT * FROM 'a' GROUP",
        "SELECT (SELECT x FROM y) AS z FROM 'a'",
        "SELECT * FROM 'a' WHERE a IN 5",
        "SELECT CASE a WHEN 1 THEN 2 END AS x FROM 'a'",
        "SELECT aws_lambda('x', *) AS x FROM 'a'",
    ],
)
def test_what_is_not_read(sql: str) -> None:
    with pytest.raises(Unread):
        Statement(sql)


def test_what_is_no_json_is_not_there() -> None:
    message = Message("t", b"\xff", UNDEFINED)
    assert Statement("SELECT * FROM 't'").event(message) is UNDEFINED
    assert Statement("SELECT encode(*, 'base64') AS x FROM 't'").event(message) == {"x": "/w=="}
