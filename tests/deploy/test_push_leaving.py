from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml
from deployment import Deployment

if TYPE_CHECKING:
    from pathlib import Path

    from forked import Forker
    from rules import Proxy

TRIGGERS = [
    {"s3": {"bucket": "shop-photos", "prefix": "in/"}},
    {"sns": {"topic": "news", "redrive_queue": "undelivered"}},
    {"eventbridge": {"pattern": {"source": ["shop"]}, "dead_letter_queue": "undelivered"}},
    {"schedule": "rate(5 minutes)"},
    {"schedule": {"expression": "rate(5 minutes)", "timezone": "Europe/Berlin"}},
    {"schedule": {"expression": "rate(5 minutes)", "service": "scheduler", "group": "default", "name": "mine"}},
    {"logs": {"log_group": "/shop/app"}},
]
RESOURCES = {"buckets": {"shop-photos": None}, "topics": {"news": None}, "queues": {"undelivered": None}}


@pytest.fixture
def deployment(aws: Proxy, forker: Forker, tmp_path: Path) -> Deployment:
    aws.delay = 0  # what is killed here waits for nothing
    return Deployment(aws, forker, "pushed", tmp_path / "pushed")


def _write(deployment: Deployment, triggers: list[object]) -> None:
    function = {"runtime": "python3.13", "code": "app.py", "handler": "app.handler", "triggers": triggers}
    manifest = {"app": "pushed", "functions": {"reader": function}, "resources": RESOURCES}
    (deployment.folder / "lambdacli.yaml").write_text(yaml.safe_dump(manifest))


def test_killed_again_and_again_while_all_triggers_leave_nothing_stays_behind(deployment: Deployment) -> None:
    deployment.anew()
    _write(deployment, [])
    deployment.deployed()
    wanted = deployment.state()
    _write(deployment, list(TRIGGERS))
    deployment.deployed()
    assert deployment.state() != wanted
    _write(deployment, [])
    steps = 0
    while deployment.killed(lambda call: call.write > 0 and call.service != "ssm"):
        deployment.minutes_pass()
        steps += 1
    assert steps > len(TRIGGERS)
    deployment.stays(wanted, f"killed {steps} times")


def test_what_destroy_leaves_is_what_others_had(deployment: Deployment) -> None:
    deployment.anew()
    before = deployment.state()
    _write(deployment, list(TRIGGERS))
    deployment.deployed()
    ended = deployment.run("destroy", "--yes", "--delete-data", cwd=deployment.folder, env=deployment.environment)
    assert ended.status == 0, ended.err
    assert deployment.state() == before
