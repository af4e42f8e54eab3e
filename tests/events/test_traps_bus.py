"""The exact shapes of AWS services' events on EventBridge: one test per trap."""

from __future__ import annotations

import re
from typing import Any

import pytest

from lambdacli import events

S3 = [name for name in events.names() if name.startswith("eventbridge-s3-")]


def render(name: str, **parameters: Any) -> Any:
    given = {key.replace("_", "-"): value for key, value in parameters.items()}
    return events.render(events.load(f"eventbridge-{name}"), given)


def detail(name: str, **parameters: Any) -> Any:
    return render(name, **parameters)["detail"]


@pytest.mark.parametrize("name", [name for name in events.names() if name.startswith("eventbridge-")])
def test_the_envelope_is_whole_and_its_time_has_whole_seconds(name: str) -> None:
    event = events.render(events.load(name), {"time": "2026-03-04T05:06:07.890Z"})
    assert event["time"] == "2026-03-04T05:06:07Z"
    assert event["version"] == "0"
    assert isinstance(event["resources"], list)
    assert {"id", "detail-type", "source", "account", "region", "detail"} <= set(event)


def test_fields_of_the_detail_are_laid_over_it() -> None:
    found = detail("s3-object-created", detail='{"bucket": {"owner": "me"}, "reason": "CopyObject", "new": [1]}')
    assert found["bucket"] == {"name": "example-bucket", "owner": "me"}
    assert (found["reason"], found["new"]) == ("CopyObject", [1])


def test_an_event_is_a_replay_only_when_told() -> None:
    assert "replay-name" not in render("event")
    assert render("event", replay_name="march")["replay-name"] == "march"


# S3


@pytest.mark.parametrize("name", S3)
def test_s3_keys_are_raw_and_the_version_of_the_schema_may_be_missing(name: str) -> None:
    event = events.render(events.load(name), {"key": "in/a b+c%é.jpg", "event-version": ""})
    assert event["detail"]["object"]["key"] == "in/a b+c%é.jpg"
    assert "event-version" not in event["detail"]


def test_s3_deletion_for_good_has_no_etag_and_a_delete_marker_has_a_version() -> None:
    for name in ("s3-object-deleted", "s3-object-expired"):
        assert set(detail(name)["object"]) == {"key", "sequencer"}
        marked = detail(name, deletion_type="Delete Marker Created")["object"]
        assert marked["etag"] == "d41d8cd98f00b204e9800998ecf8427e"
        assert marked["version-id"]


def test_s3_lifecycle_is_an_object_deleted_by_s3_itself() -> None:
    event = render("s3-object-expired")
    assert (event["detail-type"], event["detail"]["reason"]) == ("Object Deleted", "Lifecycle Expiration")
    assert event["detail"]["requester"] == "s3.amazonaws.com"
    assert "source-ip-address" not in event["detail"]


def test_s3_restored_copies_go_at_midnight() -> None:
    assert detail("s3-object-restore-completed")["restore-expiry-time"] == "2026-01-04T00:00:00Z"


# Code*


def test_codebuild_writes_times_as_java_does_in_the_us() -> None:
    found = detail("codebuild-state-change")["additional-information"]
    assert found["build-start-time"] == "Jan 2, 2026 3:02:06 AM"
    assert found["phases"][-1] == {"start-time": "Jan 2, 2026 3:04:03 AM", "phase-type": "COMPLETED"}


def test_codebuild_in_progress_has_begun_only() -> None:
    found = detail("codebuild-state-change", status="IN_PROGRESS")
    inside = found["additional-information"]
    assert (found["current-phase"], inside["build-complete"], len(inside["phases"])) == ("SUBMITTED", False, 1)
    assert set(inside["artifact"]) == {"location"}


def test_codebuild_ids_are_arns() -> None:
    event = render("codebuild-phase-change", project="p", build_id="b")
    assert event["detail"]["build-id"] == event["resources"][0] == "arn:aws:codebuild:us-east-1:123456789012:build/p:b"


def test_codepipeline_versions_are_a_number_and_a_text() -> None:
    found = detail("codepipeline-action-state-change")
    assert (found["version"], found["type"]["version"]) == (3, "1")


def test_codepipeline_pipelines_have_no_kind_in_their_arn() -> None:
    assert render("codepipeline-stage-state-change", pipeline="p")["resources"] == [
        "arn:aws:codepipeline:us-east-1:123456789012:p"
    ]


def test_codepipeline_names_the_trigger_at_the_start_and_artifacts_where_they_are() -> None:
    name = "codepipeline-pipeline-state-change"
    assert "execution-trigger" in detail(name)
    assert "execution-trigger" not in detail(name, state="SUCCEEDED")
    assert "stop-execution-comments" in detail(name, state="STOPPING")
    name = "codepipeline-action-state-change"
    assert {"input-artifacts"} == {key for key in detail(name) if "artifacts" in key}
    assert {"output-artifacts"} == {key for key in detail(name, state="SUCCEEDED") if "artifacts" in key}
    assert detail(name, state="FAILED")["execution-result"]["error-code"] == "JobFailed"


# containers


def test_ecr_counts_only_the_severities_that_it_found() -> None:
    assert detail("ecr-image-scan")["finding-severity-counts"] == {"HIGH": 1, "MEDIUM": 3}
    assert detail("ecr-image-scan", low="0")["finding-severity-counts"]["LOW"] == 0


