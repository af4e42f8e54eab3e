"""`lambdacli rollback` and `promote`: where the traffic goes, with and without a canary."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import terminal
from rules import Denied

if TYPE_CHECKING:
    from project import Project


def alias(project: Project, name: str = "orders") -> tuple[str, dict[str, float]]:
    found = project.aws.client("lambda").get_alias(FunctionName=f"shop-dev-{name}", Name="live")
    return found["FunctionVersion"], found.get("RoutingConfig", {}).get("AdditionalVersionWeights") or {}


def changed(project: Project, memory: int, *more: str) -> Project:
    """Deployed with another memory."""
    project.write(orders={"memory": memory}, mails={})
    ended = project("deploy", "--yes", *more)
    assert ended.status == 0, ended.err
    return project


def moved(project: Project, *arguments: str) -> str:
    ended = project(*arguments, "--yes")
    assert ended.status == 0, ended.err
    assert ended.out == ""
    return ended.err


def test_back_to_the_version_before_and_to_a_named_one(project: Project) -> None:
    changed(changed(changed(project, 128), 256), 512)
    assert alias(project) == ("3", {})
    assert moved(project, "rollback", "orders") == "orders: version 3 → version 2\ndone\n"
    assert alias(project) == ("2", {})
    assert moved(project, "rollback", "orders") == "orders: version 2 → version 1\ndone\n"
    assert moved(project, "rollback", "orders", "--to", "3") == "orders: version 1 → version 3\ndone\n"
    assert alias(project) == ("3", {})
    assert alias(project, "mails") == ("1", {})


def test_the_next_deployment_moves_it_on(project: Project) -> None:
    changed(changed(project, 128), 256)
    moved(project, "rollback", "orders")
    ended = project("deploy", "--yes")
    assert ended.status == 0, ended.err
    assert alias(project) == ("2", {})


def test_what_cannot_be_gone_back_to(project: Project) -> None:
    undeployed = project("rollback", "orders", "--yes")
    assert (undeployed.status, undeployed.err) == (
        2,
        "error: function orders is not deployed in eu-west-1, stage dev\nhint: `lambdacli deploy` brings it there\n",
    )
    changed(project, 128)
    first = project("rollback", "orders", "--yes")
    assert first.status == 2
    assert first.err.startswith("error: function orders has no version before 1\nhint: ")
    absent = project("rollback", "orders", "--to", "7", "--yes")
    assert (absent.status, absent.err) == (2, "error: function orders has no version 7\nhint: it has 1\n")
    which = project("rollback", "--yes")
    assert (which.status, which.err) == (2, "error: which function?\nhint: one of orders, mails\n")
    assert project.aws.writes == []


def test_a_canary_gets_a_part_and_then_all(project: Project) -> None:
    changed(changed(project, 128), 256, "--canary", "10")
    assert alias(project) == ("1", {"2": 0.1})
    assert moved(project, "promote") == "orders: version 1, 10 % of version 2 → version 2\ndone\n"
    assert alias(project) == ("2", {})
    assert project("deploy").err == "nothing to do: 12 unchanged\n"
    nothing = project("promote", "--yes")
    assert (nothing.status, nothing.err) == (0, "nothing to promote: no canary\n")


def test_a_canary_deployment_tells_what_comes_next(project: Project) -> None:
    changed(project, 128).write(orders={"memory": 256}, mails={})
    first = project("deploy", "--yes", "--canary", "10")
    assert "new versions get 10 % of the traffic: `promote` gives them all, `rollback` none\n" in first.err
    assert "promote" not in project("deploy", "--yes", "--canary", "10").err


def test_a_canary_that_could_not_be_begun_is_not_told_of(project: Project) -> None:
    changed(project, 128).write(orders={"memory": 256}, mails={})
    project.aws.forget()
    project.aws.fault(lambda call: call.operation == "UpdateAlias", Denied(), float("inf"))
    ended = project.run("deploy", "--yes", "--canary", "10", cwd=project.folder, env=project.aws.environ)
    assert ended.status == 1
    assert "promote" not in ended.err


def test_a_canary_taken_back(project: Project) -> None:
    changed(changed(project, 128), 256, "--canary", "25")
    assert moved(project, "rollback") == "orders: version 1, 25 % of version 2 → version 1\ndone\n"
    assert alias(project) == ("1", {})


def test_asked_first(project: Project) -> None:
    changed(changed(project, 128), 256)
    ended = project("rollback", "orders")
    assert (ended.status, project.aws.writes) == (2, [])
    assert ended.err.endswith("hint: --yes does it without asking\n")
    command = project.argv("rollback", "orders")
    status, shown = terminal.run(command, project.folder, project.environment, [(r"\[y/N\]", "y\n")])
    assert (status, alias(project)) == (0, ("1", {})), shown
    assert "move the traffic in account 123456789012, eu-west-1? [y/N]" in terminal.plain(shown)


def test_a_deployment_tells_that_it_undoes_a_rollback(project: Project) -> None:
    changed(changed(project, 128), 256)
    moved(project, "rollback", "orders")
    assert "    ~ alias: the traffic was moved since the last deployment\n" in project("diff").out
    project.write(orders={"memory": 512}, mails={})
    assert "    ~ alias\n" in project("diff").out


def test_a_deployment_tells_that_it_ends_a_canary(project: Project) -> None:
    changed(changed(project, 128), 256, "--canary", "10")
    assert "    ~ alias: the canary gets all of the traffic\n" in project("diff").out


def test_not_while_somebody_deploys(project: Project) -> None:
    changed(changed(project, 128), 256)
    held: dict[str, Any] = {"owner": "ann@desk (process 7)", "token": "t", "expires": time.time() + 100}
    project.aws.client("ssm").put_parameter(Name="/lambdacli/shop/dev/lock", Value=json.dumps(held), Overwrite=True)
    ended = project("rollback", "orders", "--yes")
    assert (ended.status, alias(project)) == (1, ("2", {}))
    assert "ann@desk" in ended.err
    assert moved(project, "rollback", "orders", "--force-unlock").endswith("done\n")
