"""Calls throttled, slow, broken, refused, and answered but lost: the same state as one clean run, and nothing twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from deployment import SAMPLES, Deployment
from rules import Broken, Denied, Lost, Slow, Throttled, each_once

if TYPE_CHECKING:
    from pathlib import Path

    from forked import Forker
    from rules import Fault, Proxy

_SAMPLES = sorted(each.parent.name for each in SAMPLES.glob("*/lambdacli.yaml"))
_MANIFESTS = ("functions", "pulled", "pushed", "apis", "others")


@pytest.fixture
def deployment(aws: Proxy, forker: Forker, tmp_path: Path, name: str) -> Deployment:
    return Deployment(aws, forker, name, tmp_path / name)


def _clean(deployment: Deployment) -> dict[str, Any]:
    deployment.anew()
    deployment.deployed()
    wanted = deployment.state()
    deployment.anew()
    return wanted


@pytest.mark.parametrize(
    "fault", [Throttled(), Slow(0.05), Broken(), Lost()], ids=["throttled", "slow", "broken", "lost"]
)
@pytest.mark.parametrize("name", [*_SAMPLES, *_MANIFESTS])
def test_every_call_goes_wrong_the_first_time(deployment: Deployment, fault: Fault) -> None:
    wanted = _clean(deployment)
    planned = deployment.aws.fault(each_once(), fault, times=float("inf"))
    ended = deployment.deploy()
    assert len(planned.met) > 8
    assert ended.status == 0, ended.err
    deployment.stays(wanted, type(fault).__name__)


@pytest.mark.parametrize("name", ["order-mail", "web"])
def test_each_writing_call_alone_is_lost(deployment: Deployment) -> None:
    wanted = _clean(deployment)
    deployment.aws.delay = 0
    number, met = 1, True
    while met:
        planned = deployment.aws.fault(lambda call, number=number: call.write == number, Lost())
        deployment.deployed()
        met = bool(planned.met)
        deployment.stays(wanted, f"writing call {number} lost")
        deployment.anew()
        number += 1
    assert number > 20


@pytest.mark.parametrize("name", [*_SAMPLES, *_MANIFESTS])
def test_each_kind_of_call_is_refused(deployment: Deployment) -> None:
    """A deployment says what was refused, and one that is permitted goes on."""
    wanted = _clean(deployment)
    deployment.aws.delay = 0
    deployment.deployed()
    operations = dict.fromkeys(deployment.aws.writes)
    for operation in operations:
        deployment.anew()
        deployment.aws.fault(lambda call, operation=operation: call.name == operation, Denied(), times=float("inf"))
        ended = deployment.deploy()
        if operation != "ssm:DeleteParameter":  # the lock that it cannot release expires
            assert ended.status == 1, f"{operation}: {ended.err}"
            assert operation in ended.err
        deployment.settle(wanted, f"{operation} refused")
