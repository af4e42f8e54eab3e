"""Which event somebody has, and where it departs from the shape of that event."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdacli.errors import EventError
from lambdacli.events import content, find, shape
from lambdacli.events.departures import departures
from lambdacli.events.template import load

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from lambdacli.events.departures import Departure
    from lambdacli.events.template import Template

_SAMPLE = 3  # records, or free keys, that are looked at to know the event
_DEPTH = 16  # to which an event is cut down to a sample of it
_MOST = 2  # times as much that is unlike: an event of which less is alike is not worth a name
_WORD = re.compile(r"[A-Za-z]{2}")
_LEAST = 2  # what an event must have in common with one of the catalogue to be near it at all


@dataclass(frozen=True, slots=True)
class Recognised:
    """What an event is. `name` is "" when nothing is like it."""

    name: str
    summary: str
    near: bool  # more like that event than not
    departures: tuple[Departure, ...] = ()
    others: tuple[str, ...] = ()  # that it is as like as to the one named

    @property
    def fits(self) -> bool:
        """Whether it is that event; notes do not count."""
        return self.near and all(each.note for each in self.departures)


def recognise(event: Any, folders: Sequence[Path] = ()) -> Recognised:
    """The event of the catalogue, or of the user's own templates, that JSON is most like."""
    sample = _cut(event, _DEPTH)
    candidates = [_Candidate(known, _likeness(schema, sample), schema) for known, schema in _all(tuple(folders))]
    ranked = sorted((each for each in candidates if each.likeness.alike >= _LEAST), key=_Candidate.order)
    if not ranked or not ranked[0].is_worth_a_name(sample):
        return Recognised("", "", near=False)
    best = ranked[0]
    near = best.likeness.near
    if near and best.departs(sample) != (0, 0):
        fitting = [each for each in ranked if each.knows_as_much_as(best) and not each.departs(sample)[0]]
        best = min(fitting, key=lambda each: each.departs(sample), default=best)
    others = tuple(
        each.template.name
        for each in ranked
        if each is not best
        and each.likeness.difference == best.likeness.difference
        and each.departs(sample) == best.departs(sample)
    )
    found = tuple(departures(best.schema, event))
    return Recognised(best.template.name, best.template.summary, near, found, others if near else ())


def check(event: Any, name: str, folders: Sequence[Path] = ()) -> Recognised:
    """How an event departs from the one with this name.

    Raises:
        EventError: there is no such event.
    """
    template = load(name, folders)
    found = tuple(departures(shape.schema(template), event))
    return Recognised(template.name, template.summary, near=True, departures=found)


@lru_cache(maxsize=4)
def _all(folders: tuple[Path, ...]) -> list[tuple[Template, dict[str, Any]]]:
    """All templates and their schemas; a broken one of the user's does not hide the others."""
    found = []
    for name in find.names(folders):
        with suppress(EventError):
            template = load(name, folders)
            found.append((template, shape.schema(template)))
    return found


def _cut(value: Any, depth: int) -> Any:
    """The first records and items are enough to know an event."""
    if isinstance(value, list):
        return [_cut(each, depth - 1) for each in value[:_SAMPLE]] if depth else value[:_SAMPLE]
    if isinstance(value, dict) and depth:
        return {key: _cut(each, depth - 1) for key, each in value.items()}
    return value


def _keys_of(value: Any, depth: int) -> int:
    """How many keys there are in a sample."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    own = len(value) if isinstance(value, dict) else 0
    return own + sum(_keys_of(each, depth - 1) for each in inner) if depth else own


@dataclass(slots=True)
class _Candidate:
    template: Template
    likeness: _Likeness
    schema: dict[str, Any]
    found: tuple[int, int] | None = None

    def order(self) -> tuple[Any, ...]:
        """The most like first; of equal ones that which others are made of, then the shortest name.

        Of those that are more unlike than like: whose names are right, who knows most of the keys, who lacks least.
        """
        others = {origin for parameter in self.template.params.values() for origin in parameter.origins}
        name = self.template.name
        like = self.likeness
        part = like.unlike / (like.alike + like.unlike + 1)
        how = (-like.difference, 0, 0, 0) if like.difference > 0 else (0, -like.names, -like.known, part)
        return (*how, len(others), len(name), name)

    def is_worth_a_name(self, sample: Any) -> bool:
        """Whether what it has in common with an event is no accident."""
        like = self.likeness
        knows_half = like.known >= _LEAST and like.known >= _keys_of(sample, _DEPTH) / 2
        return like.near or knows_half or like.unlike <= _MOST * like.alike

    def departs(self, sample: Any) -> tuple[int, int]:
        """How many mistakes and how many notes."""
        if self.found is None:
            notes = [each.note for each in departures(self.schema, sample)]
            self.found = notes.count(False), notes.count(True)
        return self.found

    def knows_as_much_as(self, other: _Candidate) -> bool:
        return self.likeness.known >= other.likeness.known and self.likeness.difference > 0


@dataclass(slots=True)
class _Likeness:
    """How much of an event is as a schema has it, and how much is not. Constants weigh most: they are names."""

    alike: float = 0
    unlike: float = 0
    known: int = 0  # keys of the event
    names: int = 0  # constants that are words, less those that are not as they should be

    @property
    def difference(self) -> float:
        return self.alike - self.unlike

    @property
    def near(self) -> bool:
        """More alike than not, or what it says of itself is right, as in a test's event of three keys."""
        return self.difference > 0 or self.names > 0

    def add(self, other: _Likeness) -> None:
        self.alike += other.alike
        self.unlike += other.unlike
        self.known += other.known
        self.names += other.names


