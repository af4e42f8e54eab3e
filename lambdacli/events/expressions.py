"""`${…}` in a template's strings: a name, a literal or an already rendered sibling, piped through named filters.

A string becomes a function of the record's values; nothing is ever evaluated as code.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdacli import suggest
from lambdacli.errors import EventError
from lambdacli.events import filters, identity, strict

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    Values = dict[str, Any]
    Rendered = Any  # the object under construction that a sibling is read from
    Render = Callable[[Values, Rendered], Any]
    Operand = tuple[str, Any]  # name, sibling, constant, uuid or rand, and which
    Step = tuple[str, Any, list[Operand]]  # a filter's name, the filter, its arguments

_HOLE = re.compile(r"\$\$\{|\$\{((?:[^}']|'[^']*')*)\}")
_TOKEN = re.compile(r"\s*(?:'([^']*)'|(-?\d+(?:\.\d+)?)(?![\w.])|\.([\w-]+)|([A-Za-z][\w-]*)|([|(),]))\s*")
_LITERALS: dict[str, Any] = {"null": None, "true": True, "false": False}
FAILURES = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError)  # of filters


class Pipe(NamedTuple):
    """One expression as read: what it starts from, and the filters that it goes through."""

    source: str
    head: Operand
    steps: list[Step]


class Place:
    """Where a string stands: for messages, and for what it may refer to."""

    def __init__(self, template: str, path: str, names: Collection[str], siblings: Collection[str] = ()) -> None:
        self.template = template
        self.path = path
        self.names = names
        self.siblings = siblings

    def error(self, message: str, hint: str = "") -> EventError:
        """An error that names template and JSON path."""
        return EventError(f"template {self.template}, {self.path}: {message}", hint=hint)


def has_holes(text: str) -> bool:
    """Whether a string of a template is more than itself."""
    return "${" in text


def parse(text: str, place: Place) -> Render:
    """The function that renders a string: exactly one `${…}` keeps its value's type, else all is joined to text."""
    found = pieces(text, place)
    if len(found) == 1 and not isinstance(found[0], str):
        return _function(found[0], place)
    return _joined([piece if isinstance(piece, str) else _function(piece, place) for piece in found], place)


def pieces(text: str, place: Place) -> list[str | Pipe]:
    """What a string is made of: text, and its expressions as read."""
    found: list[str | Pipe] = []
    end = 0
    for match in _HOLE.finditer(text):
        found.append(text[end : match.start()])
        end = match.end()
        found.append("${" if match.group(1) is None else _pipe(match.group(1), place))
    found.append(text[end:])
    if any(isinstance(piece, str) and "${" in piece and piece != "${" for piece in found):
        raise place.error(f"`${{` without its `}}` in {text!r}", hint="write `$${` for the characters themselves")
    return [piece for piece in found if piece != ""]


