"""`lambdacli deploy`, `diff` and `destroy` as people and machines use them, against the emulator behind AWS's rules."""

from __future__ import annotations

import json
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest
import terminal
from project import SECRET
from rules import Denied, Slow

if TYPE_CHECKING:
    from project import Project


NOTHING = "nothing to destroy of shop, stage dev, in account 123456789012, eu-west-1"


def test_a_dry_run_shows_the_plan_and_changes_nothing(project: Project) -> None:
    ended = project("deploy", "--dry-run")
    assert ended.status == 0, ended.err
    assert project.aws.writes == []
    first, *_, last = ended.out.splitlines()
    assert first == "shop, stage dev, in account 123456789012, eu-west-1"
    assert last == "12 to create, 0 to change, 0 to delete, 0 unchanged"
    assert ended.out.index("\norders\n") < ended.out.index("    + function\n") < ended.out.index("\nmails\n")


def test_diff_is_the_dry_run(project: Project) -> None:
    assert project("diff").out == project("deploy", "--dry-run").out


@pytest.mark.parametrize("command", [["diff"], ["deploy", "--dry-run"]])
def test_exit_codes_that_tell_of_changes(project: Project, command: list[str]) -> None:
    assert project(*command, "--detailed-exitcode").status == 2
    project.deployed()
    assert project(*command, "--detailed-exitcode").status == 0
    (project.folder / "lambdacli.yaml").write_text("functions: {")
    assert project(*command, "--detailed-exitcode").status == 1


@pytest.mark.parametrize("command", [["deploy", "--yes"], ["diff"], ["policy"]])
def test_a_role_is_an_arn(project: Project, command: list[str]) -> None:
    ended = project(*command, "--role", "mine")
    assert (ended.status, project.aws.writes) == (2, [])
    assert ended.err.startswith("error: --role 'mine' is no ARN of a role\nhint: such as arn:aws:iam::")


def test_exit_codes_of_changes_are_for_plans_alone(project: Project) -> None:
    ended = project("deploy", "--yes", "--detailed-exitcode")
    assert (ended.status, project.aws.writes) == (1, [])
    assert "hint: add --dry-run" in ended.err


def test_without_a_terminal_nobody_is_asked(project: Project) -> None:
    ended = project("deploy")
    assert (ended.status, ended.out, project.aws.writes) == (2, "", [])
    assert "12 to create" in ended.err
    assert ended.err.endswith("hint: --yes does it without asking\n")


def test_a_deployment_tells_what_there_is_to_use(project: Project) -> None:
    ended = project("deploy", "--yes")
    assert ended.status == 0, ended.err
    rows = [line.split() for line in ended.out.splitlines()]
    assert rows[0] == ["FUNCTION", "WHAT", "WHERE"]
    assert ["orders", "function", "arn:aws:lambda:eu-west-1:123456789012:function:shop-dev-orders:live"] in rows
    link = "https://eu-west-1.console.aws.amazon.com/lambda/home?region=eu-west-1#/functions/shop-dev-orders"
    assert ["orders", "console", link] in rows
    done = [line for line in ended.err.splitlines() if line.startswith("[")]
    assert [line.partition("]")[0] for line in done] == [f"[{number}/12" for number in range(1, 13)]


def test_a_second_deployment_has_nothing_to_do_and_writes_nothing(project: Project) -> None:
    first = project.deployed()("deploy", "--yes")
    assert (first.status, first.err, project.aws.writes) == (0, "nothing to do: 12 unchanged\n", [])
    assert project("deploy").status == 0  # nobody has to be asked


def test_quiet_leaves_results_alone(project: Project) -> None:
    ended = project("deploy", "--yes", "--quiet")
    assert (ended.status, ended.err) == (0, "")
    assert "shop-dev-orders:live" in ended.out


def test_fields_old_and_new_and_secrets_hidden(project: Project) -> None:
    project.deployed().write(orders={"memory": 512}, mails={"environment": {"TOKEN": f"{SECRET}-new"}})
    ended = project("diff")
    assert "        MemorySize: 128 → 512\n" in ended.out
    assert "        Environment.Variables.TOKEN: (hidden) → (hidden)\n" in ended.out
    told = ended.out + ended.err + json.dumps(project.json("diff")) + project("deploy", "--yes", "--verbose").err
    assert SECRET not in told


