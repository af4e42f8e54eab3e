"""A template's tree becomes functions once, so that ten thousand records cost only calls."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from lambdacli.errors import EventError
from lambdacli.events import expressions, template
from lambdacli.events.expressions import Place, nearest
from lambdacli.events.parameters import GLOBALS, Parameter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lambdacli.events.expressions import Render, Values
    from lambdacli.events.template import Template

OPERATORS = ("$json", "$gzip_base64", "$merge", "$use", "$carry")
_BESIDE = {"$use": ("with", "take"), "$carry": ("with",)}


class Program:
    """A compiled template: what each parameter defaults to, what is computed, how the event is made."""

    def __init__(self, source: Template, within: tuple[str, ...] = ()) -> None:
        self.template = source
        self.within = (*within, source.name)
        self.names: set[str] = {"i", "count"}
        self.defaults: list[tuple[Parameter, Any, Render | None]] = []
        for name, parameter in source.params.items():
            self.defaults.append(self._default(parameter))
            self.names.add(name)
        self.let: list[tuple[str, Render]] = []
        for name, tree in source.let.items():
            self.let.append((name, self._function(tree, f"$.let.{name}")))
            self.names.add(name)
        self.batch_length = 0
        self.event = self._function(source.event, "$.event", batch=_batch_path(source))
        self.travels = self._travelling(source)
        if source.batch and not self.batch_length:
            raise EventError(
                f"template {source.name}, $.batch: {source.batch!r} is no array with a record in the event"
            )

    def _default(self, parameter: Parameter) -> tuple[Parameter, Any, Render | None]:
        if isinstance(parameter.default, str) and not expressions.has_holes(parameter.default):
            return parameter, parameter.default, None
        render = self._node(parameter.default, self._place(f"$.params.{parameter.name}.default"), None)
        return (parameter, None, render) if callable(render) else (parameter, render, None)

    def _travelling(self, source: Template) -> Render | None:
        """What others carry of the event, in which `${.key}` is a key of the event."""
        if source.travels_as is None:
            return None
        keys = tuple(_key(key)[0] for key in source.event) if isinstance(source.event, dict) else ()
        node = self._node(source.travels_as, self._place("$.travels-as", keys), None)
        return node if callable(node) else lambda _values, _rendered: node

    def _place(self, path: str, siblings: tuple[str, ...] = ()) -> Place:
        return Place(self.template.name, path, frozenset(self.names), siblings)

    def _function(self, tree: Any, path: str, batch: list[str] | None = None) -> Render:
        node = self._node(tree, self._place(path), batch)
        return node if callable(node) else lambda _values, _rendered: node

    def _node(self, tree: Any, place: Place, batch: list[str] | None) -> Any:
        """A function, or the value itself where it is the same in every record. `batch`: the way to the records."""
        if isinstance(tree, str):
            return expressions.parse(tree, place) if expressions.has_holes(tree) else tree
        if isinstance(tree, list):
            return self._records(tree, place) if batch == [] else self._list(tree, place)
        if isinstance(tree, dict):
            operator = next((key for key in tree if _is_operator(key)), None)
            if operator is not None:
                return self._operator(operator, tree, place, batch)
            return self._object(tree, place, batch)
        return tree

    def _below(self, tree: Any, place: Place, step: str, siblings: Any = (), batch: list[str] | None = None) -> Any:
        return self._node(tree, Place(place.template, f"{place.path}{step}", place.names, siblings), batch)

    def _list(self, tree: list[Any], place: Place) -> Render:
        items = [self._below(item, place, f"[{n}]") for n, item in enumerate(tree)]

        def render(values: Values, rendered: Any) -> list[Any]:
            return [item(values, rendered) if callable(item) else item for item in items]

        return render

    def _records(self, tree: list[Any], place: Place) -> Render:
        """The repeated array: record i is made from element i, or from the elements in turn when there are more."""
        self.batch_length = len(tree)
        items = [self._below(item, place, f"[{n}]") for n, item in enumerate(tree)]

        def render(values: Values, _rendered: Any) -> list[Any]:
            return [
                item(record, None) if callable(item := items[n % len(items)]) else item
                for n, record in enumerate(values["#records"])
            ]

        return render

    def _object(self, tree: dict[str, Any], place: Place, batch: list[str] | None) -> Render:
        constants: dict[str, Any] = {}
        moving: list[tuple[str, Any, bool]] = []
        computed = False
        for raw, value in tree.items():
            key, optional = _key(raw)
            way = batch[1:] if batch and batch[0] in {key, "*"} else None
            node = self._below(value, place, f".{key}", tuple(constants), way)
            computed = computed or expressions.has_holes(key)
            constants[key] = None if callable(node) else node
            if callable(node) or optional or computed:
                moving.append((key, node, optional))
        if computed:
            return self._computed_keys(tree, place, batch)
        return _object_of(constants, moving)

    def _computed_keys(self, tree: dict[str, Any], place: Place, batch: list[str] | None) -> Render:
        """An object that has keys with `${…}`: slower, and rare."""
        entries: list[tuple[Any, Any, bool]] = []
        seen: list[str] = []
        for raw, value in tree.items():
            key, optional = _key(raw)
            way = batch[1:] if batch and batch[0] in {key, "*"} else None
            node = self._below(value, place, f".{key}", tuple(seen), way)
            entries.append((self._below(key, place, f".{key}"), node, optional))
            seen.append(key)

        def render(values: Values, _rendered: Any) -> dict[str, Any]:
            out: dict[str, Any] = {}
            for key, node, optional in entries:
                value = node(values, out) if callable(node) else node
                if not (optional and value in (None, "", [], {})):
                    out[expressions.as_text(key(values, out)) if callable(key) else key] = value
            return out

        return render

    def _operator(self, operator: str, tree: dict[str, Any], place: Place, batch: list[str] | None) -> Render:
        if operator not in OPERATORS:
            hint = nearest(operator, OPERATORS) or f"one of {', '.join(OPERATORS)}"
            raise place.error(f"unknown operator {operator!r}", hint)
        allowed = (operator, *_BESIDE.get(operator, ()))
        if extra := [key for key in tree if key not in allowed]:
            raise place.error(f"{operator} stands alone in its object, not beside {extra[0]!r}")
        if operator in {"$use", "$carry"}:
            return self._embed(operator, tree, place)
        way = batch[1:] if batch and batch[0] == operator else None
        inner = self._below(tree[operator], place, f".{operator}", place.siblings, way)
        return _OPERATIONS[operator](inner if callable(inner) else (lambda _values, _rendered: inner), place)

    def _embed(self, operator: str, tree: dict[str, Any], place: Place) -> Render:
        """Another template's event, or what travels of it: parameters by `with`, inherited ones by themselves."""
        name, given, take = tree[operator], tree.get("with", {}), tree.get("take", "")
        if not isinstance(name, str) or not isinstance(given, dict) or not isinstance(take, str):
            raise place.error(f"expected {{'{operator}': template, 'with': {{parameter: value}}}}")
        if name in self.within:
            raise place.error(f"templates use one another without end: {' → '.join((*self.within, name))}")
        program = compiled(template.load(name, self.template.folders, self.within), self.within)
        for key in given:
            if key not in program.template.params and key != "count":
                raise place.error(f"template {name} has no parameter {key!r}", nearest(key, program.template.params))
        values_of = [(key, self._below(value, place, f".with.{key}", place.siblings)) for key, value in given.items()]
        own = self.template.params
        passed = [
            key
            for key in program.template.params
            if key not in given and (key in GLOBALS or (key in own and name in own[key].origins))
        ]

        def embed(values: Values, rendered: Any) -> Any:
            from lambdacli.events import rendering

            inner = {key: values[key] for key in passed}
            inner.update((key, node(values, rendered) if callable(node) else node) for key, node in values_of)
            count = inner.pop("count", None)
            run = rendering.run if operator == "$use" else rendering.carried
            event = run(program, inner, count=count, first=values["i"], base=values["#base"])
            return _taken(event, take, place)

        return embed


