"""Events of years ago, AWS's first samples and events that a handler has filled in are no mistakes."""

from __future__ import annotations

from typing import Any

import pytest

from lambdacli import events


def sample(name: str) -> Any:
    return events.render(events.load(name), {})


def without(event: Any, *paths: str) -> Any:
    for path in paths:
        *way, key = path.split(".")
        inner = event
        for step in way:
            inner = inner[int(step)] if isinstance(inner, list) else inner[step]
        del inner[key]
    return event


def mistakes(name: str, event: Any) -> list[str]:
    return [each.path for each in events.check(event, name).departures if not each.note]


@pytest.mark.parametrize(
    ("name", "paths"),
    [
        ("apigateway-aws-proxy", ["requestContext.deploymentId", "requestContext.identity.principalOrgId"]),
        ("apigateway-aws-proxy", ["multiValueHeaders", "multiValueQueryStringParameters", "isBase64Encoded"]),
        ("apigateway-request-authorizer", ["multiValueHeaders", "requestContext.requestTimeEpoch"]),
        ("apigateway-http-api-authorizer-v1", ["requestContext.domainName", "requestContext.identity.cognitoAmr"]),
        ("apigateway-http-api-authorizer-v2", ["identitySource"]),
        ("appsync-resolver", ["request.domainName"]),
        ("appsync-resolver-iam", ["identity.cognitoIdentityId", "identity.username"]),
        ("cloudformation-create-request", ["ServiceToken"]),
        ("cognito-post-confirmation", ["request.userAttributes.sub"]),
        ("cognito-pre-sign-up", ["request.validationData", "response.autoVerifyEmail"]),
        ("dynamodb-insert", ["Records.0.dynamodb.ApproximateCreationDateTime"]),
        ("eventbridge-autoscaling-lifecycle-action", ["detail.Origin", "detail.Destination"]),
        ("eventbridge-codepipeline-pipeline-state-change", ["detail.start-time", "detail.pipeline-execution-attempt"]),
        ("eventbridge-schedule", ["version"]),
        ("firehose-kinesis-source", ["deliveryStreamArn", "sourceKinesisStreamArn"]),
        ("kinesis-get-records", ["Records.0.kinesis.approximateArrivalTimestamp"]),
        ("lex-book-car", ["requestAttributes", "inputTranscript", "currentIntent.slotDetails"]),
        ("ses-email-receiving", ["Records.0.ses.receipt.dmarcVerdict"]),
    ],
)
def test_keys_that_aws_added_later_are_made_and_may_be_missing(name: str, paths: list[str]) -> None:
    assert mistakes(name, without(sample(name), *paths)) == []


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("apigateway-aws-proxy", "requestContext.identity.sourceIp"),
        ("alb-request", "body"),
        ("cloudformation-create-request", "ResponseURL"),
        ("cloudfront-viewer-request", "Records.0.cf.config.eventType"),
        ("sns-notification", "Records.0.Sns.SigningCertUrl"),
    ],
)
def test_keys_that_every_event_has_may_not(name: str, path: str) -> None:
    event = without(sample(name), path)
    assert len(mistakes(name, event)) == 1


@pytest.mark.parametrize(
    ("name", "response"),
    [
        ("cognito-pre-sign-up", {"autoConfirmUser": True, "autoVerifyEmail": True, "autoVerifyPhone": False}),
        ("cognito-define-auth-challenge", {"challengeName": "CUSTOM_CHALLENGE", "issueTokens": False}),
        ("cognito-create-auth-challenge", {"publicChallengeParameters": {"question": "?"}, "challengeMetadata": "A"}),
        ("cognito-verify-auth-challenge-response", {"answerCorrect": True}),
        ("cognito-pre-token-generation-v2", {"claimsAndScopeOverrideDetails": {"idTokenGeneration": {}}}),
        ("cognito-inbound-federation", {"userAttributesToMap": {"email": "user@example.com"}}),
    ],
)
def test_a_handler_fills_in_the_response(name: str, response: dict[str, Any]) -> None:
    assert events.recognise(sample(name) | {"response": response}).departures == ()


@pytest.mark.parametrize(("key", "notes"), [("a b", 1), ("ä", 1), ("a+b/c%20d", 0), ("", 0)])
def test_the_key_of_an_s3_notification_is_encoded(key: str, notes: int) -> None:
    event = sample("s3-put")
    event["Records"][0]["s3"]["object"]["key"] = key
    found = events.recognise(event)
    assert found.fits
    assert [each.path for each in found.departures] == ["$.Records[0].s3.object.key"] * notes


def test_whose_resolver_it_is() -> None:
    event = sample("appsync-resolver-iam")
    arn = "arn:aws:iam::123456789012:user/example"
    event["identity"] = {"sourceIp": ["192.0.2.1"], "userArn": arn, "accountId": "123456789012", "user": "AIDAEXAMPLE"}
    assert events.recognise(event).name == "appsync-resolver-iam"