def test_secrets_of_a_new_function_are_hidden(project: Project) -> None:
    assert SECRET not in project("diff", "--json").out + project("--verbose", "diff").out


def test_the_plan_for_machines(project: Project) -> None:
    plan = project.json("diff")
    assert list(plan) == ["app", "stage", "account", "region", "changes", "summary", "actions"]
    assert plan["summary"] == {"create": 12, "update": 0, "replace": 0, "delete": 0, "keep": 0, "unchanged": 0}
    function = next(each for each in plan["actions"] if (each["kind"], each["name"]) == ("function", "orders"))
    assert list(function) == [
        "op", "kind", "title", "name", "function", "where", "reason", "drift", "housekeeping", "notes", "changes",
    ]  # fmt: skip
    assert (function["op"], function["function"], function["where"]) == ("create", "orders", "functions.orders")
    memory = {"field": "MemorySize", "old": None, "new": 128, "secret": False}
    assert memory in function["changes"]


def test_a_deployment_for_machines(project: Project) -> None:
    done = project.json("deploy", "--yes")
    assert {each["state"] for each in done["results"]} == {"done"}
    assert len(done["results"]) == 12
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:shop-dev-orders:live"
    assert {"function": "orders", "what": "function", "value": arn} in done["outputs"]
    again = project.json("deploy", "--yes")
    assert (again["changes"], again["results"], again["outputs"]) == (False, [], done["outputs"])


def test_what_somebody_else_has_changed_is_told(project: Project) -> None:
    project.deployed()
    project.aws.client("lambda").update_function_configuration(FunctionName="shop-dev-orders", Timeout=77)
    ended = project("diff")
    assert "    ~ function: changed outside lambdacli\n        Timeout: 77 → 3\n" in ended.out
    function = next(each for each in project.json("diff")["actions"] if each["kind"] == "function")
    assert function["drift"] is True


def test_one_function_alone(project: Project) -> None:
    ended = project("deploy", "--yes", "--only", "mails")
    assert ended.status == 0, ended.err
    assert "orders" not in ended.out + ended.err
    wrong = project("deploy", "--yes", "--only", "mail")
    assert (wrong.status, wrong.err.splitlines()[-1]) == (2, "hint: did you mean mails?")


def test_what_leaves_the_manifest_is_deleted(project: Project) -> None:
    project.deployed().write(orders={})
    ended = project("deploy", "--yes")
    assert ended.status == 0, ended.err
    assert "    - function: not in the manifest any more\n" in ended.err
    names = [each["FunctionName"] for each in project.aws.client("lambda").list_functions()["Functions"]]
    assert names == ["shop-dev-orders"]


def test_destroy_and_there_is_nothing(project: Project) -> None:
    ended = project.deployed()("destroy", "--yes")
    assert (ended.status, ended.out) == (0, "")
    assert "not in the manifest" not in ended.err
    assert project.aws.client("lambda").list_functions()["Functions"] == []
    again = project("destroy", "--yes")
    assert (again.status, again.err, project.aws.writes) == (0, f"{NOTHING}\n", [])


def test_data_stays_unless_it_is_to_go(project: Project) -> None:
    project.manifest["resources"] = {"queues": {"letters": {}}}
    project.save()
    kept = project.deployed()("destroy", "--yes")
    assert "    = SQS queue letters: it holds data: --delete-data deletes it\n" in kept.err
    assert project("destroy", "--yes").err.endswith(f"{NOTHING}\n")
    assert project("destroy", "--yes", "--delete-data").status == 0
    assert project("destroy", "--yes", "--delete-data").err == f"{NOTHING}\n"


def _creates(name: str) -> Any:
    return lambda call: call.operation == "CreateFunction" and call.parameters["FunctionName"] == name


def test_a_failure_stops_what_depends_on_it_and_nothing_else(project: Project) -> None:
    project.aws.forget()
    project.aws.fault(_creates("shop-dev-orders"), Denied())
    ended = project.run("deploy", "--yes", cwd=project.folder, env=project.aws.environ)
    assert (ended.status, ended.out) == (1, "")
    failed = ended.err.partition("failed:\n")[2].splitlines()
    assert failed[0].startswith("    + orders: function: lambda:CreateFunction: AccessDeniedException: ")
    assert failed[1] == (
        "      hint: these credentials may not call lambda:CreateFunction;"
        " `lambdacli policy --deployer` prints what they need"
    )
    left = ended.err.partition("not done:\n")[2].partition("failed:\n")[0].splitlines()
    assert "    + orders: alias" in left
    assert all("mails" not in each for each in left)
    assert failed[2:] == [
        f"error: 1 failed, {len(left)} not done because of that, {11 - len(left)} done",
        "hint: the same command goes on from here",
    ]
    assert project.deployed()("deploy").err == "nothing to do: 12 unchanged\n"


