from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING, Any

import pytest
from pushed import Pushed, alias

if TYPE_CHECKING:
    from pathlib import Path

    from forked import Forker
    from rules import Proxy

_ANSWERS = """
import json

def handler(event, context):
    headers = event.get("multiValueHeaders") or event["headers"]
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"},
            "multiValueHeaders": {"Content-Type": ["application/json"]},
            "body": json.dumps([event["path"], headers["x-test"]])}
"""
_NOTHING = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404", "ContentType": "text/plain"}}


@pytest.fixture
def project(tmp_path: Path, forker: Forker, aws: Proxy) -> Pushed:
    made = Pushed(tmp_path, forker, aws)
    (tmp_path / "code" / "app.py").write_text(_ANSWERS)
    return made


@pytest.fixture
def listener(aws: Proxy) -> str:
    """A load balancer's listener that answers 404."""
    elb = aws.client("elbv2")
    balancer = elb.create_load_balancer(Name="web", Subnets=["subnet-1", "subnet-2"])["LoadBalancers"][0]
    made = elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTP", Port=80, DefaultActions=[_NOTHING]
    )
    return str(made["Listeners"][0]["ListenerArn"])


def _call(project: Pushed, path: str, **headers: str) -> Any:
    connection = http.client.HTTPConnection(project.aws.url.removeprefix("http://"), timeout=20)
    connection.request("GET", f"/_alb/web{path}", headers={"X-Test": "yes", **headers})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return json.loads(body) if answer.status == 200 else answer.status


def _groups(project: Pushed) -> dict[str, dict[str, Any]]:
    found = project.aws.client("elbv2").describe_target_groups()["TargetGroups"]
    return {each["TargetGroupName"]: each for each in found}


def _rules(project: Pushed, listener: str) -> dict[str, dict[str, Any]]:
    found = project.aws.client("elbv2").describe_rules(ListenerArn=listener)["Rules"]
    return {each["Priority"]: each for each in found if not each["IsDefault"]}


def _unchanged(project: Pushed) -> None:
    project.aws.calls.clear()
    project.deploy()
    assert project.aws.writes == []


def test_requests_that_a_rule_lets_pass_arrive(project: Pushed, listener: str) -> None:
    rule = {"listener": listener, "priority": 7, "conditions": {"path": ["/orders/*"], "method": ["GET", "PUT"]}}
    project.write({"orders": [{"alb": rule}]})
    project.deploy()
    assert _call(project, "/orders/7") == ["/orders/7", "yes"]
    assert _call(project, "/other") == 404
    (group,) = _groups(project).values()
    (statement,) = project.statements("orders")
    assert statement["Condition"]["ArnLike"]["AWS:SourceArn"] == group["TargetGroupArn"]
    assert (group["TargetGroupName"], group["HealthCheckEnabled"]) == ("push-dev-orders-alb", False)
    _unchanged(project)

    rule |= {
        "conditions": {"path": ["/o/*"]},
        "multi_value_headers": True,
        "health_check": {"enabled": True, "path": "/up"},
    }
    project.write({"orders": [{"alb": rule}]})
    project.deploy()
    assert _call(project, "/o/7") == ["/o/7", ["yes"]]
    (group,) = _groups(project).values()
    assert (group["HealthCheckEnabled"], group["HealthCheckPath"]) == (True, "/up")
    _unchanged(project)

    project.write({"orders": [{"alb": {**rule, "priority": 8}}]})
    project.deploy()
    assert _rules(project, listener).keys() == {"8"}
    _unchanged(project)

    project.write({"orders": []})
    project.deploy()
    assert (_groups(project), _rules(project, listener), project.statements("orders")) == ({}, {}, [])
    _unchanged(project)


def test_conditions_of_hosts_addresses_and_headers(project: Pushed, listener: str) -> None:
    conditions = {
        "host": ["shop.example.com"],
        "source_ip": ["10.0.0.0/8"],
        "header": {"X-Version": ["2"]},
    }
    settings = {"listener": listener, "priority": 1, "conditions": conditions, "target_group": "shop"}
    project.write({"orders": [{"alb": settings}]})
    project.deploy()
    given = {each["Field"]: each for each in _rules(project, listener)["1"]["Conditions"]}
    assert given.keys() == {"host-header", "source-ip", "http-header"}
    assert given["http-header"]["HttpHeaderConfig"] == {"HttpHeaderName": "X-Version", "Values": ["2"]}
    assert _groups(project).keys() == {"shop"}
    _unchanged(project)


def test_the_default_action_comes_back(project: Pushed, listener: str) -> None:
    project.write({"orders": [{"alb": listener}]})
    told = project.deploy()
    assert "what it was comes back" in told
    assert _call(project, "/anything") == ["/anything", "yes"]
    _unchanged(project)
    project.write({"orders": []})
    project.deploy()
    assert _call(project, "/anything") == 404
    (found,) = project.aws.client("elbv2").describe_listeners(ListenerArns=[listener])["Listeners"]
    assert found["DefaultActions"][0]["FixedResponseConfig"]["StatusCode"] == "404"
    assert _groups(project) == {}


def test_what_is_somebody_elses_stays(project: Pushed, listener: str) -> None:
    elb = project.aws.client("elbv2")
    rule = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/theirs"]}}
    elb.create_rule(ListenerArn=listener, Priority=5, Conditions=[rule], Actions=[_NOTHING])
    ours = {"listener": listener, "conditions": {"path": ["/ours"]}}
    project.write({"orders": [{"alb": {**ours, "priority": 5}}]})
    assert "rule of this priority that is somebody else's" in project.deploy(code=2)
    project.write({"orders": [{"alb": {**ours, "priority": 6}}]})
    project.deploy()
    project.run("destroy", "--yes")
    assert _rules(project, listener).keys() == {"5"}
    project.write({"orders": [{"alb": {**ours, "listener": f"{listener}0", "priority": 6}}]})
    assert "there is no listener" in project.deploy(code=2)


def test_a_target_group_of_somebody_else_takes_the_function_if_it_is_empty(project: Pushed, listener: str) -> None:
    elb = project.aws.client("elbv2")
    arn = elb.create_target_group(Name="theirs", TargetType="lambda")["TargetGroups"][0]["TargetGroupArn"]
    settings = {"listener": listener, "priority": 1, "conditions": {"path": ["/"]}, "target_group": "theirs"}
    project.write({"orders": [{"alb": settings}]})
    project.deploy()
    (target,) = elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    assert target["Target"]["Id"] == alias("orders")
    _unchanged(project)
    project.write({"orders": []})
    project.deploy()
    assert elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"] == []
    assert _groups(project).keys() == {"theirs"}


def test_a_rule_moves_to_another_function(project: Pushed, listener: str) -> None:
    rule = {"alb": {"listener": listener, "priority": 7, "conditions": {"path": ["/orders/*"]}}}
    project.write({"orders": [rule], "items": []})
    project.deploy()
    project.write({"orders": [], "items": [rule]})
    project.deploy()
    assert _call(project, "/orders/7") == ["/orders/7", "yes"]
    assert _groups(project).keys() == {"push-dev-items-alb"}
    assert project.statements("orders") == []
    _unchanged(project)
