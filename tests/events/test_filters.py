"""Filters that shape what no default output shows."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

import pytest

from lambdacli.events import filters
from lambdacli.events.filters import find


@pytest.mark.parametrize(
    ("name", "value", "arguments", "expected"),
    [
        ("hex", -1, [4], "ffff"),
        ("alnum", 35, [3], "aa9"),
        ("digits", 1234, [2], "34"),
        ("modulo", 7, [4], 3),
        ("times", "3", [2], 6),
        ("plus", 1.5, [1], 2.5),
        ("prefix", "a", ["/"], "/a"),
        ("get", [{"a": 1}], [0], {"a": 1}),
        ("cloudformation_properties", {"a": [1, True, {"b": 1.5}]}, [], {"a": ["1", "true", {"b": "1.5"}]}),
        ("lex_slots", {"a": 1, "b": None}, [], {"a": "1", "b": None}),
        ("lex_slot_details", {"a": 1, "b": None}, [], {"a": {"resolutions": [{"value": "1"}], "originalValue": "1"}}),
        ("lex_v2_slots", {"a": None, "b": {"shape": "Scalar"}}, [], {"a": None, "b": {"shape": "Scalar"}}),
        ("filled", {"a": 0, "b": None}, [], {"a": 0}),
        ("prefix", "/a", ["/"], "/a"),
        ("before", "a:b:c", [":"], "a"),
        ("after", "a:b:c", [":"], "b:c"),
        ("strip", "?a=1?", ["?"], "a=1"),
        ("bytes", "é", [], [195, 169]),
        ("size", "é", [], 2),
        ("not", "", [], True),
        ("sha1", "", [], "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        ("sha256", "", [], "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("partition", "us-gov-west-1", [], "aws-us-gov"),
        ("partition", "eu-west-1", [], "aws"),
        ("dns_suffix", "aws-cn", [], "amazonaws.com.cn"),
        ("partition", "us-isob-east-1", [], "aws-iso-b"),
        ("partition", "eusc-de-east-1", [], "aws-eusc"),
        ("dns_suffix", "aws-us-gov", [], "amazonaws.com"),
        ("dns_suffix", "aws-iso", [], "c2s.ic.gov"),
        ("console", "aws-cn", [], "console.amazonaws.cn"),
        ("console", "aws-us-gov", [], "console.amazonaws-us-gov.com"),
        ("console", "aws", [], "console.aws.amazon.com"),
        ("iso", -1, [], "1969-12-31T23:59:59Z"),
        ("iso_ms", -1, [], "1969-12-31T23:59:59.999Z"),
        ("iso", -62135596800000, [], "0001-01-01T00:00:00Z"),
        ("iso_offset", 1767323045678, [], "2026-01-02T03:04:05.678+0000"),
        ("rabbit_time", 1767366245678, [], "Jan 2, 2026, 3:04:05 PM"),
        ("rabbit_time", 0, [], "Jan 1, 1970, 12:00:00 AM"),
        ("java_time", 1767366245678, [], "Fri Jan 02 15:04:05 UTC 2026"),
        ("us_time", 1767366245678, [], "Jan 2, 2026 3:04:05 PM"),
        ("http_date", 1767323045678, [], "Fri, 02 Jan 2026 03:04:05 GMT"),
        (
            "sync_records",
            {"a": 1, "b": None, "c": {"op": "replace"}},
            [],
            {
                "a": {"oldValue": "", "newValue": "1", "op": "replace"},
                "b": {"oldValue": "", "newValue": "", "op": "remove"},
                "c": {"op": "replace"},
            },
        ),
        (
            "typed_parameters",
            {"a": "x", "b": True, "c": [1.5]},
            [],
            [
                {"name": "a", "type": "string", "value": "x"},
                {"name": "b", "type": "boolean", "value": "true"},
                {"name": "c", "type": "array", "value": "[1.5]"},
            ],
        ),
        ("path_parameters", "/a/b", ["/{x}/{y}"], {"x": "a", "y": "b"}),
        ("path_parameters", "/a/b/c", ["GET /a/{rest+}"], {"rest": "b/c"}),
        ("path_parameters", "/a/b", ["/{x}"], None),
        ("path_parameters", "/a.b", ["/a.{x}"], {"x": "b"}),
        ("path_parameters", "/axb", ["/a.{x}"], None),
        ("path_parameters", "/a", ["$default"], None),
        ("path_of", "ANY /a/{id}/{rest+}", [], "/a/id/path/to/resource"),
        ("path_of", "$default", [], "/path/to/resource"),
        ("route_method", "ANY /a", [], None),
        ("route_method", "$default", [], None),
        ("route_method", "delete /a", [], "DELETE"),
        ("staged", "/a", ["$default"], "/a"),
        ("staged", "/a", ["v1"], "/v1/a"),
        ("multi", {"a": [], "b": None, "c": [1, True, "x"]}, [], {"c": ["1", "true", "x"]}),
        ("single", {}, [], None),
        ("joined", {"a": ["1", "2"]}, [], {"a": "1,2"}),
        ("merge_headers", {"HOST": "x"}, [{"host": "y", "accept": "*/*"}], {"accept": "*/*", "HOST": "x"}),
        ("lower_keys", {"A": "1", "a": ["2", "3"]}, [], {"a": ["1", "2", "3"]}),
        ("without", {"Cookie": "x", "b": "1"}, ["cookie"], {"b": "1"}),
        ("cookies", {"cookie": "a=1; b=2"}, [["c=3"]], ["a=1", "b=2", "c=3"]),
        ("parse_query", "a=1&b=%20&a=&c", [], {"a": ["1", ""], "b": [" "], "c": [""]}),
        ("parse_query", "", [], None),
        ("query_string", {"a b": ["1&2", "ü"]}, [], "a%20b=1%262&a%20b=%C3%BC"),
        ("sns_attributes", {"list": ["a", 1], "flag": True}, [], {
            "list": {"Type": "String.Array", "Value": '["a",1]'}, "flag": {"Type": "String", "Value": "true"},
        }),
        ("rabbit_headers", {"a": "b", "n": 1}, [], {"a": {"bytes": [98]}, "n": 1}),
        ("kafka_headers", None, [], []),
    ],
)  # fmt: skip
def test_filters(name: str, value: Any, arguments: list[Any], expected: Any) -> None:
    found = find(name)(value, *arguments)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("name", "value", "arguments"),
    [("plus", True, [1]), ("hex", "x", [1]), ("multi", [], []), ("dynamodb", [], []), ("texts", 1, []), ("len", 1, [])],
)
def test_values_that_filters_refuse(name: str, value: Any, arguments: list[Any]) -> None:
    with pytest.raises((ValueError, TypeError)):
        find(name)(value, *arguments)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({"M": "x"}, "M"), ({"B": "x"}, "M"), ({"L": ["x"]}, "M"), ({"SS": "x"}, "M"), ({"BS": ["eA==", 1]}, "M"),
        ({"B": "eA=="}, "B"), ({"L": [{"S": "x"}]}, "L"), ({"SS": ["x"]}, "SS"), ({"NULL": True}, "NULL"),
    ],
)  # fmt: skip
def test_an_attribute_of_dynamodb_has_its_types_form(value: Any, kind: str) -> None:
    item = find("dynamodb")({"a": value})
    assert list(item["a"]) == [kind]
    assert kind == "M" or item["a"] == value
    assert find("dynamodb_size")(item) > 0


def test_a_slot_of_several_values_is_a_list() -> None:
    slot = find("lex_v2_slots")({"toppings": ["ham", "corn"]})["toppings"]
    assert slot["shape"] == "List"
    assert slot["value"]["originalValue"] == "ham corn"
    assert [each["shape"] for each in slot["values"]] == ["Scalar", "Scalar"]


def test_headers_of_cloudfront_gather_under_their_lower_case_names() -> None:
    first, second, third = find("cloudfront_headers")({"A": ["1", "2"], "a": 3})["a"]
    assert [first, second, third] == [
        {"key": "A", "value": "1"},
        {"key": "A", "value": "2"},
        {"key": "a", "value": "3"},
    ]


def test_a_slot_of_alexa_has_a_value_once_it_is_said() -> None:
    slots = find("alexa_slots")({"said": "blue", "unsaid": None, "own": {"value": "x"}})
    assert slots["said"]["value"] == slots["said"]["slotValue"]["value"] == "blue"
    assert slots["unsaid"] == {"name": "unsaid", "confirmationStatus": "NONE"}
    assert slots["own"] == {"name": "own", "value": "x"}


def test_every_filter_of_every_module_is_found_by_its_name() -> None:
    for module in pkgutil.iter_modules(filters.__path__):
        found = importlib.import_module(f"{filters.__name__}.{module.name}").FILTERS
        assert {name: filters.find(name) for name in found} == found
    assert {name for name in filters.names() if filters.find(name) is None} == set()
