"""Where an event departs from a schema, in a line each."""

from __future__ import annotations

from typing import Any

import pytest

from lambdacli.events.departures import departures

OBJECT = {
    "type": "object",
    "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
    "required": ["a", "b"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("choices", "event", "expected"),
    [
        ([{"type": "string"}, OBJECT], {}, ['$: the key "a" is missing', '$: the key "b" is missing']),
        ([{"const": "x"}, OBJECT], {"a": "1"}, ['$: the key "b" is missing']),
        ([{"type": "string"}, OBJECT], 5, ["$: expected a string or an object, not 5"]),
        ([{"enum": ["x", "y"]}, {"type": "null"}], "z", ['$: expected "x", "y" or null, not "z"']),
        ([OBJECT, {**OBJECT, "required": ["b"]}], {}, ['$: the key "b" is missing']),
        ([{"type": "null"}, OBJECT], {"a": "1", "b": "2"}, []),
    ],
)
def test_of_several_the_nearest_says_what_is_wrong(choices: list[Any], event: Any, expected: list[str]) -> None:
    assert [str(each) for each in departures({"anyOf": choices}, event)] == expected