def test_a_failure_for_machines(project: Project) -> None:
    project.aws.forget()
    project.aws.fault(_creates("shop-dev-orders"), Denied())
    ended = project.run("deploy", "--yes", "--json", cwd=project.folder, env=project.aws.environ)
    assert ended.status == 1
    states = {(each["kind"], each["name"]): each for each in json.loads(ended.out)["results"]}
    assert states["function", "orders"]["state"] == "failed"
    assert "AccessDeniedException" in states["function", "orders"]["error"]
    assert states["alias", "orders"]["state"] == "skipped"
    assert states["alias", "mails"]["state"] == "done"


def test_in_a_terminal_it_asks_and_shows_a_tree(project: Project) -> None:
    status, shown = terminal.run(project.argv("deploy"), project.folder, project.environment, [(r"\[y/N\]", "y\n")])
    text = terminal.plain(shown)
    assert status == 0, text
    assert "do this in account 123456789012, eu-west-1? [y/N]: y" in text
    assert "deploying 12/12" in text
    assert "✓ orders 6" in text
    assert "shop-dev-orders:live" in text
    assert "\x1b[32m    + function\x1b[0m" in shown
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")  # the cursor is back


def test_no_is_an_answer(project: Project) -> None:
    status, shown = terminal.run(project.argv("deploy"), project.folder, project.environment, [(r"\[y/N\]", "n\n")])
    assert (status, project.aws.writes) == (1, [])
    assert terminal.plain(shown).endswith("nothing was changed\n")


@pytest.mark.parametrize("key", ["\x03", "\x04"])
def test_ctrl_c_and_ctrl_d_instead_of_an_answer(project: Project, key: str) -> None:
    status, shown = terminal.run(project.argv("deploy"), project.folder, project.environment, [(r"\[y/N\]", key)])
    assert (status, project.aws.writes) == (130, [])
    assert terminal.plain(shown).endswith("interrupted\n")


def _lock_is_free(project: Project) -> bool:
    """Nobody has to wait for it to expire."""
    lock = project.aws.client("ssm").get_parameter(Name="/lambdacli/shop/dev/lock")["Parameter"]
    return float(json.loads(lock["Value"])["expires"]) == 0


