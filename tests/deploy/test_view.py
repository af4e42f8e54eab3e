"""Plans and reports as people and machines see them: hand-written plans against golden files.

LAMBDACLI_WRITE_GOLDEN=1 writes the files anew.
"""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from lambdacli.console import configure, plans, progress
from lambdacli.deploy import view
from lambdacli.deploy.actions import Action, Change
from lambdacli.deploy.apply import Report, Result
from lambdacli.deploy.plan import Plan
from lambdacli.deploy.resources import UNKNOWN, load
from lambdacli.model import Function, Manifest
from lambdacli.refusals import Refused
from lambdacli.resource import Key, Place, Ref, Resource

GOLDEN = Path(__file__).parent.parent / "golden" / "deploy"


def golden(name: str, text: str) -> None:
    file = GOLDEN / name
    if os.environ.get("LAMBDACLI_WRITE_GOLDEN"):
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


def _function(name: str) -> Function:
    return Function(name, "app.handler", "python3.13", Path("/photos/src"))


PLACE = Place(
    Manifest(
        Path("/photos/lambdacli.yaml"), "photos", "prod", "eu-west-1", {n: _function(n) for n in ("thumbnail", "web")}
    ),
    "123456789012",
    "eu-west-1",
)


def _resource(kind: str, name: str, function: str = "", properties: Any = (), **more: Any) -> Resource:
    where = f"functions.{function}" if function else ""
    return Resource(kind, name, dict(properties), function=function, where=where, **more)


ENVIRONMENT = {"Environment": {"Variables": {"TOKEN": "hunter2"}}, "Role": Ref("role", "web"), "MemorySize": 256}
ACTIONS = (
    Action("create", _resource("role", "web", "web", notes=("may s3:GetObject on arn:aws:s3:::photos/*",))),
    Action("create", _resource("function", "web", "web", ENVIRONMENT)),
    Action(
        "create",
        _resource(
            "function_url", "web/url", "web", {"AuthType": "NONE"}, notes=("anyone on the internet may call it",)
        ),
    ),
    Action(
        "update",
        _resource("function", "thumbnail", "thumbnail"),
        (
            Change("Environment.Variables.TOKEN", "hunter1", "hunter2", secret=True),
            Change("Environment.Variables.NEW", None, "hunter3", secret=True),
            Change("MemorySize", 128, 256),
            Change("Description", None, "größe \x1b[2J"),
            Change("Layers", ["arn:a:1", "arn:b:1"], ["arn:a:1", "arn:b:2"]),
            Change("Order", ["a", "b"], ["b", "a"]),
            Change("CodeSha256", "7eC0=", UNKNOWN),
        ),
        reason="changed outside lambdacli",
        drift=True,
    ),
    Action(
        "replace",
        _resource("event_source_mapping", "thumbnail/sqs:orders", "thumbnail"),
        (Change("EventSourceArn", "arn:aws:sqs:eu-west-1:123456789012:a", "arn:aws:sqs:eu-west-1:123456789012:b"),),
        reason="EventSourceArn cannot be changed",
    ),
    Action("update", _resource("record", "thumbnail", "thumbnail"), (Change("Marks", "abc", "abd"),)),
    Action("delete", _resource("rule", "old/photos-prod-old", "old"), reason="not in the manifest any more"),
    Action("delete", _resource("function", "old", "old"), reason="not in the manifest any more"),
    Action("create", _resource("topic", "news")),
    Action("keep", _resource("bucket", "photos"), reason="it holds data: --delete-data deletes it"),
)
PLAN = Plan(PLACE, ACTIONS, unchanged=20)


def _text(seen: dict[str, Any], *, whole: bool = False) -> str:
    return "".join(f"{line.text}\n" for line in plans.lines(seen, whole=whole))


def test_a_plan_for_people() -> None:
    golden("plan.txt", _text(view.of_plan(PLAN)))


def test_a_plan_for_people_who_want_all_of_it() -> None:
    golden("plan-verbose.txt", _text(view.of_plan(PLAN), whole=True))


def test_a_plan_for_machines() -> None:
    golden("plan.json", json.dumps(view.of_plan(PLAN), indent=2, ensure_ascii=False) + "\n")


def test_colours_of_signs() -> None:
    styles = {line.text.strip(): line.style for line in plans.lines(view.of_plan(PLAN))}
    assert styles["+ function"] == "green"
    assert styles["~ function: changed outside lambdacli"] == "yellow"
    assert styles["- function: not in the manifest any more"] == "red"
    assert styles["-/+ event source mapping sqs:orders: EventSourceArn cannot be changed"] == "red"
    assert styles["! anyone on the internet may call it"] == "yellow"
    assert styles["~ record of this deployment"] == "dim"


def test_no_secret_in_any_of_it() -> None:
    seen = view.of_plan(PLAN)
    told = _text(seen, whole=True) + json.dumps(seen)
    assert not any(secret in told for secret in ("hunter1", "hunter2", "hunter3"))
    assert "TOKEN: (hidden) → (hidden)" in told


def test_nothing_to_do() -> None:
    assert _text(view.of_plan(Plan(PLACE, (), unchanged=3))).splitlines() == [
        "photos, stage prod, in account 123456789012, eu-west-1",
        "0 to create, 0 to change, 0 to delete, 3 unchanged",
    ]


