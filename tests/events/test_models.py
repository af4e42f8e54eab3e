"""The default output against the models that Powertools for AWS Lambda (Python) has made of the same events."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
from fnmatch import fnmatchcase
from typing import Any, get_args

import pytest
from carried import carried

from lambdacli import events

models: Any = pytest.importorskip(
    "aws_lambda_powertools.utilities.parser.models", reason="pip install 'aws-lambda-powertools[parser]'"
)
envelopes: Any = importlib.import_module("aws_lambda_powertools.utilities.parser.envelopes")
pydantic: Any = importlib.import_module("pydantic")

REST = ("apigateway-aws-proxy*", "apigateway-http-api-proxy-v1")
HTTP = ("apigateway-http-api-proxy", "apigateway-http-api-proxy-[!v]*")
URL = ("lambda-function-url*",)
S3 = ("s3-[!bot]*", "s3-tagging-*", "rekognition-s3-request")

# The model of an event, and the templates it stands for: names, or patterns that take in those still to come.
MODELS = {
    "APIGatewayProxyEventModel": REST,
    "APIGatewayProxyEventV2Model": (*HTTP, *URL),
    "APIGatewayWebSocketConnectEventModel": ("apigateway-websocket-connect",),
    "APIGatewayWebSocketDisconnectEventModel": ("apigateway-websocket-disconnect",),
    "APIGatewayWebSocketMessageEventModel": ("apigateway-websocket-message",),
    "AlbModel": ("alb-*",),
    "ApiGatewayAuthorizerRequest": ("apigateway-request-authorizer", "apigateway-http-api-authorizer-v1"),
    "ApiGatewayAuthorizerRequestV2": ("apigateway-http-api-authorizer-v2",),
    "ApiGatewayAuthorizerToken": ("apigateway-authorizer",),
    "AppSyncBatchResolverEventModel": ("appsync-batch-resolver",),
    "AppSyncEventsModel": ("appsync-events-*",),
    "AppSyncResolverEventModel": ("appsync-resolver*",),
    "BedrockAgentEventModel": ("bedrock-agent-api",),
    "BedrockAgentFunctionEventModel": ("bedrock-agent-function",),
    "CloudFormationCustomResourceCreateModel": ("cloudformation-create-request", "cdk-custom-resource-create"),
    "CloudFormationCustomResourceDeleteModel": ("cloudformation-delete-request", "cdk-custom-resource-delete"),
    "CloudFormationCustomResourceUpdateModel": ("cloudformation-update-request", "cdk-custom-resource-update"),
    "CloudWatchLogsModel": ("cloudwatch-logs",),
    "CognitoCreateAuthChallengeTriggerModel": ("cognito-create-auth-challenge",),
    "CognitoCustomEmailSenderTriggerModel": ("cognito-custom-email-sender",),
    "CognitoCustomMessageTriggerModel": ("cognito-custom-message",),
    "CognitoCustomSMSSenderTriggerModel": ("cognito-custom-sms-sender",),
    "CognitoDefineAuthChallengeTriggerModel": ("cognito-define-auth-challenge",),
    "CognitoMigrateUserTriggerModel": ("cognito-user-migration",),
    "CognitoPostAuthenticationTriggerModel": ("cognito-post-authentication",),
    "CognitoPostConfirmationTriggerModel": ("cognito-post-confirmation",),
    "CognitoPreAuthenticationTriggerModel": ("cognito-pre-authentication",),
    "CognitoPreSignupTriggerModel": ("cognito-pre-sign-up",),
    "CognitoPreTokenGenerationTriggerModelV1": ("cognito-pre-token-generation",),
    "CognitoPreTokenGenerationTriggerModelV2AndV3": ("cognito-pre-token-generation-v*",),
    "CognitoVerifyAuthChallengeTriggerModel": ("cognito-verify-auth-challenge-response",),
    "DynamoDBStreamLambdaOnFailureDestinationModel": ("dynamodb-on-failure",),
    "DynamoDBStreamModel": ("dynamodb-[!o]*",),
    "EventBridgeModel": ("eventbridge-*",),
    "IoTCoreAddOrDeleteFromThingGroupEvent": ("iot-registry-thing-group-hierarchy-event",),
    "IoTCoreAddOrRemoveFromThingGroupEvent": ("iot-registry-thing-group-membership-event",),
    "IoTCoreThingEvent": ("iot-registry-thing-event",),
    "IoTCoreThingGroupEvent": ("iot-registry-thing-group-event",),
    "IoTCoreThingTypeAssociationEvent": ("iot-registry-thing-type-association-event",),
    "IoTCoreThingTypeEvent": ("iot-registry-thing-type-event",),
    "KafkaMskEventModel": ("msk-records",),
    "KafkaSelfManagedEventModel": ("kafka-records",),
    "KinesisDataStreamModel": ("kinesis-[!a]*",),
    "KinesisFirehoseModel": ("firehose-[!m]*",),
    "KinesisFirehoseSqsModel": ("firehose-sqs",),
    "LambdaFunctionUrlModel": URL,
    "S3BatchOperationModel": ("s3-batch-invocation*",),
    "S3EventNotificationEventBridgeModel": ("eventbridge-s3-*",),
    "S3Model": S3,
    "S3ObjectLambdaEvent": ("s3-object-lambda-get-*",),
    "S3SqsEventNotificationModel": ("sqs-s3-notification",),
    "SesModel": ("ses-*",),
    "SnsModel": ("sns-*notification", "sns-cloudwatch-alarm*"),
    "SqsModel": ("sqs-*",),
    "TransferFamilyAuthorizer": ("transfer-family-authorizer",),
    "VpcLatticeModel": ("vpc-lattice-request",),
    "VpcLatticeV2Model": ("vpc-lattice-request-v2",),
}

# What an event carries: where it is, `$` undoing an encoding, and its model.
CARRIED = [
    ("firehose-cloudwatch-logs", "records 0 data $base64 $gzip $json", "CloudWatchLogsDecode"),
    ("firehose-sqs", "records 0 data $base64 $json", "SqsRecordModel"),
    ("kinesis-cloudwatch-logs", "Records 0 kinesis data $base64 $gzip $json", "CloudWatchLogsDecode"),
    ("sns-s3-notification", "Records 0 Sns Message $json", "S3Model"),
    ("sns-ses-notification", "Records 0 Sns Message $json", "SesMessage"),
    ("sqs-eventbridge", "Records 0 body $json", "EventBridgeModel"),
    ("sqs-sns-notification", "Records 0 body $json", "SnsNotificationModel"),
    ("sqs-sns-notification-fifo", "Records 0 body $json", "SnsNotificationModel"),
    ("sqs-sns-s3-notification", "Records 0 body $json Message $json", "S3Model"),
]

# Models of events that have no template, each with its reason.
WITHOUT_TEMPLATE: dict[str, str] = {}

# Where a model and AWS's documentation disagree: the places in the event, and why AWS's documentation is followed.
DISAGREEMENTS: dict[tuple[str, str], dict[str, str]] = {
    ("alb-multi-value", "AlbModel"): {
        "headers": "a target group with multi-value headers sends multiValueHeaders instead",
        "queryStringParameters": "as headers",
    },
    ("apigateway-aws-proxy-console-test", "APIGatewayProxyEventModel"): {
        "headers": "the console sends no headers unless some are given",
        "multiValueHeaders": "as headers",
    },
    **{
        (f"cognito-pre-token-generation-{version}", "CognitoPreTokenGenerationTriggerModelV2AndV3"): {
            "request.scopes": "a list of scopes, no object"
        }
        for version in ("v2", "v3")
    },
    ("cognito-verify-auth-challenge-response", "CognitoVerifyAuthChallengeTriggerModel"): {
        "response.answerCorrect": "null until the function has answered"
    },
    **{
        (f"ses-{action}-action", "SesModel"): {
            "Records.*.ses.receipt.action.*": "the model knows Lambda's action alone"
        }
        for action in ("s3", "sns")
    },
    **{
        (f"s3-{name}", "S3Model"): {"Records.0": "S3 leaves the size out where but tags or permissions change"}
        for name in ("acl-put", "tagging-put")
    },
    ("sns-ses-notification", "SesMessage"): {
        "receipt.action.*": "the action is the one that publishes to SNS; the model knows Lambda's alone"
    },
    ("vpc-lattice-request-v2", "VpcLatticeV2Model"): {
        "headers.*": "every header is a list of values",
        "queryStringParameters.*": "as headers",
    },
}

# An envelope finds in the event what the parameter put there.
ENVELOPES = {
    "ApiGatewayEnvelope": ("apigateway-aws-proxy", "body"),
    "ApiGatewayV2Envelope": ("apigateway-http-api-proxy", "body"),
    "ApiGatewayWebSocketEnvelope": ("apigateway-websocket-message", "body"),
    "BedrockAgentEnvelope": ("bedrock-agent-api", "input-text"),
    "BedrockAgentFunctionEnvelope": ("bedrock-agent-function", "input-text"),
    "CloudWatchLogsEnvelope": ("cloudwatch-logs", "message"),
    "DynamoDBStreamEnvelope": ("dynamodb-insert", "new-image"),
    "EventBridgeEnvelope": ("eventbridge-event", "detail"),
    "KafkaEnvelope": ("kafka-records", "value"),
    "KinesisDataStreamEnvelope": ("kinesis-get-records", "data"),
    "KinesisFirehoseEnvelope": ("firehose-direct-put", "data"),
    "LambdaFunctionUrlEnvelope": ("lambda-function-url", "body"),
    "SnsEnvelope": ("sns-notification", "message"),
    "SnsSqsEnvelope": ("sqs-sns-notification", "message"),
    "SqsEnvelope": ("sqs-receive-message", "body"),
    "VpcLatticeEnvelope": ("vpc-lattice-request", "body"),
}
ENVELOPES_WITHOUT_EVENT = {"VpcLatticeV2Envelope": "its model disagrees with AWS's documentation, see above"}


def every_model() -> dict[str, Any]:
    """Those that the package exports, and those that it leaves in its modules."""
    found: dict[str, Any] = {}
    for each in pkgutil.iter_modules(models.__path__):
        module = importlib.import_module(f"{models.__name__}.{each.name}")
        for name, value in vars(module).items():
            alias = not name.startswith("_") and isinstance(value, type(list[int]))
            if alias or (inspect.isclass(value) and value.__module__ == module.__name__ and has_fields(value)):
                found[name] = value
    return found


def has_fields(value: Any) -> bool:
    return issubclass(value, pydantic.BaseModel)


EVERY_MODEL = every_model()
NAMES = events.names()


def templates_of(model: str) -> list[str]:
    return [name for name in NAMES if any(fnmatchcase(name, pattern) for pattern in MODELS[model])]


PAIRS = [(name, model) for model in MODELS for name in templates_of(model)]


def rendered(name: str, **parameters: Any) -> Any:
    """As a function gets it: through JSON."""
    return json.loads(events.dumps(events.render(events.load(name), parameters)))


def check(event: Any, name: str, model: str) -> None:
    known = DISAGREEMENTS.get((name, model), {})
    try:
        pydantic.TypeAdapter(EVERY_MODEL[model]).validate_python(event)
    except pydantic.ValidationError as error:
        found = {".".join(map(str, each["loc"])): each["msg"] for each in error.errors()}
    else:
        found = {}
    assert [place for place in found if not any(fnmatchcase(place, pattern) for pattern in known)] == [], found
    assert [pattern for pattern in known if not any(fnmatchcase(place, pattern) for place in found)] == [], found


@pytest.mark.parametrize(("name", "model"), PAIRS)
def test_output_fits_the_model(name: str, model: str) -> None:
    check(rendered(name), name, model)


@pytest.mark.parametrize(("name", "path", "model"), CARRIED)
def test_what_an_event_carries_fits_its_model(name: str, path: str, model: str) -> None:
    check(carried(rendered(name), path), name, model)


@pytest.mark.parametrize("envelope", ENVELOPES)
def test_an_envelope_finds_what_a_parameter_put_there(envelope: str) -> None:
    name, parameter = ENVELOPES[envelope]
    event = rendered(name, **{parameter: '{"order": "seven"}'})
    found = getattr(envelopes, envelope)().parse(event, dict[str, Any])
    first = found[0] if isinstance(found, list) else found
    assert first.get("NewImage", first)["order"] == "seven"


def test_every_pattern_stands_for_a_template() -> None:
    patterns = {pattern for each in MODELS.values() for pattern in each}
    assert [each for each in patterns if not any(fnmatchcase(name, each) for name in NAMES)] == []


def test_every_model_has_a_template_or_a_reason() -> None:
    """What other models are made of is checked with them."""
    known = [EVERY_MODEL[model] for model in (*MODELS, *WITHOUT_TEMPLATE, *(model for *_, model in CARRIED))]
    reached = {part for model in known for part in parts_of(model)}
    assert sorted(name for name, model in EVERY_MODEL.items() if model not in reached) == []


def parts_of(model: Any, seen: frozenset[Any] = frozenset()) -> set[Any]:
    """A model, its bases, and the models of its fields, at any depth."""
    if model in seen:
        return set()
    seen |= {model}
    if not (inspect.isclass(model) and not get_args(model) and has_fields(model)):
        return {model} | {part for each in get_args(model) for part in parts_of(each, seen)}
    fields = [field.annotation for field in model.model_fields.values()]
    return {*model.__mro__} | {part for field in fields for part in parts_of(field, seen)}


def test_every_envelope_is_tried() -> None:
    assert {*ENVELOPES, *ENVELOPES_WITHOUT_EVENT} == set(envelopes.__all__) - {"BaseEnvelope"}


def test_every_listed_disagreement_is_about_a_tried_pair() -> None:
    assert set(DISAGREEMENTS) <= {*PAIRS, *((name, model) for name, _, model in CARRIED)}
