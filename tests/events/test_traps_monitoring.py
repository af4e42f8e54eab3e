"""Shapes that tools get wrong: what services send to EventBridge, CloudWatch's alarms and widgets, CloudTrail."""

from __future__ import annotations

import base64
import json
import re
import zlib
from typing import Any

import pytest

from lambdacli import events

SERVICES = ("emr", "gamelift", "glue", "kms", "macie", "opsworks", "ssm")
NAMES = [name for name in events.names() if name.startswith(tuple(f"eventbridge-{each}-" for each in SERVICES))]


def render(name: str, /, **parameters: Any) -> Any:
    count = parameters.pop("count", None)
    return events.render(events.load(name), {k.replace("_", "-"): v for k, v in parameters.items()}, count=count)


def detail(name: str, /, **parameters: Any) -> Any:
    return render(f"eventbridge-{name}", **parameters)["detail"]


@pytest.mark.parametrize("name", NAMES)
def test_the_envelope_has_whole_seconds_and_the_name_of_the_service(name: str) -> None:
    event = render(name)
    assert event["time"] == "2026-01-02T03:04:05Z"
    assert event["source"] == f"aws.{name.split('-')[1]}"
    assert list(event) == [
        "version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail",
    ]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_field_of_the_detail_is_set_without_the_others(name: str) -> None:
    before = render(name)["detail"]
    assert render(name, detail={"extra": {"a": 1}})["detail"] == before | {"extra": {"a": 1}}


# EMR


def test_emr_counts_instances_in_text_and_has_no_resources() -> None:
    found = detail("emr-instance-group-state-change", requested_count=3)
    assert (found["requestedInstanceCount"], found["runningInstanceCount"]) == ("3", "3")
    assert render("eventbridge-emr-cluster-state-change")["resources"] == []


def test_emr_reason_is_json_in_a_string() -> None:
    reasons = {
        state: json.loads(detail("emr-cluster-state-change", state=state)["stateChangeReason"])
        for state in ("STARTING", "TERMINATED", "TERMINATED_WITH_ERRORS")
    }
    assert [each["code"] for each in reasons.values()] == ["", "USER_REQUEST", "STEP_FAILURE"]
    given = detail("emr-cluster-state-change", reason_code="INTERNAL_ERROR", reason_message='a "word"')
    assert json.loads(given["stateChangeReason"]) == {"code": "INTERNAL_ERROR", "message": 'a "word"'}


@pytest.mark.parametrize(
    ("name", "state", "severity"),
    [
        ("emr-cluster-state-change", "TERMINATED_WITH_ERRORS", "CRITICAL"),
        ("emr-step-status-change", "CANCELLED", "WARN"),
        ("emr-step-status-change", "FAILED", "ERROR"),
        ("emr-instance-group-state-change", "ARRESTED", "ERROR"),
        ("emr-auto-scaling-policy-state-change", "ATTACHED", "INFO"),
        ("glue-job-state-change", "TIMEOUT", "WARN"),
        ("glue-job-state-change", "FAILED", "ERROR"),
    ],
)
def test_the_severity_follows_from_the_state(name: str, state: str, severity: str) -> None:
    assert detail(name, state=state)["severity"] == severity


# GameLift


def test_gamelift_players_are_the_tickets_players() -> None:
    for name in (each for each in NAMES if "gamelift" in each):
        found = render(name, player_id="p")["detail"]
        players = [player for ticket in found["tickets"] for player in ticket["players"]]
        assert found["gameSessionInfo"]["players"] == players
        assert players[0]["playerId"] == "p"
        assert re.fullmatch(r"\S+\.\d{3}Z", found["tickets"][0]["startTime"])


def test_gamelift_acceptance_is_missing_as_long_as_a_player_has_not_answered() -> None:
    found = detail("gamelift-matchmaking-accept-match", accepted="false")["gameSessionInfo"]["players"]
    assert [each.get("accepted") for each in found] == [False, None]
    assert "accepted" not in found[1]


def test_gamelift_timeout_of_an_acceptance_needs_one() -> None:
    assert detail("gamelift-matchmaking-potential-match-created")["acceptanceTimeout"] == 600
    found = detail("gamelift-matchmaking-potential-match-created", acceptance_required="false")
    assert "acceptanceTimeout" not in found


