"""The JSON Schema of an event: what is derived from each thing that a template may hold."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from lambdacli import events
from lambdacli.errors import EventError

if TYPE_CHECKING:
    from pathlib import Path

STRING = {"type": "string"}
INTEGER = {"type": "integer"}
PARAMS = {
    "text": {"default": "a b"},
    "number": {"type": "int", "default": 7},
    "flag": {"type": "bool", "default": True},
    "ratio": {"type": "float", "default": 0.5},
    "object": {"type": "object", "default": {}},
    "any": {"type": "json"},
    "list": {"type": "list", "default": []},
    "nothing": {},
    "maybe": {"default": "${nothing}"},
    "kind": {"default": "A", "choices": ["A", "B"]},
}


class Templates:
    """A folder of the test's own templates."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def schema(self, event: Any, name: str = "my-event", /, **more: Any) -> Any:
        template = {"name": name, "summary": "a test", "event": event, "params": PARAMS} | more
        (self.folder / f"{name}.json").write_text(json.dumps(template), encoding="utf-8")
        return events.schema(events.load(name, [self.folder]))


@pytest.fixture
def templates(tmp_path: Path) -> Templates:
    return Templates(tmp_path)


def plain(schema: Any) -> Any:
    """Without the words for people."""
    if isinstance(schema, dict):
        return {key: plain(each) for key, each in schema.items() if key not in {"title", "description", "$schema"}}
    return [plain(each) for each in schema] if isinstance(schema, list) else schema


def test_a_schema_is_one_of_its_dialect_and_named(templates: Templates) -> None:
    assert templates.schema({"a": 1, "b?": "${text}"}) == {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "my-event",
        "description": "a test",
        "type": "object",
        "properties": {"a": {"const": 1}, "b": STRING},
        "required": ["a"],
        "additionalProperties": False,
    }


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        ("x", {"const": "x"}),
        (True, {"const": True}),
        (None, {"type": "null"}),
        ("${text}", STRING),
        ("${number}", INTEGER),
        ("${flag}", {"type": "boolean"}),
        ("${ratio}", {"type": "number"}),
        ("${object}", {"type": "object"}),
        ("${list}", {"type": "array"}),
        ("${any}", {}),
        ("${kind}", {"enum": ["A", "B"]}),
        ("${nothing}", {"type": ["string", "null"]}),
        ("${maybe}", {"type": ["string", "null"]}),
        ("${'an example'}", STRING),
        ("${128}", INTEGER),
        ("${1.5}", {"type": "number"}),
        ("${true}", {"type": "boolean"}),
        ("${null}", {}),
        ("a ${text}", STRING),
        ("$${x}", {"const": "${x}"}),
        ("${text|len}", INTEGER),
        ("${nothing|len}", {"type": ["integer", "null"]}),
        ("${number|text}", {"type": "string", "pattern": "^-?[0-9]+$"}),
        ("${number|plus(1)}", INTEGER),
        ("${text|base64}", {"type": "string", "contentEncoding": "base64"}),
        ("${text|base64|unbase64}", STRING),
        ("${text|md5}", {"type": "string", "pattern": "^[0-9a-f]{32}$"}),
        ("${text|split}", {"type": "array", "items": STRING}),
        ("${object|texts}", {"type": "object", "additionalProperties": STRING}),
        ("${text|when(kind, 'A')}", {"type": ["string", "null"]}),
        ("${'x'|when(kind, 'A')|else('y')}", STRING),
        ("${nothing|else(text)}", STRING),
        (["a", "${text}"], {"type": "array", "items": STRING}),
        ("${any|not}", {"type": "boolean"}),
        ("arn:${partition}:s3:::${text}", {"type": "string", "pattern": "^arn:[^:]*:s3:"}),
        ("arn:${partition}:${text}:x", {"type": "string", "pattern": "^arn:[^:]*:"}),
        ("${text}.lambda-url.${region}.on.aws", {"type": "string", "pattern": r"\.lambda\-url\."}),
        ("${text}.${region}.on.aws", STRING),
        ([], {"type": "array"}),
        (["a", "b", "a"], {"type": "array", "items": {"enum": ["a", "b"]}}),
        (["${text}", 1], {"type": "array", "items": {"anyOf": [{"const": 1}, STRING]}}),
        ({"$json": "${any}"}, {"type": "string", "contentMediaType": "application/json"}),
        (
            {"$json": ["${text}"]},
            {
                "type": "string",
                "contentMediaType": "application/json",
                "contentSchema": {"type": "array", "items": STRING},
            },
        ),
        (
            {"$gzip_base64": ["${text}"]},
            {
                "type": "string",
                "contentEncoding": "base64",
                "contentMediaType": "application/gzip",
                "contentSchema": {"type": "array", "items": STRING},
            },
        ),
    ],
)
def test_what_a_value_becomes(templates: Templates, tree: Any, expected: Any) -> None:
    assert plain(templates.schema({"it": tree}))["properties"]["it"] == expected


def test_what_is_left_out_when_empty_is_neither_needed_nor_null(templates: Templates) -> None:
    schema = plain(templates.schema({"a?": "${nothing}", "b?": None, "c": "${nothing}"}))
    assert schema["properties"] == {"a": STRING, "c": {"type": ["string", "null"]}}
    assert schema["required"] == ["c"]


