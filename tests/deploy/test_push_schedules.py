from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest
from pushed import Pushed, alias

if TYPE_CHECKING:
    from pathlib import Path

    from forked import Forker
    from rules import Proxy

GROUP = "push-dev"
NAME = "push-dev-reader.schedule"
ROLE = "push-dev-reader.scheduler-eu-west-1"
EVERY = {"expression": "rate(5 minutes)", "service": "scheduler"}
KEY = "arn:aws:kms:eu-west-1:123456789012:key/1234"


@pytest.fixture
def project(tmp_path: Path, forker: Forker, aws: Proxy) -> Pushed:
    return Pushed(tmp_path, forker, aws)


def _schedules(project: Pushed, group: str = GROUP) -> dict[str, dict[str, Any]]:
    """Names of a group's schedules, and what they are."""
    scheduler = project.aws.client("scheduler")
    names = [each["Name"] for each in scheduler.list_schedules(GroupName=group)["Schedules"]]
    return {name: scheduler.get_schedule(Name=name, GroupName=group) for name in names}


def _groups(project: Pushed) -> set[str]:
    return {each["Name"] for each in project.aws.client("scheduler").list_schedule_groups()["ScheduleGroups"]}


def _role(project: Pushed) -> dict[str, Any] | None:
    """The trust policy and the policy of the role that the service takes on."""
    iam = project.aws.client("iam")
    try:
        role = iam.get_role(RoleName=ROLE)["Role"]
    except iam.exceptions.NoSuchEntityException:
        return None
    policy = iam.get_role_policy(RoleName=ROLE, PolicyName="lambdacli")["PolicyDocument"]
    return {"trust": role["AssumeRolePolicyDocument"], "policy": policy}


def test_a_moment_invokes_the_function(project: Pushed) -> None:
    project.write({"reader": [{"schedule": {"expression": "at(2020-01-01T00:00:00)", "input": {"hello": ["you"]}}}]})
    project.deploy()
    assert project.got("reader") == {"hello": ["you"]}  # within 10 seconds: the emulator looks that often
    assert project.plan() == {}


def test_what_has_deleted_itself_is_not_made_again(project: Pushed) -> None:
    over = {"expression": "at(2020-01-01T00:00:00)", "action_after_completion": "DELETE"}
    ended = {**EVERY, "end_date": "2020-01-01", "action_after_completion": "DELETE"}
    project.write({"reader": [{"schedule": over}, {"schedule": ended}]})
    project.deploy()
    assert _schedules(project) == {}
    assert project.plan() == {}
    project.write({"reader": [{"schedule": {**over, "expression": "at(2099-01-01T00:00:00)"}}]})
    project.deploy()
    assert set(_schedules(project)) == {NAME}
    project.aws.client("scheduler").delete_schedule(Name=NAME, GroupName=GROUP)
    (action,) = project.plan().values()
    assert (action["op"], action["drift"]) == ("create", True)


def test_what_has_begun_long_ago_can_be_made_and_changed(project: Pushed) -> None:
    started = {**EVERY, "start_date": "2020-01-01T08:00:00"}
    project.write({"reader": [{"schedule": started}]})
    project.deploy()
    assert project.plan() == {}
    project.write({"reader": [{"schedule": {**started, "description": "now and then"}}]})
    project.deploy()
    assert _schedules(project)[NAME]["Description"] == "now and then"
    assert project.plan() == {}


def test_the_service_gets_a_role_with_no_more_than_it_needs(project: Pushed) -> None:
    trigger = {"schedule": {**EVERY, "dead_letter_queue": "dead", "kms_key": KEY}}
    project.write({"reader": [trigger]}, queues={"dead": None})
    project.deploy()
    assert _role(project) == {
        "trust": {
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": {"Service": "scheduler.amazonaws.com"},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {
                    "aws:SourceAccount": "123456789012",
                    "aws:SourceArn": [f"arn:aws:scheduler:eu-west-1:123456789012:schedule-group/{GROUP}"],
                }},
            }],
        },
        "policy": {
            "Version": "2012-10-17",
            "Statement": [
                {"Sid": sid, "Effect": "Allow", "Action": action, "Resource": on}
                for sid, action, on in [
                    _sid("Decrypt", KEY, "kms:Decrypt", KEY),
                    ("Invoke", "lambda:InvokeFunction", alias("reader")),
                    _sid("Send", "dead", "sqs:SendMessage", "arn:aws:sqs:eu-west-1:123456789012:dead"),
                ]
            ],
        },
    }  # fmt: skip
    assert project.statements("reader") == []
    assert project.plan() == {}


def _sid(word: str, told: str, action: str, on: str) -> tuple[str, str, str]:
    from lambdacli.resource import digest

    return f"{word}{digest(told)[:12]}", action, on


def test_every_setting_is_changed_in_place_and_back(project: Pushed) -> None:
    project.write({"reader": [{"schedule": EVERY}]}, queues={"dead": None})
    project.deploy()
    for settings in (
        {**EVERY, "timezone": "Europe/Berlin", "description": "now and then", "enabled": False},
        {**EVERY, "start_date": "2030-01-01T08:00:00+01:00", "end_date": "2031-01-01", "flexible_time_window": 15},
        {**EVERY, "input": "text", "maximum_event_age": 120, "maximum_retry_attempts": 0, "dead_letter_queue": "dead"},
        {**EVERY, "kms_key": KEY, "action_after_completion": "DELETE", "expression": "cron(0 8 ? * MON-FRI *)"},
        EVERY,
    ):
        project.write({"reader": [{"schedule": settings}]}, queues={"dead": None})
        assert project.plan()["schedule", f"reader/{GROUP}/{NAME}"]["op"] == "update"
        project.deploy()
        assert project.plan() == {}
        _as_written(_schedules(project)[NAME], settings)