# Glue


def test_glue_crawler_counts_in_text_and_has_a_key_with_a_unit() -> None:
    found = detail("glue-crawler-succeeded", tables_created=2)
    assert (found["tablesCreated"], found["runningTime (sec)"]) == ("2", "7")
    assert found["completionDate"] == "2026-01-02T03:04:05Z"


def test_glue_links_to_the_console_of_the_partition() -> None:
    link = detail("glue-crawler-failed", region="cn-north-1")["cloudWatchLogLink"]
    assert link.startswith("https://console.amazonaws.cn/cloudwatch/home?region=cn-north-1#")


def test_glue_job_runs_have_the_documented_id() -> None:
    assert re.fullmatch("jr_[0-9a-f]{64}", detail("glue-job-run-status")["jobRunId"])
    assert detail("glue-job-run-status")["notificationCondition"] == {"NotifyDelayAfter": 1.0}


# KMS, Macie, OpsWorks


def test_kms_names_the_key_in_the_resource_and_the_detail() -> None:
    for name in ("kms-cmk-rotation", "kms-key-material-expiration", "kms-cmk-deletion"):
        event = render(f"eventbridge-{name}", key_id="k")
        assert event["detail"]["key-id"] == "k"
        assert event["resources"] == ["arn:aws:kms:us-east-1:123456789012:key/k"]


def test_macie_alerts_share_their_detail_type() -> None:
    created, updated = render("eventbridge-macie-alert"), render("eventbridge-macie-alert-updated")
    assert created["detail-type"] == updated["detail-type"] == "Macie Alert"
    assert created["detail"]["notification-type"] == "ALERT_CREATED"
    assert updated["detail"]["notification-type"] == "ALERT_UPDATED"
    assert created["resources"][0] == created["detail"]["alert-arn"]
    assert re.fullmatch(r"\S+T\S+\.\d{6}", created["detail"]["created-at"])


def test_opsworks_tells_who_wanted_it_and_how_long_it_took_only_then() -> None:
    assert detail("opsworks-instance-state-change", status="stopping")["initiated_by"] == "user"
    assert "initiated_by" not in detail("opsworks-instance-state-change", status="online")
    assert detail("opsworks-deployment-state-change")["duration"] == 16
    assert "duration" not in detail("opsworks-deployment-state-change", status="running")


# Systems Manager


def test_ssm_automations_write_times_as_americans_do() -> None:
    found = detail("ssm-automation-step-status-change", time="2026-01-02T15:04:05Z", duration=2000)
    assert (found["StartTime"], found["EndTime"]) == ("Jan 2, 2026 3:03:53 PM", "Jan 2, 2026 3:03:55 PM")
    assert found["Time"] == 2000.0


def test_ssm_parameters_of_a_path_have_one_slash_in_the_arn() -> None:
    event = render("eventbridge-ssm-parameter-store-change", name="/a/b")
    assert event["detail"]["name"] == "/a/b"
    assert event["resources"][0].endswith(":parameter/a/b")
    assert render("eventbridge-ssm-parameter-store-change", name="a")["resources"][0].endswith(":parameter/a")


def test_ssm_compliance_of_patches_has_a_baseline_instead_of_a_last_run() -> None:
    association = detail("ssm-configuration-compliance-state-change")
    assert not {"patch-baseline-id", "severity"} & set(association)
    patch = detail("ssm-configuration-compliance-state-change", compliance_type="Patch")
    assert {"patch-baseline-id", "severity"} <= set(patch)
    assert "last-runtime" not in patch


def test_ssm_command_parameters_are_lists() -> None:
    assert detail("ssm-command-status-change")["parameters"] == {"executionTimeout": ["3600"], "commands": ["date"]}


def test_ssm_associations_hold_json_in_strings() -> None:
    found = detail("ssm-state-manager-association-state-change", status="Failed", instance_id='i-"1"')
    assert json.loads(found["targets"]) == [{"key": "InstanceIds", "values": ['i-"1"']}]
    assert json.loads(found["association-status-aggregated-count"]) == {"Failed": 1}


