"""What AWS itself lays down for functions: lengths, forms of names, names that are taken."""

from __future__ import annotations

NAME = "[a-zA-Z0-9_-]{1,64}"  # of functions and stages: they become parts of AWS's names
NAME_RULE = "1 to 64 letters, digits, - and _"
REGION = "[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}"  # us-gov-east-1, eusc-de-east-1: AWS may add more such
ROLE = r"arn:aws[a-z-]*:iam::\d{12}:role/.+"
HANDLER_CHARACTERS = 128  # of Lambda's API

# "Defined runtime environment variables" in the Lambda developer guide, and those of newer features.
RESERVED = (
    "_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_LAMBDA_RUNTIME_API",
    "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR",
)  # fmt: skip

# Days, PutRetentionPolicy in CloudWatch Logs' API reference.
RETENTIONS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip
