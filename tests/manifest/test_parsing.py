"""YAML 1.2 with positions and limits: what a manifest's text means, and where it is wrong."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from lambdacli.errors import ManifestError
from lambdacli.manifest import files
from lambdacli.manifest.parsing import parse

if TYPE_CHECKING:
    from pathlib import Path

    from lambdacli.model import Problem


def tree(text: str) -> Any:
    document = parse(text.encode(), "m.yaml")
    assert document.problems == ()
    return document.tree


def refused(data: str | bytes) -> Problem:
    with pytest.raises(ManifestError) as caught:
        parse(data.encode() if isinstance(data, str) else data, "m.yaml")
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on", "on"),
        ("yes", "yes"),
        ("No", "No"),
        ("y", "y"),
        ("true", True),
        ("FALSE", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("010", 10),
        ("0o10", 8),
        ("0x1F", 31),
        ("-7", -7),
        ("1_000", "1_000"),
        ("12:30:45", "12:30:45"),
        ("2026-01-31", "2026-01-31"),
        ("1.50", 1.5),
        ("1e3", 1000.0),
        (".5", 0.5),
        (".inf", float("inf")),
        ("1.2.3", "1.2.3"),
        ("'010'", "010"),
        ('"true"', "true"),
        ("!!str 12", "12"),
        ("=", "="),
        ("<<", "<<"),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text: str, value: Any) -> None:
    assert tree(f"a: {text}") == {"a": value}


def test_on_is_a_key_like_any_other() -> None:
    assert tree("{on: 1, no: 2}") == {"on": 1, "no": 2}


def test_environment_tags_and_account_are_text_as_written() -> None:
    text = (
        "account: 012345678901\nfunctions: {f: {environment: {PORT: 8080, VERSION: 1.10, DEBUG: true}, tags: {n: 010}}}"
    )
    function = tree(text)["functions"]["f"]
    assert tree(text)["account"] == "012345678901"
    assert function == {"environment": {"PORT": "8080", "VERSION": "1.10", "DEBUG": "true"}, "tags": {"n": "010"}}


def test_what_lies_in_a_trigger_keeps_its_type() -> None:
    text = "functions: {f: {triggers: [{eventbridge: {pattern: {detail: {environment: {n: [1]}}}}}]}}"
    pattern = tree(text)["functions"]["f"]["triggers"][0]["eventbridge"]["pattern"]
    assert pattern == {"detail": {"environment": {"n": [1]}}}


def test_anchors_and_merge_keys() -> None:
    text = "x-a: &a {m: 1, n: 2}\nx-b: &b {n: 3, o: 4}\nc: {<<: [*a, *b], m: 0}\nd: {<<: *a}\ne: *a"
    assert {key: tree(text)[key] for key in "cde"} == {
        "c": {"m": 0, "n": 2, "o": 4},
        "d": {"m": 1, "n": 2},
        "e": {"m": 1, "n": 2},
    }


def test_positions_of_keys_values_items_and_merged_values() -> None:
    document = parse(b"a: &x\n  b: [1, {c: 2}]\nd:\n  <<: *x\n", "m")
    assert document.position(("a",)) == (1, 4)
    assert document.position(("a", "b"), key=True) == (2, 3)
    assert document.position(("a", "b", 1, "c")) == (2, 14)
    assert document.position(("d", "b", 0)) == (2, 7)
    assert document.position(("a", "nothing", "here")) == (1, 4)


def test_unicode_columns_count_characters() -> None:
    assert parse('{"äöü😀": x, b: y}'.encode(), "m").position(("b",), key=True) == (1, 13)


def test_a_byte_order_mark_and_windows_lines_are_fine() -> None:
    assert parse(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n", "m").tree == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("", 1, 1, "empty"),
        ("# only a comment\n", 1, 1, "empty"),
        ("a:\n\tb: 1\n", 2, 1, "a tab in the indentation"),
        ("a: 1\n---\nb: 2\n", 2, 1, "second YAML document"),
        ("a: [1, 2\nb: 3", 2, 2, "not valid YAML"),
        ("a: *nothing", 1, 4, "no anchor &nothing"),
        ("a: &a [*a]", 1, 8, "stands inside what it repeats"),
        ("a: !Ref x", 1, 4, "the tag !Ref is not supported"),
        ("a: !!python/object/apply:os.system [x]", 1, 4, "not supported"),
        ("? [a, b]\n: c", 1, 3, "a key must be text"),
        ("a: \x07", 1, 4, "U+0007"),
        ("a: 'x", 1, 6, "not valid YAML"),
        ("%YAML 9.9\n---\na: 1", 1, 1, "not valid YAML"),
        ("a: @x", 1, 4, "not valid YAML"),
    ],
)
def test_mistakes_that_leave_nothing(text: str, line: int, column: int, words: str) -> None:
    problem = refused(text)
    assert (problem.line, problem.column) == (line, column)
    assert words in problem.message
    assert "\n" not in problem.message


def test_not_utf8_says_where() -> None:
    problem = refused("a: 1\nb: ü".encode("latin-1"))
    assert (problem.line, problem.column) == (2, 4)
    assert "UTF-8" in problem.message
    assert "UTF-8" in refused("a: 1".encode("utf-16")).message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\na: 2", "the key a stands twice, first in line 1"),
        ("{x: {b: 1, b: 2}}", "the key b stands twice, first in line 1"),
        ("1: x", "the key 1 is no text"),
        ("true: x", "the key true is no text"),
        ("~: x", "the key ~ is no text"),
        ("a: {<<: 3}", "<< takes a mapping or a list of mappings"),
        ("a: " + "9" * 5000, "a number of more than 100 digits"),
    ],
)
def test_mistakes_that_leave_a_tree_are_collected(text: str, message: str) -> None:
    (problem,) = parse(text.encode(), "m").problems
    assert problem.message == message


def test_an_alias_bomb_is_refused_at_once() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    began = time.monotonic()
    problem = refused("\n".join(lines))
    assert "values, counting what aliases repeat" in problem.message
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("text", ["[" * 100_000, "{a: " * 50_000, "- " * 100_000, "a: " + "[" * 64 + "]" * 64])
def test_depth_is_limited(text: str) -> None:
    assert "levels deep" in refused(text).message


def test_size_is_limited(tmp_path: Path) -> None:
    path = tmp_path / "big.yaml"
    path.write_text("# " + "x" * (1024 * 1024))
    with pytest.raises(ManifestError, match="larger than 1 MiB"):
        files.read(path)


def test_a_folder_and_a_missing_file_are_clear(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="is a folder"):
        files.read(tmp_path)
    with pytest.raises(ManifestError, match="no such file"):
        files.read(tmp_path / "none.yaml")


def test_merge_keys_are_no_way_around_the_limit() -> None:
    nested = "a0: &a0 {k: 1}\n" + "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 60))
    assert "values, counting what aliases repeat" in refused(nested).message
    wide = f"a: &a {{{', '.join(f'k{n}: 1' for n in range(1000))}}}\nb: {{<<: [{'*a, ' * 1000}]}}"
    assert "values, counting what aliases repeat" in refused(wide).message
