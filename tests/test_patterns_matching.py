"""Event patterns: every operator, every kind of value, lists, and what is said of an event that is kept out."""

from __future__ import annotations

import fnmatch
import itertools
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdacli import patterns
from lambdacli.patterns import matches, why

if TYPE_CHECKING:
    from collections.abc import Iterator

# rule, values that pass, values that do not; None is JSON's null
OPERATORS: list[tuple[Any, list[Any], list[Any]]] = [
    ("running", ["running"], ["Running", "run", "", None, 1, True]),
    ("", [""], [" ", None, 0, False]),
    (None, [None], ["", "null", 0, False]),
    (True, [True], [False, "true", 1]),
    (1, [1], [True, "1", 1.0, 2]),
    (300.0, [300.0], [300, "300.0"]),
    ({"prefix": "in/"}, ["in/", "in/a"], ["a/in/", "IN/a", 1, None]),
    ({"prefix": ""}, ["", "a"], [1, None]),
    ({"prefix": {"equals-ignore-case": "IN/"}}, ["in/a", "In/"], ["a/in/", None]),
    ({"suffix": ".jpg"}, [".jpg", "a.jpg"], ["a.JPG", "a.jpg.gz", None]),
    ({"suffix": {"equals-ignore-case": ".JPG"}}, ["a.jpg", "a.JpG"], ["a.jpeg", 1]),
    ({"equals-ignore-case": "Alice"}, ["alice", "ALICE"], ["alic", "alice ", None]),
    ({"anything-but": "a"}, ["b", "", None, 1, True], ["a"]),
    ({"anything-but": ["a", "b"]}, ["c", 1], ["a", "b"]),
    ({"anything-but": 100}, [99, "100", None, True], [100, 100.0]),
    ({"anything-but": [100, 200]}, [150, "100"], [100, 200]),
    ({"anything-but": {"prefix": "us-"}}, ["eu-west-1", 1], ["us-east-1"]),
    ({"anything-but": {"prefix": ["us-", "eu-"]}}, ["ap-1"], ["us-east-1", "eu-west-1"]),
    ({"anything-but": {"suffix": ".png"}}, ["a.jpg"], ["a.png"]),
    ({"anything-but": {"suffix": [".png", ".gif"]}}, ["a.jpg"], ["a.png", "a.gif"]),
    ({"anything-but": {"wildcard": "*/lib/*"}}, ["/src/a"], ["/x/lib/a"]),
    ({"anything-but": {"wildcard": ["*/lib/*", "*/bin/*"]}}, ["/src/a"], ["/x/lib/a", "/x/bin/a"]),
    ({"anything-but": {"equals-ignore-case": "init"}}, ["start"], ["INIT", "init"]),
    ({"anything-but": {"equals-ignore-case": ["init", "stop"]}}, ["start"], ["Init", "STOP"]),
    ({"numeric": [">", 0, "<=", 5]}, [1, 5, 0.1, 5.0], [0, 5.1, "3", None, True]),
    ({"numeric": ["=", 3.018e2]}, [301.8], [301, "301.8"]),
    ({"numeric": ["<", -1]}, [-2, -1.5], [-1, 0]),
    ({"numeric": [">=", 5]}, [5, 6], [4.9]),
    ({"cidr": "10.0.0.0/24"}, ["10.0.0.0", "10.0.0.255"], ["10.0.1.0", "10.0.0", "x", 167772160, None]),
    ({"cidr": "10.0.0.5/24"}, ["10.0.0.1"], ["10.0.1.1"]),
    ({"cidr": "2001:db8::/32"}, ["2001:db8::1", "2001:0db8:0:0:0:0:0:1"], ["2001:db9::1", "10.0.0.1"]),
    ({"wildcard": "dir/*.png"}, ["dir/.png", "dir/a/b.png", "dir/a\nb.png"], ["dir/a.PNG", "adir/a.png", 1]),
    ({"wildcard": r"a\*b"}, ["a*b"], ["axb", r"a\*b"]),
    ({"wildcard": r"a\\*"}, ["a\\", "a\\b"], ["a*", "ab"]),
    ({"wildcard": "a.b"}, ["a.b"], ["axb"]),
    ({"exists": True}, [None, "", 0, False, "a"], []),
    ({"prefix": "a", "suffix": "z"}, ["az", "abz"], ["a", "z"]),
]


