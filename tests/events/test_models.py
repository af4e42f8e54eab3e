"""The default output against models that others made of the same events; skipped where they are not installed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lambdacli import events

models: Any = pytest.importorskip(
    "aws_lambda_powertools.utilities.parser.models", reason="pip install 'aws-lambda-powertools[parser]'"
)

MODELS = {
    "alb-request": "AlbModel",
    "apigateway-aws-proxy": "APIGatewayProxyEventModel",
    "apigateway-aws-proxy-cognito": "APIGatewayProxyEventModel",
    "apigateway-aws-proxy-iam": "APIGatewayProxyEventModel",
    "apigateway-aws-proxy-lambda-authorizer": "APIGatewayProxyEventModel",
    "apigateway-authorizer": "ApiGatewayAuthorizerToken",
    "apigateway-request-authorizer": "ApiGatewayAuthorizerRequest",
    "apigateway-http-api-authorizer-v2": "ApiGatewayAuthorizerRequestV2",
    "apigateway-http-api-proxy": "APIGatewayProxyEventV2Model",
    "apigateway-http-api-proxy-iam": "APIGatewayProxyEventV2Model",
    "apigateway-http-api-proxy-jwt": "APIGatewayProxyEventV2Model",
    "apigateway-http-api-proxy-lambda-authorizer": "APIGatewayProxyEventV2Model",
    "apigateway-websocket-connect": "APIGatewayWebSocketConnectEventModel",
    "apigateway-websocket-disconnect": "APIGatewayWebSocketDisconnectEventModel",
    "apigateway-websocket-message": "APIGatewayWebSocketMessageEventModel",
    "cloudwatch-logs": "CloudWatchLogsModel",
    "cognito-create-auth-challenge": "CognitoCreateAuthChallengeTriggerModel",
    "cognito-custom-email-sender": "CognitoCustomEmailSenderTriggerModel",
    "cognito-custom-message": "CognitoCustomMessageTriggerModel",
    "cognito-custom-sms-sender": "CognitoCustomSMSSenderTriggerModel",
    "cognito-define-auth-challenge": "CognitoDefineAuthChallengeTriggerModel",
    "cognito-post-authentication": "CognitoPostAuthenticationTriggerModel",
    "cognito-post-confirmation": "CognitoPostConfirmationTriggerModel",
    "cognito-pre-authentication": "CognitoPreAuthenticationTriggerModel",
    "cognito-pre-sign-up": "CognitoPreSignupTriggerModel",
    "cognito-user-migration": "CognitoMigrateUserTriggerModel",
    "dynamodb-insert": "DynamoDBStreamModel",
    "dynamodb-modify": "DynamoDBStreamModel",
    "dynamodb-remove": "DynamoDBStreamModel",
    "dynamodb-ttl-expire": "DynamoDBStreamModel",
    "dynamodb-update": "DynamoDBStreamModel",
    "eventbridge-event": "EventBridgeModel",
    "eventbridge-s3-object-created": "S3EventNotificationEventBridgeModel",
    "eventbridge-schedule": "EventBridgeModel",
    "kafka-records": "KafkaSelfManagedEventModel",
    "kinesis-get-records": "KinesisDataStreamModel",
    "lambda-function-url": "LambdaFunctionUrlModel",
    "lambda-function-url-iam": "LambdaFunctionUrlModel",
    "msk-records": "KafkaMskEventModel",
    "ses-email-receiving": "SesModel",
    "sns-notification": "SnsModel",
    "sqs-receive-message": "SqsModel",
    "sqs-receive-message-fifo": "SqsModel",
    "sqs-s3-notification": "S3SqsEventNotificationModel",
    **{name: "S3Model" for name in events.names() if name.startswith("s3-") and name != "s3-test-event"},
}


@pytest.mark.parametrize("name", MODELS)
def test_output_fits_the_model_of_powertools(name: str) -> None:
    getattr(models, MODELS[name]).model_validate(json.loads(events.dumps(events.render(events.load(name), {}))))
