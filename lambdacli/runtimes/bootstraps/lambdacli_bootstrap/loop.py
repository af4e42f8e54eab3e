"""The life of a Python runtime: take over the environment, load the handler, answer event after event."""

import os
import sys

from . import payload
from .client import RuntimeApi, leave
from .context import LambdaContext

TYPE_CHECKING = False  # importing `typing` costs a start
if TYPE_CHECKING:
    from typing import Any, NoReturn


class _Current:
    """The invocation that log records belong to."""

    request_id = ""
    tenant_id: "str | None" = None


class _Unbuffered:
    """A text stream that is flushed at every write, as Lambda's stdout and stderr are."""

    def __init__(self, stream: "Any") -> None:
        self.stream = stream

    def __enter__(self) -> "_Unbuffered":  # noqa: PYI034 - Self is newer than 3.8
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __getattr__(self, name: str) -> "Any":
        return getattr(self.stream, name)

    def write(self, text: str) -> None:
        self.stream.write(text)
        self.stream.flush()

    def writelines(self, lines: "Any") -> None:
        self.stream.writelines(lines)
        self.stream.flush()


class _LoggingHook:
    """Sets up `logging` when the function imports it, which costs a third of a start where it does not."""

    def find_spec(self, name: str, _path: "Any" = None, _target: "Any" = None) -> "Any":
        if name != "logging":
            return None
        from importlib.machinery import PathFinder

        library = os.path.dirname(os.__file__)
        spec: "Any" = PathFinder.find_spec(name, [library]) or PathFinder.find_spec(name)
        execute = spec.loader.exec_module

        def execute_and_set_up(module: "Any") -> None:
            execute(module)
            if self in sys.meta_path:
                sys.meta_path.remove(self)
                _set_up_logging()

        spec.loader.exec_module = execute_and_set_up
        return spec


def _set_up_logging() -> None:
    from .logs import set_up

    set_up(_Current)


def main() -> None:
    """Run the runtime. Ends with the Runtime API, or with an error of the handler's module (exit status 1)."""
    spare = os.environ.get("LAMBDACLI_SPARE_FD")
    if spare:
        _wait_as_spare(int(spare))
    sys.path[:0] = [os.environ["LAMBDA_TASK_ROOT"]]
    _add_site_packages()
    if os.name == "nt":  # elsewhere LANG says so
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(encoding="utf-8", newline="\n")  # type: ignore[union-attr]
    sys.stdout = _Unbuffered(sys.stdout)
    sys.stderr = _Unbuffered(sys.stderr)
    if "logging" in sys.modules:
        _set_up_logging()
    else:
        sys.meta_path.insert(0, _LoggingHook())
    api = RuntimeApi(os.environ["AWS_LAMBDA_RUNTIME_API"])
    try:
        handler = _load(os.environ["_HANDLER"])
    except Exception as error:
        _report_init_error(api, error)
    encoder = payload.Encoder()
    while True:
        headers, body = api.next()
        _Current.request_id = headers.get("lambda-runtime-aws-request-id", "")
        _Current.tenant_id = headers.get("lambda-runtime-aws-tenant-id")
        trace = headers.get("lambda-runtime-trace-id")
        if trace is not None:
            os.environ["_X_AMZN_TRACE_ID"] = trace
        elif "_X_AMZN_TRACE_ID" in os.environ:
            del os.environ["_X_AMZN_TRACE_ID"]
        handle_event_request(api, handler, headers, body, encoder)


def handle_event_request(
    api: RuntimeApi, request_handler: "Any", headers: "dict[str, str]", body: bytes, encoder: payload.Encoder
) -> None:
    """One invocation: exceptions of the handler become function errors, SystemExit ends the process."""
    try:
        lambda_context = LambdaContext(headers)
        event = _event(body, headers.get("content-type"))
        response = request_handler(event, lambda_context)
        result, content_type = _result(response, encoder)
    except Exception as error:
        from . import errors

        described = errors.describe(error, _Current.request_id)
        errors.log(described)
        kind = described["errorType"]
        api.fail(_Current.request_id, errors.encode(described), kind, headers.get("lambda-runtime-invocation-id", ""))
    else:
        api.respond(_Current.request_id, result, content_type, headers.get("lambda-runtime-invocation-id", ""))


