"""The template format: expressions, operators, records, and what is said of mistakes."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from lambdacli import events
from lambdacli.errors import EventError
from lambdacli.events import filters, find

SCHEMA = json.loads((Path(find.bundled()) / "template.schema.json").read_text(encoding="utf-8"))


def MD5(text: str) -> str:  # noqa: N802 - the name of the digest
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


class Templates:
    """A folder of the test's own templates."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, name: str, event: Any, /, **more: Any) -> events.Template:
        template = {"name": name, "summary": "a test", "event": event} | more
        (self.folder / f"{name}.json").write_text(json.dumps(template), encoding="utf-8")
        return events.load(name, [self.folder])

    def render(self, event: Any, parameters: dict[str, Any] | None = None, /, **more: Any) -> Any:
        return events.render(self.write("my-event", event, **more), parameters or {})

    def error(self, event: Any, parameters: dict[str, Any] | None = None, /, **more: Any) -> EventError:
        with pytest.raises(EventError) as raised:
            self.render(event, parameters, **more)
        return raised.value


@pytest.fixture
def templates(tmp_path: Path) -> Templates:
    return Templates(tmp_path)


PARAMS = {
    "text": {"default": "a b"},
    "number": {"type": "int", "default": 7},
    "flag": {"type": "bool", "default": True},
    "object": {"type": "object", "default": {"k": ["v"]}},
    "nothing": {},
}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("${number}", 7),
        ("${flag}", True),
        ("${object}", {"k": ["v"]}),
        ("${nothing}", None),
        ("${ text }", "a b"),
        ("n=${number}", "n=7"),
        ("${text}/${flag}/${nothing}/${object}", 'a b/true//{"k":["v"]}'),
        ("$${text}", "${text}"),
        ("a $${b} ${text}", "a ${b} a b"),
        ("costs $5", "costs $5"),
        ("${'it }{ is'}", "it }{ is"),
        ("${text|upper}", "A B"),
        ("${text|upper|lower|len}", 3),
        ("${text|quote_plus}", "a+b"),
        ("${text|base64}", "YSBi"),
        ("${text|md5}", MD5("a b")),
        ("${number|plus(3)}", 10),
        ("${number|plus( -3 )}", 4),
        ("${'009'|plus(1)}", "010"),
        ("${number|hex(4)}", "0007"),
        ("${number|plus(number)|times(2)|minus(1)}", 27),
        ("${object|json}", '{"k":["v"]}'),
        ("${object|get('k')|join('+')}", "v"),
        ("${nothing|upper}", None),
        ("${nothing|else('x')}", "x"),
        ("${text|when(number, 1, 7)}", "a b"),
        ("${text|when(number, 1, 2)}", None),
        ("${text|unless(number, 7)}", None),
        ("${text|if(flag)}", "a b"),
        ("${'a,b'|split}", ["a", "b"]),
        ("${null}", None),
        ("${true}", True),
        ("${time|iso}", "2026-01-02T03:04:05Z"),
        ("${time|iso_ms}", "2026-01-02T03:04:05.678Z"),
        ("${time|epoch}", 1767323045),
        ("${time|epoch_ms}", 1767323045678),
        ("${time|epoch_float}", 1767323045.678),
        ("${time|clf}", "02/Jan/2026:03:04:05 +0000"),
        ("${time|rfc2822}", "Fri, 2 Jan 2026 03:04:05 +0000"),
        ("${time|date('%Y/%m/%d')}", "2026/01/02"),
        ("${region}/${account-id}/${partition}/${dns-suffix}", "us-east-1/123456789012/aws/amazonaws.com"),
        ("${i}", 0),
        ("${count}", 1),
    ],
)
def test_expressions(templates: Templates, expression: str, expected: Any) -> None:
    found = templates.render({"it": expression}, params=PARAMS)["it"]
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("event", "path"),
    [
        ({"a": [1, "${'x'|gzip}"]}, "the event, $.a[1]"),
        ("${'x'|gzip}", "the event, $"),
        ({"a": "x ${'x'|gzip}"}, "template my-event, $.event.a"),
        ({"a": {"$json": {"b": "${'x'|gzip}"}}}, "template my-event"),
        ({"a": "${'x'|gzip|json}"}, "template my-event, $.event.a: ${'x'|gzip|json}"),
        ({"a": "${'x'|gzip|upper}"}, "template my-event, $.event.a: ${'x'|gzip|upper}"),
    ],
)
def test_bytes_are_no_json(templates: Templates, event: Any, path: str) -> None:
    with pytest.raises(EventError) as raised:
        events.dumps(templates.render(event))
    assert raised.value.message == f"{path}: bytes, which JSON has not: add |base64"


