"""What SAM CLI's users type: its events as `service event`, its parameters by its names, each value in the event."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from texts import texts

from lambdacli.cli import run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import CommandLine

# service | events | parameters
SAM = """
alb | request | body method path account-id dns-suffix
alexa-skills-kit | end-session intent-answer intent-getnewfact | session-id user-id application-id request-id
alexa-skills-kit | intent-mycoloris intent-recipe start-session | session-id user-id application-id request-id
alexa-smart-home | smart-home-control-turn-off-request smart-home-control-turn-on-request smart-home-discovery-request |
apigateway | authorizer request-authorizer | account-id partition region stage method resource restApiId
apigateway | aws-proxy | body stage method resource path querystringparameters account-id dns-suffix
apigateway | http-api-proxy | body stage method path account-id dns-suffix
appsync | resolver |
batch | get-job submit-job |
cloudformation | create-request | account-id partition region stack
cloudfront | ab-test access-request-in-response http-redirect modify-querystring simple-remote-call | uri method
cloudfront | multiple-remote-calls-aggregate-response redirect-on-viewer-country response-generation | uri method
cloudfront | normalize-querystring-to-improve-cache-hit redirect-unauthenticated-users | uri method
cloudfront | serve-object-on-viewer-device | uri method
cloudfront | modify-response-header |
cloudwatch | logs |
cloudwatch | scheduled-event | account-id partition region rule
codecommit | repository | account-id partition region repository trigger custom-data
codepipeline | job | account-id input-bucket input-key output-bucket output-key
cognito | sync-trigger | region
config | item-change-notification oversized-item-change-notification periodic-rule | region partition account-id
connect | contact-flow-event | region partition account-id contact-id phone-number
dynamodb | update | account-id partition region table
kinesis | analytics analytics-compressed analytics-dynamodb | partition region account-id application stream data
kinesis | analytics-kpl | partition region account-id application stream
kinesis | apachelog syslog | region data
kinesis | cloudwatch-logs-processor | region partition account-id
kinesis | get-records | region partition sequence data partition-key
kinesis | kinesis-firehose | partition region data
kinesis | streams-as-source | partition region partition-key data sequence
lex | book-car book-hotel make-appointment order-flowers |
lex-v2 | banking-bot book-car book-hotel |
rekognition | s3-request | region partition bucket key
s3 | batch-invocation | bucket-arn key
s3 | delete put | region partition bucket key
sagemaker | ground-truth-annotation-consolidation | region partition account-id labeling-job-name label-attribute-name
sagemaker | ground-truth-annotation-consolidation | s3-output-path execution-role iteration-object-timestamp
sagemaker | ground-truth-pre-human | region partition account-id source-ref labeling-job-name
ses | email-receiving | region partition account-id dns-suffix
sns | notification | account-id partition region topic subject message
sqs | receive-message | partition region account-id queue-name body
stepfunctions | error | error cause
workmail | email | flow-direction mail-from sender
"""
VALUES = {
    "account-id": "210987654321",
    "body": '{"text": "it\'s"}',
    "bucket-arn": "arn:aws:s3:::other-bucket",
    "data": "some data",
    "dns-suffix": "example.org",
    "flow-direction": "OUTBOUND",
    "iteration-object-timestamp": "iteration-2/0/2026-01-02_03:04:05",
    "key": "in/a b+c.jpg",
    "mail-from": "from@example.org",
    "method": "PATCH",
    "partition": "aws-cn",
    "path": "orders/7",
    "phone-number": "+15550100",
    "querystringparameters": '{"colour": "dark blue"}',
    "region": "cn-north-1",
    "resource": "{proxy+}",
    "s3-output-path": "s3://other-bucket/output",
    "sender": "sender@example.org",
    "sequence": "49590338271490256608559692538361571095921575989136588898",
    "source-ref": "s3://other-bucket/in.jpg",
    "uri": "/orders/7",
}


def spellings() -> Iterator[tuple[str, tuple[str, ...]]]:
    for line in SAM.strip().splitlines():
        service, events, parameters = (each.strip() for each in line.split("|"))
        for event in events.split():
            yield f"{service} {event}", tuple(parameters.split())


SPELLINGS = list(spellings())
PAIRS = [(event, parameter) for event, parameters in SPELLINGS for parameter in parameters]


def value_of(parameter: str) -> str:
    return VALUES.get(parameter, f"other-{parameter}")


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    code = run(["generate-event", *words])
    printed = capsys.readouterr()
    assert code == 0, printed.err
    return json.loads(printed.out)


def test_the_table_has_every_event_of_sam() -> None:
    assert len({event for event, _ in SPELLINGS}) == 68


@pytest.mark.parametrize("event", dict.fromkeys(event for event, _ in SPELLINGS))
def test_an_event_by_the_name_that_sam_has_for_it(event: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, *event.split())


@pytest.mark.parametrize(("event", "parameter"), PAIRS)
def test_a_value_reaches_the_event(event: str, parameter: str, capsys: pytest.CaptureFixture[str]) -> None:
    value = value_of(parameter)
    found = list(texts(printed(capsys, *event.split(), f"--{parameter}", value)))
    if parameter == "querystringparameters":
        assert "dark blue" in found
    else:
        assert any(value in text for text in found)


@pytest.mark.parametrize(
    "words",
    [
        ["s3", "put", "--bucket", "photos", "--key", "a b.jpg", "--region", "eu-west-1", "--partition", "aws"],
        ["sqs", "receive-message", "--body", '{"a": 1}', "--queue-name", "orders"],
        ["apigateway", "request-authorizer", "--restApiId", "abc", "--method", "GET"],
        ["kinesis", "streams-as-source", "--partition-key", "7"],
        ["alexa-smart-home", "smart-home-discovery-request"],
    ],
    ids=" ".join,
)
def test_on_the_real_command_line(
    words: list[str], lambdacli: CommandLine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = printed(capsys, *words)
    done = lambdacli("generate-event", *words, cwd=tmp_path)
    assert (done.returncode, done.stderr, json.loads(done.stdout)) == (0, "", expected)
