"""REST APIs and load balancers, changed by runs that are killed again and again: the same as one that was not."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import pytest
from deployment import Deployment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from forked import Forker
    from rules import Call, Proxy

pytestmark = pytest.mark.uninstrumented

_HEAD = """
app: others
defaults: {runtime: python3.13, code: app.py, handler: app.handler}
functions:
"""
_BEFORE = """
  guard: {}
  orders:
    triggers:
      - rest: {route: "GET /orders/{id}", cors: {allow_origins: ["https://a.example", "https://b.example"]}}
      - rest: {route: POST /orders, authorizer: {lambda: {function: guard}}, throttling: {burst_limit: 3}}
      - rest: {route: GET /moving}
      - alb: {listener: "${env:LISTENER}"}
  items:
    triggers:
      - rest: {route: "GET /items", request_parameters: {method.request.querystring.page: true}}
      - alb: {listener: "${env:LISTENER}", conditions: {path: [/items]}, priority: 4}
"""
_AFTER = """
  orders:
    triggers:
      - rest: {route: "GET /orders/{id}", authorizer: iam, binary_media_types: [image/png]}
      - alb: {listener: "${env:LISTENER}", conditions: {path: [/items]}, priority: 4, multi_value_headers: true}
  items:
    triggers:
      - rest: {route: GET /moving, cors: true}
      - rest: {route: PUT /items, stage: v2}
"""


@pytest.fixture
def deployment(aws: Proxy, forker: Forker, tmp_path: Path) -> Deployment:
    aws.delay = 0
    return Deployment(aws, forker, "others", tmp_path / "others")


def _write(deployment: Deployment, functions: str) -> None:
    (deployment.folder / "lambdacli.yaml").write_text(_HEAD + textwrap.dedent(functions).replace("\n", "\n  "))


@pytest.mark.parametrize(("first", "then"), [(_BEFORE, _AFTER), (_AFTER, _BEFORE)], ids=["there", "back"])
def test_changed_by_runs_that_are_killed(deployment: Deployment, first: str, then: str) -> None:
    _write(deployment, then)
    wanted = deployment.clean()
    _write(deployment, first)
    deployment.deployed()
    _write(deployment, then)
    made: set[str] = set()
    while deployment.killed(_new(made)):
        deployment.minutes_pass()
    assert len(made) > 20
    deployment.stays(wanted, f"killed {len(made)} times")


def _new(made: set[str]) -> Callable[[Call], bool]:
    def meets(call: Call) -> bool:
        key = f"{call.name} {call.parameters}"
        if call.reads or call.service == "ssm" or key in made:
            return False
        made.add(key)
        return True

    return meets
