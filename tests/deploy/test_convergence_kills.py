"""Killed after any single call, a deployment goes on: the same state as one clean run, and then nothing to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from deployment import SAMPLES, Deployment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from forked import Forker
    from rules import Call, Proxy

_SAMPLES = sorted(each.parent.name for each in SAMPLES.glob("*/lambdacli.yaml"))
_MANIFESTS = ("functions", "pulled", "pushed", "apis", "others")


@pytest.fixture
def deployment(aws: Proxy, forker: Forker, tmp_path: Path, name: str) -> Deployment:
    aws.delay = 0  # what is killed here waits for nothing
    return Deployment(aws, forker, name, tmp_path / name)


def _written(number: int) -> Callable[[Call], bool]:
    return lambda call: call.write == number


@pytest.mark.parametrize("name", _SAMPLES)
def test_a_sample_killed_after_each_writing_call(deployment: Deployment) -> None:
    deployment.anew()
    deployment.deployed()
    wanted = deployment.state()
    deployment.stays(wanted, "a second run")
    deployment.anew()
    number = 1
    while deployment.killed(_written(number)):
        deployment.settle(wanted, f"killed after writing call {number}")
        deployment.anew()
        number += 1
    assert number > 8  # as many writing calls there are at the least


@pytest.mark.parametrize("name", ["thumbnails"])
def test_killed_while_it_reads_it_has_changed_nothing(deployment: Deployment) -> None:
    deployment.anew()
    before = deployment.state()
    number = 1
    while deployment.killed(lambda call, number=number: call.reads and call.number == number):
        assert deployment.state() == before
        number += 1
    assert number > 8


@pytest.mark.parametrize("name", _MANIFESTS)
def test_killed_again_and_again(deployment: Deployment) -> None:
    """Every run is killed after the first call that no run before has made: it goes on from each state in turn."""
    deployment.anew()
    deployment.deployed()
    wanted = deployment.state()
    deployment.anew()
    made: set[str] = set()
    while deployment.killed(_new(made)):
        deployment.minutes_pass()
    assert len(made) > 20
    deployment.stays(wanted, f"killed {len(made)} times")


def _new(made: set[str]) -> Callable[[Call], bool]:
    def meets(call: Call) -> bool:
        key = f"{call.name} {call.parameters}"
        if call.reads or call.service == "ssm" or key in made:  # the lock is another one each time
            return False
        made.add(key)
        return True

    return meets
