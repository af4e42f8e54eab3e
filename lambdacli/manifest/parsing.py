"""A YAML 1.2 text as plain values with positions: libyaml's events, read with YAML's core schema and with limits."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from lambdacli.manifest.document import Document, one_line, path_text, shortened
from lambdacli.manifest.files import failure
from lambdacli.model import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lambdacli.errors import ManifestError
    from lambdacli.manifest.document import Place, Step

MAX_DEPTH = 64
MAX_VALUES = 200_000  # aliases expanded

_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_CONSTANTS: dict[str, bool | None] = {"true": True, "True": True, "TRUE": True} | dict.fromkeys(_NULL)
_CONSTANTS |= {"false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
_NUMBER_STARTS = frozenset("0123456789+-.")
_STRING_TAGS = frozenset(("!", "tag:yaml.org,2002:str"))
_LONGEST_NUMBER = 100
_AS_WRITTEN = frozenset(("environment", "tags"))  # their values are text: 1.10 stays 1.10


@lru_cache(maxsize=2)
def parse(data: bytes, file: str) -> Document:
    """Parse one YAML document.

    Problems that leave a tree (duplicate keys, keys that are no text) are in the document's `problems`.

    Args:
        data: the file's bytes, UTF-8.
        file: its name, as problems show it.

    Raises:
        ManifestError: there is no tree at all; its one problem says where.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        raise _fatal(file, *_line_column(before), "this is not UTF-8 text", "save the file as UTF-8") from None
    if control := _CONTROL.search(text):
        raise _fatal(
            file,
            *_line_column(text[: control.start()]),
            f"the character U+{ord(control.group()):04X} is not allowed in YAML",
            'write it as an escape inside double quotes, such as "\\u0007"',
        )
    return _Composer(text, file).document()


@dataclass(frozen=True, slots=True)
class _Node:
    value: Any
    place: Place
    count: int  # of values in it, aliases expanded


@dataclass(slots=True)
class _Mapping:
    """A mapping while it is read."""

    path: tuple[Step, ...]
    values: dict[str, Any] = field(default_factory=dict)
    places: dict[str, tuple[int, int, Place]] = field(default_factory=dict)
    merged: list[_Node] = field(default_factory=list)
    count: int = 1

    def node(self, line: int, column: int) -> _Node:
        for each in self.merged:
            for key, value in each.value.items():
                if key not in self.values:
                    self.values[key] = value
                    self.places[key] = each.place[2][key]  # type: ignore[index]
        return _Node(self.values, (line, column, self.places), self.count)


