"""Env files: NAME=value lines with quotes, `export`, comments and blank lines, as shells and Docker read them."""

from __future__ import annotations

import re

_LINE = re.compile(r"(?:export\s+)?([^\s=#]+)\s*=\s*(.*)", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "$": "$"}


def parse(text: str) -> tuple[dict[str, str], list[tuple[int, str]]]:
    r"""The variables of an env file, and its mistakes as (1-based line, message).

    Single quotes keep everything; double quotes know \n \r \t \" \\ \$; quoted values may span lines.
    Unquoted values end at ` #` and are stripped. Nothing is substituted.
    """
    values: dict[str, str] = {}
    mistakes: list[tuple[int, str]] = []
    lines = text.removeprefix("\ufeff").splitlines()
    number = 0
    while number < len(lines):
        start, line = number, lines[number].strip()
        number += 1
        if not line or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None or not _NAME.fullmatch(match[1]):
            mistakes.append((start + 1, "expected NAME=value"))
            continue
        value = match[2]
        if value[:1] in ("'", '"'):
            rest, number = _joined(value, lines, number)
            unquoted = _unquoted(rest)
            if unquoted is None:
                mistakes.append((start + 1, f"the value of {match[1]} has no closing quote"))
                number = start + 1
                continue
            values[match[1]] = unquoted
        else:
            values[match[1]] = re.split(r"(?:^|\s)#", value, maxsplit=1)[0].strip()
    return values, mistakes


def _joined(value: str, lines: list[str], number: int) -> tuple[str, int]:
    """The value with as many of the following lines as its closing quote needs."""
    while _closing(value) < 0 and number < len(lines):
        value += "\n" + lines[number]
        number += 1
    return value, number


def _closing(value: str) -> int:
    quote, position = value[0], 1
    while position < len(value):
        if value[position] == "\\" and quote == '"':
            position += 1
        elif value[position] == quote:
            return position
        position += 1
    return -1


def _unquoted(value: str) -> str | None:
    end = _closing(value)
    rest = value[end + 1 :].strip()
    if end < 0 or (rest and not rest.startswith("#")):
        return None
    inner = value[1:end]
    if value[0] == "'":
        return inner
    return re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[0]), inner, flags=re.DOTALL)