def test_ecr_image_without_a_tag() -> None:
    assert "image-tag" not in detail("ecr-image-action", image_tag="")
    assert re.fullmatch("sha256:[0-9a-f]{64}", detail("ecr-image-action")["image-digest"])


def test_ecs_tasks_stop_for_a_reason_and_know_their_instance_off_fargate() -> None:
    name = "ecs-task-state-change"
    running = detail(name)
    assert not {"stopCode", "stoppedReason", "stoppedAt", "containerInstanceArn"} & set(running)
    assert running["startedAt"] == running["updatedAt"]
    stopped = detail(name, status="STOPPED", launch_type="EC2")
    assert {"stopCode", "stoppedReason", "stoppedAt", "containerInstanceArn"} <= set(stopped)
    assert (stopped["desiredStatus"], stopped["containers"][0]["exitCode"]) == ("STOPPED", 0)
    assert "startedAt" not in detail(name, status="PENDING")


def test_batch_writes_times_in_milliseconds_and_has_attempts_once_it_is_over() -> None:
    name = "batch-job-state-change"
    assert detail(name)["attempts"][0]["stoppedAt"] == 1767323045678
    assert detail(name, status="FAILED")["container"]["exitCode"] == 1
    running = detail(name, status="RUNNING")
    assert running["attempts"] == []
    assert "startedAt" in running
    assert not {"stoppedAt", "statusReason"} & set(running)


# others


def test_spot_interruptions_name_the_zone_in_an_arn_without_an_account() -> None:
    assert render("ec2-spot-interruption", instance_id="i-1")["resources"] == ["arn:aws:ec2:us-east-1a:instance/i-1"]


def test_guardduty_has_null_for_no_threats_and_skips_what_it_cannot_read() -> None:
    name = "guardduty-malware-scan-result"
    assert detail(name)["scanResultDetails"] == {
        "scanResultStatus": "NO_THREATS_FOUND",
        "threats": None,
        "statusReasons": None,
    }
    found = detail(name, result="THREATS_FOUND", threat="Worm")
    assert (found["scanStatus"], found["scanResultDetails"]["threats"]) == ("COMPLETED", [{"name": "Worm"}])
    assert [detail(name, result=each)["scanStatus"] for each in ("UNSUPPORTED", "ACCESS_DENIED", "FAILED")] == [
        "SKIPPED",
        "SKIPPED",
        "FAILED",
    ]


def test_health_writes_times_as_http_does_and_numbers_as_text() -> None:
    found = detail("health-event")
    assert (found["lastUpdatedTime"], found["startTime"]) == (
        "Fri, 02 Jan 2026 03:04:05 GMT",
        "Fri, 16 Jan 2026 03:04:05 GMT",
    )
    assert (found["page"], found["totalPages"], found["backupEvent"]) == ("1", "1", "false")
    assert "endTime" not in found


def test_health_of_nothing_in_particular() -> None:
    event = render("health-event", entity="", scope="PUBLIC")
    assert (event["resources"], event["detail"]["affectedEntities"]) == ([], [])


def test_translate_tells_of_an_update_what_was_there_before() -> None:
    name = "translate-parallel-data-state-change"
    assert set(detail(name)) == {"operation", "name", "status"}
    assert {"latestUpdateAttemptStatus", "latestUpdateAttemptAt"} <= set(detail(name, operation="UpdateParallelData"))


def test_failures_have_their_reason() -> None:
    assert "FailureReason" not in detail("transcribe-job-state-change")
    assert detail("transcribe-job-state-change", status="FAILED")["FailureReason"]
    assert "errorMessage" not in detail("console-sign-in")
    assert detail("console-sign-in", result="Failure")["errorMessage"]


def test_server_migration_names_the_run_among_the_resources() -> None:
    assert len(render("sms-job-state-change")["resources"]) == 2
    deleted = render("sms-job-state-change", state="Deleted")
    assert (len(deleted["resources"]), deleted["detail"]["replication-run-id"]) == (1, "N/A")
    assert "ami-id" not in deleted["detail"]


def test_cloudtrail_calls_come_from_the_service_that_was_called() -> None:
    event = render("cloudtrail-api-call", service="iam", event_name="CreateUser")
    assert (event["source"], event["detail"]["eventSource"]) == ("aws.iam", "iam.amazonaws.com")
    assert event["detail"]["eventTime"] == event["time"]
    assert event["detail"]["requestParameters"] is None
    assert render("cloudtrail-api-call")["detail"]["requestParameters"] == {"bucketName": "example-bucket"}


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("eu-west-1", "console.aws.amazon.com"),
        ("cn-north-1", "console.amazonaws.cn"),
        ("us-gov-west-1", "console.amazonaws-us-gov.com"),
    ],
)
def test_a_partition_has_its_own_console(region: str, host: str) -> None:
    links = [
        render("console-sign-in", region=region)["detail"]["additionalEventData"]["LoginTo"],
        detail("codebuild-phase-change", region=region)["additional-information"]["logs"]["deep-link"],
        detail("glue-crawler-failed", region=region)["cloudWatchLogLink"],
    ]
    assert [link.split("/")[2].removeprefix(f"{region}.") for link in links] == [host] * 3