_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}


class _Weight(NamedTuple):
    """How much it counts that a place is as a schema has it, and that it is not."""

    same: float
    other: float

    def of(self, *, same: bool, names: int = 0) -> _Likeness:
        return _Likeness(self.same, 0, names=names) if same else _Likeness(0, self.other, names=-names)


_TYPE = _Weight(1, 3)
_CONSTANT = _Weight(3, 6)
_CHOICE = _Weight(2, 4)  # one of several constants
_NEAR_NAME = 1  # a constant in a longer text, as `s3:ObjectCreated:Put`
_HOST = _Weight(3, 6)  # the name of a service's host
_FORM = _Weight(1, 1)  # any other pattern
_CONTENT = _Weight(1, 3)  # JSON, base64 or gzip in a text
_NO_RECORDS = _Weight(0, 2)
_MISSING, _MISSING_INNER = 2, 0.5  # a key, and each that would have to be in it
_UNKNOWN = 1  # a key too many


def _likeness(schema: dict[str, Any], value: Any) -> _Likeness:
    if "anyOf" in schema:
        return max((_likeness(each, value) for each in schema["anyOf"]), key=lambda each: each.difference)
    if "const" in schema or "enum" in schema:
        return _name(schema, value)
    if "type" not in schema:
        return _Likeness()
    if value == [] and "items" in schema and _has_type(schema["type"], value):  # it may be of anything
        return _NO_RECORDS.of(same="minItems" not in schema)
    found = _TYPE.of(same=_has_type(schema["type"], value))
    if found.unlike:
        return found
    if isinstance(value, dict):
        _keys(schema, value, found)
    elif isinstance(value, list):
        for each in value[:_SAMPLE] if "items" in schema else ():
            found.add(_likeness(schema["items"], each))
    elif isinstance(value, str):
        _text(schema, value, found)
    return found


def _name(schema: dict[str, Any], value: Any) -> _Likeness:
    """One of the constants that a place may hold."""
    constants = schema["enum"] if "enum" in schema else [schema["const"]]
    same = any(value == each and type(value) is type(each) for each in constants)
    words = [each for each in constants if isinstance(each, str) and _WORD.search(each) is not None]
    if not same and isinstance(value, str) and any(each in value for each in words):
        return _Likeness(0, _NEAR_NAME)
    return (_CONSTANT if len(constants) == 1 else _CHOICE).of(same=same, names=int(len(words) == len(constants)))


def _has_type(kinds: Any, value: Any) -> bool:
    if isinstance(kinds, list):
        return any(_has_type(kind, value) for kind in kinds)
    return isinstance(value, _TYPES[kinds]) and (not isinstance(value, bool) or kinds == "boolean")


def _keys(schema: dict[str, Any], value: dict[str, Any], found: _Likeness) -> None:
    properties = schema.get("properties", {})
    known = 0
    for key, inner in properties.items():
        if key in value:
            known += 1
            if value[key] is not None or key in schema.get("required", ()):
                found.add(_likeness(inner, value[key]))
    found.known += known
    for key in schema.get("required", ()):
        if key not in value:
            found.unlike += _MISSING + _MISSING_INNER * len(properties[key].get("required", ()))
    more = schema.get("additionalProperties", True)
    if more is False:
        found.unlike += _UNKNOWN * (len(value) - known)
    elif isinstance(more, dict):
        free = [key for key, _ in zip(value, range(len(properties) + _SAMPLE), strict=False) if key not in properties]
        for key in free[:_SAMPLE]:
            found.add(_likeness(more, value[key]))


def _text(schema: dict[str, Any], value: str, found: _Likeness) -> None:
    if "pattern" in schema:
        same = re.search(schema["pattern"], value[:1000]) is not None
        host = schema.get("title", "").startswith(shape.HOST)
        found.add(_HOST.of(same=same, names=1) if host else _FORM.of(same=same))
    if "contentEncoding" in schema or "contentMediaType" in schema:
        try:
            held = content.inside(value, schema)
        except ValueError:
            found.add(_CONTENT.of(same=False))
        else:
            found.add(_CONTENT.of(same=True))
            if "contentSchema" in schema:
                found.add(_likeness(schema["contentSchema"], held))
