"""The exact shapes of events that single AWS services and Alexa send: one test per trap."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import pytest

from lambdacli import events
from lambdacli.events import wrap

UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def render(name: str, **parameters: Any) -> Any:
    count = parameters.pop("count", None)
    return events.render(events.load(name), {k.replace("_", "-"): v for k, v in parameters.items()}, count=count)


def carried(name: str, **parameters: Any) -> Any:
    """What another event carries of this one."""
    around = wrap.wrapped([events.load("kinesis-get-records"), events.load(name)])
    (record,) = events.render(around, parameters)["Records"]
    return json.loads(base64.b64decode(record["kinesis"]["data"]))


def names(beginning: str) -> list[str]:
    return [name for name in events.names() if name.startswith(beginning)]


# CloudFormation, CDK


@pytest.mark.parametrize("name", names("cloudformation-") + names("cdk-"))
def test_custom_resources_have_their_service_token_at_the_top_and_in_the_properties(name: str) -> None:
    event = render(name, function="mine", region="eu-west-1")
    assert event["ServiceToken"] == "arn:aws:lambda:eu-west-1:123456789012:function:mine"
    assert event["ResourceProperties"]["ServiceToken"] == event["ServiceToken"]
    assert re.fullmatch(rf"arn:aws:cloudformation:eu-west-1:123456789012:stack/MyStack/{UUID}", event["StackId"])
    assert event["ResponseURL"].startswith("https://cloudformation-custom-resource-response-euwest1.s3.eu-west-1.")


@pytest.mark.parametrize("prefix", ["cloudformation-{}-request", "cdk-custom-resource-{}"])
def test_custom_resources_have_a_physical_id_once_they_are_there_and_old_properties_on_update(prefix: str) -> None:
    create, update, delete = (render(prefix.format(kind)) for kind in ("create", "update", "delete"))
    assert [each["RequestType"] for each in (create, update, delete)] == ["Create", "Update", "Delete"]
    assert "PhysicalResourceId" not in create
    assert update["PhysicalResourceId"]
    assert delete["PhysicalResourceId"]
    assert [name for name in (create, update, delete) if "OldResourceProperties" in name] == [update]


def test_properties_of_custom_resources_arrive_as_text() -> None:
    event = render("cloudformation-create-request", properties='{"Count": 3, "On": true, "Deep": {"List": [1, "a"]}}')
    properties = event["ResourceProperties"]
    assert (properties["Count"], properties["On"], properties["Deep"]) == ("3", "true", {"List": ["1", "a"]})


def test_what_on_event_returned_reaches_is_complete() -> None:
    event = render("cdk-custom-resource-is-complete", data="Arn=x")
    assert event["PhysicalResourceId"] == event["RequestId"], "unless onEvent returned one"
    assert event["Data"] == {"Arn": "x"}
    assert "OldResourceProperties" not in event
    assert "OldResourceProperties" in render("cdk-custom-resource-is-complete", request_type="Update")


# AWS Config


@pytest.mark.parametrize(
    ("name", "kind", "item"),
    [
        ("config-item-change-notification", "ConfigurationItemChangeNotification", "configurationItem"),
        (
            "config-oversized-item-change-notification",
            "OversizedConfigurationItemChangeNotification",
            "configurationItemSummary",
        ),
        ("config-periodic-rule", "ScheduledNotification", ""),
    ],
)
def test_config_sends_two_texts_of_json(name: str, kind: str, item: str) -> None:
    event = render(name, rule_parameters="tag=cost", time="2026-03-04T05:06:07.890Z")
    assert json.loads(event["ruleParameters"]) == {"tag": "cost"}
    invoking = json.loads(event["invokingEvent"])
    assert invoking["messageType"] == kind
    assert invoking["notificationCreationTime"] == "2026-03-04T05:06:07.890Z"
    assert event["configRuleArn"].endswith(f":config-rule/{event['configRuleId']}")
    if item:
        assert invoking[item]["ARN"] == f"arn:aws:ec2:us-east-1:123456789012:instance/{invoking[item]['resourceId']}"


# Secrets Manager


def test_steps_of_a_rotation_are_lower_camel_case() -> None:
    template = events.load("secretsmanager-rotation")
    assert template.params["step"].choices == ("createSecret", "setSecret", "testSecret", "finishSecret")
    event = render("secretsmanager-rotation", secret="db")  # noqa: S106 - its name
    assert re.fullmatch(r"arn:aws:secretsmanager:us-east-1:123456789012:secret:db-\w{6}", event["SecretId"])
    assert re.fullmatch(UUID, event["ClientRequestToken"])


# SES


@pytest.mark.parametrize("name", names("ses-"))
def test_mails_have_a_dmarc_verdict_and_a_policy_only_when_it_failed(name: str) -> None:
    (record,) = render(name)["Records"]
    assert record["ses"]["receipt"]["dmarcVerdict"] == {"status": "PASS"}
    assert "dmarcPolicy" not in record["ses"]["receipt"]
    failed = render(name, dmarc="FAIL")["Records"][0]["ses"]["receipt"]
    assert (failed["dmarcVerdict"], failed["dmarcPolicy"]) == ({"status": "FAIL"}, "reject")


def test_a_mail_in_s3_is_called_by_its_id() -> None:
    ses = render("ses-s3-action")["Records"][0]["ses"]
    assert ses["receipt"]["action"]["objectKey"] == ses["mail"]["messageId"]
    assert set(ses["receipt"]["action"]) == {"type", "topicArn", "bucketName", "objectKey"}


def test_sns_carries_a_notification_and_the_mail_only_if_it_was_published_there() -> None:
    stored, published = carried("ses-s3-action"), carried("ses-sns-action", body=[["a", "b"]])
    assert set(stored) == {"notificationType", "mail", "receipt"}
    assert stored["notificationType"] == published["notificationType"] == "Received"
    assert published["content"].endswith("\r\n\r\na\r\nb\r\n")
    encoded = carried("ses-sns-action", body=[["a", "b"]], encoding="BASE64")
    assert base64.b64decode(encoded["content"]).decode() == published["content"]
    assert encoded["receipt"]["action"]["encoding"] == "BASE64"


# CodeCommit, CodePipeline, CodeDeploy


def test_codecommit_says_created_or_deleted_only_of_refs_that_were() -> None:
    def reference(**given: Any) -> set[str]:
        return set(render("codecommit-repository", **given)["Records"][0]["codecommit"]["references"][0])

    assert reference() == {"commit", "ref"}
    assert reference(change="created") == {"commit", "ref", "created"}
    assert reference(change="deleted") == {"commit", "ref", "deleted"}
    assert "customData" not in render("codecommit-repository", custom_data="")["Records"][0]


def test_codepipeline_passes_user_parameters_as_the_text_that_they_are() -> None:
    job = render("codepipeline-job", user_parameters='{"a": 1}', encryption_key="k")["CodePipeline.job"]
    assert job["data"]["actionConfiguration"]["configuration"]["UserParameters"] == '{"a": 1}'
    assert job["data"]["encryptionKey"] == {"id": "k", "type": "KMS"}
    assert not {"encryptionKey", "continuationToken"} & set(render("codepipeline-job")["CodePipeline.job"]["data"])


def test_the_execution_of_a_codedeploy_hook_is_base64_of_json() -> None:
    found = json.loads(base64.b64decode(render("codedeploy-lifecycle-hook")["LifecycleEventHookExecutionId"]))
    assert set(found) == {"encryptedData", "ivParameterSpec", "materialSetSerial"}


# Lex


@pytest.mark.parametrize("name", [name for name in names("lex-") if not name.startswith("lex-v2-")])
def test_slots_of_lex_v1_are_text_or_null(name: str) -> None:
    intent = render(name, slots={"Guests": 2, "Open": None})["currentIntent"]
    assert all(value is None or isinstance(value, str) for value in intent["slots"].values())
    assert (intent["slots"]["Guests"], intent["slots"]["Open"]) == ("2", None)
    assert set(intent["slotDetails"]) == {key for key, value in intent["slots"].items() if value is not None}
    assert render(name)["requestAttributes"] is None, "not left out"


@pytest.mark.parametrize("name", names("lex-v2-"))
def test_slots_of_lex_v2_have_a_shape_or_are_null(name: str) -> None:
    event = render(name, slots='{"Guests": 2, "Open": null}')
    slots = event["sessionState"]["intent"]["slots"]
    value = {"originalValue": "2", "interpretedValue": "2", "resolvedValues": ["2"]}
    assert slots["Guests"] == {"shape": "Scalar", "value": value}
    assert slots["Open"] is None
    assert event["interpretations"][0]["intent"] == event["sessionState"]["intent"]
    assert "Open" not in event["transcriptions"][0]["resolvedSlots"]
    assert ("proposedNextState" in event) is (event["invocationSource"] == "DialogCodeHook")


# Amazon Connect


def test_a_contact_has_no_queue_until_it_is_in_one() -> None:
    assert render("connect-contact-flow-event")["Details"]["ContactData"]["Queue"] is None
    data = render("connect-contact-flow-event", queue="Sales", attributes='{"vip": true}')["Details"]["ContactData"]
    assert data["Queue"]["ARN"].startswith(f"{data['InstanceARN']}/queue/")
    assert data["Attributes"] == {"vip": "true"}


def test_data_of_a_campaigns_customers_is_json_in_a_text() -> None:
    profiles = render("connect-outbound-campaign", count=2, attributes="city=Oslo")["Items"]["CustomerProfiles"]
    assert all(json.loads(each["CustomerData"])["city"] == "Oslo" for each in profiles)
    assert len({each["IdempotencyToken"] for each in profiles}) == 2


# Lambda@Edge


@pytest.mark.parametrize("name", names("cloudfront-"))
def test_cloudfront_says_which_distribution_and_event_it_is(name: str) -> None:
    cf = render(name)["Records"][0]["cf"]
    assert set(cf["config"]) == {"distributionDomainName", "distributionId", "eventType", "requestId"}
    assert ("response" in cf) is cf["config"]["eventType"].endswith("-response")
    assert ("origin" in cf["request"]) is cf["config"]["eventType"].startswith("origin-")
    assert {"clientIp", "method", "uri", "querystring", "headers"} <= set(cf["request"])


@pytest.mark.parametrize("name", names("cloudfront-"))
def test_headers_of_cloudfront_are_lists_under_lower_case_names(name: str) -> None:
    cf = render(name, headers='{"X-Trace": ["a", "b"]}')["Records"][0]["cf"]
    assert cf["request"]["headers"]["x-trace"] == [
        {"key": "X-Trace", "value": "a"},
        {"key": "X-Trace", "value": "b"},
    ]
    for headers in [cf["request"]["headers"], *([cf["response"]["headers"]] if "response" in cf else [])]:
        for name_, values in headers.items():
            assert all(set(each) == {"key", "value"} and each["key"].lower() == name_ for each in values)


def test_cloudfront_sends_a_status_as_text_and_a_body_as_base64() -> None:
    assert render("cloudfront-origin-response", status=404)["Records"][0]["cf"]["response"]["status"] == "404"
    request = render("cloudfront-viewer-request", body="ü", method="post")["Records"][0]["cf"]["request"]
    assert request["method"] == "POST"
    assert request["body"] == {"inputTruncated": False, "action": "read-only", "encoding": "base64", "data": "w7w="}
    assert "body" not in render("cloudfront-viewer-request")["Records"][0]["cf"]["request"]


def test_an_origin_of_cloudfront_is_custom_or_s3() -> None:
    def origin(**given: Any) -> Any:
        return render("cloudfront-origin-request", **given)["Records"][0]["cf"]["request"]["origin"]

    assert list(origin()) == ["custom"]
    assert origin(origin_type="s3", region="eu-west-1")["s3"]["domainName"] == (
        "example-bucket.s3.eu-west-1.amazonaws.com"
    )
    assert origin(origin_domain="a.example.com")["custom"]["domainName"] == "a.example.com"


# Alexa


@pytest.mark.parametrize("name", names("alexa-skills-kit-"))
def test_ids_of_alexa_are_given_with_or_without_their_prefix(name: str) -> None:
    short, long = render(name, session_id="1", user_id="me"), render(name, session_id="amzn1.echo-api.session.1")
    assert short["session"]["sessionId"] == long["session"]["sessionId"] == "amzn1.echo-api.session.1"
    assert short["session"]["user"] == short["context"]["System"]["user"] == {"userId": "amzn1.ask.account.me"}
    assert short["session"]["new"] is (short["request"]["type"] == "LaunchRequest")


def test_a_slot_of_alexa_is_called_by_its_key() -> None:
    slots = render("alexa-skills-kit-intent-answer", slots="Extra=2")["request"]["intent"]["slots"]
    assert {key: (slot["name"], slot["value"]) for key, slot in slots.items()} == {
        "Answer": ("Answer", "1"),
        "Extra": ("Extra", "2"),
    }


@pytest.mark.parametrize("name", names("alexa-smart-home-"))
def test_smart_homes_are_given_directives_of_version_3(name: str) -> None:
    directive = render(name)["directive"]
    assert directive["header"]["payloadVersion"] == "3"
    assert ("correlationToken" in directive["header"]) is ("endpoint" in directive)


# Batch, SageMaker, WorkMail


def test_a_job_is_submitted_by_its_names_and_asked_for_by_its_id() -> None:
    assert set(render("batch-get-job")) == {"jobId"}
    assert set(render("batch-submit-job")) == {"jobName", "jobQueue", "jobDefinition"}


def test_ground_truth_is_given_a_place_in_s3_or_a_text() -> None:
    assert set(render("sagemaker-ground-truth-pre-human")["dataObject"]) == {"source-ref"}
    assert render("sagemaker-ground-truth-pre-human", source="Hi")["dataObject"] == {"source": "Hi"}


def test_a_mail_of_workmail_has_as_many_recipients_as_are_given() -> None:
    event = render("workmail-email", recipient=["a@example.com", "b@example.com"])
    assert event["envelope"]["recipients"] == [{"address": "a@example.com"}, {"address": "b@example.com"}]


def test_connect_knows_no_addresses_of_a_contact_from_the_web() -> None:
    event = render(
        "connect-contact-flow-event", initiation_method="WEBRTC_API", phone_number="", system_phone_number=""
    )
    contact = event["Details"]["ContactData"]
    assert (contact["CustomerEndpoint"], contact["SystemEndpoint"]) == (None, None)
    assert contact["InitiationMethod"] == "WEBRTC_API"
    usual = render("connect-contact-flow-event")["Details"]["ContactData"]
    assert usual["CustomerEndpoint"] == {"Address": "+12065550100", "Type": "TELEPHONE_NUMBER"}
    assert usual["AwsRegion"] == "us-east-1"
