"""A walk through a template's tree, once for all who read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdacli.errors import EventError
from lambdacli.events import expressions, template
from lambdacli.events.expressions import Place, nearest
from lambdacli.events.parameters import GLOBALS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from lambdacli.events.parameters import Parameter
    from lambdacli.events.template import Inner, Template

    Entry = tuple[Any, Any, str]

MAY_BE_EMPTY = "?"  # behind a key: left out when empty
MAY_BE_MISSING = "??"  # always made, though not every event of the kind has it
OPERATORS = ("$json", "$gzip_base64", "$merge", "$use", "$carry")
NO_OBJECTS = "$merge: expected a list of objects"
_BESIDE = {"$use": ("with", "take"), "$carry": ("with",)}
_NONE: Mapping[str, Any] = {}


class AnyKeys(dict[str, Any]):
    """The keys of an event that an operator makes, of which some are known: it may have any."""

    def __contains__(self, key: object) -> bool:
        return True

    def __missing__(self, key: str) -> Any:
        return {}


class Reader:
    """What each kind of node becomes is left to who reads: `Program` makes functions, `Shape` a JSON Schema."""

    def __init__(self, source: Template, within: tuple[str, ...] = ()) -> None:
        self.template = source
        self.within = (*within, source.name)
        self.names: set[str] = {"i", "count"}
        self.batch_length = 0
        for name, parameter in source.params.items():
            if not parameter.inside:
                self.parameter(parameter, self._node(parameter.default, self._place(f"$.params.{name}.default"), None))
                self.names.add(name)
        for name, tree in source.let.items():
            self.named(name, self._node(tree, self._place(f"$.let.{name}"), None))
            self.names.add(name)
        self.event = self.whole(self._node(source.event, self._place("$.event"), _batch_path(source)))
        self.travels: Any = None
        if source.travels_as is not None:
            keys = AnyKeys(self.keys()) if _has_operator(source.event) else self.keys()
            self.travels = self.whole(self._node(source.travels_as, self._place("$.travels-as", keys), None))
        if source.batch and not self.batch_length:
            raise EventError(
                f"template {source.name}, $.batch: {source.batch!r} is no array with a record in the event"
            )

    def parameter(self, parameter: Parameter, default: Any) -> None:
        """A parameter and its default."""
        raise NotImplementedError

    def named(self, name: str, node: Any) -> None:
        """A name of `let`."""
        raise NotImplementedError

    def whole(self, node: Any) -> Any:
        """The event, or what travels of it."""
        raise NotImplementedError

    def keys(self) -> Mapping[str, Any]:
        """The event's keys, which `${.key}` names in `travels-as`."""
        raise NotImplementedError

    def constant(self, value: Any) -> Any:
        """A number, true, false, null, or a text without expressions."""
        raise NotImplementedError

    def text(self, text: str, place: Place) -> Any:
        """A text with expressions."""
        raise NotImplementedError

    def list_of(self, items: list[Any]) -> Any:
        """An array."""
        raise NotImplementedError

    def records_of(self, items: list[Any]) -> Any:
        """The repeated array."""
        raise NotImplementedError

    def object_of(self, entries: list[Entry]) -> Any:
        """An object; each entry is key, value, and the mark behind the key."""
        raise NotImplementedError

    def computed(self, entries: list[Entry]) -> Any:
        """An object in which a key has `${…}`: there the key is a node too."""
        raise NotImplementedError

    def operation(self, operator: str, inner: Any) -> Any:
        """`$json` and `$gzip_base64`."""
        raise NotImplementedError

    def merged(self, parts: list[Any], place: Place) -> Any:
        """`$merge`."""
        raise NotImplementedError

    def embedded(self, operator: str, inner: Template, given: Mapping[str, Any], take: str, place: Place) -> Any:
        """`$use` and `$carry`: the parameters that are given, and by their names those that are inherited."""
        raise NotImplementedError

    def wrapped(self, operator: str, inner: Inner) -> Any:
        """An event that `--wrap` puts inside."""
        raise NotImplementedError

    def _place(self, path: str, siblings: Mapping[str, Any] = _NONE) -> Place:
        return Place(self.template.name, path, frozenset(self.names), siblings)

    def _node(self, tree: Any, place: Place, batch: list[str] | None) -> Any:
        """What a tree becomes. `batch`: the way to the records."""
        if isinstance(tree, str):
            return self.text(tree, place) if expressions.has_holes(tree) else self.constant(tree)
        if isinstance(tree, list):
            items = [self._below(item, place, f"[{n}]") for n, item in enumerate(tree)]
            if batch != []:
                return self.list_of(items)
            self.batch_length = len(items)
            return self.records_of(items)
        if isinstance(tree, dict):
            if operator := _has_operator(tree):
                return self._operator(operator, tree, place, batch)
            return self._object(tree, place, batch)
        return self.constant(tree)

    def _below(
        self,
        tree: Any,
        place: Place,
        step: str,
        siblings: Collection[str] = _NONE,
        batch: list[str] | None = None,
    ) -> Any:
        return self._node(tree, Place(place.template, f"{place.path}{step}", place.names, siblings), batch)

    def _object(self, tree: dict[str, Any], place: Place, batch: list[str] | None) -> Any:
        entries: list[Entry] = []
        done: dict[str, Any] = {}
        for raw, value in tree.items():
            key, mark = key_of(raw)
            way = batch[1:] if batch and batch[0] in {key, "*"} else None
            node = done[key] = self._below(value, place, f".{key}", done, way)
            entries.append((key, node, mark))
        if not any(expressions.has_holes(key) for key in tree):
            return self.object_of(entries)
        return self.computed([(self._below(key, place, f".{key}"), node, mark) for key, node, mark in entries])

    def _operator(self, operator: str, tree: dict[str, Any], place: Place, batch: list[str] | None) -> Any:
        if operator not in OPERATORS:
            hint = nearest(operator, OPERATORS) or f"one of {', '.join(OPERATORS)}"
            raise place.error(f"unknown operator {operator!r}", hint)
        allowed = (operator, *_BESIDE.get(operator, ()))
        if extra := [key for key in tree if key not in allowed]:
            raise place.error(f"{operator} stands alone in its object, not beside {extra[0]!r}")
        if operator in {"$use", "$carry"}:
            return self._embed(operator, tree, place)
        inner = tree[operator]
        if operator == "$merge":
            if not isinstance(inner, list):
                raise place.error(NO_OBJECTS)
            return self.merged([self._below(part, place, f".$merge[{n}]") for n, part in enumerate(inner)], place)
        way = batch[1:] if batch and batch[0] == operator else None
        return self.operation(operator, self._below(inner, place, f".{operator}", place.siblings, way))

    def _embed(self, operator: str, tree: dict[str, Any], place: Place) -> Any:
        """Another template's event, or what travels of it: parameters by `with`, inherited ones by themselves."""
        name, given, take = tree[operator], tree.get("with", {}), tree.get("take", "")
        if isinstance(name, template.Inner):
            return self.wrapped(operator, name)
        if not isinstance(name, str) or not isinstance(given, dict) or not isinstance(take, str):
            raise place.error(f"expected {{'{operator}': template, 'with': {{parameter: value}}}}")
        if name in self.within:
            raise place.error(f"templates use one another without end: {' → '.join((*self.within, name))}")
        inner = template.load(name, self.template.folders, self.within)
        for key in given:
            if key not in inner.params and key != "count":
                raise place.error(f"template {name} has no parameter {key!r}", nearest(key, inner.params))
        nodes = {key: self._below(value, place, f".with.{key}", place.siblings) for key, value in given.items()}
        return self.embedded(operator, inner, nodes, take, place)

    def inherited(self, inner: Template, given: Mapping[str, Any]) -> list[str]:
        """The names of the parameters that an embedded template takes over by itself."""
        own = self.template.params
        return [
            key
            for key in inner.params
            if key not in given and (key in GLOBALS or (key in own and inner.name in own[key].origins))
        ]


def _has_operator(tree: Any) -> str:
    """The operator of a node of a template, or ""."""
    return next(filter(_is_operator, tree), "") if isinstance(tree, dict) else ""


def _is_operator(key: str) -> bool:
    """A key of an event that starts with `$` itself is written `$$`."""
    return key.startswith("$") and not key.startswith(("$$", "${"))


def key_of(raw: str) -> tuple[str, str]:
    """The key that a template's key stands for, and the mark behind it."""
    mark = next((mark for mark in (MAY_BE_MISSING, MAY_BE_EMPTY) if raw.endswith(mark)), "")
    key = raw.removesuffix(mark)
    return (key[1:] if key.startswith("$$") and not key.startswith("$${") else key), mark


def _batch_path(source: Template) -> list[str] | None:
    if not source.batch:
        return None
    return [] if source.batch == "$" else source.batch.split(".")
