"""What `invoke --remote` does: the deployed function with the event of a local run, the same output, the same codes."""

from __future__ import annotations

from contextlib import suppress
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdacli import console
from lambdacli.errors import FunctionFailed, LimitExceeded, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from lambdacli.deploy.invoking import Answer
    from lambdacli.local.wanted import Wanted

_CODE = PurePosixPath("/var/task")  # where a function's code lies on AWS
_LOCAL = (
    ("--env", "variables"), ("--env-file", "env_file"), ("--timeout", "timeout"), ("--no-timeout", "no_timeout"),
    ("--runtime", "runtime"), ("--allow-version-mismatch", "allow_version_mismatch"),
)  # fmt: skip


class How(NamedTuple):
    """How the deployed function is invoked, and what is shown of it."""

    later: bool  # asynchronously
    log: bool
    json: bool


def invoke(wanted: Wanted, how: How, stdin: Callable[[], bytes]) -> None:
    """Invoke the deployed function, and show what it answers.

    Raises:
        LambdacliError: whatever keeps it from being invoked.
        FunctionFailed, LimitExceeded: as for a local run.
    """
    from lambdacli import deploy
    from lambdacli.deploy import invoking
    from lambdacli.local import prepare

    for option, name in _LOCAL:
        if getattr(wanted, name):
            raise UsageError(f"{option} is for local runs", hint="leave it out, or leave out --remote")
    manifest, function = prepare.target(wanted)
    event = prepare.event(wanted, function, manifest, stdin)
    context = prepare.client_context(wanted.client_context)
    aws = deploy.connect(deploy.Options(manifest, profile=wanted.profile))
    answer = invoking.invoke(aws, function.name, event, context, later=how.later)
    if how.later:
        _accepted(function.name, answer, how, wanted.stage)
        return
    if how.log and not how.json:
        console.log(answer.log if answer.log.endswith(b"\n") else answer.log + b"\n")
    with suppress(console.ReaderGone):  # whoever stopped reading may still want the exit code
        console.raw(_as_json(function.name, answer) if how.json else answer.payload)
    _judge(function.name, answer)


def _accepted(name: str, answer: Answer, how: How, stage: str) -> None:
    if how.json:
        from json import dumps

        console.data(dumps({"function": name, "requestId": answer.request_id, "status": "accepted"}))
    else:
        logs = f"lambdacli logs {name}{f' --stage {stage}' if stage else ''}"
        console.message(f"accepted; request id {answer.request_id}; `{logs}` shows what becomes of it")


def _error_type(answer: Answer) -> str:
    import json

    if not answer.failed:
        return ""
    try:
        return str(json.loads(answer.payload).get("errorType", "")) or "Unhandled"
    except (ValueError, AttributeError, RecursionError):
        return "Unhandled"


def _timed_out(answer: Answer) -> bool:
    return answer.failed and (_error_type(answer) == "Sandbox.Timedout" or b"Task timed out after" in answer.payload)


def _as_json(name: str, answer: Answer) -> bytes:
    import json

    from lambdacli.commands.payload import parsed
    from lambdacli.console.logs import figures

    report: dict[str, Any] | None = None
    log = answer.log.decode("utf-8", "replace")
    for line in log.splitlines():
        if line.startswith("REPORT RequestId:"):
            told = figures(line)
            report = {
                "durationMs": told.duration,
                "billedDurationMs": told.billed,
                "memorySizeMB": told.memory,
                "maxMemoryUsedMB": told.used,
                "initDurationMs": told.init,
            }
    value = {
        "function": name,
        "requestId": answer.request_id,
        "version": answer.version,
        "status": "timeout" if _timed_out(answer) else "error" if answer.failed else "success",
        "errorType": _error_type(answer) or None,
        "payload": parsed(answer.payload),
        "report": report,
        "log": log,
    }
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace")


def _judge(name: str, answer: Answer) -> None:
    if not answer.failed:
        return
    message = console.function_error(name, answer.payload, _CODE)
    if _error_type(answer) == "Runtime.OutOfMemory":
        raise LimitExceeded(message, hint="give it more `memory` in the manifest")
    if _timed_out(answer):
        raise LimitExceeded(message, hint="raise `timeout` in the manifest")
    raise FunctionFailed(message, hint="" if answer.log else "--log shows its log")
