"""What lambdacli owns, made by deployments that are killed after each writing call in turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from deployment import Deployment

if TYPE_CHECKING:
    from pathlib import Path

    from forked import Forker
    from rules import Call, Proxy

pytestmark = pytest.mark.uninstrumented


def test_resources_are_the_same_after_any_number_of_killed_deployments(
    aws: Proxy, forker: Forker, tmp_path: Path
) -> None:
    deployment = Deployment(aws, forker, "owned", tmp_path / "owned")
    aws.delay = 0
    deployment.anew()
    deployment.deployed()
    wanted = deployment.state()
    deployment.anew()
    made: set[str] = set()

    def new(call: Call) -> bool:
        key = f"{call.name} {call.parameters}"
        if call.reads or call.service == "ssm" or key in made:
            return False
        made.add(key)
        return True

    while deployment.killed(new):
        deployment.minutes_pass()
    assert len(made) > 20
    deployment.stays(wanted, f"killed {len(made)} times")