def _is_operator(key: str) -> bool:
    """A key of an event that starts with `$` itself is written `$$`."""
    return key.startswith("$") and not key.startswith(("$$", "${"))


def _key(raw: str) -> tuple[str, bool]:
    """The key that a template's key stands for, and whether it is left out when empty."""
    optional = raw.endswith("?")
    key = raw[:-1] if optional else raw
    return (key[1:] if key.startswith("$$") and not key.startswith("$${") else key), optional


def _taken(event: Any, way: str, place: Place) -> Any:
    """A part of an embedded event, as `Records.0`."""
    try:
        for step in way.split(".") if way else ():
            event = event[int(step)] if isinstance(event, list) else event[step]
    except (KeyError, IndexError, ValueError, TypeError):
        raise place.error(f"there is no {way!r} in the embedded event") from None
    return event


def _object_of(constants: dict[str, Any], moving: list[tuple[str, Any, bool]]) -> Render:
    def render(values: Values, _rendered: Any) -> dict[str, Any]:
        out = constants.copy()
        for key, node, optional in moving:
            value = node(values, out) if callable(node) else node
            if optional and (value is None or value in ("", [], {})):
                del out[key]
            else:
                out[key] = value
        return out

    return render


def _in_json(inner: Render, _place: Place) -> Render:
    return lambda values, rendered: json.dumps(inner(values, rendered), separators=(",", ":"), ensure_ascii=False)


def _gzip_base64(inner: Render, _place: Place) -> Render:
    """The same bytes for the same text, whatever the clock and the platform: the header is written here."""

    def render(values: Values, rendered: Any) -> str:
        import zlib
        from binascii import b2a_base64

        data = expressions.as_text(inner(values, rendered)).encode()
        squeezer = zlib.compressobj(6, zlib.DEFLATED, -15)
        body = squeezer.compress(data) + squeezer.flush()
        end = zlib.crc32(data).to_bytes(4, "little") + (len(data) & 0xFFFFFFFF).to_bytes(4, "little")
        header = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
        return b2a_base64(header + body + end, newline=False).decode()

    return render


def _merge(inner: Render, place: Place) -> Render:
    """Objects into one, and the objects within them; else the later value counts. null is nothing."""

    def render(values: Values, rendered: Any) -> dict[str, Any]:
        parts = inner(values, rendered)
        if not isinstance(parts, list) or not all(part is None or isinstance(part, dict) for part in parts):
            raise place.error("$merge: expected a list of objects")
        out: dict[str, Any] = {}
        for part in parts:
            _lay_over(out, part or {})
        return out

    return render


def _lay_over(below: dict[str, Any], above: dict[str, Any]) -> None:
    for key, value in above.items():
        before = below.get(key)
        if isinstance(before, dict) and isinstance(value, dict):
            below[key] = before = dict(before)
            _lay_over(before, value)
        else:
            below[key] = value


_OPERATIONS: Mapping[str, Callable[[Render, Place], Render]] = {
    "$json": _in_json,
    "$gzip_base64": _gzip_base64,
    "$merge": _merge,
}


def _batch_path(source: Template) -> list[str] | None:
    if not source.batch:
        return None
    return [] if source.batch == "$" else source.batch.split(".")


@lru_cache(maxsize=512)
def compiled(source: Template, within: tuple[str, ...] = ()) -> Program:
    """The program of a template, made once."""
    return Program(source, within)
