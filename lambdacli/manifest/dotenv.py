"""Env files: NAME=value lines with quotes, `export`, comments and blank lines, as shells and Docker read them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 1024 * 1024

_LINE = re.compile(r"[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*=[ \t]*")
_DOUBLE = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_SINGLE = re.compile(r"'([^']*)'")
_PLAIN = re.compile(r"[^\n]*")
_REST = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\n|\Z)")
_COMMENT = re.compile(r"(?:^|[ \t])#")
_BLANK = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\n|\Z)")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "$": "$"}


def read(path: Path) -> tuple[dict[str, str], str]:
    """The variables of an env file, and its first mistake as `: why` or `:line: why` ("" when there is none)."""
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return {}, " does not exist"
    except IsADirectoryError:
        return {}, " is a folder"
    except (OSError, ValueError) as error:
        return {}, f" cannot be read: {(getattr(error, 'strerror', None) or str(error)).lower()}"
    if len(data) > MAX_BYTES:
        return {}, " is larger than 1 MiB"
    try:
        values, mistakes = parse(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return {}, " is not UTF-8 text"
    return values, f":{mistakes[0][0]}: {mistakes[0][1]}" if mistakes else ""


def parse(text: str) -> tuple[dict[str, str], list[tuple[int, str]]]:
    r"""The variables of an env file, and its mistakes as (1-based line, message).

    Single quotes keep everything; double quotes know \n \r \t \" \\ \$; quoted values may span lines.
    Unquoted values end at ` #` and are stripped. Nothing is substituted.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    values: dict[str, str] = {}
    mistakes: list[tuple[int, str]] = []
    position, line = 0, 1
    while position < len(text):
        end = position
        if blank := _BLANK.match(text, position):
            end = blank.end()
        elif (name := _LINE.match(text, position)) is None:
            mistakes.append((line, "expected NAME=value"))
        elif (found := _value(text, name.end())) is None:
            mistakes.append((line, f"the value of {name[1]} has no closing quote, or text after it"))
        elif "\0" in found[0]:
            mistakes.append((line, f"the value of {name[1]} has a NUL character"))
        else:
            values[name[1]], end = found
        if end == position:
            end = text.find("\n", position) + 1 or len(text)
        line += text.count("\n", position, end)
        position = end
    return values, mistakes


def _value(text: str, start: int) -> tuple[str, int] | None:
    """The value and where the next line begins; None when a quote is not closed as it should be."""
    quote = text[start : start + 1]
    if quote not in ("'", '"') or not quote:
        plain = _PLAIN.match(text, start)
        assert plain is not None  # noqa: S101 - the pattern matches the empty text
        value = plain[0]
        if comment := _COMMENT.search(value):
            value = value[: comment.start()]
        return value.strip(), min(plain.end() + 1, len(text))
    quoted = (_DOUBLE if quote == '"' else _SINGLE).match(text, start)
    rest = _REST.match(text, quoted.end()) if quoted else None
    if quoted is None or rest is None:
        return None
    value = quoted[1]
    if quote == '"':
        value = re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[0]), value, flags=re.DOTALL)
    return value, rest.end()