@pytest.mark.parametrize(("rule", "passing", "others"), OPERATORS, ids=[json.dumps(each[0]) for each in OPERATORS])
def test_operators(rule: Any, passing: list[Any], others: list[Any]) -> None:
    assert [value for value in passing if not matches({"x": [rule]}, {"x": value})] == []
    assert [value for value in others if matches({"x": [rule]}, {"x": value})] == []


@pytest.mark.parametrize("rule", [each[0] for each in OPERATORS], ids=json.dumps)
def test_a_field_that_is_missing_passes_no_rule_but_its_absence(rule: Any) -> None:
    assert not matches({"x": [rule]}, {"y": 1})
    assert matches({"x": [rule, {"exists": False}]}, {"y": 1})


def test_presence_is_that_of_a_single_value() -> None:
    there, absent = {"a": {"b": [{"exists": True}]}}, {"a": {"b": [{"exists": False}]}}
    for event in ({"a": {"b": 1}}, {"a": {"b": None}}, {"a": {"b": [1, 2]}}, {"a": [{"b": 1}, {"c": 1}]}):
        assert matches(there, event)
        assert not matches(absent, event)
    for event in ({}, {"a": 1}, {"a": {}}, {"a": {"b": {"c": 1}}}, {"a": {"b": []}}, {"a": {"b": {}}}):
        assert not matches(there, event)
        assert matches(absent, event)


def test_all_fields_have_to_match_and_of_a_fields_rules_one() -> None:
    pattern = {"source": ["shop", {"prefix": "store."}], "detail": {"state": ["paid", None]}}
    assert matches(pattern, {"source": "store.eu", "detail": {"state": None}, "more": 1})
    assert not matches(pattern, {"source": "store.eu", "detail": {"state": "open"}})
    assert not matches(pattern, {"source": "shop", "detail": "paid"})


def test_a_list_matches_where_one_of_its_items_does() -> None:
    assert matches({"resources": ["b", "c"]}, {"resources": ["a", "b"]})
    assert not matches({"resources": ["b", "c"]}, {"resources": ["a"]})
    assert not matches({"resources": ["b"]}, {"resources": []})
    assert matches({"x": [{"anything-but": ["rugby"]}]}, {"x": ["rugby", "golf"]})
    assert matches({"x": ["b"]}, {"x": [["a"], [["b"]]]})


EMPLOYEES = [
    {"first": "John", "last": "Doe"},
    {"first": "Anna", "last": "Smith"},
    {"first": "Peter", "last": "Jones", "left": 2020},
]


@pytest.mark.parametrize("event", [{"employees": EMPLOYEES}, {"employees": [EMPLOYEES[:2], EMPLOYEES[2:]]}])
def test_fields_of_one_list_match_in_the_same_item(event: Any) -> None:
    assert matches({"employees": {"first": ["Anna"]}}, event)
    assert matches({"employees": {"first": ["Anna"], "last": ["Smith"]}}, event)
    assert not matches({"employees": {"first": ["Anna"], "last": ["Jones"]}}, event)
    assert why({"employees": {"first": ["Anna"], "last": ["Jones"]}}, event) == (
        "each field matches, but not all in the same item of a list"
    )
    assert matches({"employees": {"first": ["Anna"], "left": [{"exists": False}]}}, event)
    assert not matches({"employees": {"first": ["Peter"], "left": [{"exists": False}]}}, event)
    assert not matches({"employees": {"left": [{"exists": False}]}}, event)


def test_lists_beside_each_other_are_matched_each_for_itself() -> None:
    event = {"a": [{"x": 1}, {"x": 2}], "b": [{"x": 1}, {"x": 2}]}
    assert matches({"a": {"x": [1]}, "b": {"x": [2]}}, event)


