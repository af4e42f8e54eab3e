"""What a new project starts with for each kind of trigger: its settings, its handler's file, what its test expects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Start:
    """One kind of trigger in a new project."""

    trigger: str  # YAML: the item in the function's list of triggers
    handler: str  # file name without ending, in files/<language>/handlers
    expected: tuple[str, Any] = ("processed", 1)  # one key of the result of the sample event, and its value
    shell: str = "any"  # as `handler`, for provided.*, where no JSON parser can be counted on
    memory: int = 256  # MB
    timeout: int = 30  # seconds


_BATCH: tuple[str, Any] = ("batchItemFailures", [])
_HTTP = ("statusCode", 200)
_STREAM = "starting_position: LATEST, batch_size: 100"
_CLUSTER = "arn:aws:{0}:us-east-1:123456789012:{1}:example-{1}{2}"

STARTS = {
    "invoke": Start("invoke: {}", "invoke", ("ok", True)),
    "http": Start("http: GET /hello", "http", _HTTP, "http", timeout=10),
    "url": Start("url: {}", "http", _HTTP, "http", timeout=10),
    "rest": Start("rest: GET /hello", "rest", _HTTP, "http", timeout=10),
    "alb": Start("alb: {path: /hello}", "rest", _HTTP, "http", timeout=10),
    "websocket": Start("websocket: $default", "websocket", _HTTP, "http", timeout=10),
    "s3": Start('s3: {bucket: example-bucket, events: ["s3:ObjectCreated:*"]}', "s3"),
    "sqs": Start(
        "sqs: {queue: example-queue, batch_size: 10, report_batch_item_failures: true}", "sqs", _BATCH, "batch"
    ),
    "sns": Start("sns: {topic: example-topic}", "sns"),
    "dynamodb": Start(
        f"dynamodb: {{table: example-table, {_STREAM}, report_batch_item_failures: true}}", "dynamodb", _BATCH, "batch"
    ),
    "kinesis": Start(
        f"kinesis: {{stream: example-stream, {_STREAM}, report_batch_item_failures: true}}", "kinesis", _BATCH, "batch"
    ),
    "schedule": Start("schedule: rate(5 minutes)", "schedule"),
    "eventbridge": Start('eventbridge: {pattern: {source: ["com.example.shop"]}}', "eventbridge"),
    "iot": Start("iot: {sql: \"SELECT * FROM 'devices/+/telemetry'\"}", "iot"),
    "cognito": Start("cognito: {user_pool: example-users, event: PreSignUp}", "cognito", ("version", "1"), "cognito"),
    "logs": Start("logs: {log_group: /example/application}", "logs"),
    "ses": Start("ses: {rule_set: example-rules, recipients: [help@example.com]}", "ses"),
    "kafka": Start(f"kafka: {{topic: example-topic, {_STREAM}}}", "kafka"),
    "mq": Start("mq: {queue: example-queue}", "mq"),
    "documentdb": Start(f"documentdb: {{database: example, {_STREAM}}}", "documentdb"),
}
