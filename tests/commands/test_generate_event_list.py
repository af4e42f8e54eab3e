"""`lambdacli generate-event --list` and `--search`: the real command line."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import CommandLine

EVENTS = Path(__file__).parent.parent / "golden" / "events"
ORDER = {"name": "order-placed", "summary": "an order of ours", "event": {"id": "${uuid}"}}


def listed(lambdacli: CommandLine, *arguments: str) -> list[list[str]]:
    """The rows of the table, without its head."""
    done = lambdacli("generate-event", *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    head, *rows = done.stdout.splitlines()
    assert head.split() == ["SERVICE", "NAME", "SUMMARY"]
    return [row.split(None, 2) for row in rows]


def names(lambdacli: CommandLine, *arguments: str) -> list[str]:
    return [name for _, name, _ in listed(lambdacli, *arguments)]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "lambdacli.yaml").write_text("app: shop\nfunctions: {}\n", encoding="utf-8")
    (tmp_path / "templates" / "shop").mkdir(parents=True)
    (tmp_path / "templates" / "order-placed.json").write_text(json.dumps(ORDER), encoding="utf-8")
    lost = {**ORDER, "name": "shop-lost", "trigger": "invoke"}
    (tmp_path / "templates" / "shop" / "shop-lost.json").write_text(json.dumps(lost), encoding="utf-8")
    return tmp_path


def test_the_list_has_every_event_by_service(lambdacli: CommandLine) -> None:
    rows = listed(lambdacli, "--list")
    assert sorted(name for _, name, _ in rows) == sorted(file.stem for file in EVENTS.glob("*.json"))
    assert [(service, name) for service, name, _ in rows] == sorted((service, name) for service, name, _ in rows)


@pytest.mark.parametrize("arguments", [["--list", "sns"], ["sns", "--list"], ["sns", "--help"]])
def test_those_of_a_service(lambdacli: CommandLine, arguments: list[str]) -> None:
    rows = listed(lambdacli, *arguments)
    assert "sns-notification" in [name for _, name, _ in rows]
    assert {service for service, _, _ in rows} == {"sns"}


def test_those_of_several_services_or_with_parts_in_their_names(lambdacli: CommandLine) -> None:
    found = names(lambdacli, "--list", "mq", "fifo")
    assert found == ["mq-activemq", "mq-rabbitmq", "sqs-receive-message-fifo", "sqs-sns-notification-fifo"]


@pytest.mark.parametrize(
    "arguments", [["--list", "--json", "mq"], ["--json", "--list", "mq"], ["--list", "mq", "--json"]]
)
def test_for_machines(lambdacli: CommandLine, arguments: list[str]) -> None:
    found = json.loads(lambdacli("generate-event", *arguments).stdout)
    assert [each["name"] for each in found] == ["mq-activemq", "mq-rabbitmq"]
    assert found[0].keys() == {"name", "service", "trigger", "summary"}
    assert (found[0]["service"], found[0]["trigger"]) == ("mq", "mq")


@pytest.mark.parametrize(
    ("arguments", "some"),
    [
        (["--search", "s3", "delete"], ["s3-delete", "s3-delete-marker-created", "eventbridge-s3-object-deleted"]),
        (["--search", "DELETE s3"], ["s3-delete"]),
        (["--search=delete", "--search", "s3"], ["s3-delete"]),
        (["--list", "s3", "--search", "delete"], ["s3-delete"]),
        (["--search", "scheduled-event"], ["eventbridge-schedule"]),  # SAM CLI's name
        (["--search", "dead-letter"], ["sqs-receive-message-dlq"]),  # in the summary
    ],
)
def test_all_words_lead_to_an_event(lambdacli: CommandLine, arguments: list[str], some: list[str]) -> None:
    rows = listed(lambdacli, *arguments)
    assert set(some) <= {name for _, name, _ in rows}
    if "s3" in arguments:
        assert all("s3" in " ".join(row).lower() and "delete" in " ".join(row).lower() for row in rows)


def test_search_for_machines_finds_triggers(lambdacli: CommandLine, project: Path) -> None:
    done = lambdacli("generate-event", "--search", "invoke", "--json", cwd=project)
    assert {"name": "shop-lost", "service": "shop", "trigger": "invoke", "summary": "an order of ours"} in json.loads(
        done.stdout
    )


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (["--list", "s33"], "no event matches 's33'", "did you mean s3?"),
        (["--list", "zzzzzz"], "no event matches 'zzzzzz'", "`lambdacli generate-event --list` shows all"),
        (["--search", "kinesiss"], "no event matches 'kinesiss'", "did you mean kinesis?"),
        (["--search", "zzzzzz", "s3"], "no event matches 'zzzzzz s3'", "`lambdacli generate-event --list` shows all"),
        (["--search", "alexa", "s3"], "no event matches 'alexa s3'", "fewer words find more"),
    ],
)
def test_nothing_matches(lambdacli: CommandLine, arguments: list[str], message: str, hint: str) -> None:
    done = lambdacli("generate-event", *arguments)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"error: {message}\nhint: {hint}\n")


def test_own_templates_stand_among_the_others(lambdacli: CommandLine, project: Path) -> None:
    assert listed(lambdacli, "--list", "order") == [["order", "order-placed", "an order of ours"]]
    assert listed(lambdacli, "--list", "shop") == [["shop", "shop-lost", "an order of ours"]]
    (project / "templates" / "order-lost.json").write_text("{", encoding="utf-8")
    (project / "templates" / "order-less.json").write_text('{"name": "order-less", "event": {}}', encoding="utf-8")
    done = lambdacli("generate-event", "--list", "order")
    assert "order-placed" in done.stdout
    assert "order-lost.json:1:2: the template is no JSON" in done.stderr
    assert "template order-less: 'summary' is missing" in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="terminals of POSIX")
@pytest.mark.parametrize("columns", [20, 60, 90])
def test_on_a_terminal_nothing_is_wider_than_it(lambdacli: CommandLine, columns: int) -> None:
    lines = on_a_terminal(lambdacli, columns, "generate-event", "--list", "sqs", "mq")
    assert all(len(line) <= max(columns, 40) for line in lines)
    assert [line for line in lines if not line.startswith(" ")] == ["mq", "sqs"]
    rows = [" ".join(row[1:]) for row in listed(lambdacli, "--list", "sqs", "mq")]
    shown = " ".join(" ".join(lines).split())
    assert [row for row in rows if row not in shown] == []


@pytest.mark.skipif(os.name != "posix", reason="terminals of POSIX")
def test_on_a_wide_terminal_it_is_the_same_table(lambdacli: CommandLine) -> None:
    printed = lambdacli("generate-event", "--list", "mq").stdout.splitlines()
    assert on_a_terminal(lambdacli, max(map(len, printed)), "generate-event", "--list", "mq") == printed
    assert on_a_terminal(lambdacli, max(map(len, printed)) - 1, "generate-event", "--list", "mq")[0] == "mq"


def on_a_terminal(lambdacli: CommandLine, columns: int, *arguments: str) -> list[str]:
    ours, theirs = os.openpty()
    environment: dict[str, Any] = {**lambdacli.environment, "COLUMNS": str(columns)}
    with subprocess.Popen(lambdacli.argv(*arguments), cwd=lambdacli.folder, env=environment, stdout=theirs) as child:
        os.close(theirs)
        text = b""
        while chunk := read(ours):
            text += chunk
        os.close(ours)
        assert child.wait(60) == 0
    return text.decode().splitlines()


def read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux says so that nobody writes any more
        return b""
