"""Places of an event changed by their paths, and merge patches."""

from __future__ import annotations

import copy
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdacli.errors import EventError, UsageError
from lambdacli.events import change, settings, source, strict
from lambdacli.events import recipe as recipes

EVENT = {"Records": [{"body": "x", "n": 1, "a.b": {"c/d~e": None}}, {"body": "y"}], "ok": True}


def put(path: str, value: str, event: Any = EVENT) -> Any:
    return change.apply(event, settings.change(path.removesuffix(":"), value, exact=path.endswith(":")))


def at(event: Any, *steps: Any) -> Any:
    for step in steps:
        event = event[step]
    return event


@pytest.mark.parametrize(
    "path", ["/Records/0/n", "Records.0.n", "Records[0].n", "$.Records[0].n", "$.Records.0.n", "$['Records'][0]['n']"]
)
def test_every_spelling_of_a_path(path: str) -> None:
    before = copy.deepcopy(EVENT)
    assert at(put(path, "7"), "Records", 0, "n") == 7
    assert before == EVENT, "nothing is changed in place"


@pytest.mark.parametrize(
    ("path", "value", "found"),
    [
        ("Records.0.n", "seven", "seven"),
        ("Records.0.n", "null", None),
        ("Records.0.n", '{"a": [1.5]}', {"a": [1.5]}),
        ("Records.0.n", "", ""),
        ("Records.0.n", "NaN", "NaN"),
        ("Records.0.n", "01", "01"),
        ("Records.0.body", "42", "42"),
        ("Records.0.body", '{"a":1}', '{"a":1}'),
        ("Records.0.body:", "42", 42),
        ("Records.0.body:", '"42"', "42"),
        ("Records.0.new", "42", 42),
        ("Records.0.new", "text", "text"),
    ],
)
def test_values_have_types(path: str, value: str, found: Any) -> None:
    assert at(put(path, value), "Records", 0, path.rpartition(".")[2].rstrip(":")) == found


def test_keys_that_need_escapes() -> None:
    assert at(put("/Records/0/a.b/c~1d~0e", "1"), "Records", 0, "a.b", "c/d~e") == 1
    assert at(put('Records.0["a.b"].c/d~e', "1"), "Records", 0, "a.b", "c/d~e") == 1
    assert put("/", "1", {}) == {"": 1}
    assert put("$", "1", {}) == 1


def test_lists_grow_at_their_end() -> None:
    for path in ("Records.-", "/Records/-", "Records[-]", "Records.2"):
        assert at(put(path, "{}"), "Records") == [*EVENT["Records"], {}]
    assert put("[0]", "9", [1, 2]) == [9, 2]


@pytest.mark.parametrize(
    ("path", "message", "hint"),
    [
        ("Recrods.0.body", "the event has no key 'Recrods'", "did you mean Records?"),
        (
            "Records.0.bdy.x",
            "Records.0 has no key 'bdy'",
            "did you mean body? `--set '/Records/0/bdy={\"x\":1}'` adds it",
        ),
        ("Records.0.a.b.c", "Records.0 has no key 'a'", "it has body, n, a.b"),
        ("Records.9.body", "Records has no item '9'", "0 to 1; `--set '/Records/-={\"body\":1}'` appends one"),
        ("Records.9", "Records has no item '9'", "0 to 1, or - to append"),
        ("Records.-.x", "- is behind the last item of Records", "`--set '/Records/-={\"x\":1}'` appends one"),
        ("Records.01.x", "Records has no item '01'", "0 to 1; `--set"),
        ("Records.first.x", "Records has no item 'first'", "0 to 1; `--set"),
        ("Records.0.body.x", "Records.0.body is text and has no 'x'", "`--set Records.0.body:=JSON` sets the whole"),
        ("ok.x", "ok is a boolean and has no 'x'", "`--set ok:=JSON`"),
        ("Records.0.n.x", "Records.0.n is a number and has no 'x'", ""),
    ],
)
def test_steps_that_lead_nowhere(path: str, message: str, hint: str) -> None:
    with pytest.raises(EventError) as raised:
        put(path, "1")
    assert raised.value.message == f"--set {path}: {message}"
    assert hint in raised.value.hint


@pytest.mark.parametrize("path", ["a..b", ".a", "a[", "a]b", "a[x]", "$..a", "/a~2", "/a~", "[0]a"])
def test_paths_that_cannot_be_read(path: str) -> None:
    with pytest.raises(UsageError, match="--set"):
        put(path, "1")


