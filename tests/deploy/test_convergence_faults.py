"""Calls throttled, slow, broken, refused, and answered but lost: the same state as one clean run, and nothing twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from deployment import Deployment, some
from rules import Broken, Lost, Slow, Throttled, each_once
from snapshot import differences

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from forked import Forker
    from rules import Call, Fault, Proxy

pytestmark = pytest.mark.uninstrumented

_SAMPLES = ("hello", "order-mail", "web")
_MANIFESTS = ("functions", "pulled", "pushed", "apis", "others")


@pytest.fixture
def deployment(aws: Proxy, forker: Forker, tmp_path: Path, name: str) -> Deployment:
    return Deployment(aws, forker, name, tmp_path / name)


@pytest.mark.parametrize("name", some([*_SAMPLES, *_MANIFESTS], ["web", "apis"]))
def test_the_first_answer_to_every_call_is_lost(deployment: Deployment) -> None:
    _all_go_wrong(deployment, Lost())


@pytest.mark.parametrize("fault", [Throttled(), Broken(), Slow(0.1)], ids=["throttled", "broken", "slow"])
@pytest.mark.parametrize("name", some([*_SAMPLES, *_MANIFESTS], ["pushed"]))
def test_every_call_goes_wrong_the_first_time(deployment: Deployment, fault: Fault) -> None:
    _all_go_wrong(deployment, fault)


def _all_go_wrong(deployment: Deployment, fault: Fault) -> None:
    wanted = deployment.clean()
    planned = deployment.aws.fault(each_once(), fault, times=float("inf"))
    deployment.deployed()
    assert len(planned.met) > 8
    deployment.stays(wanted, type(fault).__name__)


@pytest.mark.parametrize("name", some(_SAMPLES, ["hello"]))
def test_each_writing_call_alone_is_lost(deployment: Deployment) -> None:
    deployment.aws.delay = 0
    wanted = deployment.clean()
    number = 1
    while deployment.loses(_written(number)):
        assert list(differences(wanted, deployment.state())) == [], f"writing call {number} lost"
        deployment.anew()
        number += 1
    assert number > 6


def _written(number: int) -> Callable[[Call], bool]:
    return lambda call: call.write == number


@pytest.mark.parametrize("name", some(["hello", *_MANIFESTS], ["hello"]))
def test_permitted_one_kind_of_call_after_the_other(deployment: Deployment) -> None:
    """A deployment says what was refused and does the rest; one that is permitted goes on."""
    deployment.aws.delay = 0
    wanted = deployment.clean()
    permitted: list[str] = []
    while refused := deployment.refused(permitted):
        permitted.append(refused)
    assert len(permitted) > 5
    deployment.stays(wanted, f"permitted in turn: {', '.join(permitted)}")
