"""`lambdacli schema`: what editors complete from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator

from lambdacli.manifest.parsing import parse
from tests.conftest import SAMPLES

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import CommandLine


@pytest.fixture
def validator(lambdacli: CommandLine) -> Draft202012Validator:
    done = lambdacli("schema")
    assert (done.returncode, done.stderr) == (0, "")
    schema = json.loads(done.stdout)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def test_the_samples_are_valid(validator: Draft202012Validator) -> None:
    manifests = sorted(SAMPLES.glob("*/lambdacli.yaml"))
    assert manifests
    for path in manifests:
        assert [e.message for e in validator.iter_errors(parse(path.read_bytes(), path.name).tree)] == [], path


def test_it_refuses_what_lambdacli_refuses(validator: Draft202012Validator) -> None:
    wrong = {"functions": {"f": {"memory": 1, "triggers": [{"s3": {"bucket": "b"}}, {"nonsense": {}}]}}}
    assert len(list(validator.iter_errors(wrong))) == 3


def test_everything_has_a_description(validator: Draft202012Validator) -> None:
    schema = validator.schema
    for part in ("function", "stage", "trigger"):
        for name, setting in schema["$defs"][part]["properties"].items():
            described = setting.get("description") or schema["$defs"].get(
                setting.get("$ref", "").rpartition("/")[2], {}
            )
            assert described, name


def test_it_needs_no_manifest(lambdacli: CommandLine, tmp_path: Path) -> None:
    assert not list(tmp_path.iterdir())
    assert lambdacli("schema").returncode == 0
