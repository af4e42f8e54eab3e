from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from pushed import Pushed, alias

if TYPE_CHECKING:
    from pathlib import Path

    from forked import Forker
    from rules import Proxy

RULE = "push-dev-reader.eventbridge"
ARN = f"arn:aws:events:eu-west-1:123456789012:rule/{RULE}"
PATTERN = {"source": ["shop"]}


@pytest.fixture
def project(tmp_path: Path, forker: Forker, aws: Proxy) -> Pushed:
    return Pushed(tmp_path, forker, aws)


def _rules(project: Pushed, bus: str = "default") -> dict[str, dict[str, Any]]:
    """Names of rules, and what they are."""
    events = project.aws.client("events")
    names = [each["Name"] for each in events.list_rules(EventBusName=bus)["Rules"]]
    return {name: events.describe_rule(Name=name, EventBusName=bus) for name in names}


def _target(project: Pushed, rule: str = RULE, bus: str = "default") -> dict[str, Any]:
    (target,) = project.aws.client("events").list_targets_by_rule(Rule=rule, EventBusName=bus)["Targets"]
    return dict(target)


def _put(project: Pushed, source: str, detail: dict[str, Any] | None = None, bus: str = "default") -> None:
    entry = {"Source": source, "DetailType": "sold", "Detail": json.dumps(detail or {}), "EventBusName": bus}
    project.aws.client("events").put_events(Entries=[entry])


def test_an_event_that_matches_invokes_the_function(project: Pushed) -> None:
    project.write({"reader": [{"eventbridge": {"pattern": PATTERN}}]})
    project.deploy()
    _put(project, "school")
    _put(project, "shop", {"id": 7})
    assert project.got("reader")["detail"] == {"id": 7}
    assert len(project.events("reader")) == 1
    (statement,) = project.statements("reader")
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Condition"] == {"ArnLike": {"AWS:SourceArn": ARN}}
    tags = project.aws.client("events").list_tags_for_resource(ResourceARN=ARN)["Tags"]
    assert {each["Key"]: each["Value"] for each in tags} == {
        "lambdacli:app": "push", "lambdacli:stage": "dev", "lambdacli:function": "reader",
    }  # fmt: skip
    assert project.plan() == {}


def test_the_function_gets_what_the_transformer_makes_of_it(project: Pushed) -> None:
    transformer = {"paths": {"id": "$.detail.id"}, "template": '{"number": <id>}'}
    project.write({"reader": [{"eventbridge": {"pattern": PATTERN, "input_transformer": transformer}}]})
    project.deploy()
    _put(project, "shop", {"id": 7})
    assert project.got("reader") == {"number": 7}
    assert project.plan() == {}


def test_a_rule_on_a_bus_of_its_own(project: Pushed) -> None:
    project.aws.client("events").create_event_bus(Name="sales")
    trigger = {"pattern": PATTERN, "event_bus": "arn:aws:events:eu-west-1:123456789012:event-bus/sales"}
    project.write({"reader": [{"eventbridge": trigger}]})
    project.deploy()
    _put(project, "shop", {"id": 8}, bus="sales")
    assert project.got("reader")["detail"] == {"id": 8}
    assert list(_rules(project, "sales")) == [RULE]
    (statement,) = project.statements("reader")
    assert statement["Condition"]["ArnLike"]["AWS:SourceArn"] == ARN.replace("rule/", "rule/sales/")
    project.write({"reader": [{"eventbridge": {**trigger, "event_bus": "sales"}}]})
    assert project.plan() == {}
    project.write({"reader": []})
    project.deploy()
    assert _rules(project, "sales") == {}
    assert project.statements("reader") == []


def test_every_setting_is_changed_in_place_and_back(project: Pushed) -> None:
    plain = {"pattern": PATTERN}
    project.write({"reader": [{"eventbridge": plain}]}, queues={"dead": None})
    project.deploy()
    for settings in (
        {**plain, "enabled": False, "description": "what was sold"},
        {"pattern": json.dumps({"source": ["shop", "kiosk"]}), "input": {"a": [1, None]}},
        {**plain, "input_path": "$.detail"},
        {**plain, "maximum_event_age": 300, "maximum_retry_attempts": 2, "dead_letter_queue": "dead"},
        plain,
    ):
        project.write({"reader": [{"eventbridge": settings}]}, queues={"dead": None})
        assert project.plan()["rule", f"reader/{RULE}"]["op"] == "update"
        project.deploy()
        assert project.plan() == {}
        _as_written(_rules(project)[RULE], _target(project), settings)