class _Composer:
    """Reads libyaml's events into values: one pass, no recursion deeper than MAX_DEPTH, aliases never copied."""

    def __init__(self, text: str, file: str) -> None:
        import yaml

        self.yaml = yaml
        self.text = text
        self.file = file
        self.next = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text).get_event
        self.anchors: dict[str, _Node | None] = {}  # None: still being read
        self.problems: list[Problem] = []

    def document(self) -> Document:
        events = self.yaml.events
        try:
            self.next()
            if type(event := self.next()) is events.StreamEndEvent:
                raise _fatal(self.file, 1, 1, "the file is empty", "start with `functions:`, or run `lambdacli init`")
            node = self._node(self.next(), (), 0)
            self.next()
            if type(event := self.next()) is not events.StreamEndEvent:
                raise self._fatal(event, "a second YAML document; a manifest is one", "remove the line `---`")
        except self.yaml.MarkedYAMLError as error:
            raise self._syntax(error) from None
        except self.yaml.YAMLError as error:
            raise _fatal(self.file, 1, 1, f"not valid YAML: {error}") from None
        return Document(self.file, node.value, node.place, tuple(self.problems))

    def _node(self, event: Any, path: tuple[Step, ...], depth: int, *, as_written: bool = False) -> _Node:
        events = self.yaml.events
        kind = type(event)
        mark = event.start_mark
        if kind is events.AliasEvent:
            return self._alias(event)
        if kind is events.ScalarEvent:
            value = self._scalar(event, path, as_written=as_written)
            node = _Node(value, (mark.line + 1, mark.column + 1, None), 1)
        else:
            if depth >= MAX_DEPTH:
                raise self._fatal(event, f"nested more than {MAX_DEPTH} levels deep")
            if event.tag is not None:
                raise self._fatal(event, f"the tag {event.tag} is not supported", "write the value itself")
            if event.anchor:
                self.anchors[event.anchor] = None
            read = self._sequence if kind is events.SequenceStartEvent else self._mapping
            node = read(mark, path, depth)
            if node.count > MAX_VALUES:
                raise self._fatal(event, f"more than {MAX_VALUES:,} values, counting what aliases repeat")
        if event.anchor:
            self.anchors[event.anchor] = node
        return node

    def _sequence(self, mark: Any, path: tuple[Step, ...], depth: int) -> _Node:
        end = self.yaml.events.SequenceEndEvent
        values: list[Any] = []
        places: list[Place] = []
        count = 1
        while type(event := self.next()) is not end:
            node = self._node(event, (*path, len(values)), depth + 1)
            values.append(node.value)
            places.append(node.place)
            count += node.count
        return _Node(values, (mark.line + 1, mark.column + 1, places), count)

    def _mapping(self, mark: Any, path: tuple[Step, ...], depth: int) -> _Node:
        end = self.yaml.events.MappingEndEvent
        mapping = _Mapping(path)
        outside = "triggers" not in path
        text = outside and bool(path) and path[-1] in _AS_WRITTEN
        while type(event := self.next()) is not end:
            key = self._key(event, path)
            written = text or (outside and key == "account")
            node = self._node(self.next(), (*path, key), depth + 1, as_written=written)
            mapping.count += node.count
            if key == "<<" and event.implicit[0]:
                self._merge(mapping, event, node)
            else:
                self._add(mapping, key, event.start_mark, node)
        return mapping.node(mark.line + 1, mark.column + 1)

    def _key(self, event: Any, path: tuple[Step, ...]) -> str:
        if type(event) is not self.yaml.events.ScalarEvent:
            raise self._fatal(event, "a key must be text")
        value = self._scalar(event, path)
        if isinstance(value, str):
            return value
        written = shortened(event.value)
        self._note(event.start_mark, path, f"the key {written or 'null'} is no text", f'quote it: "{written}"')
        return str(event.value)

    def _add(self, mapping: _Mapping, key: str, mark: Any, node: _Node) -> None:
        if key in mapping.values:
            first = mapping.places[key][0]
            message = f"the key {shortened(key)} stands twice, first in line {first}"
            self._note(mark, (*mapping.path, key), message, "remove one of the two")
            return
        mapping.values[key] = node.value
        mapping.places[key] = (mark.line + 1, mark.column + 1, node.place)

    def _merge(self, mapping: _Mapping, event: Any, node: _Node) -> None:
        if isinstance(node.value, dict):
            mapping.merged.append(node)
        elif isinstance(node.value, list) and all(isinstance(v, dict) for v in node.value):
            places = node.place[2] or []
            mapping.merged += [_Node(v, p, 0) for v, p in zip(node.value, places, strict=True)]  # type: ignore[arg-type]
        else:
            self._note(event.start_mark, (*mapping.path, "<<"), "<< takes a mapping or a list of mappings")

    def _alias(self, event: Any) -> _Node:
        try:
            node = self.anchors[event.anchor]
        except KeyError:
            from lambdacli.manifest.wording import nearest

            hint = nearest(event.anchor, self.anchors) or f"mark a value above with &{event.anchor}"
            raise self._fatal(event, f"no anchor &{shortened(event.anchor)} above", hint) from None
        if node is None:
            raise self._fatal(event, f"the alias *{shortened(event.anchor)} stands inside what it repeats")
        return node

    def _scalar(self, event: Any, path: tuple[Step, ...], *, as_written: bool = False) -> Any:
        text = event.value
        if event.tag is not None and event.tag not in _STRING_TAGS:
            raise self._fatal(event, f"the tag {event.tag} is not supported", "write the value itself")
        if event.tag is not None or not event.implicit[0] or (as_written and text not in _NULL):
            return text
        if text in _CONSTANTS:
            return _CONSTANTS[text]
        return self._number(event, path) if text[0] in _NUMBER_STARTS else text

    def _number(self, event: Any, path: tuple[Step, ...]) -> Any:
        text = event.value
        if _INT.fullmatch(text):
            if len(text) > _LONGEST_NUMBER:
                self._note(event.start_mark, path, "a number of more than 100 digits", "quote it if it is text")
                return 0
            return int(text, 0 if text[1:2] in ("o", "x") else 10)
        if _FLOAT.fullmatch(text):
            return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
        return text

    def _note(self, mark: Any, path: Sequence[Step], message: str, hint: str = "") -> None:
        where = (self.file, mark.line + 1, mark.column + 1, path_text(path))
        self.problems.append(Problem(*where, one_line(message), one_line(hint)))

    def _fatal(self, event: Any, message: str, hint: str = "") -> ManifestError:
        return _fatal(self.file, event.start_mark.line + 1, event.start_mark.column + 1, message, hint)

    def _syntax(self, error: Any) -> ManifestError:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        lines = self.text.splitlines()
        text = lines[line] if line < len(lines) else ""
        if "\t" in text[: column + 1] and not text[:column].strip():
            return _fatal(self.file, line + 1, text.index("\t") + 1, "a tab in the indentation", "indent with spaces")
        parts = [part for part in (error.problem, error.context) if part]
        return _fatal(self.file, line + 1, column + 1, "not valid YAML: " + ", ".join(parts), _usual_cause(parts))


def _usual_cause(parts: list[str]) -> str:
    """What mostly lies behind libyaml's words."""
    said = " ".join(parts)
    if "mapping values are not allowed" in said:
        return "is this line indented further than the one above, or a text with `: ` not quoted?"
    if "block mapping" in said or "block collection" in said:
        return "is this line indented as the lines beside it?"
    return "is a quote or a bracket not closed?" if "flow" in said or "quoted" in said else ""


def _line_column(before: str) -> tuple[int, int]:
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def _fatal(file: str, line: int, column: int, message: str, hint: str = "") -> ManifestError:
    return failure(file, (Problem(file, line, column, "", one_line(message), one_line(hint)),))