def test_values_are_data_and_never_expressions(templates: Templates) -> None:
    given = {"text": "${number|plus(1)} $${x} {{y}}", "object": '{"${text}": "${text}"}'}
    event = templates.render(["${text}", "-${text}-", "${object}"], given, params=PARAMS)
    assert event == [given["text"], f"-{given['text']}-", {"${text}": "${text}"}]


def test_siblings_are_read_after_they_are_rendered(templates: Templates) -> None:
    event = templates.render(
        {"body": "${text|upper}", "digest": "${.body|md5}", "two": "${.body}${.body}"}, params=PARAMS
    )
    assert event == {"body": "A B", "digest": MD5("A B"), "two": "A BA B"}


def test_optional_keys_are_dropped_when_empty(templates: Templates) -> None:
    tree = {"a?": "${nothing}", "b?": "", "c?": [], "d?": {}, "e?": 0, "f?": False, "g?": "${text}", "h": "${nothing}"}
    assert templates.render(tree, params=PARAMS) == {"e": 0, "f": False, "g": "a b", "h": None}


def test_keys_may_be_computed_and_dollars_escaped(templates: Templates) -> None:
    tree = {"${text}-${number}": {"$$oid": 1, "x?": "${nothing}"}, "plain": 2}
    assert templates.render(tree, params=PARAMS) == {"a b-7": {"$oid": 1}, "plain": 2}


def test_operators(templates: Templates) -> None:
    tree = {
        "json": {"$json": {"a": "${text}", "ü": [1]}},
        "twice": {"$json": {"inner": {"$json": {"a": '"'}}}},
        "gzip": {"$gzip_base64": {"a": "${text}"}},
        "gzip-text": {"$gzip_base64": "${text}"},
        "merge": {"$merge": [{"a": 1, "deep": {"x": 1}}, "${object}", None, {"a": 2, "deep": {"y": 2}}]},
    }
    event = templates.render(tree, params=PARAMS)
    assert event["json"] == '{"a":"a b","ü":[1]}'
    assert json.loads(json.loads(event["twice"])["inner"]) == {"a": '"'}
    assert zlib.decompress(base64.b64decode(event["gzip"]), wbits=31) == b'{"a":"a b"}'
    assert zlib.decompress(base64.b64decode(event["gzip-text"]), wbits=31) == b"a b"
    assert event["merge"] == {"a": 2, "deep": {"x": 1, "y": 2}, "k": ["v"]}


def test_merging_leaves_parameters_as_they_were(templates: Templates) -> None:
    given = {"deep": {"x": 1}}
    templates.render({"$merge": ["${object}", {"deep": {"y": 2}}]}, {"object": given}, params=PARAMS)
    assert given == {"deep": {"x": 1}}


def test_use_passes_inherited_parameters_and_those_named(templates: Templates) -> None:
    templates.write("inner", {"a": "${a}", "b": "${b}", "region": "${region}"}, params={"a": {"default": 1}, "b": {}})
    outer = {"event": {"$use": "inner", "with": {"b": "${b}!"}}}
    event = templates.render(
        outer, {"a": "A", "region": "r"}, **{"params-from": ["inner"], "params": {"b": {"default": "own"}}}
    )
    assert event == {"event": {"a": "A", "b": "own!", "region": "r"}}


