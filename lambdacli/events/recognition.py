"""Which event somebody has, and where it departs from the shape of that event."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

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
_WORTH = 2  # of a name, beside that it is alike
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
        score = like.difference + _WORTH * like.names
        how = (-score, 0, 0, 0) if score > 0 else (0, -like.names, -like.known, part)
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


def _likeness(schema: dict[str, Any], value: Any) -> _Likeness:
    if "anyOf" in schema:
        best = max((_likeness(each, value) for each in schema["anyOf"]), key=lambda each: each.difference)
        return _Likeness(best.alike, best.unlike + 0.25, best.known, best.names)
    if "const" in schema or "enum" in schema:
        return _name(schema, value)
    if "type" not in schema:
        return _Likeness()
    if not _has_type(schema["type"], value):
        return _Likeness(0, 3)
    found = _Likeness(1, 0)
    if isinstance(value, dict):
        _keys(schema, value, found)
    elif isinstance(value, list):
        if not value and "minItems" in schema:
            found.unlike += 2
        for each in value[:_SAMPLE] if "items" in schema else ():
            found.add(_likeness(schema["items"], each))
    elif isinstance(value, str):
        _text(schema, value, found)
    return found


def _name(schema: dict[str, Any], value: Any) -> _Likeness:
    """One of the constants that a place may hold."""
    constants = schema["enum"] if "enum" in schema else [schema["const"]]
    same = any(value == each and type(value) is type(each) for each in constants)
    word = int(all(isinstance(each, str) and _WORD.search(each) is not None for each in constants))
    if len(constants) == 1:
        return _Likeness(3, 0, names=word) if same else _Likeness(0, 6, names=-word)
    return _Likeness(2, 0, names=word) if same else _Likeness(0, 4, names=-word)


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
            found.unlike += 2 + len(properties[key].get("required", ())) / 2
    more = schema.get("additionalProperties", True)
    if more is False:
        found.unlike += len(value) - known
    elif isinstance(more, dict):
        free = [key for key, _ in zip(value, range(len(properties) + _SAMPLE), strict=False) if key not in properties]
        for key in free[:_SAMPLE]:
            found.add(_likeness(more, value[key]))


def _text(schema: dict[str, Any], value: str, found: _Likeness) -> None:
    if "pattern" in schema:
        same = re.search(schema["pattern"], value[:1000]) is not None
        if schema.get("title", "").startswith(shape.HOST):
            found.add(_Likeness(3, 0, names=1) if same else _Likeness(0, 6, names=-1))
        else:
            found.add(_Likeness(1, 0) if same else _Likeness(0, 1))
    if "contentEncoding" in schema or "contentMediaType" in schema:
        try:
            held = content.inside(value, schema)
        except ValueError:
            found.unlike += 3
        else:
            found.alike += 1
            if "contentSchema" in schema:
                found.add(_likeness(schema["contentSchema"], held))
