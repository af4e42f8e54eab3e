"""The environment variables of a function, as Lambda's execution environment has them. Pure.

Source: "Defined runtime environment variables" in the AWS Lambda developer guide.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from lambdacli import runtimes
from lambdacli.local.invocation import new_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lambdacli.model import Function

ACCOUNT = "123456789012"  # where the manifest names none
_CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
_PROFILE = ("AWS_PROFILE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")


def function_arn(function: Function, region: str, account: str = "") -> str:
    """The unqualified ARN of the function."""
    return f"arn:aws:lambda:{region}:{account or ACCOUNT}:function:{function.name}"


def environment(
    function: Function,
    *,
    region: str,
    task_root: str,
    interpreter_folder: str,
    language: Mapping[str, str],
    credentials: Mapping[str, str],
    overrides: Mapping[str, str],
) -> dict[str, str]:
    """All variables of one execution environment except the Runtime API's address.

    Args:
        function: whose variables.
        region: an AWS region.
        task_root: absolute path of the unpacked code.
        interpreter_folder: first entry of PATH; "" for custom runtimes.
        language: what the runtime's image sets, as PYTHONPATH.
        credentials: from `credentials`.
        overrides: from the command line; they win over the manifest.
    """
    stream = f"{time.strftime('%Y/%m/%d', time.gmtime())}/[$LATEST]{new_id().replace('-', '')}"
    path = [p for p in (interpreter_folder, "/usr/local/bin", "/usr/bin", "/bin", "/opt/bin") if p]
    variables = {
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PATH": ":".join(path),
        "LD_LIBRARY_PATH": f"{task_root}:{task_root}/lib:/opt/lib",
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": "169.254.79.129:2000",
        **language,
        **function.environment,
        **overrides,
        **credentials,
        "_HANDLER": function.handler,
        "LAMBDA_TASK_ROOT": task_root,
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": stream,
        "AWS_SAM_LOCAL": "true",
        "LAMBDACLI_LOCAL": "true",
    }
    if runtimes.of(function.runtime).managed:
        variables["AWS_EXECUTION_ENV"] = f"AWS_Lambda_{function.runtime}"
    return variables


def credentials(caller: Mapping[str, str], profile: str = "") -> dict[str, str]:
    """What of the caller's environment lets an AWS SDK in the function find the caller's credentials.

    The keys themselves where the caller has them and names no profile; otherwise the profile and the places of the
    configuration files, so that the SDK resolves SSO, roles and processes by itself.
    """
    named = profile or caller.get("AWS_PROFILE", "")
    if not named and (keys := {name: caller[name] for name in _CREDENTIALS if caller.get(name)}):
        return keys
    found = {name: caller[name] for name in _PROFILE if caller.get(name)}
    if named:
        found["AWS_PROFILE"] = named
    return found