def test_alternatives() -> None:
    pattern = {"source": ["a"], "$or": [{"x": [1], "$or": [{"y": [1]}, {"z": [1]}]}, {"w": [{"exists": True}]}]}
    assert matches(pattern, {"source": "a", "x": 1, "z": 1})
    assert matches(pattern, {"source": "a", "w": None})
    assert not matches(pattern, {"source": "a", "x": 1})
    assert not matches(pattern, {"source": "b", "w": 1})
    below = {"detail": {"state": ["x"], "$or": [{"a": [1]}, {"b": [1]}]}}
    assert matches(below, {"detail": {"state": "x", "b": 1}})
    assert not matches(below, {"detail": {"state": "x"}, "b": 1})
    assert matches({"l": {"k": ["v"], "$or": [{"a": [1]}, {"b": [1]}]}}, {"l": [{"a": 1}, {"k": "v", "b": 1}]})
    assert not matches({"l": {"k": ["v"], "$or": [{"a": [1]}, {"b": [1]}]}}, {"l": [{"a": 1}, {"k": "v"}]})


def test_a_field_may_be_called_or() -> None:
    assert matches({"$or": ["x"]}, {"$or": "x"})


@pytest.mark.parametrize(
    ("pattern", "event", "said"),
    [
        ({"detail": {"state": ["running"]}}, {"detail": {"state": "pending"}},
         'detail.state is "pending", wanted ["running"]'),
        ({"detail": {"state": ["running"]}}, {"source": "a"}, 'detail.state is missing, wanted ["running"]'),
        ({"a": [{"prefix": "x"}], "b": [1]}, {"a": "y", "b": 2}, 'a is "y", wanted [{"prefix": "x"}]'),
        ({"a": [1], "b": [1]}, {"a": 1, "b": None}, "b is null, wanted [1]"),
        ({"a": ["x"]}, {"a": ["y", "z"]}, 'a is ["y", "z"], wanted ["x"]'),
        ({"a": ["x"]}, {"a": {"b": 1}}, 'a is an object, wanted ["x"]'),
        ({"a": ["x"]}, {"a": []}, 'a has no values, wanted ["x"]'),
        ({"a": [{"exists": False}]}, {"a": 1}, 'a is 1, wanted [{"exists": false}]'),
        ({"$or": [{"a": [1]}, {"b": {"c": [1]}}]}, {"a": 2},
         "none of $or: a is 2, wanted [1]; b.c is missing, wanted [1]"),
        ({"a": [300]}, {"a": 300.0}, "a is 300.0, wanted [300]"),
        ({"a": ["x"]}, {"a": "x"}, ""),
    ],
)  # fmt: skip
def test_what_kept_it_out(pattern: Any, event: Any, said: str) -> None:
    assert why(pattern, event) == said


def test_a_long_value_is_shortened() -> None:
    assert len(why({"a": ["x"]}, {"a": "y" * 10_000})) < 120


def test_many_items_and_fields_take_no_time() -> None:
    event = {"l": [{"a": 1, "b": index} for index in range(300)], "m": [{"c": index, "d": 0} for index in range(300)]}
    assert not matches({"l": {"a": [1], "b": [299]}, "m": {"c": [7], "d": [1]}}, event)
    assert matches({"l": {"a": [1], "b": [299]}, "m": {"c": [7], "d": [0]}}, event)


def test_an_event_that_is_nested_too_deeply_is_kept_out() -> None:
    event: Any = 1
    for _ in range(100_000):
        event = [event]
    assert not matches({"x": [1]}, {"x": event})
    assert why({"x": [1]}, {"x": event}) == "it is nested too deeply"
    assert matches({"y": [1]}, {"x": event, "y": 1})


def test_many_stars_take_no_time() -> None:
    assert not matches({"x": [{"wildcard": "*a" * 40 + "*b"}]}, {"x": "a" * 100_000})
    assert matches({"x": [{"wildcard": "*a" * 40 + "*"}]}, {"x": "a" * 100_000})


# Properties


