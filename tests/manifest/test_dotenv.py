"""Env files as shells and Docker read them."""

from __future__ import annotations

import time

import pytest

from lambdacli.manifest.dotenv import parse


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("A=1", {"A": "1"}),
        ("export A=1\n  export   B = 2 ", {"A": "1", "B": "2"}),
        ("# comment\n\nA=1 # one\nB=a#b", {"A": "1", "B": "a#b"}),
        ("A=", {"A": ""}),
        ("A= # nothing", {"A": ""}),
        ("A='a # b' # c", {"A": "a # b"}),
        (r"A='a\nb'", {"A": r"a\nb"}),
        (r'A="a\nb\t\"c\" \$d \\ \q"', {"A": 'a\nb\t"c" $d \\ \\q'}),
        ('A="one\ntwo"\nB=3', {"A": "one\ntwo", "B": "3"}),
        ("A=1\r\nB=2\r\n", {"A": "1", "B": "2"}),
        ("A=ünï 😀", {"A": "ünï 😀"}),
        ("A=x=y=z", {"A": "x=y=z"}),
        ("A=1\nA=2", {"A": "2"}),
        ("A=it's", {"A": "it's"}),
        ("", {}),
    ],
)
def test_values(text: str, values: dict[str, str]) -> None:
    assert parse(text) == (values, [])


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("A=1\nnonsense", 2, "expected NAME=value"),
        ("=x", 1, "expected NAME=value"),
        ("1A=x", 1, "expected NAME=value"),
        ("\nA='x\nB=2", 2, "the value of A has no closing quote, or text after it"),
        ('A="x" y', 1, "the value of A has no closing quote, or text after it"),
        ("A=a\0b", 1, "the value of A has a NUL character"),
    ],
)
def test_mistakes(text: str, line: int, message: str) -> None:
    assert parse(text)[1][0] == (line, message)


@pytest.mark.uninstrumented
@pytest.mark.parametrize("text", ['A="\n' * 50_000, "A='" + "x\n" * 200_000, "x" * 500_000, 'A="' + "\\" * 300_000])
def test_no_text_takes_long(text: str) -> None:
    began = time.monotonic()
    parse(text)
    assert time.monotonic() - began < 5
