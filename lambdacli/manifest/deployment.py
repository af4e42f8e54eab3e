"""Settings that count on AWS alone: those of a function, and those of a whole deployment.

Source: CreateFunction, PutFunctionEventInvokeConfig and PutProvisionedConcurrencyConfig in Lambda's API reference,
PutRetentionPolicy in CloudWatch Logs'.
"""

from __future__ import annotations

from typing import Any

from lambdacli.manifest.limits import RETENTIONS, ROLE

_ROLE = rf"^{ROLE}$|\$\{{"
_KEY = r"^arn:aws[a-z-]*:kms:.+$|\$\{"
KEPT_VERSIONS = 5
RETENTION = 30  # days


def of_function() -> dict[str, Any]:
    """JSON Schema of a function's settings, by name."""
    return {
        "role": {
            "type": "string",
            "description": "ARN of the role to run under; it is used and never changed. One is made unless given.",
            "pattern": _ROLE,
            "patternErrorMessage": "expected the ARN of a role",
        },
        "exclude": {
            "type": "array",
            "description": "What is not packaged, as lines of a .gitignore; `!name` brings something back.",
            "items": {"type": "string", "minLength": 1},
        },
        "log_retention": {
            "enum": [*RETENTIONS, "never"],
            "description": "Days after which log events are deleted; never: they are kept.",
            "default": RETENTION,
        },
        "tracing": {"enum": ["PassThrough", "Active"], "description": "X-Ray.", "default": "PassThrough"},
        "provisioned_concurrency": _number("Environments that are kept ready.", 1, 100_000),
        "dead_letter": {
            "type": "object",
            "description": "Queue or topic for events that no asynchronous invocation could handle.",
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": False,
            "properties": {
                "sqs": {"type": "string", "minLength": 1, "description": "A queue's name or ARN."},
                "sns": {"type": "string", "minLength": 1, "description": "A topic's name or ARN."},
            },
        },
        "maximum_event_age": _number("Seconds that an asynchronous event may wait.", 60, 21_600, default=21_600),
        "maximum_retry_attempts": _number("Tries of an asynchronous event after the first.", 0, 2, default=2),
        "vpc": {
            "type": "object",
            "description": "The network that the function runs in.",
            "additionalProperties": False,
            "required": ["subnets", "security_groups"],
            "properties": {
                "subnets": _ids("Ids of subnets.", "subnet-", 16),
                "security_groups": _ids("Ids of security groups.", "sg-", 5),
            },
        },
        "kms_key": {
            "type": "string",
            "description": "ARN of the KMS key that encrypts the environment variables.",
            "pattern": _KEY,
            "patternErrorMessage": "expected the ARN of a KMS key",
        },
    }


def of_manifest() -> dict[str, Any]:
    """JSON Schema of the section `deploy`."""
    return {
        "type": "object",
        "description": "How the manifest is deployed.",
        "additionalProperties": False,
        "properties": {
            "bucket": {
                "type": "string",
                "minLength": 1,
                "description": "S3 bucket through which packages go that are too large to be sent to Lambda directly.",
            },
            "keep_versions": _number("Versions of a function to keep.", 1, 100, default=KEPT_VERSIONS),
            "permissions_boundary": {
                "type": "string",
                "minLength": 1,
                "description": "ARN of the policy that bounds the roles that are made.",
            },
        },
    }


def _number(description: str, low: int, high: int, **more: Any) -> dict[str, Any]:
    return {"type": "integer", "description": description, "minimum": low, "maximum": high} | more


def _ids(description: str, prefix: str, most: int) -> dict[str, Any]:
    return {
        "type": "array",
        "description": description,
        "items": {
            "type": "string",
            "pattern": rf"^{prefix}[0-9a-zA-Z]+$|\$\{{",
            "patternErrorMessage": f"expected an id such as {prefix}0123456789abcdef0",
        },
        "minItems": 1,
        "maxItems": most,
    }
