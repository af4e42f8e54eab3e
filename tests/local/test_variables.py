"""The variables of an execution environment, as values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lambdacli.local import variables
from lambdacli.model import Function

KEYS = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t"}


def environment(runtime: str = "python3.13", *, own: dict[str, str] | None = None, **changes: Any) -> dict[str, str]:
    function = Function("orders", "app.handler", runtime, Path("/src"), memory=512, environment=own or {})
    values: dict[str, Any] = {
        "region": "eu-west-1",
        "task_root": "/src",
        "interpreter_folder": "/py/bin",
        "language": {},
        "credentials": {},
        "overrides": {},
    }
    return variables.environment(function, **(values | changes))


def test_what_lambda_sets() -> None:
    found = environment()
    stream = found.pop("AWS_LAMBDA_LOG_STREAM_NAME")
    assert "/[$LATEST]" in stream
    assert found == {
        "_HANDLER": "app.handler",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_FUNCTION_NAME": "orders",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/orders",
        "AWS_REGION": "eu-west-1",
        "AWS_SAM_LOCAL": "true",
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": "169.254.79.129:2000",
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "LAMBDA_TASK_ROOT": "/src",
        "LAMBDACLI_LOCAL": "true",
        "LANG": "en_US.UTF-8",
        "LD_LIBRARY_PATH": "/src:/src/lib:/opt/lib",
        "PATH": "/py/bin:/usr/local/bin:/usr/bin:/bin:/opt/bin",
        "TZ": ":UTC",
    }


def test_a_custom_runtime_has_no_execution_environment_of_a_language() -> None:
    found = environment("provided.al2023", interpreter_folder="")
    assert "AWS_EXECUTION_ENV" not in found
    assert found["PATH"] == "/usr/local/bin:/usr/bin:/bin:/opt/bin"


def test_who_wins() -> None:
    own = {"A": "manifest", "B": "manifest", "TZ": "Asia/Tokyo", "PYTHONPATH": "own", "AWS_REGION": "refused elsewhere"}
    found = environment(own=own, overrides={"B": "option"}, language={"PYTHONPATH": "/layer"}, credentials=KEYS)
    assert (found["A"], found["B"], found["TZ"], found["PYTHONPATH"]) == ("manifest", "option", "Asia/Tokyo", "own")
    assert found["AWS_REGION"] == "eu-west-1"
    assert found.items() >= KEYS.items()


def test_the_arn() -> None:
    function = Function("orders", "app.handler", "python3.13", Path("/src"))
    assert variables.function_arn(function, "eu-west-1") == "arn:aws:lambda:eu-west-1:123456789012:function:orders"
    assert variables.function_arn(function, "eu-west-1", "1").endswith(":1:function:orders")


@pytest.mark.parametrize(
    ("caller", "profile", "expected"),
    [
        ({}, "", {}),
        ({"HOME": "/me", "AWS_ENDPOINT_URL": "x"}, "", {}),
        (KEYS, "", KEYS),
        ({**KEYS, "AWS_SESSION_TOKEN": ""}, "", {k: v for k, v in KEYS.items() if k != "AWS_SESSION_TOKEN"}),
        (KEYS, "dev", {"AWS_PROFILE": "dev"}),
        ({**KEYS, "AWS_PROFILE": "work"}, "", {"AWS_PROFILE": "work"}),
        ({"AWS_PROFILE": "work", "AWS_CONFIG_FILE": "/c"}, "dev", {"AWS_PROFILE": "dev", "AWS_CONFIG_FILE": "/c"}),
        ({"AWS_SHARED_CREDENTIALS_FILE": "/s"}, "", {"AWS_SHARED_CREDENTIALS_FILE": "/s"}),
    ],
)
def test_what_of_the_callers_credentials_passes(caller: dict[str, str], profile: str, expected: dict[str, str]) -> None:
    assert variables.credentials(caller, profile) == expected