def _event(body: bytes, content_type: "str | None") -> object:
    if content_type != "application/json":
        return body
    try:
        return payload.decode(body)
    except Exception as error:
        from .errors import Fault

        raise Fault("Runtime.UnmarshalError", f"Unable to unmarshal input: {error}") from None


def _result(response: object, encoder: payload.Encoder) -> "tuple[bytes, str]":
    if isinstance(response, bytes):
        return response, "application/unknown"
    try:
        return encoder.encode(response).encode("utf-8"), "application/json"
    except Exception as error:
        from .errors import Fault

        raise Fault("Runtime.MarshalError", f"Unable to marshal response: {error}") from None


def _load(name: str) -> "Any":
    module_name, dot, attribute = name.rpartition(".")
    if not dot:
        _refuse("MalformedHandlerName", f"Bad handler '{name}': not enough values to unpack (expected 2, got 1)")
    if module_name.split(".")[0] in sys.builtin_module_names:
        _refuse("BuiltInModuleConflict", f"Cannot use built-in module {module_name} as a handler module")
    import importlib

    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        _refuse("ImportModuleError", f"Unable to import module '{module_name}': {error}")
    except SyntaxError as error:
        trace = [f'  File "{error.filename}" Line {error.lineno}\n    {error.text}']
        _refuse("UserCodeSyntaxError", f"Syntax error in module '{module_name}': {error}", trace)
    try:
        return getattr(module, attribute)
    except AttributeError:
        _refuse("HandlerNotFound", f"Handler '{attribute}' missing on module '{module_name}'")


def _refuse(kind: str, message: str, trace: "list[str] | None" = None) -> "NoReturn":
    from .errors import Fault

    raise Fault("Runtime." + kind, message, trace) from None


def _report_init_error(api: RuntimeApi, error: Exception) -> "NoReturn":
    from . import errors

    described = errors.describe(error)
    errors.log(described)
    api.fail_init(errors.encode(described), described["errorType"])
    leave(1)


def _add_site_packages() -> None:
    """Honour `.pth` files in the task root and in the layers, as Lambda does."""
    for folder in [sys.path[0], *os.environ.get("PYTHONPATH", "").split(os.pathsep)]:
        try:
            found = [name for name in os.listdir(folder or ".") if name.endswith(".pth")]
        except OSError:
            continue
        if found:
            import site

            site.addsitedir(folder)


def _wait_as_spare(descriptor: int) -> None:
    """Load what an invocation needs, then wait to be told which function this process is."""
    import datetime  # noqa: ICN001 - loaded, not used
    import decimal
    import importlib
    import json
    import logging

    from . import errors, logs

    del datetime, decimal, importlib, json, logging, errors, logs
    with open(descriptor, "rb") as stream:
        told = stream.read()
    if not told:
        leave(0)
    order: "Any" = payload.decode(told)
    _replace_environment(order["environment"])
    os.chdir(order["cwd"])


def _replace_environment(environment: "dict[str, str]") -> None:
    import time

    before = os.environ.get("PYTHONPATH", "")
    os.environ.clear()
    os.environ.update(environment)
    if hasattr(time, "tzset"):
        time.tzset()
    after = environment.get("PYTHONPATH", "")
    if before != after:
        gone = {os.path.abspath(folder) for folder in before.split(os.pathsep) if folder}
        kept = [folder for folder in sys.path if folder not in gone]
        sys.path[:] = [os.path.abspath(folder) for folder in after.split(os.pathsep) if folder] + kept
