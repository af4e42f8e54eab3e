"""`lambdacli logs`: what a deployed function has logged, and logs."""

from __future__ import annotations

import gc
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Annotated

import typer

from lambdacli import console, interrupts
from lambdacli.commands import options
from lambdacli.commands.deploying import Target, on_aws
from lambdacli.commands.moving import connected

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lambdacli.deploy.logs import Entry


@on_aws
def command(
    target: Target,
    function: options.FunctionName = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", "--tail", "-t", help="Go on with what is being logged.")
    ] = False,
    since: Annotated[
        str, typer.Option("--since", "-s", metavar="TIME", help="As 10m, '2 hours ago', 17:30 or 2026-11-21T17:30.")
    ] = "10m",
    pattern: Annotated[
        str, typer.Option("--filter", metavar="PATTERN", help="A filter pattern of CloudWatch Logs, as ERROR.")
    ] = "",
    json: Annotated[bool, typer.Option("--json", help="One JSON object per line: time (ms), stream, message.")] = False,
) -> int:
    """Show the log of a deployed function, merged by time; what Lambda reports of each run is added up at the end."""
    from lambdacli import manifest as manifests
    from lambdacli.deploy import logs

    begin = logs.when(since, datetime.now(timezone.utc))
    name = manifests.select(target.manifest, function).name
    aws = connected(target)
    source = logs.of(aws, name, pattern)
    entries = logs.follow(aws, source, begin, console.warning) if follow else logs.past(aws, source, begin)
    gc.enable()  # it may go on for days
    try:
        with interrupts.Heard():
            if not _show(entries, json=json):
                console.message(f"nothing{' that matches' if pattern else ''} was logged (--since {since})")
    except KeyboardInterrupt:
        return interrupts.INTERRUPTED
    return 0


def _show(entries: Iterable[Entry], *, json: bool) -> bool:
    """Whether there was anything to show."""
    from lambdacli.console.logs import Log

    log, anything = Log(), False
    try:
        for entry in entries:
            anything = True
            if json:
                _as_json(entry)
            else:
                log.show(*entry)
            console.flush()
    finally:
        if summed := log.sum():
            console.message(summed)
    return anything


def _as_json(entry: Entry) -> None:
    from json import dumps

    console.data(dumps({"time": entry.time, "stream": entry.stream, "message": entry.message}, ensure_ascii=False))
