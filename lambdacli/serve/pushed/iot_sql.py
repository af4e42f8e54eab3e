"""Statements of IoT rules: SELECT … FROM … WHERE …, read once and asked about many messages.

Source: "AWS IoT SQL reference" in the IoT developer guide: its clauses, operators and the functions of `iot_functions`.
SET, CASE, nested queries and functions that call other services are not read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdacli.patterns.matching import shown
from lambdacli.serve.pushed import iot_operators as operators
from lambdacli.serve.pushed.iot_functions import FUNCTIONS, UNDEFINED, Message, decimal

if TYPE_CHECKING:
    from collections.abc import Callable

    Expression = Callable[[Message], Any]

_TOKEN = re.compile(r"""\s*(?:('(?:[^'\\]|\\.)*')|(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|([A-Za-z_$][\w$]*)|(<>|<=|>=|.))""")
_WORDS = ("SELECT", "FROM", "WHERE", "AS", "AND", "OR", "NOT", "IN", "VALUE", "TRUE", "FALSE", "NULL")


class Unread(ValueError):  # noqa: N818 - what happened
    """A statement, or a part of one, that is not evaluated here."""


class _Column(NamedTuple):
    value: Expression | None  # None: all there is
    name: str


class Statement:
    """A statement.

    Attributes:
        topic: the topic filter of its FROM clause.

    Raises:
        Unread: it is not evaluated here.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _tokens(text)
        self._at = 0
        self._whole: Expression | None = None
        self._columns: list[_Column] = []
        self._select()
        self._expect("FROM")
        self.topic = self._string()
        self._where = self._or() if self._take("WHERE") else None
        if self._at < len(self._tokens):
            raise Unread(f"{self._tokens[self._at]} is not understood")

    def event(self, message: Message) -> Any:
        """What the rule's action gets of a message."""
        if self._whole is not None:
            return self._whole(message)
        made: dict[str, Any] = {}
        for column in self._columns:
            if column.value is None:
                made |= message.content if isinstance(message.content, dict) else {}
            elif (value := column.value(message)) is not UNDEFINED:
                made[column.name] = value
        return made

    def why(self, message: Message) -> str:
        """Why the WHERE clause keeps a message out; "" where it does not."""
        if self._where is None or self._where(message) is True:
            return ""
        clause = re.split(r"\bWHERE\b", self._text, maxsplit=1, flags=re.IGNORECASE)[1]
        what = "a payload that is no JSON" if message.content is UNDEFINED else shown(message.content)
        return f"WHERE {' '.join(clause.split())} is not true of {what}"

    # Reading

    def _select(self) -> None:
        self._expect("SELECT")
        if self._take("VALUE"):
            self._whole = operators.everything if self._take("*") else self._sum()
            return
        while True:
            self._columns.append(self._column())
            if not self._take(","):
                break
        if len(self._columns) == 1 and self._columns[0].value is None:
            self._whole = operators.everything

    def _column(self) -> _Column:
        if self._take("*"):
            return _Column(None, "")
        begin = self._at
        value = self._or()
        last = self._tokens[self._at - 1]
        if self._take("AS"):
            return _Column(value, self._name())
        if self._tokens[begin + 1 : begin + 2] == ["("]:
            return _Column(value, self._tokens[begin])
        return _Column(value, last)

    def _or(self) -> Expression:
        left = self._and()
        while self._take("OR"):
            left = operators.either(left, self._and())
        return left

    def _and(self) -> Expression:
        left = self._not()
        while self._take("AND"):
            left = operators.both(left, self._not())
        return left

    def _not(self) -> Expression:
        if self._take("NOT"):
            inner = self._not()
            return lambda message: operators.opposite(inner(message))
        return self._comparison()

    def _comparison(self) -> Expression:
        left = self._sum()
        if sign := self._any_of(*operators.ORDER, "=", "<>"):
            return operators.compared(sign, left, self._sum())
        if self._take("IN"):
            several = self._several()
            return lambda message: any(operators.equal(left(message), each(message)) is True for each in several)
        return left

    def _sum(self) -> Expression:
        left = self._product()
        while sign := self._any_of("+", "-"):
            left = operators.computed(sign, left, self._product())
        return left

    def _product(self) -> Expression:
        left = self._single()
        while sign := self._any_of("*", "/", "%"):
            left = operators.computed(sign, left, self._single())
        return left

    def _single(self) -> Expression:
        if self._take("("):
            inner = self._or()
            self._expect(")")
            return inner
        if self._take("-"):
            return operators.computed("-", lambda _: 0, self._single())
        token = self._next()
        if token[0] == "'":
            text = re.sub(r"\\(.)", r"\1", token[1:-1])
            return lambda _: text
        if token[0].isdigit():
            number = decimal(token)
            return lambda _: number
        if token in ("TRUE", "FALSE", "NULL"):
            value = {"TRUE": True, "FALSE": False}.get(token)
            return lambda _: value
        if not re.match(r"[A-Za-z_$]", token) or token in _WORDS:
            raise Unread(f"{token} is not understood")
        return self._call(token) if self._take("(") else self._path(token)

    def _call(self, name: str) -> Expression:
        function = FUNCTIONS.get(name.lower())
        if function is None:
            raise Unread(f"function {name} is not evaluated here")
        values: list[Expression] = []
        while not self._take(")"):
            if values:
                self._expect(",")
            values.append(operators.everything if self._take("*") else self._or())
        return lambda message: function(message, *[each(message) for each in values])

    def _path(self, first: str) -> Expression:
        steps: list[str | int] = [first]
        while sign := self._any_of(".", "["):
            if sign == ".":
                steps.append(self._name())
            else:
                steps.append(int(self._next()))
                self._expect("]")
        return lambda message: operators.found(message.content, steps)

    def _several(self) -> list[Expression]:
        close = {"(": ")", "[": "]"}.get(self._next())
        if close is None:
            raise Unread("a list stands behind IN")
        found = [self._sum()]
        while self._take(","):
            found.append(self._sum())
        self._expect(close)
        return found

    # Tokens

    def _next(self) -> str:
        if self._at == len(self._tokens):
            raise Unread("it ends too early")
        self._at += 1
        return self._tokens[self._at - 1]

    def _take(self, token: str) -> bool:
        return bool(self._any_of(token))

    def _any_of(self, *tokens: str) -> str:
        if self._at < len(self._tokens) and self._tokens[self._at] in tokens:
            return self._next()
        return ""

    def _expect(self, token: str) -> None:
        if (found := self._next()) != token:
            raise Unread(f"{token} is expected where {found} stands")

    def _name(self) -> str:
        if not re.match(r"[A-Za-z_$]", name := self._next()):
            raise Unread(f"{name} is no name")
        return name

    def _string(self) -> str:
        if (text := self._next())[0] != "'":
            raise Unread("a topic filter in quotes stands behind FROM")
        return text[1:-1]


def _tokens(text: str) -> list[str]:
    """Keywords in capitals, everything else as it is."""
    found: list[str] = []
    for string, number, word, sign in _TOKEN.findall(text.strip()):
        known = word.upper() in _WORDS and (not found or found[-1] != ".")
        found.append(string or number or (word.upper() if known else word) or sign)
    return found