def test_a_key_that_only_some_events_have_is_made_all_the_same(templates: Templates) -> None:
    schema = plain(templates.schema({"a??": None, "b??": "${text}", "c": 1}))
    assert schema["properties"] == {"a": {"type": "null"}, "b": STRING, "c": {"const": 1}}
    assert schema["required"] == ["c"]
    assert events.render(events.load("my-event", [templates.folder]), {"text": ""}) == {"a": None, "b": "", "c": 1}


def test_records_are_one_or_more_of_any_kind(templates: Templates) -> None:
    schema = plain(templates.schema({"R": [{"a": "x"}, {"b": "${text}"}]}, batch="R"))["properties"]["R"]
    assert (schema["type"], schema["minItems"]) == ("array", 1)
    assert [list(each["properties"]) for each in schema["items"]["anyOf"]] == [["a"], ["b"]]


def test_computed_keys_are_any_keys(templates: Templates) -> None:
    schema = plain(templates.schema({"${text}-1": "${number}", "fixed": 1}))
    assert schema["properties"] == {"fixed": {"const": 1}}
    assert schema["additionalProperties"] == INTEGER


def test_merged_objects_have_the_keys_of_all_and_are_open_where_a_part_is(templates: Templates) -> None:
    parts = [{"a": 1, "deep": {"x": 1}}, {"a": 2, "b?": "${text}", "deep": {"y": 2}}]
    schema = plain(templates.schema({"$merge": parts}))
    assert schema["properties"] == {
        "a": {"const": 2},
        "b": STRING,
        "deep": {
            "type": "object",
            "properties": {"x": {"const": 1}, "y": {"const": 2}},
            "required": ["x", "y"],
            "additionalProperties": False,
        },
    }
    assert (schema["required"], schema["additionalProperties"]) == (["a", "deep"], False)
    assert "additionalProperties" not in templates.schema({"$merge": [*parts, "${object}"]})
    assert templates.schema({"$merge": [*parts, "${object|texts}"]})["additionalProperties"] == STRING


def test_a_part_that_may_not_be_there_is_not_needed(templates: Templates) -> None:
    let = {"more": {"b": 1, "deep": {"c": 1}}}
    tree = {"$merge": [{"a": 1, "deep": {}}, "${more|when(kind, 'A')}"]}
    schema = templates.schema(tree, let=let)
    assert (sorted(schema["properties"]), schema["required"]) == (["a", "b", "deep"], ["a", "deep"])
    assert "required" not in schema["properties"]["deep"]


def test_a_used_template_is_its_schema_with_what_is_known_of_its_parameters(templates: Templates) -> None:
    params = {"who": {"default": "x"}, "kind": {"default": "A", "choices": ["A", "B"]}}
    tree = {"R": [{"who": "${who}", "only-a?": "${who|when(kind, 'A')}", "digest": "${who|md5}", "n": "${region}"}]}
    templates.schema(tree, "inner", params=params, batch="R")
    plainly = plain(templates.schema({"it": {"$use": "inner", "take": "R.0"}}))["properties"]["it"]
    assert plainly["properties"]["who"] == STRING
    assert plainly["required"] == ["who", "digest", "n"]
    given = {"who": "me", "kind": "B"}
    known = plain(templates.schema({"it": {"$use": "inner", "with": given, "take": "R.0"}}))["properties"]["it"]
    assert known["properties"]["who"] == {"const": "me"}
    assert "only-a" not in known["properties"]
    assert "const" in known["properties"]["digest"]


def test_null_passes_a_filter_by(templates: Templates) -> None:
    templates.schema({"a?": "${text|upper}", "b": "${text|upper}", "c": "${text|else('x')|upper}"}, "inner")
    schema = plain(templates.schema({"$use": "inner", "with": {"text": None}}))
    assert schema["properties"] == {"b": {"type": "null"}, "c": STRING}


def test_carried_events_are_in_the_text_that_carries_them(templates: Templates) -> None:
    templates.schema({"a": "${text}"}, "inner")
    templates.schema({"a": "${text}"}, "stripped", **{"travels-as": "${.a|base64}"})
    templates.schema({"body": "${body}", "data": "${body|base64}"}, "outer", params={"body": {"default": ""}})
    schema = templates.schema({"$use": "outer", "with": {"body": {"$carry": "inner"}}})
    assert schema["properties"]["body"]["contentMediaType"] == "application/json"
    assert schema["properties"]["body"]["contentSchema"]["properties"] == {"a": STRING}
    assert schema["properties"]["data"]["contentEncoding"] == "base64"
    assert schema["properties"]["data"]["contentSchema"]["properties"] == {"a": STRING}
    schema = templates.schema({"$use": "outer", "with": {"body": {"$carry": "stripped"}}})
    assert plain(schema["properties"]["body"]) == {"type": "string", "contentEncoding": "base64"}


def test_siblings_have_their_schemas(templates: Templates) -> None:
    schema = plain(templates.schema({"a": "x", "b": "${.a}", "c": "${.a|upper}", "d": "${number}", "e": "${.d}"}))
    assert [schema["properties"][key] for key in "bce"] == [{"const": "x"}, {"const": "X"}, INTEGER]


def test_a_mistake_in_a_template_is_said_as_ever(templates: Templates) -> None:
    with pytest.raises(EventError, match=r"template my-event, \$\.event\.a: \$\{txt\}: unknown name 'txt'"):
        templates.schema({"a": "${txt}"})
    templates.schema({"a": 1}, "inner")
    with pytest.raises(EventError, match=r"there is no 'b' in the embedded event"):
        templates.schema({"a": {"$use": "inner", "take": "b"}})
