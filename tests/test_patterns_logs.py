"""Filter patterns of CloudWatch Logs, with the user guide's own examples."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lambdacli.patterns.logs import LogPattern
from lambdacli.triggers._log_filters import message

LINES = ["ERROR WARN message", "ERROR message", "WARN message"]


@pytest.mark.parametrize(
    ("pattern", "numbers"),
    [
        ("", [1, 2, 3]),
        ("   ", [1, 2, 3]),
        ("ERROR", [1, 2]),
        ("error", []),
        ("ERR", [1, 2]),
        ("ERROR WARN", [1]),
        ("ERROR -WARN", [2]),
        ('"ERROR" - "WARN"', [2]),
        ('"ERROR message"', [2]),
        ("?ERROR ?WARN", [1, 2, 3]),
        ("?WARN -ERROR", [3]),
        ("-ERROR", [3]),
        ("%^WARN%", [3]),
        ("%[EA]R+OR m%", [2]),
    ],
)
def test_terms(pattern: str, numbers: list[int]) -> None:
    read = LogPattern(pattern)
    assert [number for number, line in enumerate(LINES, 1) if read.matches(line)] == numbers


CONTENT = {
    "eventType": "UpdateTrail",
    "sourceIPAddress": "111.111.111.111",
    "arrayKey": ["value", "another value"],
    "objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}],
    "SomeObject": None,
    "ThisFlag": True,
    "user": {"id": 1, "email": "John.Stiles@example.com"},
    "actions": ["GET", "PUT", "DELETE"],
    "coordinates": [[0, 1, 2], [4, 5, 6]],
    "latency": 500.5,
    "errorCode": 400,
    "text": "400",
    "dotted-name": "x",
    "with space": "y",
}


@pytest.mark.parametrize(
    ("pattern", "matching"),
    [
        ('{ $.eventType = "UpdateTrail" }', True),
        ("{ $.eventType = UpdateTrail }", True),
        ('{ $.eventType != "UpdateTrail" }', False),
        ("{ $.eventType = Update* }", True),
        ("{ $.eventType = *Trail }", True),
        ("{ $.eventType = *date* }", True),
        ("{ $.eventType = Trail }", False),
        ("{ $.eventType = %^Up.*l$% }", True),
        ("{ $.sourceIPAddress != 123.123.* }", True),
        ("{ $.sourceIPAddress = 111.111.* }", True),
        ('{ $.arrayKey[0] = "value" }', True),
        ('{ $.arrayKey[*] = "another value" }', True),
        ('{ $.arrayKey = "value" }', False),
        ('{ $.arrayKey != "value" }', False),
        ("{ $.objectList[1].id = 2 }", True),
        ("{ $.objectList[*].id = 3 }", False),
        ("{ $.SomeObject IS NULL }", True),
        ("{ $.missing IS NULL }", False),
        ("{ $.missing NOT EXISTS }", True),
        ("{ $.eventType NOT EXISTS }", False),
        ("{ $.eventType EXISTS }", True),
        ("{ $.missing != 1 }", False),
        ("{ $.ThisFlag IS TRUE }", True),
        ("{ $.ThisFlag IS FALSE }", False),
        ('{ ($.user.id = 1) && ($.arrayKey[0] = "value") }', True),
        ('{ ($.user.id = 2 && $.arrayKey[0] = "nonmatch") || $.actions[2] = "GET" }', False),
        (
            '{ $.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = nonmatch && $.actions[2] = nomatch }',
            True,
        ),
        ('{ ($.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = 7) && $.actions[2] = nomatch }', False),
        ("{ $.latency >= 500 }", True),
        ("{ $.latency < 5.005e2 }", False),
        ("{ $.latency <= +500.5 }", True),
        ("{ $.coordinates[1][2] > 5 }", True),
        ("{ $.errorCode = 400 }", True),
        ("{ $.errorCode != 500 }", True),
        ("{ $.errorCode = 4* }", True),
        ("{ $.text = 400 }", True),
        ('{ $.text = "400" }', True),
        ("{ $.dotted-name = x }", True),
        ("{ $['with space'] = y }", True),
        ("{ $.user.* = 1 }", True),
        ("{$.errorCode=400&&$.latency>1}", True),
    ],
)
def test_conditions_on_json(pattern: str, matching: bool) -> None:  # noqa: FBT001 - the expected answer
    read = LogPattern(pattern)
    assert read.matches(json.dumps(CONTENT)) is matching
    assert not read.matches("no JSON")


REQUESTS = [
    '127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /apache_pb.gif HTTP/1.0" 200 1534',
    '127.0.0.1 - frank [10/Oct/2000:13:35:22 -0700] "GET /index.html HTTP/1.0" 404 5324',
    '127.0.0.1 - anna [10/Oct/2000:13:50:35 -0700] "GET /apache_pb.gif HTTP/1.0" 403 4355',
]


@pytest.mark.parametrize(
    ("pattern", "numbers"),
    [
        ("[ip, user, username, timestamp, request, status_code, bytes]", [1, 2, 3]),
        ("[ip, user]", []),
        ("[ip, user, username, timestamp, request, status_code, bytes > 4355]", [2]),
        ("[ip, user, username, timestamp, request, status_code = 200, bytes]", [1]),
        ("[ip, user, username, timestamp, request, status_code = 4*, bytes]", [2, 3]),
        ("[ip, user, username, timestamp, request = *html*, status_code = 4*, bytes]", [2]),
        ("[ip, user, username, timestamp, request, status_code = 4* && status_code != 403, bytes]", [2]),
        ("[ip, user, username = frank || username = anna, ...]", [1, 2, 3]),
        ("[..., status_code = 200, bytes]", [1]),
        ("[ip, user, username = anna, ..., bytes > 1]", [3]),
        ("[..., request=%html%, status_code, bytes]", [2]),
        ('[ip, user, username, timestamp = "10/Oct/2000:13:25:15 -0700", ...]', [1]),
        ("[a, b, c, d, e, f, g, ...]", [1, 2, 3]),
        ("[a, b, c, d, e, f, g, h, ...]", []),
        ("[...]", [1, 2, 3]),
    ],
)
def test_conditions_on_columns(pattern: str, numbers: list[int]) -> None:
    read = LogPattern(pattern)
    assert [number for number, line in enumerate(REQUESTS, 1) if read.matches(line)] == numbers


def test_columns_are_named() -> None:
    fields = LogPattern("[ip, ..., request, status = 200,]").fields(REQUESTS[0])
    assert fields == {
        "ip": "127.0.0.1", "2": "-", "3": "frank", "4": "10/Oct/2000:13:25:15 -0700",
        "request": "GET /apache_pb.gif HTTP/1.0", "status": "200", "7": "1534",
    }  # fmt: skip
    assert LogPattern("ERROR").fields("ERROR") == {}


@pytest.mark.parametrize(
    "pattern", ["{ $.a }", "{ $.a = }", "{ ($.a = 1 }", "{ $.a < x }", "{ $.a ~ 1 }", "%[%", "{ $.a = 1 x }"]
)
def test_what_is_no_pattern(pattern: Any) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        LogPattern(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "ERROR",
        '"two words" -not',
        "?one ?two",
        "-not",
        '{ $.level = "error" && $.code >= 500 }',
        "{ $.a.b[0].c != 5 || $.x = 1 }",
        "{ $.name = Up* }",
        "{ $.flag IS TRUE }",
        "[ip, status = 4*, bytes > 10]",
    ],
)
def test_the_sample_of_a_trigger_passes_its_own_filter(pattern: str) -> None:
    assert LogPattern(pattern).matches(message(pattern) or "anything")
