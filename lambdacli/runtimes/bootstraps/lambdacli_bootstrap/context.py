"""The context object that a Python handler gets (AWS: "Using the Lambda context object to retrieve Python ...")."""

import os
import sys
import time

TYPE_CHECKING = False  # importing `typing` costs a start
if TYPE_CHECKING:
    from typing import Any

_TRACE_FIELDS = ("traceparent", "tracestate", "baggage")


class _Record:
    """Named fields, filled from a dict, missing ones None; shown with all of them."""

    __slots__: "tuple[str, ...]" = ()

    @classmethod
    def of(cls, values: "dict[str, Any] | None") -> "Any":
        if values is None:
            return None
        record = cls()
        for name in cls.__slots__:
            setattr(record, name, values.get(name))
        return record

    def __repr__(self) -> str:
        return _shown(self, self.__slots__)


class CognitoIdentity(_Record):
    """Who the mobile application's user is."""

    __slots__ = ("cognito_identity_id", "cognito_identity_pool_id")
    cognito_identity_id: "Any"
    cognito_identity_pool_id: "Any"


class Client(_Record):
    """The mobile application."""

    # in the order in which they are shown
    __slots__ = ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name")  # noqa: RUF023


class ClientContext(_Record):
    """What the caller sent as X-Amz-Client-Context."""

    __slots__ = ("custom", "env", "client")  # noqa: RUF023 - as above


class LambdaContext:
    """One invocation, as the handler sees it."""

    def __init__(self, headers: "dict[str, str]") -> None:
        get = os.environ.get
        client_context = _json(headers, "lambda-runtime-client-context", "Client Context")
        identity = _json(headers, "lambda-runtime-cognito-identity", "Cognito Identity")
        self.aws_request_id = headers.get("lambda-runtime-aws-request-id")
        self.log_group_name = get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = get("AWS_LAMBDA_FUNCTION_NAME")
        self.memory_limit_in_mb = get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.function_version = get("AWS_LAMBDA_FUNCTION_VERSION")
        self.invoked_function_arn = headers.get("lambda-runtime-invoked-function-arn")
        self.tenant_id = headers.get("lambda-runtime-aws-tenant-id")
        self._trace = _take_trace(client_context)
        self.client_context = ClientContext.of(client_context)
        if self.client_context is not None:
            self.client_context.client = Client.of(self.client_context.client)
        self.identity: "Any" = CognitoIdentity()
        self.identity.cognito_identity_id = self.identity.cognito_identity_pool_id = None
        if identity is not None:
            self.identity.cognito_identity_id = identity.get("cognitoIdentityId")
            self.identity.cognito_identity_pool_id = identity.get("cognitoIdentityPoolId")
        self._epoch_deadline_time_in_ms = int(headers.get("lambda-runtime-deadline-ms", 0))

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function's timeout, never below 0."""
        return max(self._epoch_deadline_time_in_ms - int(time.time() * 1000), 0)

    def w3c(self) -> "dict[str, str]":
        """The W3C trace context of the invocation."""
        return dict(self._trace)

    def log(self, msg: object) -> None:
        """Write to the log as it is."""
        sys.stdout.write(str(msg))

    def __repr__(self) -> str:
        return _shown(
            self,
            (
                "aws_request_id", "log_group_name", "log_stream_name", "function_name", "memory_limit_in_mb",
                "function_version", "invoked_function_arn", "client_context", "identity", "tenant_id",
            ),
        )  # fmt: skip


def _shown(record: object, names: "tuple[str, ...]") -> str:
    return type(record).__name__ + "([" + ",".join([n + "=" + str(getattr(record, n)) for n in names]) + "])"


def _json(headers: "dict[str, str]", header: str, name: str) -> "Any":
    text = headers.get(header)
    if not text:
        return None
    import json

    from .errors import Fault

    try:
        return json.loads(text)
    except Exception as error:
        raise Fault("Runtime.LambdaContextUnmarshalError", f"Unable to parse {name} JSON: {error}") from error


def _take_trace(client_context: "Any") -> "dict[str, str]":
    """Takes `w3c` out of the client context, so that it is read through `w3c()` alone."""
    if not isinstance(client_context, dict):
        return {}
    trace = client_context.pop("w3c", None)
    if not isinstance(trace, dict):
        return {}
    return {name: trace[name] for name in _TRACE_FIELDS if isinstance(trace.get(name), str)}
