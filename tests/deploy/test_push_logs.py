from __future__ import annotations

import base64
import gzip
import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from pushed import Pushed, alias

if TYPE_CHECKING:
    from pathlib import Path

    from forked import Forker
    from rules import Proxy

GROUP = "/app/web"
NAME = "push-dev-reader.logs"


@pytest.fixture
def project(tmp_path: Path, forker: Forker, aws: Proxy) -> Pushed:
    logs = aws.client("logs")
    logs.create_log_group(logGroupName=GROUP)
    logs.create_log_stream(logGroupName=GROUP, logStreamName="one")
    return Pushed(tmp_path, forker, aws)


def _filters(project: Pushed, group: str = GROUP) -> dict[str, dict[str, Any]]:
    """Names of a log group's subscription filters, and what they are."""
    found = project.aws.client("logs").describe_subscription_filters(logGroupName=group)["subscriptionFilters"]
    return {each["filterName"]: each for each in found}


def _write(project: Pushed, *messages: str) -> None:
    events = [{"timestamp": int(time.time() * 1000), "message": each} for each in messages]
    project.aws.client("logs").put_log_events(logGroupName=GROUP, logStreamName="one", logEvents=events)


def test_an_entry_that_fits_invokes_the_function(project: Pushed) -> None:
    project.write({"reader": [{"logs": {"log_group": GROUP, "filter_pattern": "ERROR"}}]})
    project.deploy()
    _write(project, "INFO all is well", "ERROR it is not")
    event = project.got("reader")
    told = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))
    assert [each["message"] for each in told["logEvents"]] == ["ERROR it is not"]
    (statement,) = project.statements("reader")
    assert statement["Principal"] == {"Service": "logs.amazonaws.com"}
    source = f"arn:aws:logs:eu-west-1:123456789012:log-group:{GROUP}:*"
    assert statement["Condition"]["ArnLike"] == {"AWS:SourceArn": source}
    assert statement["Condition"]["StringEquals"] == {"AWS:SourceAccount": "123456789012"}
    assert project.plan() == {}


def test_it_is_changed_in_place_and_leaves_those_of_others(project: Pushed) -> None:
    logs = project.aws.client("logs")
    stream = "arn:aws:kinesis:eu-west-1:123456789012:stream/theirs"
    logs.put_subscription_filter(logGroupName=GROUP, filterName="theirs", filterPattern="", destinationArn=stream)
    project.write({"reader": [{"logs": GROUP}]})
    project.deploy()
    assert set(_filters(project)) == {"theirs", NAME}
    arn = f"arn:aws:logs:eu-west-1:123456789012:log-group:{GROUP}"
    project.write({"reader": [{"logs": {"log_group": arn, "filter_pattern": "{ $.level = 40 }"}}]})
    (action,) = project.plan().values()
    assert (action["kind"], action["op"]) == ("subscription_filter", "update")
    project.deploy()
    assert _filters(project)[NAME]["filterPattern"] == "{ $.level = 40 }"
    project.write({"reader": [{"logs": {"log_group": GROUP, "filter_name": "mine"}}]})
    project.deploy()
    assert set(_filters(project)) == {"theirs", "mine"}
    project.write({"reader": []})
    project.deploy()
    assert set(_filters(project)) == {"theirs"}
    assert project.statements("reader") == []
    assert project.plan() == {}


def test_the_log_of_another_function_of_the_manifest(project: Pushed) -> None:
    project.write({"reader": [{"logs": "/aws/lambda/push-dev-web"}], "web": []})
    project.deploy()
    (found,) = _filters(project, "/aws/lambda/push-dev-web").values()
    assert found["destinationArn"] == alias("reader")
    assert project.plan() == {}


def test_its_own_log_is_a_mistake(project: Pushed) -> None:
    project.write({"reader": [{"logs": "/aws/lambda/push-dev-reader"}]})
    assert "invoked by its own log" in project.deploy(code=2)


def test_what_is_not_there_or_somebody_elses_is_told_in_the_plan(project: Pushed) -> None:
    project.write({"reader": [{"logs": "/app/other"}]})
    assert "there is no log group /app/other" in project.deploy(code=2)
    away = "arn:aws:logs:us-east-1:123456789012:log-group:/app/web"
    project.write({"reader": [{"logs": away}]})
    assert "the log group is in another Region or account" in project.deploy(code=2)
    stream = "arn:aws:kinesis:eu-west-1:123456789012:stream/theirs"
    logs = project.aws.client("logs")
    logs.put_subscription_filter(logGroupName=GROUP, filterName="theirs", filterPattern="", destinationArn=stream)
    project.write({"reader": [{"logs": {"log_group": GROUP, "filter_name": "theirs"}}]})
    assert f"there is such a filter already, to {stream}" in project.deploy(code=2)