def test_use_passes_inherited_values_on_as_they_are(templates: Templates) -> None:
    """An early time is not read as seconds, a text in JSON not as JSON, a second time."""
    params = {"a": {"type": "json"}, "b": {"type": "list"}}
    templates.write("inner", {"a": "${a}", "b": "${b}", "at": "${time|iso}"}, params=params)
    given = {"a": '"{text"', "b": '["[text"]', "time": "1972-01-02"}
    event = templates.render({"$use": "inner"}, given, **{"params-from": ["inner"]})
    assert event == {"a": "{text", "b": ["[text"], "at": "1972-01-02T00:00:00Z"}


def test_use_takes_a_part_and_numbers_records_on(templates: Templates) -> None:
    templates.write("inner", {"Records": [{"i": "${i}", "id": "${uuid}"}]}, batch="Records")
    template = templates.write("outer", {"R": [{"$use": "inner", "take": "Records.0"}]}, batch="R")
    found = events.render(template, {}, count=3)["R"]
    assert [each["i"] for each in found] == [0, 1, 2]
    assert len({each["id"] for each in found}) == 3


def test_a_seed_inside_a_seed_counts(templates: Templates) -> None:
    templates.write("inner", "${uuid}")
    found = {events.render(templates.write("outer", {"$use": "inner"}), {"seed": seed}) for seed in ("1", "2")}
    assert len(found) == 2


def test_batches_repeat_their_elements_in_turn(templates: Templates) -> None:
    template = templates.write("my-event", {"R": [{"a": "${i}"}, {"b": "${i}"}]}, batch="R")
    assert events.render(template, {}) == {"R": [{"a": 0}, {"b": 1}]}
    assert events.render(template, {}, count=3) == {"R": [{"a": 0}, {"b": 1}, {"a": 2}]}
    assert events.render(template, {}, count=1) == {"R": [{"a": 0}]}


def test_batch_may_be_the_event_itself_or_below_a_computed_key_or_operator(templates: Templates) -> None:
    assert events.render(templates.write("a", ["${i}"], batch="$"), {}, count=2) == [0, 1]
    assert events.render(templates.write("b", {"${region}": ["${i}"]}, batch="*"), {}, count=2) == {"us-east-1": [0, 1]}
    assert events.render(templates.write("c", {"x": {"$json": {"y": ["${i}"]}}}, batch="x.$json.y"), {}, count=2) == {
        "x": '{"y":[0,1]}'
    }


def test_many_values_make_many_records_and_one_serves_all(templates: Templates) -> None:
    params = {"a": {"many": True, "default": "x"}, "b": {"many": True, "default": "y"}, "c": {"default": "${a}${i}"}}
    template = templates.write("my-event", {"R": [["${a}", "${b}", "${c}"]]}, batch="R", params=params)
    assert events.render(template, {"a": ["1", "2"], "b": "z"})["R"] == [["1", "z", "10"], ["2", "z", "21"]]
    assert events.render(template, {"a": ["1"]}, count=2)["R"] == [["1", "y", "10"], ["1", "y", "11"]]


def test_ids_are_derived_from_seed_place_and_record(templates: Templates) -> None:
    tree = {
        "R": [{"a": "${uuid}", "b": "${uuid}", "c": "${uuid(same)}", "d": "${uuid(same)}", "e": "${rand|hex(128)}"}]
    }
    template = templates.write("my-event", tree, batch="R")
    found = events.render(template, {}, count=50)["R"]
    assert found == events.render(template, {}, count=50)["R"]
    assert len({each[key] for each in found for key in "abc"}) == 150
    assert all(each["c"] == each["d"] for each in found)
    assert all(len(set(each["e"])) > 8 for each in found), "as many random digits as are asked for"
    assert found != events.render(template, {"seed": "another"}, count=50)["R"]


def test_let_is_computed_per_record(templates: Templates) -> None:
    template = templates.write(
        "my-event",
        {"R": ["${twice}"], "first": "${twice}"},
        batch="R",
        let={"once": "${i|plus(1)}", "twice": "${once|times(2)}"},
    )
    assert events.render(template, {}, count=3) == {"R": [2, 4, 6], "first": 2}