def test_a_value_that_has_to_be_json() -> None:
    with pytest.raises(UsageError, match=r"--set a\.b:=x: expected JSON"):
        settings.change("a.b", "x", exact=True)


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [  # the test cases of RFC 7396, appendix A
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_patches(target: Any, patch: Any, result: Any) -> None:
    assert change.merge(target, patch) == result


def test_parameters_first_then_patches_then_places() -> None:
    made = recipes.make(
        recipes.of_template("s3-put"),
        {"bucket": "a", "key": "from-option"},
        settings=["key=k", "size:=5", "Records.0.awsRegion=moon", "Records=[]"],
        patches=[{"more": 1}, {"more": None, "other": 2}],
    )
    assert made == {"Records": [], "other": 2}
    made = recipes.make(recipes.of_template("s3-put"), {"key": "a"}, settings=["key=k", "size:=5"])
    assert (made["Records"][0]["s3"]["object"]["key"], made["Records"][0]["s3"]["object"]["size"]) == ("k", 5)


def test_a_place_of_one_record_is_not_one_of_the_others() -> None:
    made = recipes.make(recipes.of_template("eventbridge-event"), {"detail": {"a": {}}}, settings=["detail.a.b=1"])
    assert made["detail"] == {"a": {"b": 1}}
    attributes = {"kind": "x"}
    made = recipes.make(
        recipes.of_template("sqs-receive-message"),
        {"message-attributes": attributes, "count": 2},
        settings=["Records.1.messageAttributes.kind.stringValue=y"],
    )
    assert [each["messageAttributes"]["kind"]["stringValue"] for each in made["Records"]] == ["x", "y"]


def test_a_word_is_a_parameter_or_a_key_of_the_event() -> None:
    recipe = recipes.of_template("s3-test-event")
    assert recipes.make(recipe, settings=["Event=x"])["Event"] == "x"
    with pytest.raises(EventError, match="event s3-test-event has no parameter 'Evnt'"):
        recipes.make(recipe, settings=["Evnt=x"])
    assert recipes.make(recipe, settings=["/Evnt=x"])["Evnt"] == "x"
    assert recipes.make(recipe, settings=["list:=[1]", "/list/-=2"])["list"] == [1, 2]
    assert recipes.make(recipe, settings=['buckett:="x"'])["buckett"] == "x"


def test_settings_keep_their_order() -> None:
    recipe = recipes.Recipe(None, event={"a": [1]})
    assert recipes.make(recipe, settings=["a.-=2", "a=[]", "a.-=3"]) == {"a": [3]}
    assert recipes.make(recipe, settings=["a=x", "a:=2", "a=3"]) == {"a": 3}
    records = recipes.make(recipes.of_template("s3-put"), settings=["key=a", 'key:="b"', "size:=1"])["Records"]
    assert [each["s3"]["object"]["key"] for each in records] == ["a", "b"]
    records = recipes.make(recipes.of_template("sqs-receive-message"), settings=["group=a", "message-group-id=b"])
    assert [each["attributes"]["MessageGroupId"] for each in records["Records"]] == ["a", "b"]
    with pytest.raises(EventError, match="parameter bucket: given 2 times"):
        recipes.make(recipes.of_template("s3-put"), settings=["bucket=a", 'bucket:="b"'])


@pytest.mark.parametrize("setting", [":=1", "=1", "", "a", ":", "--count"])
def test_a_setting_has_a_name_and_a_value(setting: str) -> None:
    with pytest.raises(UsageError, match="expected NAME=VALUE"):
        recipes.make(recipes.Recipe(None, event={}), settings=[setting])


def test_json_goes_to_the_key_of_that_name() -> None:
    recipe = recipes.of_template("hello-world")
    assert recipes.make(recipe, settings=["key1:=1", "key2=1"]) == {"key1": 1, "key2": "1", "key3": "value3"}
    proxy = recipes.of_template("apigateway-aws-proxy")
    assert recipes.make(proxy, settings=["body:=null"])["body"] is None
    left_out = recipes.of_template("apigateway-http-api-proxy")
    assert recipes.make(left_out, settings=["body:=5"])["body"] == 5


def test_a_word_that_an_event_without_a_template_does_not_have() -> None:
    recipe = recipes.Recipe(None, event={"name": "x"})
    with pytest.raises(EventError, match="--set zz: the event has no key 'zz'") as raised:
        recipes.make(recipe, settings=["zz=1"])
    assert raised.value.hint == "`--set /zz=1` adds a key; parameters belong to templates"
    with pytest.raises(EventError) as raised:
        recipes.make(recipe, settings=["nam=1"])
    assert raised.value.hint == "did you mean name?"
    assert recipes.make(recipe, settings=["zz:=1", "/nam=2", "name=y"]) == {"name": "y", "zz": 1, "nam": 2}
    with pytest.raises(EventError) as raised:
        recipes.make(recipes.of_template("hello-world"), settings=["zz=1"])
    assert raised.value.hint.endswith("; `--set /zz=1` adds a key")


def test_a_key_that_is_nearly_one_that_is_there() -> None:
    with pytest.raises(EventError, match=r"Records\.0 has no key 'bodyy'") as raised:
        put("Records.0.bodyy", "hi")
    assert raised.value.hint == "did you mean body? `--set /Records/0/bodyy=hi` adds it"
    for path in ("Records.0.bodyy:", "/Records/0/bodyy"):
        assert at(put(path, "1"), "Records", 0, "bodyy") == 1
    assert put("h.x-header-2", "b", {"h": {"x-header-1": "a"}}) == {"h": {"x-header-1": "a", "x-header-2": "b"}}


def test_every_item() -> None:
    for path in ("Records.*.body", "/Records/*/body", "Records[*].body"):
        assert [each["body"] for each in put(path, "z")["Records"]] == ["z", "z"]
    assert put("*.*", "0", [[1, 2], [3]]) == [[0, 0], [0]]
    assert put("a.*", "0", {"a": {"*": 1}}) == {"a": {"*": 0}}
    with pytest.raises(EventError, match="a has no items"):
        put("a.*.b", "0", {"a": []})


@pytest.mark.parametrize(
    ("path", "event", "hint"),
    [
        ("a.b.c", {}, """it is an empty object; `--set '/a={"b":{"c":"x y"}}'` adds it"""),
        ("a.b.c", {"a": {"z": 1}}, """it has z; `--set '/a/b={"c":"x y"}'` adds it"""),
        ("a.1", {"a": []}, "`--set '/a/-=x y'` appends one"),
        ("a.5", {"a": [1]}, "only 0, or - to append"),
        ("a.5.b", {"a": [1]}, """only 0; `--set '/a/-={"b":"x y"}'` appends one"""),
    ],
)
def test_a_hint_is_what_to_write(path: str, event: Any, hint: str) -> None:
    with pytest.raises(EventError) as raised:
        put(path, "x y", event)
    assert raised.value.hint == hint


@pytest.mark.parametrize("value", ["1e999", "-1e999", "[1e400]", "NaN", "-Infinity"])
def test_numbers_are_finite(value: str) -> None:
    with pytest.raises(UsageError, match="expected JSON"):
        put("ok:", value)
    assert put("ok", value)["ok"] == value, "a text"
    with pytest.raises(ValueError, match=r"finite|no JSON"):
        strict.loads(value)


def test_patches_from_files(tmp_path: Any) -> None:
    file = tmp_path / "patch.json"
    file.write_text('{"a": 1}', encoding="utf-8")
    assert source.given(str(file), stdin=lambda: b"", what="--merge") == {"a": 1}
    assert source.given("-", stdin=lambda: b"[1]", what="--merge") == [1]
    assert source.given(' {"b": null}', stdin=lambda: b"", what="--merge") == {"b": None}
    file.write_text('{"a":', encoding="utf-8")
    with pytest.raises(EventError, match=r"patch\.json:1:6: "):
        source.given(str(file), stdin=lambda: b"", what="--merge")
    with pytest.raises(EventError, match="missing"):
        source.given("missing.json", stdin=lambda: b"", what="--merge")


def test_depth_is_no_bug() -> None:
    deep: Any = {}
    for _ in range(5000):
        deep = {"a": deep}
    with pytest.raises(EventError, match="nested too deeply"):
        recipes.make(recipes.Recipe(None, event={}), patches=[deep])


@given(st.text(alphabet="/.$[]'\"~-0Recordsbody:", max_size=25), st.text(max_size=5))
def test_any_path_and_any_value(path: str, value: str) -> None:
    with suppress(EventError, UsageError):
        put(path, value)