def test_ssm_maintenance_windows_end_when_they_are_done() -> None:
    name = "ssm-maintenance-window-execution-state-change"
    assert detail(name)["end-time"] == "2026-01-02T03:04:05.678000Z"
    assert "end-time" not in detail(name, status="IN_PROGRESS")


# CloudWatch, CloudTrail, Auto Scaling


def test_alarm_reasons_agree_with_the_state() -> None:
    alarm = render("cloudwatch-alarm-metric", state="OK", previous_state="INSUFFICIENT_DATA")["alarmData"]
    now, before = json.loads(alarm["state"]["reasonData"]), json.loads(alarm["previousState"]["reasonData"])
    assert now["recentDatapoints"] == [2.5]
    assert "was not greater than the threshold (5.0)" in alarm["state"]["reason"]
    assert before["recentDatapoints"] == []
    assert before["evaluatedDatapoints"] == [{"timestamp": "2026-01-02T02:58:00.000+0000"}]
    assert alarm["previousState"]["reason"].startswith("Insufficient Data")


def test_alarm_times_have_milliseconds_and_an_offset() -> None:
    for name in ("cloudwatch-alarm-metric", "cloudwatch-alarm-composite"):
        event = render(name)
        assert event["time"] == event["alarmData"]["state"]["timestamp"] == "2026-01-02T03:04:05.678+0000"


def test_composite_alarm_tells_what_held_its_actions_back() -> None:
    assert "actionsSuppressedBy" not in render("cloudwatch-alarm-composite")["alarmData"]["previousState"]
    before = render("cloudwatch-alarm-composite", suppressed_by="WaitPeriod")["alarmData"]["previousState"]
    assert before["value"] == "ALARM"
    assert before["actionsSuppressedReason"] == "Actions suppressed by WaitPeriod"


def test_composite_alarm_without_a_suppressor_has_no_periods() -> None:
    found = render("cloudwatch-alarm-composite", actions_suppressor="", triggering_alarm="A")["alarmData"]
    assert found["configuration"] == {"alarmRule": "ALARM(A) OR ALARM(OtherExampleAlarm)"}
    (alarm,) = json.loads(found["state"]["reasonData"])["triggeringAlarms"]
    assert alarm["arn"].endswith(":alarm:A")


def test_widget_parameters_are_beside_the_context_and_in_it() -> None:
    event = render("cloudwatch-custom-widget", params={"a": 1}, range=3_600_000)
    assert event["a"] == event["widgetContext"]["params"]["a"] == 1
    span = event["widgetContext"]["timeRange"]
    assert span["end"] - span["start"] == span["relativeStart"] == 3_600_000
    assert "describe" not in event
    assert render("cloudwatch-custom-widget", describe="true")["describe"] is True


def test_log_events_may_be_many_and_carry_what_the_filter_found() -> None:
    event = render("cloudwatch-logs", message=["a", "b"], extracted_fields={"level": "ERROR"})
    data = json.loads(zlib.decompress(base64.b64decode(event["awslogs"]["data"]), wbits=31))
    assert [each["message"] for each in data["logEvents"]] == ["a", "b"]
    assert [each["extractedFields"] for each in data["logEvents"]] == [{"level": "ERROR"}] * 2
    assert [each["timestamp"] for each in data["logEvents"]] == [1767323045678, 1767323045679]
    assert len({each["id"] for each in data["logEvents"]}) == 2


def test_cloudtrail_logs_hold_the_records_that_eventbridge_has() -> None:
    first, second = render("cloudtrail-event", event_name=["CreateBucket", "DeleteBucket"])["Records"]
    assert list(first) == list(render("eventbridge-cloudtrail-api-call")["detail"])
    assert second["eventName"] == "DeleteBucket"
    assert first["eventID"] != second["eventID"]


def test_termination_policies_get_as_many_instances_as_are_wanted() -> None:
    event = render("autoscaling-custom-termination-policy", count=3, asg="g")
    assert event["AutoScalingGroupARN"].endswith(":autoScalingGroupName/g")
    assert len({each["InstanceId"] for each in event["Instances"]}) == 3
    assert all(re.fullmatch("i-[0-9a-f]{17}", each["InstanceId"]) for each in event["Instances"])
