"""From any manifest to any other: the second is reached, and it is what a fresh deployment of it would be.

LAMBDACLI_EXAMPLES says how many pairs are tried.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from account import prepared
from deployment import EXHAUSTIVE, Deployment
from hypothesis import HealthCheck, given, settings
from manifests import Manifest, manifests
from snapshot import differences, without_counts

if TYPE_CHECKING:
    from pathlib import Path

    from forked import Forker
    from rules import Proxy

pytestmark = pytest.mark.uninstrumented

_EXAMPLES = int(os.environ.get("LAMBDACLI_EXAMPLES", "300" if EXHAUSTIVE else "6"))


@settings(max_examples=_EXAMPLES, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=manifests(), second=manifests())
def test_the_second_is_reached_from_the_first(
    aws: Proxy, forker: Forker, tmp_path: Path, first: Manifest, second: Manifest
) -> None:
    aws.delay = 0
    deployment = Deployment(aws, forker, "functions", tmp_path)
    wanted = _fresh(deployment, second)
    _fresh(deployment, first)
    _deploy(deployment, second)
    assert list(differences(wanted, _state(deployment))) == []
    aws.forget()
    _deploy(deployment, second)
    assert aws.writes == []


def _fresh(deployment: Deployment, manifest: Manifest) -> dict[str, Any]:
    deployment.anew()
    prepared(deployment.aws, ["log-group /shop/app"])
    _deploy(deployment, manifest)
    return _state(deployment)


def _deploy(deployment: Deployment, manifest: Manifest) -> None:
    (deployment.folder / "lambdacli.yaml").write_text(yaml.safe_dump(manifest, sort_keys=False))
    ended = deployment.deploy("--delete-data")
    assert ended.status == 0, ended.err


def _state(deployment: Deployment) -> dict[str, Any]:
    return without_counts(deployment.state())
