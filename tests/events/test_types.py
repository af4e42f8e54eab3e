"""The default output as literals of the types that @types/aws-lambda has for the same events; needs npm."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import time
from contextlib import contextmanager, suppress
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from carried import carried

from lambdacli import events
from lambdacli.errors import EventError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.toolchain

PACKAGES = ("typescript@5.9.3", "@types/aws-lambda@8.10.164")
OPTIONS = ("--noEmit", "--strict", "--skipLibCheck", "--pretty", "false", "--target", "es2022", "--module", "commonjs")
WAIT = 240.0  # seconds: an installation over a slow line

NAMES = events.names()
MAP = "Record<string, any>"

# The type of an event, and the templates it stands for: names, or patterns that take in those still to come.
TYPES = {
    "ALBEvent": ("alb-*",),
    "APIGatewayProxyEvent": ("apigateway-aws-proxy*", "apigateway-http-api-proxy-v1"),
    "APIGatewayProxyEventV2": ("apigateway-http-api-proxy",),
    "APIGatewayProxyEventV2WithIAMAuthorizer": ("apigateway-http-api-proxy-iam",),
    "APIGatewayProxyEventV2WithJWTAuthorizer": ("apigateway-http-api-proxy-jwt",),
    f"APIGatewayProxyEventV2WithLambdaAuthorizer<{MAP}>": ("apigateway-http-api-proxy-lambda-authorizer",),
    "APIGatewayProxyWebsocketEventV2": ("apigateway-websocket-[!a]*",),
    "APIGatewayProxyWithCognitoAuthorizerEvent": ("apigateway-aws-proxy-cognito",),
    "APIGatewayProxyWithLambdaAuthorizerEvent<{ key: string }>": ("apigateway-aws-proxy-lambda-authorizer",),
    "APIGatewayRequestAuthorizerEvent": (
        "apigateway-request-authorizer",
        "apigateway-http-api-authorizer-v1",
        "apigateway-websocket-authorizer",
    ),
    "APIGatewayRequestAuthorizerEventV2": ("apigateway-http-api-authorizer-v2",),
    "APIGatewayTokenAuthorizerEvent": ("apigateway-authorizer",),
    "AmplifyGraphQlResolverEvent": ("amplify-resolver",),
    "AppSyncAuthorizerEvent": ("appsync-authorizer",),
    f"AppSyncResolverEvent<{MAP}>": ("appsync-resolver*",),
    f"AppSyncResolverEvent<{MAP}>[]": ("appsync-batch-resolver",),
    "AutoScalingScaleInEvent": ("autoscaling-custom-termination-policy",),
    "CdkCustomResourceEvent": ("cdk-custom-resource-[!i]*",),
    "CdkCustomResourceIsCompleteEvent": ("cdk-custom-resource-is-complete",),
    "CloudFormationCustomResourceCreateEvent": ("cloudformation-create-request",),
    "CloudFormationCustomResourceDeleteEvent": ("cloudformation-delete-request",),
    "CloudFormationCustomResourceUpdateEvent": ("cloudformation-update-request",),
    "CloudFrontRequestEvent": (
        "cloudfront-*-request",
        "cloudfront-[hnrs]*",
        "cloudfront-ab-test",
        "cloudfront-modify-querystring",
        "cloudfront-multiple-*",
    ),
    "CloudFrontResponseEvent": (
        "cloudfront-[ov]*-response",
        "cloudfront-access-request-in-response",
        "cloudfront-modify-response-header",
    ),
    "CloudWatchAlarmEvent": ("cloudwatch-alarm-*",),
    "CloudWatchLogsEvent": ("cloudwatch-logs",),
    "CodeBuildCloudWatchStateEvent": ("eventbridge-codebuild-state-change",),
    "CodeCommitTriggerEvent": ("codecommit-repository",),
    "CodePipelineCloudWatchActionEvent": ("eventbridge-codepipeline-action-state-change",),
    "CodePipelineCloudWatchPipelineEvent": ("eventbridge-codepipeline-pipeline-state-change",),
    "CodePipelineCloudWatchStageEvent": ("eventbridge-codepipeline-stage-state-change",),
    "CodePipelineEvent": ("codepipeline-job",),
    "ConnectContactFlowEvent": ("connect-contact-flow-event",),
    "CreateAuthChallengeTriggerEvent": ("cognito-create-auth-challenge",),
    "CustomEmailSenderTriggerEvent": ("cognito-custom-email-sender",),
    "CustomMessageTriggerEvent": ("cognito-custom-message",),
    "CustomSMSSenderTriggerEvent": ("cognito-custom-sms-sender",),
    "DefineAuthChallengeTriggerEvent": ("cognito-define-auth-challenge",),
    "DynamoDBStreamEvent": ("dynamodb-[!ot]*", "dynamodb-ttl-expire"),
    "EventBridgeEvent<string, any>": ("eventbridge-*",),
    "FirehoseTransformationEvent": ("firehose-[!m]*",),
    "GuardDutyScanResultNotificationEvent": ("eventbridge-guardduty-malware-scan-result",),
    "InboundFederationTriggerEvent": ("cognito-inbound-federation",),
    "IoTCustomAuthorizerEvent": ("iot-custom-authorizer",),
    f"IoTEvent<{MAP}>": ("iot-rule",),
    "IoTPreProvisioningHookEvent": ("iot-preprovision-hook",),
    "KinesisStreamEvent": ("kinesis-[!at]*",),
    "KinesisStreamTumblingWindowEvent": ("kinesis-time-window",),
    "LambdaFunctionURLEvent": ("lambda-function-url",),
    "LambdaFunctionURLEventWithIAMAuthorizer": ("lambda-function-url-iam",),
    "LexEvent": ("lex-[!v]*",),
    "LexV2Event": ("lex-v2-*",),
    "MSKEvent": ("msk-records",),
    "PostAuthenticationTriggerEvent": ("cognito-post-authentication",),
    "PostConfirmationTriggerEvent": ("cognito-post-confirmation",),
    "PreAuthenticationTriggerEvent": ("cognito-pre-authentication",),
    "PreSignUpTriggerEvent": ("cognito-pre-sign-up",),
    "PreTokenGenerationTriggerEvent": ("cognito-pre-token-generation",),
    "PreTokenGenerationV2TriggerEvent": ("cognito-pre-token-generation-v2",),
    "PreTokenGenerationV3TriggerEvent": ("cognito-pre-token-generation-v3",),
    "S3BatchEvent": ("s3-batch-invocation*",),
    "S3Event": ("s3-[!bot]*", "s3-tagging-*", "rekognition-s3-request"),
    "S3ObjectACLUpdatedNotificationEvent": ("eventbridge-s3-object-acl-updated",),
    "S3ObjectAccessTierChangedNotificationEvent": ("eventbridge-s3-object-access-tier-changed",),
    "S3ObjectCreatedNotificationEvent": ("eventbridge-s3-object-created",),
    "S3ObjectDeletedNotificationEvent": ("eventbridge-s3-object-deleted", "eventbridge-s3-object-expired"),
    "S3ObjectRestoreCompletedNotificationEvent": ("eventbridge-s3-object-restore-completed",),
    "S3ObjectRestoreExpiredNotificationEvent": ("eventbridge-s3-object-restore-expired",),
    "S3ObjectRestoreInitiatedNotificationEvent": ("eventbridge-s3-object-restore-initiated",),
    "S3ObjectStorageClassChangedNotificationEvent": ("eventbridge-s3-object-storage-class-changed",),
    "S3ObjectTagsAddedNotificationEvent": ("eventbridge-s3-object-tags-added",),
    "S3ObjectTagsDeletedNotificationEvent": ("eventbridge-s3-object-tags-deleted",),
    "SESEvent": ("ses-*",),
    "SNSEvent": ("sns-*notification", "sns-cloudwatch-alarm*"),
    "SQSEvent": ("sqs-*",),
    "ScheduledEvent": ("eventbridge-schedule",),
    "SecretsManagerRotationEvent": ("secretsmanager-rotation",),
    "SelfManagedKafkaEvent": ("kafka-records",),
    "TransferFamilyAuthorizerEvent": ("transfer-family-authorizer",),
    "UserMigrationTriggerEvent": ("cognito-user-migration",),
    "VerifyAuthChallengeResponseTriggerEvent": ("cognito-verify-auth-challenge-response",),
}

# What an event carries: where it is, `$` undoing an encoding, and its type.
CARRIED = [
    ("cloudwatch-logs", "awslogs data $base64 $gzip $json", "CloudWatchLogsDecodedData"),
    ("firehose-cloudwatch-logs", "records 0 data $base64 $gzip $json", "CloudWatchLogsDecodedData"),
    ("firehose-sqs", "records 0 data $base64 $json", "SQSRecord"),
    ("kinesis-cloudwatch-logs", "Records 0 kinesis data $base64 $gzip $json", "CloudWatchLogsDecodedData"),
    ("sns-s3-notification", "Records 0 Sns Message $json", "S3Event"),
    ("sqs-eventbridge", "Records 0 body $json", "EventBridgeEvent<string, any>"),
    ("sqs-s3-notification", "Records 0 body $json", "S3Event"),
    ("sqs-sns-s3-notification", "Records 0 body $json Message $json", "S3Event"),
]

# Types of events that have no template, each with its reason.
WITHOUT_TEMPLATE = {
    "APIGatewayAuthorizerEvent": "either kind of a REST API's authorizer",
    "APIGatewayEvent": "the old name of APIGatewayProxyEvent",
    "APIGatewayEventRequestContext": "the old name of a part of APIGatewayProxyEvent",
    "APIGatewayProxyWithLambdaAuthorizerEventRequestContext<any>": "the old name of a part of its event",
    "CloudFormationCustomResourceEvent": "any of the three requests",
    "CloudFrontFunctionsEvent": "CloudFront Functions are no Lambda functions",
    "CodePipelineCloudWatchEvent": "any of the three state changes",
    "CognitoUserPoolEvent": "the old union of all triggers of a user pool",
    "CustomAuthorizerEvent": "the old name of either kind of a REST API's authorizer",
    "GuardDutyNotificationEvent": "the only kind of it has a template",
    "S3CreateEvent": "the old name of S3Event",
    "S3NotificationEvent": "any of the S3 events in EventBridge",
}

# Where a type and AWS's documentation disagree: the places in the event, and why AWS's documentation is followed.
# Under a pattern of `event type`, or `event source type` where the event has several sources; each must occur.
NULL = "null until the function has answered"
REST_IDENTITY = {"requestContext.identity": "API keys and client certificates are there only where they are used"}
COGNITO = {"requestContext.identity.cognitoAmr": "sent by HTTP APIs, and always null"}
ORGANISATION = {"requestContext.authorizer.iam.principalOrgId": "null outside an organisation"}
TOKEN = {"request.groupConfiguration.preferredRole": "null without groups"}
NO_RESPONSE = {"": "custom senders have no response"}
DISAGREEMENTS: dict[str, dict[str, str]] = {
    "apigateway-aws-proxy* APIGatewayProxy*": REST_IDENTITY,
    "apigateway-aws-proxy-console-test *": dict.fromkeys(
        ("headers", "multiValueHeaders"), "the console sends no headers unless some are given"
    ),
    "apigateway-http-api-authorizer-v1 *": COGNITO,
    "apigateway-http-api-proxy-v1 *": COGNITO,
    "apigateway-http-api-proxy-iam *": ORGANISATION,
    "apigateway-request-authorizer *": REST_IDENTITY,
    "apigateway-websocket-authorizer *": {"requestContext.identity": "that of a connection: address and user agent"},
    "apigateway-websocket-connect *": {"requestContext.identity": "sent in every event of a WebSocket API"},
    "apigateway-websocket-disconnect *": {"requestContext.disconnectStatusCode": "sent when a connection ends"},
    "apigateway-websocket-message *": {"requestContext.identity": "sent in every event of a WebSocket API"},
    "appsync-resolver-iam *": dict.fromkeys(
        (
            "identity.cognitoIdentityPoolId",
            "identity.cognitoIdentityId",
            "identity.cognitoIdentityAuthType",
            "identity.cognitoIdentityAuthProvider",
        ),
        "null unless the caller comes through an identity pool",
    ),
    "cognito-create-auth-challenge *": {
        "response.publicChallengeParameters": NULL,
        "response.privateChallengeParameters": NULL,
        "response.challengeMetadata": NULL,
    },
    "cognito-custom-email-sender *_[!A]*": NO_RESPONSE,
    "cognito-custom-email-sender *_A[!c]*": NO_RESPONSE,
    "cognito-custom-email-sender *_AccountTakeOverNotification *": {
        "request.userAttributes.sub": "the user's attributes, as in every event of this trigger"
    },
    "cognito-custom-sms-sender *": NO_RESPONSE,
    "cognito-define-auth-challenge *": {
        "response.challengeName": NULL,
        "response.issueTokens": NULL,
        "response.failAuthentication": NULL,
    },
    "cognito-pre-authentication *": {"request.validationData": "null unless the app sends some"},
    "cognito-pre-sign-up *": {"request.validationData": "null unless the app sends some"},
    "cognito-pre-token-generation TokenGeneration_*": {**TOKEN, "response.claimsOverrideDetails": NULL},
    "cognito-pre-token-generation-v* TokenGeneration_*": {**TOKEN, "response.claimsAndScopeOverrideDetails": NULL},
    "cognito-pre-token-generation-v3 TokenGeneration_[!C]*": {"triggerSource": "version 3 is for every flow"},
    "cognito-user-migration *": {
        "request.validationData": "null unless the app sends some",
        **dict.fromkeys(
            (
                "response.userAttributes",
                "response.finalUserStatus",
                "response.messageAction",
                "response.desiredDeliveryMediums",
                "response.forceAliasCreation",
                "response.enableSMSMFA",
            ),
            NULL,
        ),
    },
    "cognito-user-migration UserMigration_ForgotPassword *": {"request.password": "somebody who forgot it sends none"},
    "cognito-verify-auth-challenge-response *": {"response.answerCorrect": NULL},
    "connect-contact-flow-event *": {"Details.ContactData.AwsRegion": "sent since the type was written"},
    "eventbridge-codebuild-state-change Code*": {
        "detail.additional-information.artifact.md5sum": "documented, as is sha256sum"
    },
    "eventbridge-codepipeline-action-* Code*": {"detail.type.version": "a text"},
    "eventbridge-codepipeline-[ps]* Code*": {"detail.start-time": "documented"},
    "eventbridge-guardduty-* Guard*": {"detail.scanResultDetails.statusReasons": "documented"},
    "eventbridge-s3-object-* S3*": {"detail.object": "version-id is there only in a versioned bucket"},
    "firehose-kinesis-source *": {
        "records.0.kinesisRecordMetadata.subsequenceNumber": "a number, as in AWS's libraries for Go and for parsing"
    },
    "kinesis-time-window *": {"shardId": "documented in the example of a tumbling window"},
    "lambda-function-url-iam *": ORGANISATION,
    "lex-v2-* *": {"interpretations.*.interpretationSource": "documented"},
    "s3-acl-put *": {"Records.0.s3.object": "neither a size nor a sequencer: the object itself stays"},
    "s3-batch-invocation-v2 *": {
        "job.userArguments": "new in version 2.0 of the event",
        "tasks.0.s3Bucket": "version 2.0 has the bucket's name instead of its ARN",
    },
    "s3-delete *": {"Records.0.s3.object": "a deleted object has neither size nor eTag"},
    "s3-delete-marker-created *": {"Records.0.s3.object": "a delete marker has no size"},
    "s3-intelligent-tiering *": {"Records.0.s3.object": "a sequencer orders puts and deletes alone"},
    "s3-lifecycle-expiration *": {"Records.0.s3.object": "an expired object has neither size nor eTag"},
    "s3-lifecycle-transition *": {"Records.0.s3.object": "as s3-intelligent-tiering"},
    "s3-replication-failed *": {"Records.0.replicationEventData": "documented"},
    "s3-tagging-* *": {"Records.0.s3.object": "as s3-acl-put"},
    "secretsmanager-rotation *": {"RotationToken": "documented"},
}


class Case(NamedTuple):
    """An event, or what it carries, and its type; an event of Cognito once for each of its sources."""

    name: str
    type: str
    source: str = ""
    path: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, (self.name, self.source, self.type)))

    def value(self) -> Any:
        event = events.render(events.load(self.name), {"trigger-source": self.source} if self.source else {})
        return carried(event, self.path)


def cases() -> Iterator[Case]:
    for kind, patterns in TYPES.items():
        for name in NAMES:
            if any(fnmatchcase(name, pattern) for pattern in patterns):
                source = events.load(name).params.get("trigger-source")
                yield from (Case(name, kind, each) for each in (source.choices if source else ()) or ("",))
    yield from (Case(name, kind, path=path) for name, path, kind in CARRIED)


CASES = list(cases())


def literal(value: Any, path: tuple[str, ...] = (), before: str = "", after: str = "") -> Iterator[tuple[str, str]]:
    """A value as lines of TypeScript, each with its place in the event: errors come with the number of a line."""
    if not (value and isinstance(value, dict | list)):
        yield ".".join(path), f"{before}{json.dumps(value)}{after}"
        return
    is_object = isinstance(value, dict)
    yield ".".join(path), before + ("{" if is_object else "[")
    for key, each in value.items() if is_object else enumerate(value):
        yield from literal(each, (*path, str(key)), f"{json.dumps(key)}: " if is_object else "", ",")
    yield ".".join(path), ("}" if is_object else "]") + after


def program() -> tuple[str, list[tuple[Case | None, str]]]:
    """One file with every event, and what each of its lines is about. A template that fails spares the others."""
    lines: list[str] = ['import type * as lambda from "aws-lambda";']
    about: list[tuple[Case | None, str]] = [(None, "")]
    for number, case in enumerate(CASES):
        before = f"export const event{number}: lambda.{case.type} = "
        try:
            value = case.value()
        except EventError as error:
            value = {error.message: None}
        for place, text in literal(value, before=before, after=";"):
            lines.append(text)
            about.append((case, place))
    return "\n".join(lines) + "\n", about


class Types(NamedTuple):
    declared: str  # the text of the package's declarations
    errors: dict[Case, dict[str, str]]  # of each case: message by place


@pytest.fixture(scope="session")
def types(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Types:
    """The packages installed once, the compiler run once for all events, also where several processes test."""
    missing = [each for each in ("node", "npm") if not shutil.which(each)]
    if missing:
        pytest.skip(f"{missing[0]} is not on this machine")
    cache: Any = getattr(request.config, "cache", None)  # none with -p no:cacheprovider
    kept = cache.mkdir("types") if cache else tmp_path_factory.mktemp("types")
    folder = kept / hashlib.sha256(repr(PACKAGES).encode()).hexdigest()[:16]
    folder.mkdir(exist_ok=True)
    with locked(folder / "lock"):
        modules = folder / "node_modules"
        if not (folder / "installed").exists():
            install(folder)
        source, about = program()
        output = compiled(folder, source)
    declared = "\n".join(
        file.read_text(encoding="utf-8") for file in sorted((modules / "@types" / "aws-lambda").rglob("*.d.ts"))
    )
    return Types(declared, errors_in(output, about))


@contextmanager
def locked(lock: Path) -> Iterator[None]:
    """One process at a time; what a killed one left behind is taken over."""
    while True:
        try:
            lock.mkdir()
            break
        except FileExistsError:
            with suppress(FileNotFoundError):
                if time.time() - lock.stat().st_mtime > WAIT:
                    lock.rmdir()
            time.sleep(0.1)
    try:
        yield
    finally:
        with suppress(FileNotFoundError):
            lock.rmdir()


def install(folder: Path) -> None:
    (folder / "package.json").write_text('{"private": true}\n', encoding="utf-8")
    quiet = (
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
        "--no-package-lock",
        "--fetch-retries=0",
        "--loglevel=error",
    )
    try:
        done = run(folder, "npm", "install", *quiet, *PACKAGES)
    except (OSError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"npm: {error}")
    if done.returncode:
        pytest.skip(f"npm cannot install {' '.join(PACKAGES)}: {done.stderr.strip().splitlines()[:1]}")
    (folder / "installed").touch()


def run(folder: Path, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(shutil.which(program)), *arguments]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, encoding="utf-8", check=False, timeout=WAIT * 0.75
    )


def compiled(folder: Path, source: str) -> str:
    """What the compiler says; kept, so that only one of several processes asks it."""
    digest = hashlib.sha256(source.encode()).hexdigest()
    said = folder / "said.json"
    with suppress(OSError, ValueError):
        kept = json.loads(said.read_text(encoding="utf-8"))
        if kept["of"] == digest:
            return str(kept["output"])
    (folder / "events.ts").write_text(source, encoding="utf-8")
    done = run(folder, "node", os.path.join("node_modules", "typescript", "bin", "tsc"), *OPTIONS, "events.ts")  # noqa: PTH118
    assert done.returncode in {0, 1, 2}, done.stderr
    assert not done.stderr
    said.write_text(json.dumps({"of": digest, "output": done.stdout}), encoding="utf-8")
    return done.stdout


def errors_in(output: str, about: list[tuple[Case | None, str]]) -> dict[Case, dict[str, str]]:
    found: dict[Case, dict[str, str]] = {}
    for line in output.splitlines():
        if match := re.match(r"events\.ts\((\d+),\d+\): error (TS\d+: .*)", line):
            case, place = about[int(match[1]) - 1]
            assert case, line
            found.setdefault(case, {})[place] = match[2]
        else:
            assert line.startswith(" "), line
    return found


@pytest.mark.parametrize("case", CASES, ids=str)
def test_output_is_of_the_type(case: Case, types: Types) -> None:
    known = {place for pattern, places in DISAGREEMENTS.items() if fnmatchcase(str(case), pattern) for place in places}
    found = types.errors.get(case, {})
    assert [place for place in found if not any(fnmatchcase(place, pattern) for pattern in known)] == [], found
    assert [pattern for pattern in known if not any(fnmatchcase(place, pattern) for place in found)] == [], found


def test_every_pattern_stands_for_a_template() -> None:
    patterns = {pattern for each in TYPES.values() for pattern in each}
    assert [each for each in patterns if not any(fnmatchcase(name, each) for name in NAMES)] == []


def test_every_type_of_an_event_has_a_template_or_a_reason(types: Types) -> None:
    """What other types are made of is checked with them."""
    text = re.sub(r"/\*.*?\*/|//[^\n]*", "", types.declared, flags=re.DOTALL)
    declared = re.split(r"^export (?:interface|type) (?=\w)", text, flags=re.MULTILINE)[1:]
    names = {
        name: set(re.findall(r"\w+", rest))
        for name, rest in (re.split(r"\b", each, maxsplit=2)[1:] for each in declared)
    }
    handled = {each for each in re.findall(r"\bHandler<\s*(\w+)", text) if each in names}
    wanted = {each for each in names if "Event" in each and not each.endswith("Handler")} | handled
    reached: set[str] = set()
    listed = (*TYPES, *WITHOUT_TEMPLATE, *(kind for *_, kind in CARRIED))
    todo = {word for kind in listed for word in re.findall(r"\w+", kind)} & set(names)
    while todo:
        reached |= todo
        todo = {part for each in todo for part in names[each] & set(names)} - reached
    assert not wanted - reached, sorted(wanted - reached)
    assert {re.match(r"\w+", kind)[0] for kind in (*TYPES, *WITHOUT_TEMPLATE)} <= set(names)  # type: ignore[index]


def test_every_listed_disagreement_is_about_a_tried_event() -> None:
    tried = [str(case) for case in CASES]
    assert [pattern for pattern in DISAGREEMENTS if not any(fnmatchcase(each, pattern) for each in tried)] == []