def as_text(value: Any) -> str:
    """A value inside a longer string: null is nothing, an object is its JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return in_json(value)


in_json = strict.compact


def _joined(pieces: list[str | Render], place: Place) -> Render:
    def render(values: Values, rendered: Rendered) -> str:
        found = []
        try:
            for piece in pieces:
                value = piece if isinstance(piece, str) else piece(values, rendered)
                found.append(value if isinstance(value, str) else as_text(value))
        except strict.BytesError as error:
            raise place.error(str(error)) from None
        return "".join(found)

    return render


def _pipe(source: str, place: Place) -> Pipe:
    """One expression: `head|filter|filter(argument, …)`."""
    parser = _Parser(source, _tokens(source, place), place)
    head = parser.head()
    steps = []
    while parser.take("|"):
        steps.append(parser.step())
    parser.finish()
    return Pipe(source, head, steps)


def _function(pipe: Pipe, place: Place) -> Render:
    head = _value(*pipe.head)
    if not pipe.steps:
        return head
    steps = [
        (function, name in filters.TAKE_NULL, [_value(*each) for each in given]) for name, function, given in pipe.steps
    ]
    render = _guarded(steps, pipe.source, place)
    operands = [pipe.head, *(each for _, _, given in pipe.steps for each in given)]
    if operands[0][0] in {"uuid", "rand"} or any(kind != "constant" for kind, _ in operands[1:]):
        return lambda values, rendered: render(head(values, rendered), values, rendered)
    return _remembering(head, render)


def _remembering(head: Render, pipe: Callable[[Any, Values, Rendered], Any]) -> Render:
    """Filters are pure: the very value of the record before has its result again."""
    last: tuple[Any, Any] = (object(), None)

    def render(values: Values, rendered: Rendered) -> Any:
        nonlocal last
        value = head(values, rendered)
        before, found = last
        if value is not before:
            found = pipe(value, values, rendered)
            last = value, found
        return found

    return render


def _value(kind: str, it: Any) -> Render:
    if kind == "name":
        return lambda values, _rendered: values[it]
    if kind == "sibling":
        return lambda _values, rendered: rendered.get(it)
    if kind == "constant":
        return lambda _values, _rendered: it
    salt = identity.salt(it)
    if kind == "rand":
        return lambda values, _rendered: identity.wide(values["#base"], salt, values["i"])
    return lambda values, _rendered: identity.uuid(identity.number(values["#base"], salt, values["i"]))


def _guarded(
    steps: list[tuple[Any, bool, list[Render]]], source: str, place: Place
) -> Callable[[Any, Values, Rendered], Any]:
    """The filters as one function; a value that one cannot take is reported with its place."""

    def render(value: Any, values: Values, rendered: Rendered) -> Any:
        try:
            for function, takes_null, arguments in steps:
                if value is not None or takes_null:
                    value = function(value, *[argument(values, rendered) for argument in arguments])
        except FAILURES as error:
            raise place.error(f"${{{source}}}: {error}") from None
        return value

    return render


class _Parser:
    """A recursive descent over one expression's tokens."""

    def __init__(self, source: str, tokens: list[tuple[str, str]], place: Place) -> None:
        self.source = source
        self.tokens = tokens
        self.place = place
        self.position = 0

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.position] if self.position < len(self.tokens) else ("end", "")

    def take(self, mark: str) -> bool:
        if self.peek() != ("mark", mark):
            return False
        self.position += 1
        return True

    def finish(self) -> None:
        if self.peek()[0] != "end":
            raise self.wrong(f"unexpected {self.peek()[1]!r}")

    def wrong(self, message: str, hint: str = "") -> EventError:
        return self.place.error(f"${{{self.source}}}: {message}", hint)

    def head(self) -> Operand:
        kind, text = self.peek()
        if kind == "name" and text in {"uuid", "rand"}:
            self.position += 1
            return text, self._label(text)
        return self.value()

    def value(self) -> Operand:
        kind, text = self.peek()
        self.position += 1
        if kind == "text":
            return "constant", text
        if kind == "number":
            return "constant", float(text) if "." in text else int(text)
        if kind == "sibling":
            return self._sibling(text)
        if kind == "name":
            return self._named(text)
        raise self.wrong("expected a name, 'text', a number or .sibling")

    def step(self) -> Step:
        kind, name = self.peek()
        if kind != "name":
            raise self.wrong("expected the name of a filter after |")
        self.position += 1
        found = filters.find(name)
        if found is None:
            raise self.wrong(f"unknown filter {name!r}", nearest(name, filters.names()))
        arguments = self._arguments()
        least, most = filters.arity(found)
        if not least <= len(arguments) <= most:
            expected = str(least) if least == most else f"{least} to {most}"
            raise self.wrong(f"filter {name} takes {expected} argument{'s' * (most != 1)}, not {len(arguments)}")
        return name, found, arguments

    def _arguments(self) -> list[Operand]:
        found: list[Operand] = []
        if self.take("(") and not self.take(")"):
            found.append(self.value())
            while self.take(","):
                found.append(self.value())
            if not self.take(")"):
                raise self.wrong("expected , or )")
        return found

    def _sibling(self, name: str) -> Operand:
        if name not in self.place.siblings:
            hint = "only keys above this one are rendered already"
            raise self.wrong(f"there is no sibling .{name} above", nearest(name, self.place.siblings) or hint)
        return "sibling", name

    def _named(self, name: str) -> Operand:
        if name in _LITERALS:
            return "constant", _LITERALS[name]
        if name not in self.place.names:
            raise self.wrong(f"unknown name {name!r}", nearest(name, self.place.names))
        return "name", name

    def _label(self, kind: str) -> str:
        """`uuid` or `rand`, another at every place; with a label the same wherever the label is."""
        label = f"{self.place.template} {self.place.path}"
        if self.take("("):
            label = self.peek()[1]
            self.position += 1
            if not self.take(")"):
                raise self.wrong(f"expected {kind}(label)")
        return label


def _tokens(source: str, place: Place) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    position = 0
    while position < len(source):
        match = _TOKEN.match(source, position)
        if match is None:
            raise place.error(f"${{{source}}}: cannot read {source[position:]!r}")
        index = match.lastindex or 1
        found.append((("text", "number", "sibling", "name", "mark")[index - 1], match.group(index)))
        position = match.end()
    return found


def nearest(name: str, valid: Collection[str]) -> str:
    """A hint with the nearest valid name, or nothing."""
    return suggest.nearest(name, [each for each in valid if not each.startswith("#")])
