"""Small pages: every list that AWS may cut is cut after two entries."""

from __future__ import annotations

import functools
import json
import threading
from typing import TYPE_CHECKING, Any, TypeAlias
from xml.etree import ElementTree as ET

from rules.calls import session
from rules.rule import Answer, Refusal, Rule, World

if TYPE_CHECKING:
    from rules.calls import Call

_SIZE = 2
_Cut: TypeAlias = "tuple[Answer, Answer | None]"


class Pages(Rule):
    """What comes in pages on AWS comes in pages of two, with tokens that say nothing.

    Source: the paginators of botocore, which are AWS's own.
    """

    watches = ("*",)

    def __init__(self) -> None:
        self._kept: dict[str, Answer] = {}
        self._lock = threading.Lock()

    def before(self, call: Call, world: World) -> Refusal | Answer | None:  # noqa: ARG002
        model = _paginator(call.service, call.operation)
        token = call.parameters.get(model["input_token"]) if model else None
        kept = self._kept.get(str(token))
        return None if kept is None else self._page(call, kept)

    def after(self, call: Call, answer: Answer, world: World) -> Answer:  # noqa: ARG002
        return self._page(call, answer) if call.reads and answer.stream is None else answer

    def forget(self) -> None:
        self._kept.clear()

    def _page(self, call: Call, answer: Answer) -> Answer:
        model = _paginator(call.service, call.operation)
        cut = _CUTS.get(call.protocol)
        if model is None or cut is None:
            return answer
        with self._lock:
            token = f"page-{len(self._kept)}"
            first, rest = cut(call, model, answer, token)
            if rest is not None:
                self._kept[token] = rest
        return first


@functools.cache
def _paginator(service: str, operation: str) -> dict[str, Any] | None:
    """The names of a list and its tokens; None of what has no plain pages."""
    from botocore.exceptions import DataNotFoundError

    try:
        model = dict(session().get_paginator_model(service).get_paginator(operation))
    except (ValueError, DataNotFoundError):
        return None
    plain = all(isinstance(model[key], str) and "." not in model[key] for key in ("input_token", "output_token"))
    return model if plain and isinstance(model["result_key"], str) and "." not in model["result_key"] else None


def _wire(call: Call, name: str) -> str:
    shape = call.model.output_shape
    return str(shape.members[name].serialization.get("name", name)) if name in shape.members else name


def _cut_json(call: Call, model: dict[str, Any], answer: Answer, token: str) -> _Cut:
    said = json.loads(answer.body or b"{}")
    key, next_token = _wire(call, model["result_key"]), _wire(call, model["output_token"])
    entries = said.get(key) or []
    if not isinstance(entries, list) or len(entries) <= _SIZE:
        return answer, None
    first = said | {key: entries[:_SIZE], next_token: token}
    rest = said | {key: entries[_SIZE:]}
    return _with(answer, json.dumps(first).encode()), _with(answer, json.dumps(rest).encode())


def _cut_xml(call: Call, model: dict[str, Any], answer: Answer, token: str) -> _Cut:
    shape = call.model.output_shape
    name = _wire(call, model["result_key"])
    first, rest = (ET.fromstring(answer.body) for _ in range(2))  # noqa: S314 - the emulator's own
    if len(_list_of(first, name)) <= _SIZE:
        return answer, None
    for tree, part in ((first, slice(_SIZE, None)), (rest, slice(0, _SIZE))):
        entries = _list_of(tree, name)
        for each in list(entries)[part]:
            entries.remove(each)
    _tell(first, name, _wire(call, model["output_token"]), token)
    if (more := model.get("more_results", "")) in shape.members:
        _tell(first, name, more, "true")
    return _with(answer, ET.tostring(first)), _with(answer, ET.tostring(rest))


def _tell(tree: ET.Element, beside: str, name: str, text: str) -> None:
    result = next(each for each in tree.iter() if any(_local(child) == beside for child in each))
    space = result.tag[: -len(_local(result))]
    for old in result.findall(space + name):
        result.remove(old)
    ET.SubElement(result, space + name).text = text


def _local(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _list_of(tree: ET.Element, name: str) -> ET.Element:
    found = next((each for each in tree.iter() if _local(each) == name), None)
    return found if found is not None else ET.Element(name)


def _with(answer: Answer, body: bytes) -> Answer:
    return Answer(answer.status, dict(answer.headers), body)


_CUTS = {"json": _cut_json, "rest-json": _cut_json, "query": _cut_xml}
