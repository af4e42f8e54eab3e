"""One contract for every bundled template: its file, its default output, and any value for any parameter."""

from __future__ import annotations

import base64
import json
import os
import re
import zlib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from texts import texts
from values import values_for

from lambdacli import events
from lambdacli.events import find
from lambdacli.events.parameters import GLOBALS

GOLDEN = Path(__file__).parent.parent / "golden" / "events"
FOLDER = Path(find.bundled())
NAMES = events.names()


def plain(event: Any) -> str:
    """The event as kept in a golden file: what is compressed is shown, as zlib's bytes differ between its makers."""
    return events.dumps(shown(event)) + "\n"


def shown(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: shown(each) for key, each in value.items()}
    if isinstance(value, list):
        return [shown(each) for each in value]
    if isinstance(value, str) and value.startswith("H4sI"):
        return {"gzip": json.loads(zlib.decompress(base64.b64decode(value), wbits=31))}
    return value


@pytest.mark.parametrize("name", NAMES)
def test_default_output_is_the_golden_file(name: str) -> None:
    text = plain(events.render(events.load(name), {}))
    file = GOLDEN / f"{name}.json"
    if os.environ.get("LAMBDACLI_WRITE_GOLDEN"):
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


def test_every_golden_file_has_a_template() -> None:
    assert tuple(sorted(file.stem for file in GOLDEN.glob("*.json"))) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_file_fits_its_schema_and_is_documented(name: str) -> None:
    path = Path(find.locate(name))
    raw = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=without_duplicates)
    schema = json.loads((FOLDER / "template.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(raw)
    assert (path.parent / raw["$schema"]).resolve() == FOLDER / "template.schema.json"
    assert raw["name"] == name
    assert raw["source"], "the page of AWS's documentation"
    assert len(raw["summary"]) <= 90
    template = events.load(name)
    assert all(parameter.help for parameter in template.params.values())


def without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    assert len({key for key, _ in pairs}) == len(pairs), f"a key twice in {pairs}"
    return dict(pairs)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_leads_to_its_file_without_a_search(name: str) -> None:
    path = Path(find.locate(name))
    assert path.parent.name == "custom" or f"{name}-".startswith(f"{path.parent.name}-")


@pytest.mark.parametrize("name", NAMES)
def test_any_value_of_any_parameter_renders_to_json(name: str) -> None:
    template = events.load(name)
    for parameter in template.params.values():
        for value in values_for(parameter):
            event = events.render(template, {parameter.name: value})
            assert json.loads(events.dumps(event)) == event


@pytest.mark.parametrize("name", NAMES)
def test_text_reaches_the_event_untouched(name: str) -> None:
    """A marker put into a text parameter is found again: as it is, encoded, or in something compressed."""
    template = events.load(name)
    for parameter in template.params.values():
        if parameter.type == "str" and not parameter.choices and parameter.name not in GLOBALS:
            event = events.render(template, {parameter.name: "7777777"})
            assert any("7777777" in text for text in texts(event)), parameter.name


@pytest.mark.parametrize("name", NAMES)
def test_arns_follow_partition_region_and_account(name: str) -> None:
    text = events.dumps(
        events.render(events.load(name), {"region": "cn-north-1", "account-id": "210987654321", "time": "2020-01-01"})
    )
    assert "us-east-1" not in text
    assert "123456789012" not in text
    assert "arn:aws:" not in text
    elsewhere = re.sub(r'"(s3|dynamodb|signin|controltower)\.amazonaws\.com', "", text)
    assert not re.search(r"amazonaws\.com(?!\.cn)", elsewhere), "but for names of services"
    assert "2026" not in text or "stream/2026-01-01" in text


@pytest.mark.parametrize("name", [name for name in NAMES if events.load(name).batch])
def test_records_are_counted_and_have_their_own_ids(name: str) -> None:
    template = events.load(name)
    event = events.render(template, {}, count=5)
    batches = [found for found in lists_in(json.loads(plain(event))) if len(found) == 5]
    assert len(batches) == 1
    texts = [json.dumps(record, sort_keys=True) for record in batches[0]]
    assert len(set(texts)) == 5 or name == "mq-rabbitmq", "whose messages have no id"


def lists_in(value: Any) -> list[list[Any]]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    found = [each for item in inner for each in lists_in(item)]
    return [*found, value] if isinstance(value, list) else found


@pytest.mark.parametrize("name", NAMES)
def test_output_is_the_same_every_time_and_fresh_output_never(name: str) -> None:
    template = events.load(name)
    assert events.render(template, {}) == events.render(events.load(name), {})
    fresh = [events.dumps(events.render(template, {}, fresh=True)) for _ in range(2)]
    seeds = [events.dumps(events.render(template, {"seed": seed})) for seed in ("1", "2", "1")]
    assert seeds[0] == seeds[2]
    made = any(mark in Path(template.path).read_text(encoding="utf-8") for mark in ("${uuid", "${rand"))
    if made:
        assert fresh[0] != fresh[1]
        assert seeds[0] != seeds[1]
