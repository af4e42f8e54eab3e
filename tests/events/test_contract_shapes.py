"""One contract for every bundled template: its events fit its schema, are recognised, and departures are found."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from values import MOST, value_for

from lambdacli import events
from lambdacli.events import filters, outcomes
from lambdacli.events.departures import departures

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = events.names()
FREE = {"hello-world", "iot-rule", "mobile-backend-echo"}  # anything goes: there is nothing to know them by


@pytest.mark.parametrize("name", NAMES)
def test_the_default_event_fits_its_schema_to_the_letter(name: str) -> None:
    template = events.load(name)
    schema = events.schema(template)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["title"] == name
    assert departures(schema, events.render(template, {})) == []
    if template.batch:
        assert departures(schema, events.render(template, {}, count=3)) == []


@pytest.mark.parametrize("name", NAMES)
def test_an_event_with_any_parameters_fits_its_schema(name: str) -> None:
    template = events.load(name)
    schema = events.schema(template)
    for round_ in range(MOST):
        given = {each.name: value_for(each, round_) for each in template.params.values()}
        assert [str(each) for each in departures(schema, events.render(template, given)) if not each.note] == []


@pytest.mark.parametrize("name", [name for name in NAMES if name not in FREE])
def test_the_default_event_is_recognised(name: str) -> None:
    """As itself, or as one that it is equal to."""
    found = events.recognise(events.render(events.load(name), {}))
    assert found.fits
    assert name in {found.name, *found.others}
    assert not [each for each in found.departures if each.hint]


@pytest.mark.parametrize("name", [name for name in NAMES if name not in FREE])
def test_departures_are_found_where_they_are(name: str) -> None:
    template = events.load(name)
    schema = events.schema(template)
    event = events.render(template, {})
    for steps, inner in spread(list(objects(schema, event, ()))):
        where = path(steps)
        key = inner["required"][-1]
        said = found_in(schema, event, steps, lambda it, key=key: it.pop(key))
        assert (where, f'the key "{key}" is missing') in said
        said = found_in(schema, event, steps, lambda it: it.update({"noSuchKey": 1}))
        assert (f"{where}.noSuchKey", "unknown key") in said
        typed = [each for each in inner["required"] if "type" in inner["properties"][each]]
        for each in typed[:1]:
            wrong = 1.5 if "object" in inner["properties"][each]["type"] else {}
            said = found_in(schema, event, steps, lambda it, each=each, wrong=wrong: it.update({each: wrong}))
            assert any(at == path((*steps, each)) and text.startswith("expected ") for at, text in said)


def objects(schema: dict[str, Any], value: Any, steps: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """The closed objects of an event and where they are."""
    if isinstance(value, dict) and schema.get("required"):
        if schema.get("additionalProperties") is False:
            yield steps, schema
        for key, inner in schema["properties"].items():
            if key in value:
                yield from objects(inner, value[key], (*steps, key))
    elif isinstance(value, list) and value and "items" in schema:
        yield from objects(schema["items"], value[0], (*steps, 0))


def spread(found: list[Any]) -> list[Any]:
    """A few of many."""
    return found[:: max(1, len(found) // 4)]


def found_in(schema: dict[str, Any], event: Any, steps: tuple[Any, ...], change: Any) -> set[tuple[str, str]]:
    changed = copy.deepcopy(event)
    inner = changed
    for step in steps:
        inner = inner[step]
    change(inner)
    return {(each.path, each.message) for each in departures(schema, changed)}


def path(steps: tuple[Any, ...]) -> str:
    plain = "$"
    for step in steps:
        named = isinstance(step, str) and step.replace("_", "a").isalnum() and not step[0].isdigit()
        plain += f".{step}" if named else f"[{json.dumps(step)}]"
    return plain


# What these return follows from what they are given.
ANY = {"plus", "minus", "else", "if", "when", "unless", "get", "cloudformation_properties"}


@pytest.mark.parametrize("name", filters.names())
def test_every_filter_says_what_it_returns(name: str) -> None:
    assert bool(outcomes.returned(filters.find(name))) == (name not in ANY)
