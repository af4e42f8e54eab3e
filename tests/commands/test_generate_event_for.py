"""`lambdacli generate-event --for FUNCTION`: what a trigger of the manifest sends, as `invoke` would."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import CommandLine

MANIFEST = """
app: shop
region: eu-west-1
account: "210987654321"
stages: {prod: {region: eu-central-1}}
defaults: {runtime: python3.13, handler: app.handler}
functions:
  thumbs:
    triggers:
      - s3: {bucket: photos, prefix: in/, suffix: .jpg}
      - sqs: orders
      - schedule: {expression: rate(1 day), input: {job: clean, depth: {a: 1}}}
      - eventbridge:
          pattern:
            source: [aws.ec2]
            detail-type: [EC2 Instance State-change Notification]
            detail: {state: [stopped]}
  idle: {}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "lambdacli.yaml").write_text(MANIFEST, encoding="utf-8")
    (tmp_path / "app.py").write_text("def handler(event, context):\n    return event\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def run(lambdacli: CommandLine, project: Path) -> Any:  # noqa: ARG001 - the manifest has to lie there
    def generate(*arguments: str, **options: Any) -> Any:
        done = lambdacli("generate-event", *arguments, **options)
        assert (done.returncode, done.stderr) == (0, "")
        return json.loads(done.stdout)

    return generate


@pytest.fixture
def fail(lambdacli: CommandLine, project: Path) -> Any:  # noqa: ARG001 - as above
    def generate(*arguments: str) -> list[str]:
        done = lambdacli("generate-event", *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        return done.stderr.splitlines()

    return generate


@pytest.mark.parametrize("trigger", ["", "s3", "sqs", "schedule", "eventbridge"])
def test_it_is_what_invoke_sends(run: Any, lambdacli: CommandLine, trigger: str) -> None:
    kind = ["--trigger", trigger] if trigger else []
    done = lambdacli("invoke", "thumbs", "--allow-version-mismatch", *kind)
    assert done.returncode == 0, done.stderr
    assert run("--for", "thumbs", *kind) == json.loads(done.stdout)


def test_what_the_manifest_says_is_the_default_of_the_options(run: Any) -> None:
    (record,) = run("--for", "thumbs")["Records"]
    assert record["s3"]["bucket"]["name"] == "photos"
    assert record["s3"]["object"]["key"] == "in/example.jpg"
    assert record["awsRegion"] == "eu-west-1"
    records = run("--for", "thumbs", "--key", "a", "--key", "b", "--set", "Records.0.eventName=x")["Records"]
    assert [each["s3"]["object"]["key"] for each in records] == ["a", "b"]
    assert {each["s3"]["bucket"]["name"] for each in records} == {"photos"}
    assert records[0]["eventName"] == "x"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--for", "thumbs", "--trigger", "sqs"],
        ["--for=thumbs", "--trigger=sqs"],
        ["--trigger", "sqs", "--for", "thumbs"],
        ["-m", "lambdacli.yaml", "--for", "thumbs", "--trigger", "sqs"],
        ["--for", "thumbs", "--trigger", "sqs", "--manifest", "lambdacli.yaml", "--compact"],
    ],
)
def test_every_order_of_the_options(run: Any, arguments: list[str]) -> None:
    assert run(*arguments)["Records"][0]["eventSourceARN"] == "arn:aws:sqs:eu-west-1:210987654321:orders"


def test_stage_region_count_and_output(run: Any, lambdacli: CommandLine, project: Path) -> None:
    assert run("--for", "thumbs", "--stage", "prod")["Records"][0]["awsRegion"] == "eu-central-1"
    assert run("--for", "thumbs", "--region", "us-west-2", "--count", "2")["Records"][1]["awsRegion"] == "us-west-2"
    assert lambdacli("generate-event", "--for", "thumbs", "-o", "event.json").stdout == ""
    assert json.loads((project / "event.json").read_text(encoding="utf-8"))["Records"]


def test_another_event_inside(run: Any) -> None:
    (record,) = run("--for", "thumbs", "--trigger", "sqs", "--wrap", "s3-put", "--key", "k")["Records"]
    assert json.loads(record["body"])["Records"][0]["s3"]["object"]["key"] == "k"
    assert record["eventSourceARN"].endswith(":orders")


def test_an_input_of_the_manifest_can_be_changed(run: Any) -> None:
    found = run("--for", "thumbs", "--trigger", "schedule", "--set", "depth.a=2", "--merge", '{"job": null, "x": 1}')
    assert found == {"depth": {"a": 2}, "x": 1}


def test_the_only_function_needs_no_name(lambdacli: CommandLine, tmp_path: Path) -> None:
    one = {"app": "a", "functions": {"f": {"runtime": "python3.13", "handler": "a.h", "triggers": [{"sns": "news"}]}}}
    (tmp_path / "lambdacli.yaml").write_text(json.dumps(one), encoding="utf-8")
    done = lambdacli("generate-event", "--for", "--message", "hi")
    assert json.loads(done.stdout)["Records"][0]["Sns"]["Message"] == "hi"


def test_help_has_the_manifests_values(lambdacli: CommandLine, project: Path) -> None:  # noqa: ARG001 - as above
    text = lambdacli("generate-event", "--for", "thumbs", "--help").stdout
    assert "What the s3 trigger of thumbs sends." in text
    assert "in/example.jpg]" in text
    assert "generate-event --for [OPTIONS] [FUNCTION]" in text


def test_mistakes(fail: Any) -> None:
    assert fail("--for") == ["error: which function?", "hint: one of thumbs, idle"]
    assert fail("--for", "thumb")[1] == "hint: did you mean thumbs?"
    assert fail("--for", "idle")[0] == "error: function idle has no trigger that sends an event"
    assert fail("--for", "thumbs", "--trigger", "sns")[1] == "hint: its triggers: eventbridge, s3, schedule, sqs"
    assert fail("--for", "thumbs", "--keyy", "x")[1] == "hint: did you mean --key?"
    assert fail("--for", "thumbs", "--trigger", "schedule", "--key", "x") == [
        "error: an input of the manifest has no parameter --key",
        "hint: --set and --merge change it",
    ]
    assert fail("--for", "thumbs", "--trigger", "schedule", "--wrap", "s3-put")[1] == "hint: leave out --wrap"
    assert fail("--for", "--stage", "x", "thumbs")[0].startswith("error:")
    assert fail("s3-put", "--for", "thumbs")[0] == "error: --for goes in place of an event"


def test_completion(lambdacli: CommandLine, project: Path) -> None:  # noqa: ARG001 - as above
    def complete(line: str) -> list[str]:
        count = str(len(line.split(" ")) - 1)
        done = lambdacli(env={"_LAMBDACLI_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": count})
        assert done.stderr == ""
        return done.stdout.split()

    assert complete("lambdacli generate-event --for th") == ["thumbs"]
    assert complete("lambdacli generate-event --for thumbs --trigger sq") == ["sqs"]
    assert complete("lambdacli generate-event --for thumbs --bucket-") == ["--bucket-tags"]
    assert complete("lambdacli generate-event --for thumbs --trigger sqs --wrap s3-put --bucket-") == ["--bucket-tags"]
    assert complete("lambdacli generate-event --for nobody --sta") == ["--stage"]
