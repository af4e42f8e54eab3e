"""What a shell completes after `lambdacli generate-event`: asked as the shells ask."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import CommandLine


def completed(lambdacli: CommandLine, line: str) -> list[str]:
    """What bash is given for the last word of a line."""
    words = f"lambdacli generate-event {line}"
    done = lambdacli(env={
        "_LAMBDACLI_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" ")),
    })  # fmt: skip
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("sqs-receive", ["sqs-receive-message", "sqs-receive-message-dlq", "sqs-receive-message-fifo"]),
        ("s3 pu", ["put"]),
        ("cloudwatch s", ["scheduled-event"]),  # SAM CLI's name
        ("-m missing.yaml s3-pu", ["s3-put"]),
        ("-m missing.yaml s3 pu", ["put"]),
        ("s3-put --et", ["--etag"]),
        ("s3 put --et", ["--etag"]),
        ("iot-button --click-type D", ["DOUBLE"]),
        ("s3-put --set et", ["etag="]),
        ("iot-button --set click-type=D", ["click-type=DOUBLE"]),
        ("iot-button --set no-such=D", []),
        ("sqs-receive-message --wrap sns-n", ["sns-notification"]),
        ("sqs-receive-message --wrap s3-put --et", ["--etag"]),
        ("sqs-receive-message --wrap s3-put --set et", ["etag="]),
        ("--list sn", ["sns"]),
        ("--search s3 --js", ["--json"]),
        ("--sea", ["--search"]),
        ("no-such-event --b", []),
        ("no-such-service e", []),
    ],
)
def test_bash(lambdacli: CommandLine, line: str, words: list[str]) -> None:
    assert completed(lambdacli, line) == words


def test_a_service_has_its_events_for_second_words(lambdacli: CommandLine) -> None:
    assert {"receive-message", "sns-notification"} <= set(completed(lambdacli, "sqs "))


def test_zsh_is_told_what_an_event_is(lambdacli: CommandLine) -> None:
    done = lambdacli(
        env={"_LAMBDACLI_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": "lambdacli generate-event hello"}
    )
    summary = json.loads(lambdacli("generate-event", "--list", "hello-world", "--json").stdout)[0]["summary"]
    assert f'"hello-world":"{summary}"' in done.stdout.replace("\\", "")


def test_own_events_too_the_broken_ones_by_name_alone(lambdacli: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "lambdacli.yaml").write_text("app: shop\nfunctions: {}\n", encoding="utf-8")
    (tmp_path / "templates").mkdir()
    order = {"name": "order-placed", "summary": "an order", "params": {"order-id": {"help": "it"}}, "event": {}}
    (tmp_path / "templates" / "order-placed.json").write_text(json.dumps(order), encoding="utf-8")
    (tmp_path / "templates" / "order-lost.json").write_text("{", encoding="utf-8")
    assert completed(lambdacli, "order-") == ["order-lost", "order-placed"]
    assert completed(lambdacli, "order pl") == ["placed"]
    assert completed(lambdacli, "order-placed --order") == ["--order-id"]