def _report(*, interrupted: bool = False) -> Report:
    refused = Refused("lambda", "create_function", "AccessDeniedException", "no")
    states: dict[str, Any] = {"web": ("failed", refused), "web/url": ("skipped", None)}
    results = tuple(
        Result(each, *states.get(each.key.name if each.key.kind != "role" else "", ("done", None)))
        for each in PLAN.changes
    )
    known = {
        Key("function", "thumbnail"): {"arn": "arn:aws:lambda:eu-west-1:123456789012:function:photos-prod-thumbnail"},
        Key("function_url", "thumbnail/url"): {"url": "https://abc.lambda-url.eu-west-1.on.aws/"},
        Key("stage", "photos-prod/$default"): {"url": "https://abc.execute-api.eu-west-1.amazonaws.com"},
        Key("queue", "orders"): {"url": "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"},
    }
    return Report(results, known, interrupted)


def test_a_report_for_machines() -> None:
    told = view.of_report(PLAN, _report())
    assert told["actions"] == view.of_plan(PLAN)["actions"]
    del told["actions"]
    golden("report.json", json.dumps(told, indent=2, ensure_ascii=False) + "\n")


def test_what_was_done_and_what_was_not(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    plans.failures(view.of_report(PLAN, _report()), {("function", "web"): "ask somebody who may"})
    golden("failures.txt", capsys.readouterr().err)


def test_what_there_is_to_use_as_a_table(
    capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    plans.results(view.outputs(PLACE, _report().attributes))
    golden("outputs.txt", capfdbinary.readouterr().out.decode())


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("eu-west-1", "eu-west-1.console.aws.amazon.com"),
        ("cn-north-1", "cn-north-1.console.amazonaws.cn"),
        ("us-gov-west-1", "us-gov-west-1.console.amazonaws-us-gov.com"),
    ],
)
def test_the_console_of_each_partition(region: str, host: str) -> None:
    outputs = view.outputs(PLACE._replace(region=region), {Key("function", "web"): {}})
    link = f"https://{host}/lambda/home?region={region}#/functions/photos-prod-web"
    assert {"function": "web", "what": "console", "value": link} in outputs


def test_values_are_short_and_cannot_move_a_cursor() -> None:
    assert plans.value("a\nb\x1b[0m") == '"a\\nb\\u001b[0m"'
    assert plans.value("\u202eevil") == '"\\u202eevil"'
    assert plans.value({"a": [1, None]}) == '{"a": [1, null]}'
    assert len(plans.value("x" * 1000)) == 160
    assert plans.value(None) == "(none)"


def test_progress_in_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    steps = (progress.Step("web", "+", "function"), progress.Step("", "-", "SNS topic news"))
    with progress.Steps(2, "deploying", lambda: False) as shown:
        for each in steps:
            shown.started(each)
        shown.sending(1, 2, threading.get_ident())
        shown.done(steps[1], well=False)
        shown.done(steps[0], well=True)
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("[1/2] - SNS topic news failed  0.")
    assert second.startswith("[2/2] + web: function  0.")


def test_steps_that_look_the_same_are_counted_apart(capsys: pytest.CaptureFixture[str]) -> None:
    steps = [progress.Step("web", "+", "permission for s3.amazonaws.com", key) for key in "ab"]
    with progress.Steps(2, "deploying", lambda: False) as shown:
        for each in steps:
            shown.started(each)
            shown.done(each, well=True)
    assert capsys.readouterr().err.splitlines()[1].startswith("[2/2] ")


def test_long_lists_of_what_was_done_are_cut(capsys: pytest.CaptureFixture[str]) -> None:
    made = tuple(Action("create", _resource("topic", f"news{number}")) for number in range(100))
    report = Report((*(Result(each, "done") for each in made[1:]), Result(made[0], "failed", OSError("no"))), {})
    plans.failures(view.of_report(Plan(PLACE, made), report), {})
    err = capsys.readouterr().err
    assert "      and 39 more\n" in err
    assert err.endswith("failed:\n    + SNS topic news0: no\n")


def test_progress_is_silent_where_nobody_wants_it(capsys: pytest.CaptureFixture[str]) -> None:
    configure(verbose=False, quiet=True)
    try:
        with progress.Steps(1, "deploying", lambda: False) as shown:
            shown.started(progress.Step("web", "+", "function"))
            shown.done(progress.Step("web", "+", "function"), well=True)
        with progress.working("reading") as tell:
            tell("more")
    finally:
        configure(verbose=False, quiet=False)
    assert capsys.readouterr().err == ""


def test_what_has_a_digest_for_a_name_is_called_after_what_it_does() -> None:
    permission, integration = load("permission"), load("integration")
    asked = {"Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com", "SourceArn": "arn:aws:s3:::photos"}
    assert permission.title("lambdacli-s3-1", asked) == "permission for s3.amazonaws.com, photos"
    unknown = {**asked, "SourceArn": UNKNOWN}
    assert permission.title("lambdacli-s3-1", unknown) == "permission for s3.amazonaws.com"
    public = {"Action": "lambda:InvokeFunctionUrl", "Principal": "*"}
    assert permission.title("lambdacli-url-1", public) == "permission for anybody, lambda:InvokeFunctionUrl"
    assert integration.title("shop-dev/2.0/30000", {}) == "API integration of shop-dev, payload 2.0, 30000 ms"
    assert integration.title("shop-dev/2.0/30000#2", {}) == "API integration of shop-dev, payload 2.0, 30000 ms, again"