def test_aliases_and_underscores_name_parameters(templates: Templates) -> None:
    params = {"group-id": {"aliases": ["GroupId"], "default": ""}}
    template = templates.write("my-event", "${group-id}", params=params)
    assert [events.render(template, {key: "x"}) for key in ("group-id", "GroupId", "group_id")] == ["x", "x", "x"]


def test_fresh_events_have_other_ids_and_the_current_time_unless_told(templates: Templates) -> None:
    template = templates.write("my-event", {"id": "${uuid}", "time": "${time|iso}"})
    one, two = (events.render(template, {}, fresh=True) for _ in range(2))
    assert one["id"] != two["id"]
    assert one["time"] > "2026-01-02T03:04:06Z"
    assert events.render(template, {"time": "0", "seed": "0"}, fresh=True) == events.render(template, {"time": "0"})


@pytest.mark.parametrize(
    ("expression", "message", "hint"),
    [
        ("${kye}", "unknown name 'kye'", "did you mean key?"),
        ("${key|md6}", "unknown filter 'md6'", "did you mean md5?"),
        ("${key|hex}", "filter hex takes 1 argument, not 0", ""),
        ("${key|}", "expected the name of a filter after |", ""),
        ("${key|hex(}", "expected a name, 'text', a number or .sibling", ""),
        ("${key|hex(1}", "expected , or )", ""),
        ("${key key}", "unexpected 'key'", ""),
        ("${key & 1}", "cannot read '& 1'", ""),
        ("${}", "expected a name, 'text', a number or .sibling", ""),
        ("${uuid(}", "expected uuid(label)", ""),
        ("${.below}", "there is no sibling .below above", "only keys above this one are rendered already"),
        ("${.abvoe}", "there is no sibling .abvoe above", "did you mean above?"),
        ("${key|plus(1)}", 'expected a number, not "k"', ""),
        ("${key|get('x')}", 'expected an object, not "k"', ""),
    ],
)
def test_mistakes_in_an_expression(templates: Templates, expression: str, message: str, hint: str) -> None:
    tree = {"list": [{"above": 1, "it": expression, "below": 2}]}
    error = templates.error(tree, params={"key": {"default": "k"}})
    assert error.message == f"template my-event, $.event.list[0].it: {expression}: {message}"
    assert error.hint == hint


@pytest.mark.parametrize(
    ("tree", "message", "hint"),
    [
        ("${key", "`${` without its `}` in '${key'", "write `$${` for the characters themselves"),
        ({"$jsno": 1}, "unknown operator '$jsno'", "did you mean $json?"),
        ({"$json": 1, "b": 2}, "$json stands alone in its object, not beside 'b'", ""),
        ({"$merge": [{}, 1]}, "$merge: expected a list of objects", ""),
        (
            {"$use": "s3-put", "with": {"bukcet": 1}},
            "template s3-put has no parameter 'bukcet'",
            "did you mean bucket?",
        ),
        ({"$use": "s3-put", "take": "Records.9"}, "there is no 'Records.9' in the embedded event", ""),
        ({"$use": 1}, "expected {'$use': template, 'with': {parameter: value}}", ""),
    ],
)
def test_mistakes_in_an_operator(templates: Templates, tree: Any, message: str, hint: str) -> None:
    error = templates.error({"a": tree}, params={"key": {}})
    assert (error.message, error.hint) == (f"template my-event, $.event.a: {message}", hint)


