"""A second opinion: moto, another emulator, on what it is right about; each time deployed, changed and destroyed.

Its event source mappings, policies of function URLs, and authorizers of deleted HTTP APIs are not as AWS's are: these
are left to the other one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from emulator import MOTO, Moto, Unavailable, executable
from telling import Telling

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from forked import Forker

_PHOTOS = {"buckets": {"photos": {"versioning": True}}}
_NEWS = {"topics": {"news": None}, "queues": {"lost": None}}


@pytest.fixture(scope="module")
def running() -> Iterator[Moto]:
    try:
        command = executable(MOTO)
    except Unavailable as reason:
        pytest.skip(str(reason))
    with Moto(command) as moto:
        yield moto


class Project(Telling):
    """One function on moto, and what it owns."""

    app = "second"
    source = "def handler(event, context): return event\n"

    def write(self, function: dict[str, Any], resources: dict[str, Any]) -> None:
        self.save({"handler": "app.handler", "code": "code"}, {"worker": function}, resources)

    def ops(self) -> dict[str, str]:
        """What a deployment would do now, by kind, housekeeping left out."""
        return {kind: each["op"] for (kind, _), each in self.plan().items()}


@pytest.fixture
def project(running: Moto, forker: Forker, tmp_path: Path) -> Project:
    running.reset()
    return Project(tmp_path, forker, running)


def _with(*triggers: dict[str, Any]) -> dict[str, Any]:
    return {"triggers": list(triggers)}


_S3 = {"bucket": "photos", "events": ["s3:ObjectCreated:*"], "prefix": "in/"}
_SNS = {"topic": "news", "filter_policy": {"kind": ["paper"]}, "redrive_queue": "lost"}
_MORNING = {"expression": "cron(0 6 * * ? *)", "service": "scheduler", "timezone": "Europe/Berlin"}
_SQL = "SELECT temperature FROM 'rooms/+/climate'"

CASES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any], set[str]]] = {
    # what is first, what is then, what it owns, and the kinds that change in between
    "function": ({"log_retention": 7}, {"log_retention": 30, "memory": 512}, {}, {"log_group", "function"}),
    "s3": (_with({"s3": _S3}), _with({"s3": {**_S3, "suffix": ".jpg"}}), _PHOTOS, {"bucket_notification"}),
    "sns": (
        _with({"sns": _SNS}), _with({"sns": {**_SNS, "filter_policy": {"kind": ["book"]}}}), _NEWS, {"subscription"},
    ),
    "rule": (_with({"schedule": "rate(5 minutes)"}), _with({"schedule": "rate(6 minutes)"}), {}, {"rule"}),
    "pattern": (
        _with({"eventbridge": {"name": "orders", "pattern": {"source": ["shop"]}}}),
        _with({"eventbridge": {"name": "orders", "pattern": {"source": ["store"]}}}),
        {}, {"rule"},
    ),
    "scheduler": (
        _with({"schedule": {**_MORNING, "name": "morning"}}),
        _with({"schedule": {**_MORNING, "name": "morning", "timezone": "Asia/Tokyo"}}),
        {}, {"schedule"},
    ),
    "rest": (
        _with({"rest": "GET /orders"}), _with({"rest": "GET /orders"}, {"rest": "POST /orders"}), {},
        {"rest_method", "rest_deployment", "permission"},
    ),
    "iot": (
        _with({"iot": {"sql": _SQL, "rule": "climate"}}),
        _with({"iot": {"sql": f"{_SQL} WHERE temperature > 30", "rule": "climate"}}),
        {}, {"topic_rule"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_it_is_deployed_changed_and_destroyed(project: Project, name: str) -> None:
    first, then, resources, changing = CASES[name]
    project.write(first, resources)
    assert set(project.ops().values()) == {"create"}
    project.deploy()
    assert project.ops() == {}
    project.write(then, resources)
    assert set(project.ops()) - {"alias"} == changing
    project.deploy()
    assert project.ops() == {}
    project.run("destroy", "--yes", "--delete-data")
    assert project.run("destroy", "--yes").startswith("nothing to destroy")


def test_what_it_owns_is_made_changed_and_deleted(project: Project) -> None:
    before: dict[str, Any] = {
        "buckets": {"photos": None}, "topics": {"news": None}, "queues": {"jobs": {"dead_letter_queue": "dead"}},
        "streams": {"clicks": {"shards": 1}}, "tables": {"orders": {"partition_key": "id"}},
    }  # fmt: skip
    project.write({}, before)
    project.deploy()
    assert project.ops() == {}
    after = {**before, "buckets": {"photos": {"versioning": True}}, "queues": {"jobs": {"visibility_timeout": 90}}}
    project.write({}, after)
    assert project.ops() == {"bucket": "update", "queue": "keep"}
    project.deploy("--delete-data")
    assert project.ops() == {}
    assert [each.rpartition("/")[2] for each in project.aws.client("sqs").list_queues()["QueueUrls"]] == ["jobs"]
