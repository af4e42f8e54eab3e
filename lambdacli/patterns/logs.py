"""Filter patterns of CloudWatch Logs: terms, conditions on JSON, conditions on columns.

Source: "Filter pattern syntax for metric filters, subscription filters, filter log events, and Live Tail" in the
CloudWatch Logs user guide.
"""

from __future__ import annotations

import json
import operator
import re
from typing import TYPE_CHECKING, Any

from lambdacli.patterns.rules import fits

if TYPE_CHECKING:
    from collections.abc import Callable

    Check = Callable[[Any], bool]

_TERM = re.compile(r'\s*([?-]?)\s*(?:"((?:[^"\\]|\\.)*)"|%([^%]+)%|([^\s"]+))')
_FIELD = re.compile(r'\[([^\]]*)\]|"([^"]*)"|(\S+)')
_TOKEN = re.compile(
    r"""\s*(?:(&&|\|\||[()])|(\$(?:\.[\w*-]+|\[[^\]]*\])*)|(!=|<=|>=|[=<>])|("(?:[^"\\]|\\.)*")|(%[^%]+%)"""
    r"""|([^\s()&|=<>!"]+))"""
)
_STEP = re.compile(r"\.([\w*-]+)|\[([^\]]*)\]")
_SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq, "!=": operator.ne,
}  # fmt: skip


class LogPattern:
    """A pattern, read once, to be asked about many log events.

    Raises:
        ValueError: it is no pattern.
    """

    def __init__(self, pattern: str) -> None:
        text = pattern.strip()
        self._columns: _Columns | None = None
        if text.startswith("{") and text.endswith("}"):
            self._matches = _of_json(_Conditions(text[1:-1]).all())
        elif text.startswith("[") and text.endswith("]"):
            self._columns = _Columns(text[1:-1])
            self._matches = self._columns.matches
        else:
            self._matches = _of_terms(text)

    def matches(self, message: str) -> bool:
        """Whether a log event's message matches."""
        return self._matches(message)

    def fields(self, message: str) -> dict[str, str]:
        """The columns of a message that matches, by their names; those without one by their numbers."""
        return self._columns.named(message) if self._columns else {}


def _of_terms(text: str) -> Callable[[str], bool]:
    """All terms have to occur, none of those with a minus; of those with ? one, where there are no others."""
    terms: dict[str, list[Callable[[str], bool]]] = {"": [], "-": [], "?": []}
    for sign, quoted, expression, word in _TERM.findall(text):
        terms[sign].append(_searched(expression) if expression else _contained(re.sub(r"\\(.)", r"\1", quoted or word)))

    def matches(message: str) -> bool:
        if any(found(message) for found in terms["-"]):
            return False
        if terms[""]:
            return all(found(message) for found in terms[""])
        return not terms["?"] or any(found(message) for found in terms["?"])

    return matches


def _contained(term: str) -> Callable[[str], bool]:
    return lambda message: term in message


def _searched(expression: str) -> Callable[[str], bool]:
    compiled = _compiled(expression)
    return lambda message: compiled.search(message) is not None


def _compiled(expression: str) -> re.Pattern[str]:
    try:
        return re.compile(expression)
    except re.error as error:
        raise ValueError(f"%{expression}%: {error}") from None


def _of_json(check: Check) -> Callable[[str], bool]:
    def matches(message: str) -> bool:
        try:
            content = json.loads(message)
        except (ValueError, RecursionError):
            return False
        return check(content)

    return matches


class _Conditions:
    """Conditions with && and ||, the former first, and parentheses; of a column without its name."""

    def __init__(self, text: str, *, selected: bool = True) -> None:
        self._tokens = [next(filter(None, each), "") for each in _TOKEN.findall(text)]
        if re.sub(r"\s", "", "".join(self._tokens)) != re.sub(r"\s", "", text):
            raise ValueError(f"{text.strip()} is no condition")
        self._selected = selected
        self._at = 0

    def all(self) -> Check:
        """The whole.

        Raises:
            ValueError: it is no condition.
        """
        check = self._either()
        if self._at < len(self._tokens):
            raise ValueError(f"{self._tokens[self._at]} is not understood")
        return check

    def _either(self) -> Check:
        checks = [self._both()]
        while self._take("||"):
            checks.append(self._both())
        return lambda value: any(check(value) for check in checks)

    def _both(self) -> Check:
        checks = [self._single()]
        while self._take("&&"):
            checks.append(self._single())
        return lambda value: all(check(value) for check in checks)

    def _single(self) -> Check:
        if self._take("("):
            inner = self._either()
            if not self._take(")"):
                raise ValueError("a parenthesis is not closed")
            return inner
        subject = self._next()
        if not self._selected:
            return self._compared(self._next())
        steps = [name or index for name, index in _STEP.findall(subject)]
        check = self._state() or self._compared(self._next())
        return lambda content: any(map(check, _found(content, steps) or [_NOTHING]))

    def _state(self) -> Check | None:
        """IS NULL, IS TRUE, IS FALSE, EXISTS, NOT EXISTS."""
        words = " ".join(self._tokens[self._at : self._at + 2]).upper()
        if words in _STATES:
            self._at += 2
            return _STATES[words]
        if self._take("EXISTS"):
            return lambda value: value is not _NOTHING
        return None

    def _compared(self, sign: str) -> Check:
        if sign not in _SIGNS:
            raise ValueError(f"{sign or 'the end'} is no comparison")
        wanted = self._next()
        if not wanted:
            raise ValueError(f"nothing to compare with stands behind {sign}")
        return _comparison(sign, wanted)

    def _next(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1] if self._at <= len(self._tokens) else ""

    def _take(self, token: str) -> bool:
        found = self._at < len(self._tokens) and self._tokens[self._at].upper() == token
        self._at += found
        return found


