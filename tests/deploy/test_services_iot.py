from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from pushed import Pushed, alias

if TYPE_CHECKING:
    from pathlib import Path

    from forked import Forker
    from rules import Proxy

SQL = "SELECT * FROM 'devices/+/status' WHERE battery < 10"


@pytest.fixture
def project(tmp_path: Path, forker: Forker, aws: Proxy) -> Pushed:
    return Pushed(tmp_path, forker, aws)


def _rules(project: Pushed) -> dict[str, dict[str, Any]]:
    client = project.aws.client("iot")
    names = [each["ruleName"] for each in client.list_topic_rules()["rules"]]
    return {name: client.get_topic_rule(ruleName=name)["rule"] for name in names}


def test_a_message_that_the_statement_selects_arrives(project: Pushed) -> None:
    project.write({"devices": [{"iot": SQL}]})
    project.deploy()
    (name,) = _rules(project)
    (statement,) = project.statements("devices")
    assert statement["Condition"]["ArnLike"]["AWS:SourceArn"].endswith(f":rule/{name}")
    assert statement["Condition"]["StringEquals"]["AWS:SourceAccount"] == "123456789012"
    messages = project.aws.client("iot-data")
    for battery in (50, 5):
        messages.publish(topic="devices/d1/status", payload=json.dumps({"battery": battery}))
    assert project.got("devices") == {"battery": 5}
    project.aws.calls.clear()
    project.deploy()
    assert project.aws.writes == []


def test_a_rule_is_changed_and_taken_away(project: Pushed) -> None:
    given = {"sql": SQL, "rule": "low_battery", "description": "few", "aws_iot_sql_version": "2016-03-23"}
    project.write({"devices": [{"iot": given}]})
    project.deploy()
    rule = _rules(project)["low_battery"]
    assert (rule["sql"], rule["description"], rule["awsIotSqlVersion"]) == (SQL, "few", "2016-03-23")
    assert rule["actions"] == [{"lambda": {"functionArn": alias("devices")}}]
    project.write({"devices": [{"iot": {**given, "sql": "SELECT * FROM 'x'", "enabled": False}}]})
    changes = {each["field"] for each in project.plan()["topic_rule", "devices/low_battery"]["changes"]}
    assert changes == {"sql", "ruleDisabled"}
    project.deploy()
    rule = _rules(project)["low_battery"]
    assert (rule["sql"], rule["ruleDisabled"]) == ("SELECT * FROM 'x'", True)
    project.write({"devices": []})
    project.deploy()
    assert _rules(project) == {}
    assert project.statements("devices") == []


def test_a_rule_of_somebody_else_is_left_alone(project: Pushed) -> None:
    payload = {"sql": SQL, "actions": [{"sns": {"targetArn": "arn:aws:sns:eu-west-1:123456789012:t", "roleArn": "r"}}]}
    project.aws.client("iot").create_topic_rule(ruleName="theirs", topicRulePayload=payload)
    project.write({"devices": [{"iot": {"sql": SQL, "rule": "theirs"}}]})
    assert "somebody else's" in project.deploy(code=2)
    project.write({"devices": [{"iot": SQL}]})
    project.deploy()
    assert len(_rules(project)) == 2
    project.run("destroy", "--yes")
    assert _rules(project).keys() == {"theirs"}


def test_a_rule_moves_to_another_function(project: Pushed) -> None:
    given = {"sql": SQL, "rule": "low_battery"}
    project.write({"devices": [{"iot": given}], "alarms": []})
    project.deploy()
    project.write({"devices": [], "alarms": [{"iot": given}]})
    project.deploy()
    assert _rules(project)["low_battery"]["actions"] == [{"lambda": {"functionArn": alias("alarms")}}]
    assert project.statements("devices") == []
    project.aws.calls.clear()
    project.deploy()
    assert project.aws.writes == []
