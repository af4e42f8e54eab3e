"""What a new project starts with for each kind of trigger: its settings, its handler's file, what its test expects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Start:
    """One kind of trigger in a new project."""

    handler: str  # file name without ending, in files/<language>/handlers
    settings: str | Mapping[str, str]  # the short form, or by name; values are YAML as it is written
    expected: tuple[str, Any] = ("processed", 1)  # one key of the result of the sample event, and its value
    shell: str = "any"  # as `handler`, for provided.*, where no JSON parser can be counted on
    timeout: int = 30  # seconds


_BATCH: tuple[str, Any] = ("batchItemFailures", [])
_HTTP: tuple[str, Any] = ("statusCode", 200)
_SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:example-AbCdEf"  # noqa: S105 - a name, no secret
_LISTENER = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/example/50dc6c495c0c9188/f2f7dc8efc522ab2"

STARTS = {
    "invoke": Start("invoke", "hello-world", ("ok", True)),
    "http": Start("http", "GET /hello", _HTTP, "http", 10),
    "url": Start("http", {"auth_type": "AWS_IAM"}, _HTTP, "http", 10),
    "rest": Start("rest", "GET /hello", _HTTP, "http", 10),
    "alb": Start("rest", {"listener": _LISTENER, "conditions": "{path: [/hello]}", "priority": "1"}, _HTTP, "http", 10),
    "websocket": Start("websocket", "$default", _HTTP, "http", 10),
    "s3": Start("s3", {"bucket": "example-bucket", "events": '["s3:ObjectCreated:*"]'}),
    "sqs": Start(
        "sqs", {"queue": "example-queue", "batch_size": "10", "report_batch_item_failures": "true"}, _BATCH, "batch"
    ),
    "sns": Start("sns", {"topic": "example-topic"}),
    "dynamodb": Start(
        "dynamodb",
        {"table": "example-table", "starting_position": "LATEST", "report_batch_item_failures": "true"},
        _BATCH,
        "batch",
    ),
    "kinesis": Start(
        "kinesis",
        {"stream": "example-stream", "starting_position": "LATEST", "report_batch_item_failures": "true"},
        _BATCH,
        "batch",
    ),
    "schedule": Start("schedule", "rate(5 minutes)"),
    "eventbridge": Start("eventbridge", {"pattern": "{source: [com.example.shop]}"}),
    "iot": Start("iot", {"sql": "SELECT * FROM 'devices/+/telemetry'"}),
    "cognito": Start(
        "cognito", {"user_pool": "example-users", "trigger_source": "PreSignUp"}, ("version", "1"), "cognito", 5
    ),
    "logs": Start("logs", {"log_group": "/example/application"}),
    "ses": Start("ses", {"recipients": "[help@example.com]"}),
    "kafka": Start(
        "kafka",
        {
            "cluster": "arn:aws:kafka:us-east-1:123456789012:cluster/example/751d2973-a626-431c-9d4e-d7975eb44dd7-2",
            "topic": "example-topic",
            "starting_position": "LATEST",
        },
    ),
    "mq": Start(
        "mq",
        {
            "broker": "arn:aws:mq:us-east-1:123456789012:broker:example:b-9bcfa592-423a-4942-879d-eb284b418fc8",
            "engine": "rabbitmq",
            "queue": "example-queue",
            "credentials": _SECRET,
        },
    ),
    "documentdb": Start(
        "documentdb",
        {
            "cluster": "arn:aws:rds:us-east-1:123456789012:cluster:example",
            "database": "example",
            "credentials": _SECRET,
            "starting_position": "LATEST",
        },
    ),
}
