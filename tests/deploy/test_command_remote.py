"""`invoke --remote` and `list --remote`: the deployed functions, with the events and the output of local runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from rules import Denied

if TYPE_CHECKING:
    from project import Project

APP = """\
import json, time
def handler(event, context):
    print("got", json.dumps(event, sort_keys=True))
    if event.get("fail"):
        raise ValueError("größe")
    if event.get("sleep"):
        time.sleep(event["sleep"])
    return event
"""


@pytest.fixture
def deployed(project: Project) -> Project:
    (project.folder / "app.py").write_text(APP)
    project.write(orders={"timeout": 1}, web={"triggers": [{"url": {"auth_type": "AWS_IAM"}}]})
    return project.deployed()


def test_the_result_alone_on_stdout(deployed: Project) -> None:
    ended = deployed("invoke", "orders", "--remote", "-e", '{"a": "ü"}')
    assert (ended.status, ended.err) == (0, "")
    assert json.loads(ended.out) == {"a": "ü"}
    invocations = [call for call in deployed.aws.calls if call.operation == "Invoke"]
    assert [call.parameters["Qualifier"] for call in invocations] == ["live"]


def test_the_event_of_the_functions_own_trigger(deployed: Project) -> None:
    ended = deployed("invoke", "web", "-R", "--set", "body=hello")
    assert ended.status == 0, ended.err
    assert json.loads(ended.out)["body"] == "hello"
    local = deployed("generate-event", "--for", "web", "--set", "body=hello")
    assert json.loads(ended.out).keys() == json.loads(local.out).keys()


def test_the_end_of_its_log(deployed: Project) -> None:
    ended = deployed("invoke", "orders", "-R", "--log", "-e", '{"a": 1}')
    assert json.loads(ended.out) == {"a": 1}
    assert 'got {"a": 1}\n' in ended.err


def test_a_failed_function(deployed: Project) -> None:
    ended = deployed("invoke", "orders", "-R", "-e", '{"fail": true}')
    assert ended.status == 1
    assert json.loads(ended.out)["errorMessage"] == "größe"
    assert ended.err.splitlines()[-1].startswith("error: function orders failed: ")
    assert ended.err.splitlines()[-1].endswith(": größe")


def test_a_function_that_takes_too_long(deployed: Project) -> None:
    ended = deployed("invoke", "orders", "-R", "-e", '{"sleep": 30}')
    assert ended.status == 4, ended.err
    assert ended.err.splitlines()[-1] == "hint: raise `timeout` in the manifest"


def test_one_json_object(deployed: Project) -> None:
    ended = deployed("invoke", "orders", "-R", "--json", "-e", '{"a": 1}')
    told = json.loads(ended.out)
    assert list(told) == ["function", "requestId", "version", "status", "errorType", "payload", "report", "log"]
    assert (told["function"], told["version"], told["status"], told["payload"]) == ("orders", "1", "success", {"a": 1})
    assert 'got {"a": 1}' in told["log"]


def test_later(deployed: Project) -> None:
    ended = deployed("invoke", "orders", "-R", "--async", "-e", "{}")
    assert (ended.status, ended.out) == (0, "")
    assert ended.err.startswith("accepted; request id ")
    assert ended.err.endswith("; `lambdacli logs orders` shows what becomes of it\n")
    staged = deployed("invoke", "orders", "-R", "--async", "-e", "{}", "--stage", "dev")
    assert "`lambdacli logs orders --stage dev`" in staged.err
    told = json.loads(deployed("invoke", "orders", "-R", "--async", "--json", "-e", "{}").out)
    assert (list(told), told["status"]) == (["function", "requestId", "status"], "accepted")


def test_a_client_context(deployed: Project) -> None:
    context = '{"custom": {"who": "ann"}}'
    deployed.aws.forget()
    ended = deployed("invoke", "orders", "-R", "-e", '{"a": 1}', "--client-context", context)
    assert ended.status == 0, ended.err
    [sent] = [call for call in deployed.aws.calls if call.operation == "Invoke"]
    assert "ClientContext" in sent.parameters


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--async"], "--async goes with --remote"),
        (["--log"], "--log goes with --remote"),
        (["-R", "--env", "A=1"], "--env is for local runs"),
        (["-R", "--timeout", "3"], "--timeout is for local runs"),
        (["-R", "--log-file", "x"], "--log-file is for local runs"),
    ],
)
def test_options_of_the_other_kind_of_run(project: Project, arguments: list[str], error: str) -> None:
    ended = project("invoke", "orders", *arguments)
    assert (ended.status, ended.out, project.aws.calls) == (2, "", [])
    assert ended.err.startswith(f"error: {error}\nhint: ")


def test_not_deployed(project: Project) -> None:
    ended = project("invoke", "orders", "-R", "-e", "{}")
    assert ended.status == 2
    assert ended.err.startswith("error: function orders is not deployed in eu-west-1, stage dev\n")


def test_not_permitted(deployed: Project) -> None:
    deployed.aws.forget()
    deployed.aws.fault(lambda call: call.operation == "Invoke", Denied())
    ended = deployed.run("invoke", "orders", "-R", "-e", "{}", cwd=deployed.folder, env=deployed.aws.environ)
    assert ended.status == 1
    assert "`lambdacli policy --deployer` prints what they need" in ended.err


# list --remote


def test_what_is_deployed_as_a_table(deployed: Project) -> None:
    deployed.manifest["functions"]["new"] = {}
    del deployed.manifest["functions"]["orders"]
    deployed.save()
    ended = deployed("list", "--remote")
    assert (ended.status, ended.err, deployed.aws.writes) == (0, "", [])
    rows = {line.split()[0]: line.split() for line in ended.out.splitlines()}
    assert rows["FUNCTION"] == ["FUNCTION", "VERSION", "STATE", "MODIFIED", "URLS", "ERROR"]
    assert rows["new"] == ["new", "-", "not", "deployed", "-", "-", "-"]
    assert rows["orders"][1:6] == ["1", "Active,", "not", "in", "the"]
    assert rows["web"][1:3] == ["1", "Active"]
    assert rows["web"][4].startswith("https://")


def test_what_is_deployed_for_machines(deployed: Project) -> None:
    ended = deployed("list", "-R", "--json")
    told: dict[str, Any] = json.loads(ended.out)
    assert (told["app"], told["stage"], told["account"]) == ("shop", "dev", "123456789012")
    web = told["functions"]["web"]
    assert (web["deployed"], web["inManifest"], web["version"], web["canary"]) == (True, True, "1", None)
    assert web["arn"] == "arn:aws:lambda:eu-west-1:123456789012:function:shop-dev-web:live"
    assert [each["what"] for each in web["urls"]] == ["function URL"]
    assert (web["state"], web["lastUpdateStatus"], web["error"]) == ("Active", "Successful", None)


def test_a_canary_is_listed(deployed: Project) -> None:
    deployed.manifest["functions"]["orders"]["memory"] = 512
    deployed.save()
    assert deployed("deploy", "--yes", "--canary", "10").status == 0
    assert "orders    1, 10 % of 2  Active" in deployed("list", "-R").out


def test_nothing_deployed(project: Project) -> None:
    ended = project("list", "-R")
    assert [line.split()[1:4] for line in ended.out.splitlines()[1:]] == [["-", "not", "deployed"]] * 2
