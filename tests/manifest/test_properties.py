"""Bad input in bulk: whatever stands in a manifest, the answer is a model or clear problems, soon."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambdacli import manifest, triggers
from lambdacli.errors import LambdacliError, ManifestError
from lambdacli.manifest import dotenv, variables
from lambdacli.timetable.expressions import mistake
from tests.conftest import SAMPLES

WHOLE = """
app: photos
x-common: &common {memory: 256, environment: {LEVEL: "${env:LEVEL, info}"}}
defaults: {<<: *common, runtime: python3.13}
functions:
  thumbnail:
    handler: thumbnail.handler
    permissions: [{allow: "s3:GetObject", on: "arn:aws:s3:::photos/*"}]
    on_failure: {sqs: dlq}
    triggers:
      - s3: {bucket: "photos-${stage}", events: ["s3:ObjectCreated:*"], suffix: .jpg}
      - schedule: {expression: "cron(0 8 ? * MON *)", input: {a: [1, null]}}
      - sqs: {queue: orders, filters: [{body: {a: [{numeric: [">", 1]}]}}]}
      - eventbridge: {pattern: {source: [a], detail: {x: [{prefix: b}]}}}
      - http: {route: "GET /a/{b}", cors: {allow_origins: ["*"]}, authorizer: {lambda: {function: thumbnail}}}
      - kinesis: {stream: s, starting_position: LATEST, on_failure: {sns: t}}
      - iot: SELECT a AS b FROM 'c/+'
      - cognito: {user_pool: p, trigger_source: PreSignUp}
      - websocket: send
      - logs: group
stages: {prod: {region: eu-west-1, functions: {thumbnail: {timeout: 9}}}}
"""
TEXTS = [WHOLE, *(path.read_text(encoding="utf-8") for path in sorted(SAMPLES.glob("*/lambdacli.yaml")))]
ENOUGH = settings(max_examples=150, deadline=5000, suppress_health_check=[HealthCheck.too_slow])

words = st.sampled_from(
    [*triggers.kinds(), "functions", "defaults", "stages", "triggers", "handler", "runtime", "python3.13", "a.b", "<<",
     "rate(1 minute)", "${env:X}", "${", "$${", "*x", "&x", "!!str", "- ", ": ", "\t", "\0", "{", "[", "]", "}", "'",
     '"', "|", ">", "---", "...", "%YAML", "?", "~", "1e999", "0x", "-.inf", "\ufeff", "\u2028", "\U0001f600", "#"]
)  # fmt: skip
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | words
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words | st.text(max_size=8), inner, max_size=4),
    max_leaves=15,
)


def survives(data: bytes) -> None:
    """Loading, checking and asking for sample events end with a result or with an error of ours."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lambdacli.yaml"
        path.write_bytes(data)
        for stage in ("", "prod"):
            try:
                made = manifest.load(path, stage=stage, environ={})
            except LambdacliError as error:
                check_errors(error)
                continue
            for problem in manifest.lint(made):
                assert "\n" not in str(problem)
            for function in made.functions.values():
                for trigger in function.triggers:
                    triggers.load(trigger.kind).sample(trigger, function, made)


def check_errors(error: LambdacliError) -> None:
    assert error.exit_code == 2
    assert error.message
    assert "\n" not in error.message
    if isinstance(error, ManifestError):
        for problem in error.problems:
            assert problem.line >= 1
            assert problem.column >= 1
            assert problem.message
            assert "\n" not in str(problem) + problem.hint


@ENOUGH
@given(st.binary(max_size=200))
def test_bytes(data: bytes) -> None:
    survives(data)


@ENOUGH
@given(st.lists(words | st.text(max_size=5) | st.sampled_from(["\n", "\n  ", " "]), max_size=40))
def test_scraps_of_manifests(parts: list[str]) -> None:
    survives("".join(parts).encode("utf-8", "surrogatepass"))


@ENOUGH
@given(st.sampled_from(TEXTS), st.integers(0, 2000), st.integers(0, 30), words | st.text(max_size=5))
def test_mangled_manifests(text: str, at: int, cut: int, inserted: str) -> None:
    survives((text[: at % len(text)] + inserted + text[at % len(text) + cut :]).encode("utf-8", "surrogatepass"))


@ENOUGH
@given(values)
def test_any_values_anywhere(value: Any) -> None:
    for shape in (
        value,
        {"functions": value},
        {"functions": {"f": value}, "stages": value},
        {"functions": {"f": {"handler": "a.b", "runtime": "python3.13", "triggers": [value], "environment": value}}},
    ):
        survives(json.dumps(shape).encode())


@ENOUGH
@given(st.sampled_from(triggers.kinds()), st.data())
def test_any_settings_of_a_trigger(kind: str, data: st.DataObject) -> None:
    schema = triggers.load(kind).schema
    base = {name: drawn(schema["properties"][name], data) for name in schema.get("required", ())}
    more = data.draw(st.lists(st.sampled_from(sorted(schema["properties"])), max_size=4))
    given_settings = base | {name: drawn(schema["properties"][name], data) for name in more}
    function = {"handler": "a.b", "runtime": "python3.13", "triggers": [{kind: given_settings}]}
    survives(json.dumps({"functions": {"f": function}}).encode())


def drawn(schema: dict[str, Any], data: st.DataObject) -> Any:
    """Mostly what the schema wants, so that what lies behind it is reached."""
    wanted = schema.get("type", "object")
    kind = data.draw(st.sampled_from(wanted if isinstance(wanted, list) else [wanted]))
    plain = {
        "integer": st.integers(schema.get("minimum", 0), schema.get("maximum", 100)),
        "number": st.floats(0, 100),
        "boolean": st.booleans(),
        "string": st.from_regex(schema["pattern"]) if "pattern" in schema else st.text(min_size=1, max_size=9),
    }
    if "enum" in schema:
        return data.draw(st.sampled_from(schema["enum"]))
    if kind in plain:
        return data.draw(plain[kind])
    if kind == "array":
        return [drawn(schema["items"], data) for _ in range(data.draw(st.integers(1, 2)))]
    if kind == "object" and schema.get("properties"):
        names = [*schema.get("required", ()), data.draw(st.sampled_from(sorted(schema["properties"])))]
        return {name: drawn(schema["properties"][name], data) for name in names}
    return data.draw(st.dictionaries(st.text(max_size=5), values, max_size=3))


@ENOUGH
@given(st.text() | st.lists(words | st.sampled_from(["A=", "\n", "export "])).map("".join))
def test_env_files(text: str) -> None:
    found, mistakes = dotenv.parse(text)
    assert all(isinstance(value, str) for value in found.values())
    assert all(line >= 1 for line, _ in mistakes)


@ENOUGH
@given(st.text(alphabet="${}env: ,Astge", max_size=30))
def test_variables(text: str) -> None:
    missing: list[str] = []
    filled = variables.fill({"a": [text]}, {"stage": "s"}, {}, lambda _, name: missing.append(name))
    if not missing and not list(variables.mistakes(text)) and "$${" not in text:
        assert "${" not in filled["a"][0]


@ENOUGH
@given(st.text(alphabet="ratecon()?*/,-#LW 0123456789MONJ:T", max_size=30))
def test_schedule_expressions(text: str) -> None:
    message, _ = mistake(text)
    assert "\n" not in message