@settings(max_examples=300, deadline=None)
@given(st.text("ab*", max_size=6), st.text("ab", max_size=8))
def test_a_star_is_anything(wildcard: str, text: str) -> None:
    assert matches({"x": [{"wildcard": wildcard}]}, {"x": text}) is fnmatch.fnmatchcase(text, wildcard)


KEYS = st.sampled_from("abc")
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from(["", "a", "ab", "B", "10.0.0.1"]))
EVENTS = st.dictionaries(
    KEYS,
    st.recursive(
        SCALARS, lambda below: st.one_of(st.lists(below, max_size=3), st.dictionaries(KEYS, below)), max_leaves=8
    ),
)
TEXTS = st.sampled_from(["", "a", "b", "AB"])
PRESENT = st.one_of(
    SCALARS,
    st.builds(lambda text: {"prefix": text}, TEXTS),
    st.builds(lambda text: {"suffix": text}, TEXTS),
    st.builds(lambda text: {"equals-ignore-case": text}, TEXTS),
    st.builds(lambda text: {"wildcard": f"{text}*"}, TEXTS),
    st.builds(lambda values: {"anything-but": values}, st.lists(TEXTS, min_size=1, max_size=2)),
    st.builds(lambda low: {"numeric": [">=", low, "<", low + 2]}, st.integers(-3, 3)),
    st.just({"exists": True}),
)


def tree(rules: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    leaf = st.lists(rules, min_size=1, max_size=2)
    below = st.recursive(leaf, lambda inner: st.dictionaries(KEYS, inner, min_size=1, max_size=2), max_leaves=4)
    return st.dictionaries(KEYS, below, min_size=1, max_size=2)


POSITIVE = tree(PRESENT)
PATTERNS = tree(st.one_of(PRESENT, st.just({"exists": False})))


def without_lists(value: Any) -> Iterator[Any]:
    """All that comes of a value by taking one item of each list."""
    if isinstance(value, list):
        for each in value:
            yield from without_lists(each)
    elif isinstance(value, dict):
        ways = [[*without_lists(each)] or [{}] for each in value.values()]
        for chosen in itertools.product(*ways):
            yield dict(zip(value, chosen, strict=True))
    else:
        yield value


@settings(max_examples=300, deadline=None)
@given(POSITIVE, EVENTS)
def test_lists_are_as_if_one_item_stood_in_their_place(pattern: Any, event: Any) -> None:
    assert matches(pattern, event) == any(matches(pattern, each) for each in without_lists(event))


@settings(max_examples=200, deadline=None)
@given(PATTERNS, EVENTS)
def test_a_reason_is_given_exactly_where_it_does_not_match(pattern: Any, event: Any) -> None:
    assert bool(why(pattern, event)) is not matches(pattern, event)


@settings(max_examples=200, deadline=None)
@given(PATTERNS, PATTERNS, EVENTS)
def test_alternatives_are_several_patterns(one: Any, other: Any, event: Any) -> None:
    assert matches({"$or": [one, other]}, event) is (matches(one, event) or matches(other, event))


@settings(max_examples=200, deadline=None)
@given(PATTERNS, EVENTS)
def test_the_order_of_fields_and_items_is_no_matter(pattern: Any, event: Any) -> None:
    def turned(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: turned(value[key]) for key in reversed(value)}
        return [turned(each) for each in reversed(value)] if isinstance(value, list) else value

    backwards = {key: pattern[key] for key in reversed(pattern)}
    assert matches(backwards, turned(event)) is matches(pattern, event)


@settings(max_examples=200, deadline=None)
@given(tree(SCALARS))
def test_an_example_matches(pattern: Any) -> None:
    assert matches(pattern, patterns.example(pattern))


@settings(max_examples=200, deadline=None)
@given(SCALARS, st.lists(TEXTS, min_size=1, max_size=3))
def test_a_value_is_one_of_several_or_none_of_them(value: Any, several: list[str]) -> None:
    assert matches({"x": several}, {"x": value}) is not matches({"x": [{"anything-but": several}]}, {"x": value})