_NOTHING = object()  # what a selector without a value leads to
_STATES: dict[str, Check] = {
    "IS NULL": lambda value: value is None,
    "IS TRUE": lambda value: value is True,
    "IS FALSE": lambda value: value is False,
    "NOT EXISTS": lambda value: value is _NOTHING,
}


def _found(content: Any, steps: list[str]) -> list[Any]:
    """What a selector leads to; * is every key, or every item."""
    values = [content]
    for step in steps:
        name = step.strip("'\"")
        below: list[Any] = []
        for value in values:
            if name == "*":
                below += value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
            elif isinstance(value, dict) and name in value:
                below.append(value[name])
            elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
                below.append(value[int(name)])
        values = below
    return values


def _comparison(sign: str, wanted: str) -> Check:
    """A comparison with a number, a text with stars, or a regular expression; never true of an object or a list."""
    number = _number(wanted)
    if number is not None:
        return lambda value: (own := _number(value)) is not None and _SIGNS[sign](own, number)
    if sign not in ("=", "!="):
        raise ValueError(f"{wanted} is no number, as {sign} wants")
    found = _searched(wanted.strip("%")) if wanted.startswith("%") else _starred(wanted)
    return lambda value: (own := _text(value)) is not None and found(own) is (sign == "=")


def _starred(wanted: str) -> Callable[[str], bool]:
    """The same text; a star is anything."""
    parts = (re.sub(r"\\(.)", r"\1", wanted[1:-1]) if wanted.startswith('"') else wanted).split("*")
    return lambda text: fits(parts, text)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def _text(value: Any) -> str | None:
    """A single value as it is written; None for an object, a list, or nothing."""
    if isinstance(value, str):
        return value
    return json.dumps(value) if isinstance(value, (int, float)) else None


class _Columns:
    """A pattern of columns, such as [ip, ..., status = 4*]."""

    def __init__(self, text: str) -> None:
        given = re.findall(r'(?:[^,"%]|"[^"]*"|%[^%]*%)+|(?<=,)(?=,|$)|^(?=,)', text)
        self._columns = [self._column(each.strip()) for each in given]
        self._rest = next((index for index, (name, _) in enumerate(self._columns) if name in ("...", "…")), None)

    def matches(self, message: str) -> bool:
        """Whether there are such columns."""
        fields = _fields(message)
        if self._rest is None:
            return len(fields) == len(self._columns) and _passes(self._columns, fields)
        before, after = self._columns[: self._rest], self._columns[self._rest + 1 :]
        if len(fields) < len(before) + len(after):
            return False
        return _passes(before, fields) and (not after or _passes(after, fields[-len(after) :]))

    def named(self, message: str) -> dict[str, str]:
        """The columns by name, or number."""
        fields = _fields(message)
        names = [name for name, _ in self._columns]
        if self._rest is not None:
            names[self._rest : self._rest + 1] = [""] * (len(fields) - len(names) + 1)
        return {name or str(number): value for number, (name, value) in enumerate(zip(names, fields, strict=True), 1)}

    def _column(self, text: str) -> tuple[str, Check | None]:
        match = re.match(r"[\w.$-]*", text)
        name = match[0] if match else ""
        if text in ("...", "…", name):
            return text, None
        return name, _Conditions(text, selected=False).all()


def _passes(columns: list[tuple[str, Check | None]], fields: list[str]) -> bool:
    return all(check is None or check(value) for (_, check), value in zip(columns, fields, strict=False))


def _fields(message: str) -> list[str]:
    """What spaces separate; brackets and quotes keep together what they enclose."""
    return ["".join(each) for each in _FIELD.findall(message)]