def test_a_polite_end_by_others_is_as_ctrl_c(project: Project) -> None:
    project.aws.fault(lambda call: call.operation == "CreateFunction", Slow(0.5), times=9)
    with subprocess.Popen(
        project.argv("deploy", "--yes"), cwd=project.folder, env=project.environment, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        said = ""
        while "[1/" not in said:
            said += process.stderr.readline()
        process.terminate()
        said += process.stderr.read()
    assert process.returncode == 130, said
    assert said.endswith("the same command goes on from here\ninterrupted\n")
    assert _lock_is_free(project)


def test_ctrl_c_finishes_what_has_begun_and_tells_what_is_left(project: Project) -> None:
    project.aws.fault(lambda call: call.operation == "CreateFunction", Slow(0.5), times=9)
    keys = [(r"deploying [1-9]", "\x03")]
    status, shown = terminal.run(project.argv("deploy", "--yes"), project.folder, project.environment, keys)
    text = terminal.plain(shown)
    assert status == 130, text
    assert "not done:\n" in text
    assert text.endswith("the same command goes on from here\ninterrupted\n")
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")
    assert _lock_is_free(project)
    assert project.deployed()("deploy").err == "nothing to do: 12 unchanged\n"


def test_ctrl_c_before_anything_was_done_takes_few_words(project: Project) -> None:
    project.aws.fault(lambda call: call.operation == "PutParameter", Slow(1))
    keys = [(r"deploying 0", "\x03")]
    status, shown = terminal.run(project.argv("deploy", "--yes"), project.folder, project.environment, keys)
    text = terminal.plain(shown)
    assert (status, "not done" in text) == (130, False)
    assert text.endswith("none of the 12 changes was finished\nthe same command goes on from here\ninterrupted\n")


def test_ctrl_c_while_it_reads_gives_the_cursor_back(project: Project) -> None:
    project.aws.fault(lambda call: call.operation == "ListRoles", Slow(3))
    keys = [("reading", "\x03")]
    begun = time.monotonic()
    status, shown = terminal.run(project.argv("deploy", "--yes"), project.folder, project.environment, keys)
    assert (status, project.aws.writes) == (130, [])
    assert time.monotonic() - begun < 20
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")


# Credentials, accounts, networks, locks


def test_without_credentials(project: Project) -> None:
    ended = project("deploy", "--yes", env={"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""})
    assert (ended.status, ended.out) == (3, "")
    assert "redentials" in ended.err
    assert ended.err.splitlines()[-1] == "hint: `aws configure`, AWS_PROFILE or --profile"


def test_a_profile_that_nobody_has(project: Project) -> None:
    ended = project("deploy", "--yes", "--profile", "nobody")
    assert ended.status == 3
    assert ended.err.splitlines()[0] == "error: The config profile (nobody) could not be found"


def test_nobody_answers(project: Project) -> None:
    ended = project("diff", env={"AWS_ENDPOINT_URL": "http://127.0.0.1:9"})
    assert ended.status == 3
    assert "127.0.0.1:9" in ended.err
    assert ended.err.splitlines()[-1] == "hint: is there a network, or is AWS_ENDPOINT_URL right?"


@pytest.mark.parametrize("how", ["option", "manifest"])
def test_the_wrong_account(project: Project, how: str) -> None:
    if how == "manifest":
        project.manifest["account"] = "999999999999"
        project.save()
    ended = project("deploy", "--yes", *(("--account", "999999999999") if how == "option" else ()))
    assert (ended.status, project.aws.writes) == (2, [])
    assert "these credentials belong to account 123456789012, not to 999999999999" in ended.err


def test_the_option_wins_over_the_manifests_account(project: Project) -> None:
    project.manifest["account"] = "999999999999"
    project.save()
    assert project("diff", "--account", "123456789012").status == 0


def _locked(project: Project, expires: float) -> None:
    held = {"owner": "ann@desk (process 7)", "token": "t", "expires": expires}
    name = "/lambdacli/shop/dev/lock"
    project.aws.client("ssm").put_parameter(Name=name, Value=json.dumps(held), Type="String")


def test_somebody_else_is_deploying(project: Project) -> None:
    _locked(project, time.time() + 100)
    ended = project("deploy", "--yes")
    assert ended.status == 1
    assert "error: ann@desk (process 7) is deploying this app and stage\n" in ended.err
    assert "--force-unlock ends it now" in ended.err
    assert project("deploy", "--yes", "--force-unlock").status == 0


def test_a_lock_left_behind_is_taken_over(project: Project) -> None:
    _locked(project, time.time() - 1)
    assert project("deploy", "--yes").status == 0


def test_what_the_manifest_refers_to_and_is_not_there(project: Project) -> None:
    (project.folder / "lambdacli.yaml").write_text(
        "app: shop\nregion: eu-west-1\nfunctions:\n  f:\n    handler: app.handler\n    runtime: python3.13\n"
        "    code: app.py\n    triggers:\n      - sqs: {queue: nowhere}\n"
    )
    ended = project("deploy", "--yes")
    assert (ended.status, project.aws.writes) == (2, [])
    assert ended.err.startswith("error: lambdacli.yaml:9:")
    assert "there is no SQS queue nowhere" in ended.err


def test_what_validate_finds_wrong_is_not_deployed(project: Project) -> None:
    project.manifest["functions"]["orders"]["handler"] = "nowhere.handler"
    project.save()
    ended = project("deploy", "--yes")
    assert (ended.status, project.aws.calls) == (2, [])
    assert "functions.orders.handler" in ended.err
    assert project("deploy", "--yes", "--only", "mails").status == 0
    assert project("destroy", "--yes").status == 0


def test_completion_of_functions_and_stages(project: Project) -> None:
    project.manifest["stages"] = {"prod": {}}
    project.save()

    def completed(line: str) -> list[str]:
        words = {"_LAMBDACLI_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}
        return project(env=words).out.split()

    for line in ("logs o", "rollback o", "promote o", "policy o", "deploy --only o", "diff --only o"):
        assert completed(f"lambdacli {line}") == ["orders"], line
    assert completed("lambdacli destroy --stage p") == ["prod"]
    assert project.aws.calls == []
