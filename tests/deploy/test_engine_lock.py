"""The lock between deployments: real processes, and the parameter that they see."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from planned import REGION, place
from rules import Lost

from lambdacli import deploy
from lambdacli import manifest as manifests
from lambdacli.connection import Connection
from lambdacli.deploy import lock
from lambdacli.deploy.aws import Aws
from lambdacli.errors import DeploymentFailed
from lambdacli.refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from project import Project
    from rules import Proxy

_NAME = "/lambdacli/shop/dev/lock"
_PROCESS = """
import os, sys
sys.path[:0] = {path!r}
from planned import place
from lambdacli.deploy import lock
from lambdacli.deploy.aws import Aws
from lambdacli.connection import Connection
from lambdacli.errors import LambdacliError

connection = Connection("", {region!r})
connection.client("ssm")
print("ready", os.getpid(), flush=True)
sys.stdin.readline()
try:
    with lock.held(Aws(connection, place(), {{}}), force="--force" in sys.argv, renewal={renewal}):
        print("held", flush=True)
        sys.stdin.readline()
except LambdacliError as error:
    print(error.message, "|", error.hint, flush=True)
"""


class Deployer:
    """A process that wants the lock."""

    def __init__(self, aws: Proxy, *arguments: str, renewal: float = 60) -> None:
        script = _PROCESS.format(path=sys.path, region=REGION, renewal=renewal)
        self.process = subprocess.Popen(
            [sys.executable, "-c", script, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **aws.environ},
        )
        self.pid = int(self.heard().split()[1])

    def heard(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def go(self) -> None:
        assert self.process.stdin
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def tries(self) -> str:
        self.go()
        return self.heard()

    def ends(self) -> None:
        self.go()
        assert self.process.wait(20) == 0


@contextmanager
def _deployers(aws: Proxy, *arguments: tuple[str, ...], renewal: float = 60) -> Iterator[list[Deployer]]:
    started = [Deployer(aws, *each, renewal=renewal) for each in arguments]
    try:
        yield started
    finally:
        for each in started:
            with each.process:
                each.process.kill()


def _free(aws: Proxy) -> bool:
    """The lock stays there, and has expired."""
    there = _there(aws)
    return there is not None and float(there["expires"]) == 0


def _there(aws: Proxy) -> dict[str, Any] | None:
    client = aws.client("ssm")
    try:
        parameter = client.get_parameter(Name=_NAME)["Parameter"]
    except client.exceptions.ParameterNotFound:
        return None
    value: dict[str, Any] = json.loads(parameter["Value"])
    return {**value, "version": parameter["Version"]}


def _left_behind(aws: Proxy, expires: float, value: str = "") -> None:
    text = value or json.dumps({"owner": "ann@desk (process 1)", "token": "ann", "expires": expires})
    aws.client("ssm").put_parameter(Name=_NAME, Value=text, Type="String", Overwrite=True)


def test_one_wins_and_the_other_is_told_who_did(aws: Proxy) -> None:
    with _deployers(aws, (), ()) as (first, second):
        assert first.tries() == "held"
        refused = second.tries()
        assert f"(process {first.pid}) is deploying this app and stage" in refused
        assert "--force-unlock" in refused
        assert second.process.wait(20) == 0
        assert _there(aws) is not None
        first.ends()
    assert _free(aws)


def test_the_next_one_gets_it(aws: Proxy) -> None:
    with _deployers(aws, (), ()) as (first, second):
        assert first.tries() == "held"
        first.ends()
        assert second.tries() == "held"
        second.ends()


@pytest.mark.parametrize("value", ["", "what somebody has written by hand", '{"owner": "x"}'])
def test_many_that_want_an_expired_one_and_one_gets_it(aws: Proxy, value: str) -> None:
    _left_behind(aws, time.time() - 1, value)
    with _deployers(aws, *[()] * 3) as several:
        for each in several:
            each.go()
        heard = [each.heard() for each in several]
        assert heard.count("held") == 1
        winner = several[heard.index("held")]
        for each in heard:
            assert each == "held" or "is deploying" in each  # for a moment a loser's name lies over the winner's
        there = _there(aws)
        assert there
        assert str(winner.pid) in there["owner"]
        winner.ends()
    assert _free(aws)


def test_many_at_once_and_one_gets_it(aws: Proxy) -> None:
    with _deployers(aws, *[()] * 3) as several:
        for each in several:
            each.go()
        assert [each.heard() for each in several].count("held") == 1


def test_a_killed_holder_keeps_it_until_it_expires(aws: Proxy) -> None:
    with _deployers(aws, (), ()) as (first, second):
        assert first.tries() == "held"
        first.process.kill()
        first.process.wait(20)
        there = _there(aws)
        assert there
        assert time.time() + lock.EXPIRY - 20 < there["expires"] <= time.time() + lock.EXPIRY
        refused = second.tries()
        assert f"process {first.pid}" in refused
        assert "ends by itself in" in refused


def test_force_takes_it_and_the_first_holder_leaves_it(aws: Proxy) -> None:
    with _deployers(aws, (), ("--force",)) as (first, second):
        assert first.tries() == "held"
        assert second.tries() == "held"
        first.ends()
        there = _there(aws)
        assert there
        assert f"process {second.pid}" in there["owner"]
        second.ends()
    assert _free(aws)


def test_it_is_renewed_while_it_is_held(aws: Proxy) -> None:
    with _deployers(aws, (), renewal=0.1) as (holder,):
        assert holder.tries() == "held"
        first = _there(aws)
        assert first
        until = time.monotonic() + 20
        while (there := _there(aws)) is not None and there["version"] < first["version"] + 2:
            assert time.monotonic() < until
            time.sleep(0.05)
        assert there
        assert there["expires"] > first["expires"]
        assert there["token"] == first["token"]
        holder.ends()
    assert _free(aws)


def test_whoever_lost_it_renews_it_no_more(aws: Proxy) -> None:
    with _deployers(aws, (), ("--force",), renewal=0.1) as (first, second):
        assert first.tries() == "held"
        assert second.tries() == "held"
        time.sleep(0.5)
        there = _there(aws)
        assert there
        assert f"process {second.pid}" in there["owner"]


@pytest.mark.parametrize("expired", [True, False])
def test_an_answer_that_got_lost_is_no_other_owner(
    aws: Proxy, monkeypatch: pytest.MonkeyPatch, expired: bool  # noqa: FBT001
) -> None:  # fmt: skip
    for name, value in aws.environ.items():
        monkeypatch.setenv(name, value)
    if expired:
        _left_behind(aws, time.time() - 1)
    aws.fault(lambda call: call.name == "ssm:PutParameter" and _wins(call.parameters, expired), Lost())
    with lock.held(Aws(Connection("", REGION), place(), {})):
        there = _there(aws)
        assert there
        assert f"process {os.getpid()}" in there["owner"]
    assert _free(aws)


def _wins(parameters: dict[str, Any], expired: bool) -> bool:  # noqa: FBT001
    return bool(parameters.get("Overwrite", False)) is expired


def test_apps_and_stages_have_locks_of_their_own(aws: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in aws.environ.items():
        monkeypatch.setenv(name, value)
    connection = Connection("", REGION)
    one = place()
    other = one._replace(manifest=one.manifest._replace(stage="prod"))
    with lock.held(Aws(connection, one, {})), lock.held(Aws(connection, other, {})):
        names = {each["Name"] for each in aws.client("ssm").describe_parameters()["Parameters"]}
    assert names == {_NAME, "/lambdacli/shop/prod/lock"}


def test_a_plan_that_something_has_overtaken_is_not_carried_out(project: Project, monkeypatch: Any) -> None:
    for name, value in project.environment.items():
        monkeypatch.setenv(name, value)
    manifest = manifests.load(project.folder / "lambdacli.yaml", environ=project.environment)
    prepared = deploy.prepare(deploy.Options(manifest))._replace(since=float("-inf"))
    group = next(each for each in prepared.plan.changes if each.key.kind == "log_group")
    name = f"/aws/lambda/shop-dev-{group.key.name}"
    project.aws.client("logs").create_log_group(logGroupName=name)
    with pytest.raises(DeploymentFailed, match="something has changed on AWS"):
        deploy.carry_out(prepared)
    project.aws.client("logs").delete_log_group(logGroupName=name)
    assert not deploy.carry_out(prepared).failed


class Leaving(Connection):
    """Parameter Store where a parameter has just been deleted: nobody can read it, and its name is still taken."""

    def __init__(self, tries: int) -> None:
        super().__init__("", REGION)
        self.tries = tries
        self.pauses: list[float] = []

    def once(self, service: str, operation: str, parameters: Any) -> dict[str, Any]:  # noqa: ARG002
        if operation == "put_parameter":
            self.tries -= 1
            if self.tries >= 0:
                raise Refused(service, operation, "ParameterAlreadyExists", "The parameter already exists.")
            return {"Version": 1}
        raise Refused(service, operation, "ParameterNotFound", "")

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)


def test_a_name_that_is_taken_for_a_while_is_waited_for() -> None:
    connection = Leaving(3)
    with lock.held(Aws(connection, place(), {})):
        assert connection.tries == -1
    assert len(connection.pauses) == 3


def test_a_lock_left_behind_goes_with_what_is_destroyed(project: Project) -> None:
    _left_behind(project.aws, time.time() - 1)
    assert project("destroy", "--yes").status == 0
    assert _there(project.aws) is None
