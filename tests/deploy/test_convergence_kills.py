"""Killed after any single call, a deployment goes on: the same state as one clean run, and then nothing to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from deployment import SAMPLES, Deployment, some
from snapshot import differences, without_counts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from forked import Forker
    from rules import Call, Proxy

pytestmark = pytest.mark.uninstrumented

_SAMPLES = sorted(each.parent.name for each in SAMPLES.glob("*/lambdacli.yaml"))
_MANIFESTS = ("pulled", "pushed", "apis", "others")
_OF_EVERY_FUNCTION = (
    "logs:CreateLogGroup", "logs:PutRetentionPolicy", "logs:TagResource", "iam:CreateRole", "iam:PutRolePolicy",
    "lambda:CreateFunction", "lambda:PublishVersion", "lambda:CreateAlias", "lambda:TagResource",
)  # fmt: skip


@pytest.fixture
def deployment(aws: Proxy, forker: Forker, tmp_path: Path, name: str) -> Deployment:
    aws.delay = 0  # what is killed here waits for nothing
    return Deployment(aws, forker, name, tmp_path / name)


@pytest.mark.parametrize("name", some([*_SAMPLES, "functions"], ["hello"]))
def test_killed_once_after_each_writing_call(deployment: Deployment) -> None:
    wanted = deployment.clean()
    number = 1
    while deployment.killed(_written(number)):
        deployment.settle(wanted, f"killed after writing call {number}")
        deployment.anew()
        number += 1
    assert number > 6  # there are as many of them at the least


def _written(number: int) -> Callable[[Call], bool]:
    return lambda call: call.write == number


@pytest.mark.parametrize("name", ["thumbnails"])
def test_killed_while_it_reads_it_has_changed_nothing(deployment: Deployment) -> None:
    deployment.anew()
    before = deployment.state()
    number = 1
    while deployment.killed(_reads_before_writing(number)):
        assert deployment.state() == before
        number += 1
    assert number > 6


def _reads_before_writing(number: int) -> Callable[[Call], bool]:
    written: list[Call] = []

    def meets(call: Call) -> bool:
        if not call.reads:
            written.append(call)
        return not written and call.number == number

    return meets


@pytest.mark.parametrize("name", some([*_SAMPLES, "functions"], ["web", "functions"]))
def test_killed_again_and_again(deployment: Deployment) -> None:
    """Every run is killed after the first call that no run before has made: it goes on from each state in turn."""
    _killed_after_new_calls(deployment, but=())


@pytest.mark.parametrize("name", some(_MANIFESTS, ["pushed", "apis"]))
def test_killed_again_and_again_among_the_triggers(deployment: Deployment) -> None:
    """As the samples, after the calls that only triggers need."""
    _killed_after_new_calls(deployment, but=_OF_EVERY_FUNCTION)


@pytest.mark.parametrize("name", ["before"])
def test_a_change_killed_again_and_again(deployment: Deployment) -> None:
    """From one manifest to another: what was changed, what is new and what leaves."""
    deployment.becomes("after")
    wanted = without_counts(deployment.clean())
    deployment.becomes("before")
    deployment.deployed()
    deployment.becomes("after")
    made: set[str] = set()
    while deployment.killed(_new(made, but=())):
        deployment.minutes_pass()
    assert len(made) > 20
    wrong = list(differences(wanted, without_counts(deployment.state())))
    assert not wrong, "; ".join(wrong)


@pytest.mark.parametrize("name", some(["functions", "apis", "others"], ["functions"]))
def test_destroyed_and_killed_again_and_again(deployment: Deployment) -> None:
    deployment.anew()
    blank = deployment.state()
    deployment.deployed()
    made: set[str] = set()
    while deployment.killed(_new(made, but=()), "destroy"):
        deployment.minutes_pass()
    assert len(made) > 8
    assert list(differences(blank, deployment.state())) == []


def _killed_after_new_calls(deployment: Deployment, but: tuple[str, ...]) -> None:
    wanted = deployment.clean()
    made: set[str] = set()
    while deployment.killed(_new(made, but)):
        deployment.minutes_pass()
    assert len(made) > 8
    deployment.stays(wanted, f"killed {len(made)} times")


def _new(made: set[str], but: tuple[str, ...]) -> Callable[[Call], bool]:
    def meets(call: Call) -> bool:
        if call.reads or call.service == "ssm" or call.name in but or call.signature in made:
            return False  # the lock is another one each time
        made.add(call.signature)
        return True

    return meets
