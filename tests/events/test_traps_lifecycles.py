"""The exact shapes of what tells how something went on: accounts, executions, subscriptions. One test per trap."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from lambdacli import events

TOWER = [name for name in events.names() if name.startswith("eventbridge-controltower-")]


def render(name: str, **parameters: Any) -> Any:
    given = {key.replace("_", "-"): value for key, value in parameters.items()}
    return events.render(events.load(name), given)


def details(name: str, **parameters: Any) -> Any:
    (found,) = render(f"eventbridge-controltower-{name}", **parameters)["detail"]["serviceEventDetails"].values()
    return found


# Control Tower


@pytest.mark.parametrize("name", TOWER)
def test_control_tower_names_the_status_after_the_event(name: str) -> None:
    event = render(name)
    record = event["detail"]
    called = record["eventName"]
    assert name == "eventbridge-controltower" + re.sub("([A-Z])", lambda found: f"-{found[1].lower()}", called)
    assert list(record["serviceEventDetails"]) == [f"{called[0].lower()}{called[1:]}Status"]
    assert (event["detail-type"], record["eventType"]) == ("AWS Service Event via CloudTrail", "AwsServiceEvent")
    assert "type" not in record["userIdentity"]


def test_control_tower_was_asked_for_a_control_in_a_field_of_another_name() -> None:
    assert "requestTimestamp" in details("enable-guardrail")
    assert "requestedTimestamp" in details("create-managed-account")


def test_control_tower_writes_times_in_two_ways() -> None:
    assert details("create-managed-account")["completedTimestamp"] == "2026-01-02T03:04:05+0000"
    assert details("setup-landing-zone")["completedTimestamp"] == "2026-01-02T03:04:05Z"


def test_baselines_have_a_status_of_their_own_and_no_message() -> None:
    found = details("enable-baseline", status="FAILED")
    assert found["enabledBaselineDetails"]["statusSummary"]["status"] == "FAILED"
    assert not {"state", "message", "baselineDetails"} & set(found)
    assert "parentIdentifier" not in details("enable-baseline", parent="")["enabledBaselineDetails"]
    assert "baselineDetails" in details("disable-baseline")


def test_prechecks_are_told_of_when_they_fail() -> None:
    found = details("precheck-organizational-unit", failed_prechecks="[]")
    assert (found["state"], found["organizationalUnit"]["failedPrechecks"]) == ("FAILED", [])


# Step Functions and durable functions


def execution(**parameters: Any) -> Any:
    return render("eventbridge-stepfunctions-execution-status-change", **parameters)["detail"]


def test_input_and_output_of_an_execution_are_json_in_strings() -> None:
    found = execution(input='{"a": [1]}', output='"done"')
    assert (found["input"], found["output"]) == ('{"a":[1]}', '"done"')


def test_an_execution_that_runs_has_not_stopped() -> None:
    found = execution(status="RUNNING")
    empty = ("stopDate", "output", "outputDetails", "error", "cause", "redriveDate", "stateMachineVersionArn")
    assert {found[key] for key in empty} == {None}
    assert found["redriveStatus"] == "NOT_REDRIVABLE"


def test_an_execution_that_failed_can_be_redriven() -> None:
    found = execution(status="FAILED", error="Oops", redrive_count="1", alias="live")
    assert (found["redriveStatus"], found["redriveStatusReason"]) == ("REDRIVABLE", None)
    assert (found["error"], found["output"], found["redriveCount"]) == ("Oops", None, 1)
    assert found["stateMachineAliasArn"] == found["stateMachineArn"] + ":live"
    assert found["redriveDate"]


def test_a_durable_execution_has_its_input_in_its_first_operation() -> None:
    event = render("lambda-durable-execution", input='{"a": 1}')
    (first,) = event["InitialExecutionState"]["Operations"]
    assert event["DurableExecutionArn"].endswith(f"/durable-execution/example-execution/{first['Id']}")
    assert json.loads(first["ExecutionDetails"]["InputPayload"]) == {"a": 1}
    assert first["StartTimestamp"] == 1767323045678


def test_a_durable_execution_goes_on_with_what_was_done_and_what_is_new() -> None:
    event = render("lambda-durable-execution-replay")
    start, step, wait = event["InitialExecutionState"]["Operations"]
    assert [start["Status"], step["Status"], wait["Status"]] == ["STARTED", "SUCCEEDED", "SUCCEEDED"]
    assert event["UpdatedOperationIds"] == [wait["Id"]]
    assert step["StepDetails"]["Result"] == '{"status":"done"}'


# SNS


@pytest.mark.parametrize("kind", ["subscription", "unsubscribe"])
def test_sns_asks_with_a_token_and_in_capitals(kind: str) -> None:
    message = events.render(events.load(f"sns-{kind}-confirmation"), {"token": "abc"})
    assert message["Type"] == f"{kind.title()}Confirmation"
    assert message["SubscribeURL"].endswith("&Token=abc")
    assert "SigningCertURL" in message
    assert not {"Subject", "UnsubscribeURL", "MessageAttributes", "Records"} & set(message)


def test_an_alarm_on_an_expression_has_metrics_in_place_of_one() -> None:
    message = json.loads(render("sns-cloudwatch-alarm-metric-math")["Records"][0]["Sns"]["Message"])
    assert not {"MetricName", "Namespace", "Statistic", "Dimensions"} & set(message["Trigger"])
    expression, metric = message["Trigger"]["Metrics"]
    assert (expression["ReturnData"], metric["ReturnData"]) == (True, False)
    assert set(metric["MetricStat"]["Metric"]) == {"Dimensions", "MetricName", "Namespace"}


# AppSync and Kafka


def test_appsync_tells_who_calls_as_the_api_checks_it() -> None:
    assert render("appsync-resolver-api-key")["identity"] is None
    assert render("appsync-resolver-lambda-authorizer", context="tenant=a")["identity"] == {
        "resolverContext": {"tenant": "a"}
    }
    assert set(render("appsync-resolver-oidc")["identity"]) == {"claims", "issuer", "sub"}


@pytest.mark.parametrize("name", ["kafka-records", "msk-records"])
def test_kafka_records_tell_their_schemas_only_with_a_registry(name: str) -> None:
    ((record,),) = render(name)["records"].values()
    assert not {"keySchemaMetadata", "valueSchemaMetadata"} & set(record)
    ((record,),) = render(name, value_schema='{"dataFormat": "AVRO", "schemaId": "1234"}')["records"].values()
    assert record["valueSchemaMetadata"] == {"dataFormat": "AVRO", "schemaId": "1234"}
