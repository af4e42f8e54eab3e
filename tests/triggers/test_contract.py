"""What holds for every kind of trigger: one test, run for each file in lambdacli/triggers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from lambdacli import events, manifest, triggers
from lambdacli.errors import ManifestError
from lambdacli.events import recipe as recipes

if TYPE_CHECKING:
    from pathlib import Path

    from lambdacli.model import EventRequest, Manifest

DESIGNED = [
    "alb", "cognito", "documentdb", "dynamodb", "eventbridge", "http", "invoke", "iot", "kafka", "kinesis", "logs",
    "mq", "rest", "s3", "schedule", "ses", "sns", "sqs", "url", "websocket",
]  # fmt: skip
ACCOUNT = "123456789012"

# One item of `triggers` for each kind, as small as it may be.
SMALLEST: dict[str, Any] = {
    "alb": {
        "listener": f"arn:aws:elasticloadbalancing:eu-west-1:{ACCOUNT}:listener/app/web/50dc6c495c0c9188/f2f7dc8efc5"
    },
    "cognito": {"user_pool": "eu-west-1_AbCdEfGhI", "trigger_source": "PreSignUp"},
    "documentdb": {
        "cluster": f"arn:aws:rds:eu-west-1:{ACCOUNT}:cluster:docs",
        "database": "shop",
        "credentials": f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:docs",
        "starting_position": "LATEST",
    },
    "dynamodb": {"table": "orders", "starting_position": "LATEST"},
    "eventbridge": {"pattern": {"source": ["my.app"]}},
    "http": "GET /orders/{id}",
    "invoke": None,
    "iot": "SELECT * FROM 'devices/+/status'",
    "kafka": {"topic": "orders", "bootstrap_servers": ["one.example:9092"], "starting_position": "LATEST"},
    "kinesis": {"stream": "views", "starting_position": "TRIM_HORIZON"},
    "logs": "/aws/lambda/other",
    "mq": {
        "broker": f"arn:aws:mq:eu-west-1:{ACCOUNT}:broker:orders:b-1234",
        "engine": "rabbitmq",
        "queue": "orders",
        "credentials": f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:mq",
    },
    "rest": "POST /orders",
    "s3": "photos",
    "schedule": "rate(5 minutes)",
    "ses": None,
    "sns": "news",
    "sqs": "orders",
    "url": {"auth_type": "NONE"},
    "websocket": "$default",
}


@pytest.fixture(params=triggers.kinds())
def kind(request: pytest.FixtureRequest) -> triggers.TriggerKind:
    return triggers.load(request.param)


def loaded(folder: Path, item: dict[str, Any]) -> Manifest:
    """A manifest with one function that has this trigger."""
    (folder / "app.py").write_text("def handler(event, context):\n    return event\n")
    path = folder / "lambdacli.yaml"
    function = {"handler": "app.handler", "runtime": "python3.13", "triggers": [item]}
    path.write_text(json.dumps({"app": "demo", "region": "eu-west-1", "functions": {"work": function}}))
    return manifest.load(path, environ={})


def sample(folder: Path, item: dict[str, Any]) -> EventRequest:
    made = loaded(folder, item)
    function = made.functions["work"]
    (trigger,) = function.triggers
    return triggers.load(trigger.kind).sample(trigger, function, made)


def test_every_designed_trigger_has_its_file() -> None:
    assert list(triggers.kinds()) == DESIGNED


def test_its_name_is_its_file(kind: triggers.TriggerKind) -> None:
    assert triggers.load(kind.kind) is kind
    assert kind.summary.endswith(".")


def test_its_schema_is_a_json_schema_whose_settings_are_described(kind: triggers.TriggerKind) -> None:
    Draft202012Validator.check_schema(kind.schema)
    for name, setting in kind.schema["properties"].items():
        assert setting.get("description", "").endswith((".", "…")), name
        assert name == name.lower(), "snake_case"
    assert kind.schema["additionalProperties"] is False
    assert not kind.shorthand or kind.shorthand in kind.schema["properties"]


def test_its_smallest_form_is_valid_and_nothing_is_found_wrong(kind: triggers.TriggerKind, tmp_path: Path) -> None:
    made = loaded(tmp_path, {kind.kind: SMALLEST[kind.kind]})
    assert manifest.lint(made) == []


def test_it_sends_an_event_that_can_be_made(kind: triggers.TriggerKind, tmp_path: Path) -> None:
    wanted = sample(tmp_path, {kind.kind: SMALLEST[kind.kind]})
    assert wanted.template in events.names()
    event = recipes.make(recipes.of_request(wanted, loaded(tmp_path, {kind.kind: SMALLEST[kind.kind]})))
    assert json.loads(events.dumps(event)) == event


def test_an_unknown_setting_is_refused(kind: triggers.TriggerKind, tmp_path: Path) -> None:
    settings = SMALLEST[kind.kind]
    if isinstance(settings, str):
        settings = {kind.shorthand: settings}
    with pytest.raises(ManifestError) as caught:
        loaded(tmp_path, {kind.kind: {**(settings or {}), "nonsense": 1}})
    (problem,) = caught.value.problems
    assert problem.path == f"functions.work.triggers[0].{kind.kind}.nonsense"
    assert problem.message == "unknown key nonsense"


@pytest.mark.parametrize("value", [1, True, [], ["x"], 1.5])
def test_settings_of_a_wrong_type_are_one_clear_problem(kind: triggers.TriggerKind, value: Any, tmp_path: Path) -> None:
    with pytest.raises(ManifestError) as caught:
        loaded(tmp_path, {kind.kind: value})
    (problem,) = caught.value.problems
    assert problem.message.startswith("expected a mapping")
