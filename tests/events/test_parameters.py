"""Values as a command line or a manifest gives them: every type takes what fits and refuses the rest in words."""

from __future__ import annotations

import json
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdacli import events
from lambdacli.errors import EventError
from lambdacli.events.parameters import Parameter, convert

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("str", "ü", "ü"),
        ("str", 7, "7"),
        ("str", True, "true"),
        ("int", "7", 7),
        ("int", -7, -7),
        ("digits", "007", "007"),
        ("float", "1.5", 1.5),
        ("float", 2, 2.0),
        ("bool", "Yes", True),
        ("bool", "0", False),
        ("bool", False, False),
        ("json", "[1]", [1]),
        ("json", '"x"', "x"),
        ("json", [1], [1]),
        ("object", '{"a": 1}', {"a": 1}),
        ("object", "a=b=c", {"a": "b=c"}),
        ("object", "a=", {"a": ""}),
        ("object", ["a=1", "b=2", "a=3", '{"c": 4}'], {"a": ["1", "3"], "b": "2", "c": 4}),
        ("list", "a", ["a"]),
        ("list", '["a", "b"]', ["a", "b"]),
        ("list", ["a", '["b", "c"]'], ["a", "b", "c"]),
        ("time", "2026-01-02", 1767312000000),
        ("time", "2026-01-02T03:04", 1767323040000),
        ("time", "2026-01-02 03:04:05.6", 1767323045600),
        ("time", "2026-01-02T03:04:05+01:30", 1767317645000),
        ("time", "2026-01-02T03:04:05-0130", 1767328445000),
        ("time", "1767323045", 1767323045000),
        ("time", 1767323045.5, 1767323045500),
        ("time", "1767323045678", 1767323045678),
        ("time", "0", 0),
        ("str", None, None),
    ],
)
def test_values_that_fit(kind: str, value: Any, expected: Any) -> None:
    found = convert(Parameter("p", kind), value)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        ("str", {}, "expected a string, not {}"),
        ("str", "\udcff", "not '\\udcff'"),
        ("int", "1.5", "expected an integer, not '1.5'"),
        ("int", True, "expected an integer, not True"),
        ("int", "9" * 5000, "expected an integer, not '999"),
        ("digits", "-1", "expected up to 128 digits, not '-1'"),
        ("digits", "", "expected up to 128 digits, not ''"),
        ("digits", "٣", "expected up to 128 digits"),
        ("float", "nan", "expected a finite number, not 'nan'"),
        ("float", "x", "expected a number, not 'x'"),
        ("float", [], "expected a number, not []"),
        ("bool", "maybe", "expected true or false, not 'maybe'"),
        ("bool", 2, "expected true or false, not 2"),
        ("json", "{", "expected JSON, not '{'"),
        ("json", "NaN", "expected JSON, not 'NaN'"),
        ("json", "[" * 100_000, "not '[["),
        ("object", "[1]", "expected a JSON object or name=value, not '[1]'"),
        ("object", "=x", "expected a JSON object or name=value, not '=x'"),
        ("object", '{"a"', "expected JSON, not"),
        ("time", "yesterday", "expected a time as 2026-01-02T03:04:05Z, an epoch, or now, not 'yesterday'"),
        ("time", "2026-13-01", "expected a time"),
        ("time", "1e300", "expected a time"),
        ("time", "inf", "expected a time"),
        ("time", True, "expected a time"),
        ("time", [], "expected a time"),
    ],
)
def test_values_that_do_not_fit(kind: str, value: Any, message: str) -> None:
    with pytest.raises(EventError) as raised:
        convert(Parameter("p", kind), value)
    assert message in raised.value.message
    assert raised.value.message.startswith("parameter p: ")
    assert len(raised.value.message) < 200


def test_choices_name_the_nearest() -> None:
    with pytest.raises(EventError) as raised:
        events.render(events.load("iot-button"), {"click-type": "duble"})
    assert raised.value.message == "parameter click-type: expected one of SINGLE, DOUBLE, LONG, not 'duble'"
    assert raised.value.hint == "did you mean DOUBLE?"


@pytest.mark.parametrize(
    ("name", "parameters", "count", "message", "hint"),
    [
        ("s3-put", {"buket": "x"}, None, "event s3-put has no parameter 'buket'", "did you mean bucket?"),
        ("s3-put", {"key": ["a", "b"], "size": [1, 2, 3]}, None,
         "parameters of s3-put differ in number: 2 of key, 3 of size", "give one, or as many of each"),
        ("s3-put", {"key": ["a", "b"]}, 3, "count 3 and 2 values of key contradict each other", "leave count out"),
        ("s3-put", {"bucket": ["a", "b"]}, None,
         "parameter bucket: given 2 times, but template s3-put takes it once", ""),
        ("s3-put", {}, 0, "count 0: expected 1 to 10000", ""),
        ("s3-put", {}, 10_001, "count 10001: expected 1 to 10000", ""),
        ("eventbridge-event", {}, 2, "count 2: eventbridge-event has no records to repeat", ""),
        ("eventbridge-event", {"source": ["a", "b"]}, None,
         "parameter source: given 2 times, but template eventbridge-event takes it once", ""),
    ],
)  # fmt: skip
def test_parameters_that_contradict(
    name: str, parameters: dict[str, Any], count: int | None, message: str, hint: str
) -> None:
    with pytest.raises(EventError) as raised:
        events.render(events.load(name), parameters, count=count)
    assert (raised.value.message, raised.value.hint) == (message, hint)


@given(body=st.text(st.characters(exclude_categories=["Cs"])), key=st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_arrives_in_a_nested_event(body: str, key: str) -> None:
    (record,) = events.render(events.load("sqs-receive-message"), {"body": body})["Records"]
    assert record["body"] == body
    (record,) = events.render(events.load("sqs-sns-notification"), {"message": key, "topic": "t"})["Records"]
    assert json.loads(record["body"])["Message"] == key


@given(value=ANY_JSON)
def test_any_json_arrives_unchanged(value: Any) -> None:
    assert events.render(events.load("iot-rule"), {"payload": json.dumps(value)}) == value
    assert json.loads(events.dumps(value)) == value


@given(
    name=st.sampled_from(events.names()),
    parameters=st.dictionaries(
        st.sampled_from(sorted({p for n in events.names() for p in events.load(n).params})) | st.text(max_size=5),
        st.text(st.sampled_from(string.printable) | st.characters(), max_size=20) | ANY_JSON,
        max_size=4,
    ),
    count=st.none() | st.integers(-1, 3),
)
def test_nonsense_gives_an_event_or_an_event_error(name: str, parameters: dict[str, Any], count: int | None) -> None:
    try:
        event = events.render(events.load(name), parameters, count=count)
    except EventError as error:
        assert "\n" not in error.message.replace("\\n", "")  # noqa: PT017 - what may happen, not what must
    else:
        events.dumps(event).encode()


@given(name=st.text(st.characters(), max_size=12))
def test_nonsense_names_are_refused(name: str) -> None:
    if name not in events.names():
        with pytest.raises(EventError):
            events.load(name)