def _as_written(rule: dict[str, Any], target: dict[str, Any], settings: dict[str, Any]) -> None:
    pattern = settings["pattern"]
    assert json.loads(rule["EventPattern"]) == (json.loads(pattern) if isinstance(pattern, str) else pattern)
    assert rule["State"] == ("ENABLED" if settings.get("enabled", True) else "DISABLED")
    assert rule.get("Description", "") == settings.get("description", "")
    wanted: dict[str, Any] = {"Id": "lambdacli", "Arn": alias("reader")}
    if "input" in settings:
        wanted["Input"] = '{"a":[1,null]}'
    if "input_path" in settings:
        wanted["InputPath"] = "$.detail"
    if "dead_letter_queue" in settings:
        wanted["RetryPolicy"] = {"MaximumEventAgeInSeconds": 300, "MaximumRetryAttempts": 2}
        wanted["DeadLetterConfig"] = {"Arn": "arn:aws:sqs:eu-west-1:123456789012:dead"}
    assert target == wanted


def test_the_rule_may_send_to_its_dead_letter_queue(project: Pushed) -> None:
    trigger = {"eventbridge": {"pattern": PATTERN, "dead_letter_queue": "dead"}}
    project.write({"reader": [trigger]}, queues={"dead": None})
    project.deploy()
    sqs = project.aws.client("sqs")
    url = sqs.get_queue_url(QueueName="dead")["QueueUrl"]
    policy = json.loads(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]["Policy"])
    (statement,) = policy["Statement"]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": ARN}}


def test_several_rules_of_a_function_have_names_of_their_own(project: Pushed) -> None:
    triggers = [
        {"eventbridge": {"pattern": PATTERN}},
        {"eventbridge": {"pattern": {"source": ["kiosk"]}}},
        {"eventbridge": {"pattern": {"source": ["market"]}, "name": "mine"}},
        {"schedule": "rate(5 minutes)"},
    ]
    project.write({"reader": triggers})
    project.deploy()
    assert sorted(_rules(project)) == ["mine", RULE, f"{RULE}.2", "push-dev-reader.schedule"]
    assert _rules(project)["push-dev-reader.schedule"]["ScheduleExpression"] == "rate(5 minutes)"
    project.write({"reader": [triggers[0], triggers[3]]})
    project.deploy()
    assert sorted(_rules(project)) == [RULE, "push-dev-reader.schedule"]
    assert len(project.statements("reader")) == 2
    assert project.plan() == {}
    project.run("destroy", "--yes")
    assert _rules(project) == {}


def test_a_rule_of_somebody_else_is_not_taken_over(project: Pushed) -> None:
    events = project.aws.client("events")
    events.put_rule(Name="mine", EventPattern='{"source": ["other"]}')
    project.write({"reader": [{"eventbridge": {"pattern": PATTERN, "name": "mine"}}]})
    project.aws.forget()
    assert "there is such a rule already" in project.deploy(code=2)
    assert project.aws.writes == []


def test_what_others_hang_on_our_rule_keeps_it(project: Pushed) -> None:
    project.write({"reader": [{"eventbridge": {"pattern": PATTERN}}]})
    project.deploy()
    queue = "arn:aws:sqs:eu-west-1:123456789012:theirs"
    project.aws.client("events").put_targets(Rule=RULE, Targets=[{"Id": "theirs", "Arn": queue}])
    assert project.plan() == {}
    project.write({"reader": []})
    project.deploy()
    assert _target(project)["Id"] == "theirs"
    assert project.statements("reader") == []
    assert project.plan() == {}


def test_a_bus_that_is_not_there_or_elsewhere_is_told_in_the_plan(project: Pushed) -> None:
    project.write({"reader": [{"eventbridge": {"pattern": PATTERN, "event_bus": "sales"}}]})
    assert "there is no event bus sales" in project.deploy(code=2)
    away = "arn:aws:events:us-east-1:123456789012:event-bus/sales"
    project.write({"reader": [{"eventbridge": {"pattern": PATTERN, "event_bus": away}}]})
    assert "the bus is in us-east-1" in project.deploy(code=2)


def test_a_target_that_somebody_took_away_comes_back(project: Pushed) -> None:
    project.write({"reader": [{"eventbridge": {"pattern": PATTERN}}]})
    project.deploy()
    project.aws.client("events").remove_targets(Rule=RULE, Ids=["lambdacli"])
    (action,) = project.plan().values()
    assert (action["op"], action["drift"]) == ("update", True)
    project.deploy()
    assert _target(project)["Arn"] == alias("reader")
