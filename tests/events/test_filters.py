"""Filters that shape what no default output shows."""

from __future__ import annotations

from typing import Any

import pytest

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
        ("iso", -1, [], "1969-12-31T23:59:59Z"),
        ("iso_ms", -1, [], "1969-12-31T23:59:59.999Z"),
        ("iso", -62135596800000, [], "0001-01-01T00:00:00Z"),
        ("iso_offset", 1767323045678, [], "2026-01-02T03:04:05.678+0000"),
        ("rabbit_time", 1767366245678, [], "Jan 2, 2026, 3:04:05 PM"),
        ("rabbit_time", 0, [], "Jan 1, 1970, 12:00:00 AM"),
        ("us_time", 1767366245678, [], "Jan 2, 2026 3:04:05 PM"),
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
