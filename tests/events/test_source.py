"""`--event`: stdin, inline JSON, a file, a template; bytes pass unchanged, and what is wrong is said with its place."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from lambdacli.errors import EventError, UsageError
from lambdacli.events import source, strict
from lambdacli.model import MAX_EVENT


def resolve(spec: str, parameters: dict[str, Any] | None = None, *, folders: Any = (), stdin: bytes = b"") -> bytes:
    settings = [f"{name}={value}" for name, value in (parameters or {}).items()]
    return source.resolve(spec, settings, folders=folders, stdin=lambda: stdin)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_stdin_and_files_pass_byte_for_byte() -> None:
    data = '{ "a": 1, "a": 2,\r\n"n": 1.0e5, "u": "\\ud800 ü" }\n'.encode()
    assert resolve("-", stdin=data) == data
    Path("event.json").write_bytes(data)
    assert resolve("event.json") == data


@pytest.mark.parametrize("spec", ["-", "event.json"])
def test_an_event_of_six_megabytes_and_one_byte_more(spec: str) -> None:
    data = b'"' + b"x" * (MAX_EVENT - 2) + b'"'
    Path("event.json").write_bytes(data)
    assert resolve(spec, stdin=data) == data
    Path("event.json").write_bytes(data + b"\n")
    with pytest.raises(EventError, match="more than 6,291,456 bytes"):
        resolve(spec, stdin=data + b"\n")


@pytest.mark.skipif(os.name != "posix", reason="POSIX's devices")
def test_a_file_without_an_end() -> None:
    with pytest.raises(EventError, match="/dev/zero: the event has more than 6,291,456 bytes"):
        resolve("/dev/zero")


@pytest.mark.parametrize(
    "spec", ['{"a": 1}', " [1]", '"text"', "0", "-1.5", "1e3", "true", "false", "null", '{"ü": "\\u0000"}']
)
def test_inline_json(spec: str) -> None:
    assert resolve(spec) == spec.encode()


def test_a_file_called_like_a_number_is_a_file() -> None:
    Path("1").write_text("[2]")
    Path("true").write_text("[3]")
    assert (resolve("1"), resolve("true"), resolve("2")) == (b"[2]", b"[3]", b"2")


def test_a_template_with_parameters() -> None:
    event = json.loads(resolve("s3-put", {"key": "a b", "count": "2"}))
    assert [record["s3"]["object"]["key"] for record in event["Records"]] == ["a+b", "a+b"]
    assert b"\n" not in resolve("s3-put")


def test_an_own_template() -> None:
    Path("order.json").write_text('{"name": "order", "summary": "", "event": {"of": "${region}"}}')
    assert json.loads(resolve("order", folders=[Path.cwd()])) == {"of": "us-east-1"}


JSON_HINT = """an event is JSON, such as '{"key": "value"}' in a shell's single quotes"""
FILE_HINT = "a file, - (stdin), JSON, or the name of an event"


@pytest.mark.parametrize(
    ("data", "message", "hint"),
    [
        (b"", "event.json: the event is empty", "an event is JSON; `{}` is the smallest object"),
        (b" \n", "event.json: the event is empty", "an event is JSON; `{}` is the smallest object"),
        (b'{\n "a": b\n}', "event.json:2:7: the event is no JSON: a value is wanted here", ""),
        (b"[1] x", "event.json:1:5: the event is no JSON: something follows its end", ""),
        (b"[1,\n", "event.json:2:1: the event is no JSON: it ends too early", ""),
        (
            b'["a\nb"]',
            f"event.json:1:4: the event is no JSON: {strict.REASONS['Invalid control character at']}",
            "",
        ),
        (b'["\\d"]', "event.json:1:3: the event is no JSON: a backslash that escapes nothing: write \\\\", ""),
        (b'[1,\n"\xff"]', "event.json:2:2: the event is not UTF-8", "save it as UTF-8"),
        (b"\xef\xbb\xbf{}", "event.json starts with a byte order mark", "save it as UTF-8 without BOM"),
        ("{}".encode("utf-16"), "event.json is UTF-16", "save it as UTF-8"),
        ("{}".encode("utf-16-be"), "event.json is UTF-16", "save it as UTF-8"),
        (b"NaN", "event.json: NaN is no JSON value", ""),
        (b"[-Infinity]", "event.json: -Infinity is no JSON value", ""),
        (b"[" * 200_000, "event.json: the event is nested too deeply", ""),
    ],
)
def test_files_that_are_no_event(data: bytes, message: str, hint: str) -> None:
    Path("event.json").write_bytes(data)
    with pytest.raises(EventError) as raised:
        resolve("event.json")
    assert (raised.value.message, raised.value.hint) == (message, hint)


@pytest.mark.parametrize(
    ("spec", "message", "hint"),
    [
        ("{'a': 1}", "event:1:2: the event is no JSON: a key in double quotes is wanted here", JSON_HINT),
        ("s3-putt", "'s3-putt' is neither a file nor an event template", "did you mean s3-put?"),
        ("evnt", "'evnt' is neither a file nor an event template", "did you mean event?"),
        ("no-such-thing-at-all", "'no-such-thing-at-all' is neither a file nor an event template",
         "`lambdacli generate-event --list` shows all templates"),
        ("event.jsn.json", "no event file event.jsn.json", FILE_HINT),
        ("evnts/put.json", "no event file evnts/put.json", FILE_HINT),
        ("events/putt.json", "no event file events/putt.json", "did you mean events/put.json?"),
        ("events", "'events' is neither a file nor an event template", "did you mean event?"),
        ("12x", "'12x' is neither a file nor an event template",
         "`lambdacli generate-event --list` shows all templates"),
    ],
)  # fmt: skip
def test_neither_file_nor_template(spec: str, message: str, hint: str) -> None:
    Path("event").write_text("{}")
    Path("events").mkdir()
    Path("events/put.json").write_text("{}")
    with pytest.raises(EventError) as raised:
        resolve(spec)
    assert (raised.value.message, raised.value.hint) == (message, hint)


@pytest.mark.parametrize(
    ("spec", "message", "hint"),
    [
        ("", "--from: which file?", "a path, - (stdin), or JSON"),
        ("events", "events is a folder", "name a file in it"),
        ("evnt", "there is no file evnt", "did you mean event?"),
        ("s3-put", "there is no file s3-put", ""),  # the name of a template is none
        ("{'a'", "--from:1:2: the event is no JSON: a key in double quotes is wanted here", JSON_HINT),
    ],
)
def test_json_that_is_not_there(spec: str, message: str, hint: str) -> None:
    Path("event").write_text("{}")
    Path("events").mkdir()
    with pytest.raises((EventError, UsageError)) as raised:
        source.given(spec, stdin=lambda: b"", what="--from")
    assert (raised.value.message, raised.value.hint) == (message, hint)


def test_json_wherever_it_stands() -> None:
    Path("event").write_text("[1]")
    given = [source.given(each, stdin=lambda: b"{}", what="--from") for each in ("event", "-", "null")]
    assert given == [[1], {}, None]


@pytest.mark.parametrize("spec", ["-", "{}", "event"])
def test_places_of_any_event_can_be_set(spec: str) -> None:
    Path("event").write_text("{}")
    assert resolve(spec, {"bucket:": '"b"', "/a~1b": "[1]"}, stdin=b"{}") == b'{"bucket":"b","a/b":[1]}'
    with pytest.raises(EventError, match=r"--set a\.b: the event has no key 'a'"):
        resolve(spec, {"a.b": "1"}, stdin=b"{}")


def test_a_wrong_count() -> None:
    with pytest.raises(EventError, match="parameter count: expected an integer, not 'x'"):
        resolve("s3-put", {"count": "x"})