def _as_written(found: dict[str, Any], settings: dict[str, Any]) -> None:
    assert found["ScheduleExpression"] == settings["expression"]
    assert found.get("ScheduleExpressionTimezone", "UTC") == settings.get("timezone", "UTC")
    assert found["State"] == ("ENABLED" if settings.get("enabled", True) else "DISABLED")
    assert found.get("Description", "") == settings.get("description", "")
    assert found.get("KmsKeyArn", "") == settings.get("kms_key", "")
    assert found.get("ActionAfterCompletion", "NONE") == settings.get("action_after_completion", "NONE")
    window = settings.get("flexible_time_window")
    assert found["FlexibleTimeWindow"].get("MaximumWindowInMinutes") == window
    start = datetime(2030, 1, 1, 7, tzinfo=timezone.utc) if "start_date" in settings else None
    assert found.get("StartDate") == start
    target = found["Target"]
    assert target["Arn"] == alias("reader")
    assert target["RetryPolicy"] == {
        "MaximumEventAgeInSeconds": settings.get("maximum_event_age", 86400),
        "MaximumRetryAttempts": settings.get("maximum_retry_attempts", 185),
    }
    assert target.get("Input") == (json.dumps(settings["input"]) if "input" in settings else None)
    dead = {"Arn": "arn:aws:sqs:eu-west-1:123456789012:dead"} if "dead_letter_queue" in settings else {}
    assert target.get("DeadLetterConfig", {}) == dead


def test_with_the_last_schedule_go_the_role_and_the_group(project: Pushed) -> None:
    project.write({"reader": [{"schedule": EVERY}, {"schedule": {**EVERY, "name": "second"}}], "other": []})
    project.deploy()
    assert set(_schedules(project)) == {NAME, "second"}
    project.write({"reader": [{"schedule": EVERY}], "other": []})
    project.deploy()
    assert set(_schedules(project)) == {NAME}
    assert _groups(project) == {"default", GROUP}
    project.write({"reader": [], "other": []})
    project.deploy()
    assert _groups(project) == {"default"}
    assert _role(project) is None
    assert project.plan() == {}


def test_a_group_of_others_is_used_and_left(project: Pushed) -> None:
    scheduler = project.aws.client("scheduler")
    scheduler.create_schedule_group(Name="theirs")
    scheduler.create_schedule(
        Name="their-own", GroupName="theirs", ScheduleExpression="rate(1 hour)", FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": "arn:aws:sqs:eu-west-1:123456789012:q", "RoleArn": "arn:aws:iam::123456789012:role/r"},
    )  # fmt: skip
    project.write({"reader": [{"schedule": {**EVERY, "group": "theirs", "name": "mine"}}]})
    project.deploy()
    assert set(_schedules(project, "theirs")) == {"mine", "their-own"}
    assert _groups(project) == {"default", "theirs"}
    project.write({"reader": [{"schedule": EVERY}]})
    project.deploy()
    assert set(_schedules(project, "theirs")) == {"their-own"}
    assert set(_schedules(project)) == {NAME}
    assert project.plan() == {}
    project.run("destroy", "--yes")
    assert set(_schedules(project, "theirs")) == {"their-own"}
    assert _groups(project) == {"default", "theirs"}


def test_schedules_and_groups_of_somebody_else_are_not_taken_over(project: Pushed) -> None:
    scheduler = project.aws.client("scheduler")
    scheduler.create_schedule(
        Name="mine", ScheduleExpression="rate(1 hour)", FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": "arn:aws:sqs:eu-west-1:123456789012:q", "RoleArn": "arn:aws:iam::123456789012:role/r"},
    )  # fmt: skip
    project.write({"reader": [{"schedule": {**EVERY, "group": "default", "name": "mine"}}]})
    assert "there is such a schedule already" in project.deploy(code=2)
    scheduler.create_schedule_group(Name=GROUP)
    project.write({"reader": [{"schedule": EVERY}]})
    assert "there is such a group already" in project.deploy(code=2)


def test_a_rule_becomes_a_schedule_of_the_scheduler_and_back(project: Pushed) -> None:
    events = project.aws.client("events")
    project.write({"reader": [{"schedule": "rate(5 minutes)"}]})
    project.deploy()
    assert [each["Name"] for each in events.list_rules()["Rules"]] == [NAME]
    project.write({"reader": [{"schedule": {"expression": "rate(5 minutes)", "timezone": "Europe/Berlin"}}]})
    project.deploy()
    assert events.list_rules()["Rules"] == []
    assert set(_schedules(project)) == {NAME}
    assert project.statements("reader") == []
    project.write({"reader": [{"schedule": "rate(5 minutes)"}]})
    project.deploy()
    assert _groups(project) == {"default"}
    assert len(project.statements("reader")) == 1


def test_a_group_that_is_not_there_is_told_in_the_plan(project: Pushed) -> None:
    project.write({"reader": [{"schedule": {**EVERY, "group": "theirs"}}]})
    assert "there is no schedule group theirs" in project.deploy(code=2)


def test_moments_that_are_none_are_mistakes(project: Pushed) -> None:
    project.write({"reader": [{"schedule": {**EVERY, "start_date": "soon"}}]})
    assert "soon is no time" in project.run("validate", code=2)
    project.write({"reader": [{"schedule": {**EVERY, "start_date": "2030-01-02", "end_date": "2030-01-01"}}]})
    assert "it ends before it starts" in project.run("validate", code=2)
