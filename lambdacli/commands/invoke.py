"""`lambdacli invoke`: one local invocation; the result alone on stdout."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lambdacli import console
from lambdacli.commands.running import as_command, read_stdin, runs_a_function
from lambdacli.errors import FunctionFailed, LimitExceeded, UsageError
from lambdacli.local.wanted import Wanted

if TYPE_CHECKING:
    from collections.abc import Callable
    from io import FileIO

    from lambdacli.local.invocation import Outcome
    from lambdacli.local.prepare import Ready

_NO_START = "Runtime.InvalidEntrypoint"


@runs_a_function
def command(
    wanted: Wanted,
    json: Annotated[bool, typer.Option("--json", help="One JSON object: result, status, report, log.")] = False,
    log_file: Annotated[
        Path | None,
        typer.Option("--log-file", metavar="FILE", help="Write the function's log there instead of to stderr."),
    ] = None,
    remote: Annotated[bool, typer.Option("--remote", "-R", help="Invoke the deployed function.")] = False,
    later: Annotated[bool, typer.Option("--async", help="With --remote: do not wait for the result.")] = False,
    show_log: Annotated[bool, typer.Option("--log", help="With --remote: the end of its log on stderr.")] = False,
) -> None:
    """Run a function once as Lambda would, or, with --remote, on AWS; print its result.

    Without --event the event is made from the function's own trigger. FUNCTION is a name in the manifest, or a
    handler in this folder (app.handler); it may be left out where the manifest has one function.
    """
    if remote:
        from lambdacli.commands import invoking

        _only_local(log_file)
        invoking.invoke(wanted, invoking.How(later, show_log, json), read_stdin)
        return
    if later or show_log:
        raise UsageError(f"{'--async' if later else '--log'} goes with --remote", hint="add --remote")

    from lambdacli.local import once
    from lambdacli.local.prepare import prepare

    ready = prepare(wanted, stdin=read_stdin)
    for remark in ready.remarks:
        console.warning(remark)
    with ExitStack() as stack:
        kept: list[bytes] = []
        log = kept.append if json else _log_sink(log_file, stack)
        printed = None if json else _Printed()
        outcome = once.run(ready.plan, ready.invocation(), log, printed)
    with suppress(console.ReaderGone):  # whoever stopped reading may still want the exit code
        if printed is not None and printed.any:
            console.piece(b"\n")
        else:
            console.raw(_as_json(ready.function.name, outcome, b"".join(kept)) if json else outcome.payload)
    _judge(ready, outcome)


COMMAND = as_command("invoke", command)


class _Printed:
    """Prints a streamed response as it comes; once nobody reads it any more the function still runs to its end."""

    def __init__(self) -> None:
        self.any = False
        self._read = True

    def begins(self, content_type: str) -> None:
        """The function has begun to answer."""

    def chunk(self, data: bytes) -> None:
        """The next piece of its answer."""
        self.any = True
        if self._read:
            try:
                console.piece(data)
            except console.ReaderGone:
                self._read = False


def _only_local(log_file: Path | None) -> None:
    if log_file is not None:
        raise UsageError("--log-file is for local runs", hint="--log shows the end of the log")


def _log_sink(path: Path | None, stack: ExitStack) -> Callable[[bytes], object]:
    if path is None:
        return console.log
    try:
        return _LogFile(stack.enter_context(path.open("wb", buffering=0)), path)
    except OSError as error:
        raise UsageError(f"--log-file {path}: {error.strerror}", hint="a file that can be written") from None


class _LogFile:
    """Takes the log; a disk that fills up costs the rest of it, not the function's result."""

    def __init__(self, stream: FileIO, path: Path) -> None:
        self._stream = stream
        self._path = path
        self._whole = True

    def __call__(self, chunk: bytes) -> None:
        try:
            while self._whole and chunk:
                chunk = chunk[self._stream.write(chunk) :]
        except OSError as error:
            self._whole = False
            console.warning(f"--log-file {self._path}: {error.strerror}; the rest of the log is lost")


def _as_json(name: str, outcome: Outcome, log: bytes) -> bytes:
    import json

    from lambdacli.commands.payload import parsed

    figures = outcome.report
    value = {
        "function": name,
        "requestId": outcome.request_id,
        "status": outcome.status,
        "errorType": outcome.error_type or None,
        "payload": parsed(outcome.payload),
        "report": {
            "durationMs": round(figures.duration, 2),
            "billedDurationMs": figures.billed,
            "memorySizeMB": figures.memory_size,
            "maxMemoryUsedMB": figures.memory_used,
            "initDurationMs": None if figures.init is None else round(figures.init, 2),
        },
        "log": log.decode("utf-8", "replace"),
    }
    # half a surrogate pair, which only JSON can spell, is spelled as JSON does
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace")


def _judge(ready: Ready, outcome: Outcome) -> None:
    if outcome.status == "success":
        return
    message = console.function_error(ready.function.name, outcome.payload, Path(ready.plan.cwd))
    if outcome.out_of_memory:
        raise LimitExceeded(message, hint="give it more `memory` in the manifest")
    if outcome.status == "timeout":
        raise LimitExceeded(message, hint="raise `timeout` in the manifest, or try --timeout SECONDS or --no-timeout")
    raise FunctionFailed(message, hint=_why_not_started(ready) if outcome.error_type == _NO_START else "")


def _why_not_started(ready: Ready) -> str:
    """Lambda's words for a bootstrap that cannot be started say little."""
    from lambdacli import runtimes

    problem = runtimes.of(ready.function.runtime).handler_problem(ready.function)
    return problem or f"the first line of {ready.plan.argv[0]} must name an interpreter that this machine has"