def test_using_a_template_that_is_not_there(templates: Templates) -> None:
    error = templates.error({"a": {"$use": "s3-putt"}})
    assert (error.message, error.hint) == ("there is no event template 's3-putt'", "did you mean s3-put?")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"paramz": {}}, "$: unknown key 'paramz'"),
        ({"summary": 1}, "$.summary: expected a string"),
        ({"name": "other"}, "$.name: expected 'my-event', the name of the file, not 'other'"),
        ({"params": []}, "$.params: expected an object, not []"),
        ({"params": {"a": 1}}, "$.params.a: expected an object, not 1"),
        ({"params": {"a": {"typ": "int"}}}, "$.params.a: unknown key 'typ'"),
        (
            {"params": {"a": {"type": "integer"}}},
            "$.params.a.type: expected one of str, bytes, int, digits, float, bool,",
        ),
        ({"params": {"a": {"many": 1}}}, "$.params.a.many: expected true or false"),
        ({"params": {"a": {"help": 1}}}, "$.params.a.help: expected a string"),
        ({"params": {"a": {"choices": "x"}}}, "$.params.a.choices: expected a list of strings"),
        ({"params-from": "s3-put"}, "$.params-from: expected a list of template names"),
        ({"let": []}, "$.let: expected an object, not []"),
        ({"batch": 1}, "$.batch: expected a string"),
        ({"params": {"a b": {}}}, "$.params: 'a b' is no name of a parameter"),
        ({"params": {"": {}}}, "$.params: '' is no name of a parameter"),
        ({"params": {"a_b": {}}}, "$.params: 'a_b' is no name of a parameter"),
        ({"params": {"A-B": {}}}, "$.params: 'A-B' is no name of a parameter"),
        ({"params": {"uuid": {}}}, "$.params: 'uuid' is no name of a parameter"),
        ({"params": {"a": {"aliases": ["-b"]}}}, "$.params.a.aliases: '-b' is no name of a parameter"),
        ({"travels-with": []}, "$.travels-with: expected an object, not []"),
        ({"travels-with": {"subject": {}}}, "$.travels-with.subject: expected a text, a number, true, false or null"),
    ],
)
def test_what_the_schema_refuses_is_refused_with_its_path(
    templates: Templates, changes: dict[str, Any], message: str
) -> None:
    error = templates.error({}, **changes)
    assert error.message.startswith(f"template my-event, {message}")
    if changes.get("name") != "other":
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({"name": "my-event", "summary": "", "event": {}, **changes}, SCHEMA)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"params": {"a": {"aliases": ["b"]}, "b": {}}}, "$.params.a.aliases: 'b' is b already"),
        ({"params": {"a": {"aliases": ["c"]}, "b": {"aliases": ["c"]}}}, "$.params.b.aliases: 'c' is a already"),
        ({"params": {"a": {"aliases": ["region"]}}}, "$.params.a.aliases: 'region' is region already"),
        ({"params": {"a": {"aliases": ["a"]}}}, "$.params.a.aliases: 'a' is a already"),
        ({"params": {"a": {}}, "carries": "b"}, "$.carries: there is no parameter 'b'"),
        ({"carries": "region"}, "$.carries: every event has a parameter 'region', it carries nothing"),
        ({"params": {"a": {"type": "int"}}, "carries": "a"}, "$.carries: a takes no event: expected one of the types"),
        ({"params": {"a": {"choices": ["b"]}}, "carries": "a"}, "$.carries: a takes no event: expected one of the"),
        ({"travels-with": {"subject": "${a}"}}, "$.travels-with.subject: ${a}: unknown name 'a'"),
    ],
)
def test_what_the_schema_cannot_refuse(templates: Templates, changes: dict[str, Any], message: str) -> None:
    error = templates.error({}, **changes)
    assert error.message.startswith(f"template my-event, {message}")
    jsonschema.validate({"name": "my-event", "summary": "", "event": {}, **changes}, SCHEMA)


def test_missing_parts_of_a_template(tmp_path: Path) -> None:
    (tmp_path / "my-event.json").write_text('{"name": "my-event", "summary": ""}')
    with pytest.raises(EventError, match="'event' is missing"):
        events.load("my-event", [tmp_path])
    (tmp_path / "my-event.json").write_text("[]")
    with pytest.raises(EventError, match=r"template my-event, \$: expected an object, not \[\]"):
        events.load("my-event", [tmp_path])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{\n "name": my\n}', r"my-event.json:2:10: the template is no JSON: a value is wanted here"),
        ("", r"my-event.json:1:1: the template is no JSON"),
        ('{"event": NaN}', "the template cannot be read: NaN is no JSON value"),
        ("[" * 100_000, "the template cannot be read"),
    ],
)
def test_a_template_that_is_no_json_is_shown_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "my-event.json").write_text(text)
    with pytest.raises(EventError, match=message):
        events.load("my-event", [tmp_path])


