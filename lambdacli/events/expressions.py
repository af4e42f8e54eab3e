"""`${…}` in a template's strings: a name, a literal or an already rendered sibling, piped through named filters.

A string becomes a function of the record's values; nothing is ever evaluated as code.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from lambdacli import suggest
from lambdacli.errors import EventError
from lambdacli.events import filters, identity

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    Values = dict[str, Any]
    Rendered = Any  # the object under construction that a sibling is read from
    Render = Callable[[Values, Rendered], Any]

_HOLE = re.compile(r"\$\$\{|\$\{((?:[^}']|'[^']*')*)\}")
_TOKEN = re.compile(r"\s*(?:'([^']*)'|(-?\d+(?:\.\d+)?)(?![\w.])|\.([\w-]+)|([A-Za-z][\w-]*)|([|(),]))\s*")
_LITERALS: dict[str, Any] = {"null": None, "true": True, "false": False}
_FAILURES = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError)


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
    pieces: list[str | Render] = []
    end = 0
    for match in _HOLE.finditer(text):
        pieces.append(text[end : match.start()])
        end = match.end()
        pieces.append("${" if match.group(1) is None else _pipe(match.group(1), place))
    pieces.append(text[end:])
    if any(isinstance(piece, str) and "${" in piece and piece != "${" for piece in pieces):
        raise place.error(f"`${{` without its `}}` in {text!r}", hint="write `$${` for the characters themselves")
    kept = [piece for piece in pieces if piece != ""]
    if len(kept) == 1 and not isinstance(kept[0], str):
        return kept[0]
    return _joined(kept)


def as_text(value: Any) -> str:
    """A value inside a longer string: null is nothing, an object is its JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _joined(pieces: list[str | Render]) -> Render:
    def render(values: Values, rendered: Rendered) -> str:
        return "".join([p if isinstance(p, str) else as_text(p(values, rendered)) for p in pieces])

    return render


def _pipe(source: str, place: Place) -> Render:
    """One expression: `head|filter|filter(argument, …)`."""
    tokens = _tokens(source, place)
    parser = _Parser(source, tokens, place)
    head = parser.head()
    steps = []
    while parser.take("|"):
        steps.append(parser.step())
    parser.finish()
    return _guarded(head, steps, source, place) if steps else head


def _guarded(head: Render, steps: list[tuple[Any, bool, list[Render]]], source: str, place: Place) -> Render:
    """The pipe as one function; a value that a filter cannot take is reported with its place."""

    def render(values: Values, rendered: Rendered) -> Any:
        value = head(values, rendered)
        try:
            for function, takes_null, arguments in steps:
                if value is not None or takes_null:
                    value = function(value, *[argument(values, rendered) for argument in arguments])
        except _FAILURES as error:
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

    def head(self) -> Render:
        kind, text = self.peek()
        if kind == "name" and text in {"uuid", "rand"}:
            self.position += 1
            return self._generated(text)
        return self.value()

    def value(self) -> Render:
        kind, text = self.peek()
        self.position += 1
        if kind == "text":
            return lambda _values, _rendered: text
        if kind == "number":
            number = float(text) if "." in text else int(text)
            return lambda _values, _rendered: number
        if kind == "sibling":
            return self._sibling(text)
        if kind == "name":
            return self._named(text)
        raise self.wrong("expected a name, 'text', a number or .sibling")

    def step(self) -> tuple[Any, bool, list[Render]]:
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
        return found, name in filters.TAKE_NULL, arguments

    def _arguments(self) -> list[Render]:
        found: list[Render] = []
        if self.take("(") and not self.take(")"):
            found.append(self.value())
            while self.take(","):
                found.append(self.value())
            if not self.take(")"):
                raise self.wrong("expected , or )")
        return found

    def _sibling(self, name: str) -> Render:
        if name not in self.place.siblings:
            hint = "only keys above this one are rendered already"
            raise self.wrong(f"there is no sibling .{name} above", nearest(name, self.place.siblings) or hint)
        return lambda _values, rendered: rendered.get(name)

    def _named(self, name: str) -> Render:
        if name in _LITERALS:
            literal = _LITERALS[name]
            return lambda _values, _rendered: literal
        if name not in self.place.names:
            raise self.wrong(f"unknown name {name!r}", nearest(name, self.place.names))
        return lambda values, _rendered: values[name]

    def _generated(self, kind: str) -> Render:
        """`uuid` or `rand`, another at every place; with a label the same wherever the label is."""
        label = f"{self.place.template} {self.place.path}"
        if self.take("("):
            label = self.peek()[1]
            self.position += 1
            if not self.take(")"):
                raise self.wrong(f"expected {kind}(label)")
        salt = identity.salt(label)
        if kind == "rand":
            return lambda values, _rendered: identity.wide(values["#base"], salt, values["i"])
        return lambda values, _rendered: identity.uuid(identity.number(values["#base"], salt, values["i"]))


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
