"""`lambdacli generate-event`: where in the line options may stand, and what goes with what."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from lambdacli.commands.generate_event import names

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import CommandLine

MANIFEST = """
app: shop
defaults: {runtime: python3.13, handler: app.handler}
functions:
  one: {triggers: [{s3: photos}]}
  mail: {triggers: [{ses: {}}]}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "x.yaml").write_text(MANIFEST, encoding="utf-8")
    (tmp_path / "lambdacli.yaml").write_text(MANIFEST, encoding="utf-8")
    return tmp_path


def event(lambdacli: CommandLine, *arguments: str, **options: Any) -> Any:
    done = lambdacli("generate-event", *arguments, **options)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("args", "values", "expected"),
    [
        (["s3", "put"], (), [("", "s3"), ("", "put")]),
        (["-mx", "-m", "y", "--manifest=z"], (), [("-m", "x"), ("-m", "y"), ("--manifest", "z")]),
        (["--json", "x", "--help", "y"], (), [("--json", None), ("", "x"), ("--help", None), ("", "y")]),
        (["--set", "--for", "x"], (), [("--set", "--for"), ("", "x")]),
        (["--body", "--for", "x"], (), [("--body", None), ("--for", "x")]),
        (["--body", "--for", "x"], ("--body",), [("--body", "--for"), ("", "x")]),
        (["--from", "-", "-", "--for"], (), [("--from", "-"), ("", "-"), ("--for", None)]),
        (["--bucket=", "--", "--for"], (), [("--bucket", ""), ("", "--for")]),
    ],
)
def test_the_parts_of_a_line(args: list[str], values: tuple[str, ...], expected: list[Any]) -> None:
    assert [(each.name, each.value) for each in names.parts(args, values)] == expected


@pytest.mark.parametrize("manifest", [["-m", "x.yaml"], ["-mx.yaml"], ["--manifest=x.yaml"]])
def test_a_manifest_before_the_event(lambdacli: CommandLine, project: Path, manifest: list[str]) -> None:
    assert lambdacli("generate-event", "s3-put", "-o", "s3.json").returncode == 0
    assert lambdacli("generate-event", *manifest, "s3-put", "--from", "s3.json").stdout.startswith("s3.json: s3-put —")
    (mail,) = event(lambdacli, *manifest, "ses-email-receiving", "--from", "a@example.com")["Records"]
    assert mail["ses"]["mail"]["source"] == "a@example.com"
    (queued,) = event(lambdacli, *manifest, "sqs-receive-message", "--body", "--for")["Records"]
    assert queued["body"] == "--for"
    assert event(lambdacli, *manifest, "--for", "one")["Records"]
    (project / "templates").mkdir()
    order = {"name": "order", "summary": "An order", "event": {"shop": "mine"}}
    (project / "templates" / "order.json").write_text(json.dumps(order), encoding="utf-8")
    manifest = [each.replace("x.yaml", str(project / "x.yaml")) for each in manifest]
    for line in (["order", *manifest], [*manifest, "order"]):
        assert event(lambdacli, *line, cwd=project.parent) == {"shop": "mine"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["--compact", "s3-put"], ["s3-put", "--compact"]),
        (["--count", "2", "--fresh", "s3", "put", "--seed", "1", "--time", "0"],
         ["s3-put", "--count", "2", "--seed", "1", "--time", "0"]),
        (["--wrap", "s3-put", "sqs-receive-message"], ["sqs-receive-message", "--wrap", "s3-put"]),
        (["--schema", "s3-put"], ["s3-put", "--schema"]),
        (["--bucket", "photos", "s3-put", "--key", "k"], ["s3-put", "--bucket", "photos", "--key", "k"]),
        (["--help", "s3-put"], ["s3-put", "--help"]),
        (["--from", "-", "s3-put"], ["s3-put", "--from", "-"]),
        (["S3", "Put"], ["s3-put"]),
        (["S3-PUT"], ["s3-put"]),
    ],
)  # fmt: skip
def test_options_before_the_event(lambdacli: CommandLine, before: list[str], after: list[str]) -> None:
    stdin = lambdacli("generate-event", "s3-put").stdout
    done, expected = lambdacli("generate-event", *before, stdin=stdin), lambdacli("generate-event", *after, stdin=stdin)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == expected.stdout


FOR = "`lambdacli generate-event --for FUNCTION`"


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (["--json"], "which event?", "`lambdacli generate-event --list` shows all"),
        (["-m", "x.yaml"], "which event?", "`lambdacli generate-event --list` shows all"),
        (["--base64", "alb-request"], "which event?",
         "its name comes first: `lambdacli generate-event alb-request --base64`"),
        (["--trigger", "s3"], "--trigger goes with --for", FOR),
        (["s3-put", "--trigger", "s3"], "--trigger goes with --for", FOR),
        (["s3-put", "--for", "one"], "--for goes in place of an event", "`lambdacli generate-event --for one`"),
        (["one", "--for"], "--for goes in place of an event", "`lambdacli generate-event --for one`"),
        (["s3-put", "--key", "x", "--list"], "--list makes no event", "leave out --list, or all but a service"),
        (["--for", "one", "--list"], "--list does not go with --for", "`lambdacli generate-event --list` alone"),
        (["--list", "--for", "one"], "--list does not go with --for", "`lambdacli generate-event --list` alone"),
        (["--for", "one", "--from", "x"], "--from does not go with --for",
         "`lambdacli generate-event s3-put --from FILE` checks such an event"),
        (["--for", "one", "--schema"], "--schema does not go with --for",
         "`lambdacli generate-event s3-put --schema` prints that of the event"),
        (["--for", "one", "--json"], "--json does not go with --for", "an event is JSON by itself"),
        (["--from"], "which file?", "a path, - (stdin), or JSON"),
        (["s3-put", "--from", "x.json", "--count", "0"], "--from checks an event and makes none",
         "leave out the options that change one"),
    ],
)  # fmt: skip
def test_what_does_not_go_together(
    lambdacli: CommandLine,
    project: Path,  # noqa: ARG001 - the manifest has to lie there
    arguments: list[str],
    message: str,
    hint: str,
) -> None:
    done = lambdacli("generate-event", *arguments)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"error: {message}\nhint: {hint}\n")


@pytest.mark.parametrize(
    ("arguments", "usage"),
    [
        (["--list", "--help"], "Usage: lambdacli generate-event --list [OPTIONS] [PART]..."),
        (["--search", "--help"], "Usage: lambdacli generate-event --list [OPTIONS] [PART]..."),
        (["--for", "--help"], "Usage: lambdacli generate-event --for [OPTIONS] [FUNCTION]"),
        (["--from", "--help"], "Usage: lambdacli generate-event --from [OPTIONS] [FILE...]"),
    ],
)
def test_help_without_a_project_or_a_file(lambdacli: CommandLine, arguments: list[str], usage: str) -> None:
    done = lambdacli("generate-event", *arguments)
    assert (done.returncode, done.stderr, done.stdout.splitlines()[0]) == (0, "", usage)


def test_a_function_whose_event_has_such_a_parameter(lambdacli: CommandLine, project: Path) -> None:  # noqa: ARG001
    (mail,) = event(lambdacli, "--for", "mail", "--from", "a@example.com")["Records"]
    assert mail["ses"]["mail"]["source"] == "a@example.com"