def test_batch_that_is_not_there(templates: Templates) -> None:
    for batch, tree in (("Recrods", {"Records": [{}]}), ("Records", {"Records": []}), ("Records", {"Records": {}})):
        assert (
            templates.error(tree, batch=batch).message
            == f"template my-event, $.batch: {batch!r} is no array with a record in the event"
        )


def test_templates_that_use_one_another_end(templates: Templates) -> None:
    templates.write("b", {"$use": "my-event"})
    assert templates.error({"$use": "b"}).message == (
        "template b, $.event: templates use one another without end: my-event → b → my-event"
    )
    (templates.folder / "c.json").write_text(json.dumps({"name": "c", "summary": "", "event": 1, "params-from": ["c"]}))
    with pytest.raises(EventError, match="templates use one another without end: c → c"):
        events.load("c", [templates.folder])


def test_templates_nest_only_so_deep(templates: Templates) -> None:
    for number in range(20):
        templates.write(f"n{number}", {"$use": f"n{number + 1}"} if number < 19 else "end")
    assert events.render(events.load("n14", [templates.folder]), {}) == "end"
    with pytest.raises(EventError, match="without end"):
        events.render(events.load("n0", [templates.folder]), {})


def test_own_templates_come_first_and_names_are_no_paths(templates: Templates) -> None:
    templates.write("s3-put", "mine")
    assert events.render(events.load("s3-put", [templates.folder]), {}) == "mine"
    assert events.names([templates.folder]) == events.names()
    (templates.folder / "shop").mkdir()
    (templates.folder / "shop" / "order-placed.json").write_text('{"name": "order-placed", "summary": "", "event": 1}')
    assert events.render(events.load("order-placed", [templates.folder]), {}) == 1
    assert "order-placed" in events.names([templates.folder])
    for name in ("../s3/s3-put", "/etc/passwd", "", "s3-put.json", "S3-PUT", "aliases", "template"):
        with pytest.raises(EventError, match="there is no event template"):
            events.load(name)


def test_aliases_lead_to_templates() -> None:
    aliases = json.loads((Path(find.bundled()) / "aliases.json").read_text(encoding="utf-8"))
    assert events.load("cloudwatch-scheduled-event").name == "eventbridge-schedule"
    assert all(target in events.names() and alias not in events.names() for alias, target in aliases.items())


def test_every_filter_can_be_found_and_called() -> None:
    for name in filters.names():
        least, most = filters.arity(filters.find(name))
        assert 0 <= least <= most
    assert filters.find("no_such_filter") is None


def test_the_example_of_the_readme(templates: Templates) -> None:
    readme = (Path(find.bundled()) / "README.md").read_text(encoding="utf-8")
    example = json.loads(readme.split("```json\n")[1].split("```")[0])
    jsonschema.validate(example, SCHEMA)
    (templates.folder / "order-placed.json").write_text(json.dumps(example))
    template = events.load("order-placed", [templates.folder])
    first, second = events.render(template, {"order-id": ["1", "2"], "coupon": "SPRING"})["orders"]
    assert (first["id"], second["id"], first["total"], first["coupon"]) == ("1", "2", 12.5, "SPRING")
    assert all(f"`{name}" in readme or f" {name}" in readme for name in filters.names())


@pytest.mark.parametrize("depth", [200, 700, 5_000])
@pytest.mark.parametrize("where", ["template", "parameter"])
def test_deep_nesting_is_no_bug(templates: Templates, depth: int, where: str) -> None:
    deep = "[" * depth + "]" * depth
    text = '{"name": "deep", "summary": "", "event": %s}' % deep  # noqa: UP031 - braces
    (templates.folder / "deep.json").write_text(text)
    said = ""
    try:
        template, given = ("deep", {}) if where == "template" else ("iot-rule", {"payload": deep})
        events.dumps(events.render(events.load(template, [templates.folder]), given), compact=True)
    except EventError as error:
        said = error.message
    assert "nested too deeply" in said or "cannot be read" in said or not said
