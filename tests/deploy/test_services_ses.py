from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pushed import Pushed, alias

if TYPE_CHECKING:
    from pathlib import Path

    from forked import Forker
    from rules import Proxy

TOPIC = "arn:aws:sns:eu-west-1:123456789012:mail"


@pytest.fixture
def project(tmp_path: Path, forker: Forker, aws: Proxy) -> Pushed:
    ses = aws.client("ses")
    ses.create_receipt_rule_set(RuleSetName="incoming")
    ses.create_receipt_rule(RuleSetName="incoming", Rule={"Name": "theirs", "Enabled": True})
    return Pushed(tmp_path, forker, aws)


def _rules(project: Pushed, rule_set: str = "incoming") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = project.aws.client("ses").describe_receipt_rule_set(RuleSetName=rule_set)["Rules"]
    return found


def _names(project: Pushed) -> list[str]:
    return [each["Name"] for each in _rules(project)]


def _unchanged(project: Pushed) -> None:
    project.aws.calls.clear()
    project.deploy()
    assert project.aws.writes == []


def test_a_rule_of_the_active_set_is_made_changed_and_taken_away(project: Pushed) -> None:
    project.aws.client("ses").set_active_receipt_rule_set(RuleSetName="incoming")
    project.aws.client("sns").create_topic(Name="mail")
    given = {"recipients": ["Shop@example.com", ".example.org"], "topic": "mail", "scan_enabled": True}
    project.write({"mail": [{"ses": {**given, "tls_policy": "Require", "invocation_type": "RequestResponse"}}]})
    assert "mail from anyone to Shop@example.com, .example.org invokes it" in project.deploy()
    rule, _ = _rules(project)
    action = {"LambdaAction": {"TopicArn": TOPIC, "FunctionArn": alias("mail"), "InvocationType": "RequestResponse"}}
    assert rule["Actions"] == [action]
    assert (rule["TlsPolicy"], rule["ScanEnabled"], rule["Enabled"]) == ("Require", True, True)
    assert sorted(rule["Recipients"]) == [".example.org", "shop@example.com"]
    (statement,) = project.statements("mail")
    source = f"arn:aws:ses:eu-west-1:123456789012:receipt-rule-set/incoming:receipt-rule/{rule['Name']}"
    assert statement["Condition"]["ArnLike"]["AWS:SourceArn"] == source
    _unchanged(project)

    project.write({"mail": [{"ses": {"enabled": False}}]})
    project.deploy()
    rule, _ = _rules(project)
    assert (rule["Enabled"], rule["TlsPolicy"], rule.get("Recipients", [])) == (False, "Optional", [])
    assert "TopicArn" not in rule["Actions"][0]["LambdaAction"]
    _unchanged(project)

    project.write({"mail": [{"ses": {"enabled": False, "rule_set": "incoming"}}]})
    _unchanged_but_permission(project)
    project.write({"mail": []})
    project.deploy()
    assert _names(project) == ["theirs"]
    assert project.statements("mail") == []


def _unchanged_but_permission(project: Pushed) -> None:
    """The set's name stands in the manifest now: it is the same rule."""
    project.deploy()
    assert len(_rules(project)) == len({"theirs", "ours"})
    assert len(project.statements("mail")) == 1
    _unchanged(project)


def test_rules_go_after_those_that_they_name(project: Pushed) -> None:
    one = {"rule_set": "incoming", "rule": "one", "after": "theirs"}
    two = {"rule_set": "incoming", "rule": "two", "after": "one"}
    project.write({"second": [{"ses": two}], "first": [{"ses": one}]})
    project.deploy()
    assert _names(project) == ["theirs", "one", "two"]
    _unchanged(project)
    project.write({"second": [{"ses": {**two, "after": "theirs"}}], "first": [{"ses": {**one, "after": "two"}}]})
    project.deploy()
    assert _names(project) == ["theirs", "two", "one"]
    _unchanged(project)


def test_what_is_not_there_and_what_is_somebody_elses(project: Pushed) -> None:
    project.write({"mail": [{"ses": {}}]})
    assert "there is no SES receipt rule set (active)" in project.deploy(code=2)
    project.write({"mail": [{"ses": {"rule_set": "none"}}]})
    assert "there is no SES receipt rule set none" in project.deploy(code=2)
    project.write({"mail": [{"ses": {"rule_set": "incoming", "rule": "theirs"}}]})
    assert "a receipt rule of this name is somebody else's" in project.deploy(code=2)
    project.write({"mail": [{"ses": {"rule_set": "incoming", "rule": "ours"}}]})
    project.deploy()
    project.run("destroy", "--yes")
    assert _names(project) == ["theirs"]


def test_a_rule_moves_to_another_function(project: Pushed) -> None:
    rule = {"ses": {"rule_set": "incoming", "rule": "ours"}}
    project.write({"mail": [rule], "post": []})
    project.deploy()
    project.write({"mail": [], "post": [rule]})
    project.deploy()
    assert _rules(project)[0]["Actions"][0]["LambdaAction"]["FunctionArn"] == alias("post")
    assert project.statements("mail") == []
    _unchanged(project)
