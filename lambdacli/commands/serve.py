"""`lambdacli serve`: the manifest runs here as it would on AWS."""

from __future__ import annotations

import gc
import os
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lambdacli import console, interrupts
from lambdacli.commands.options import (
    AllowVersionMismatch,
    Credentials,
    EnvFile,
    ManifestPath,
    Profile,
    Region,
    Stage,
    Variables,
    Yes,
    complete_function,
)
from lambdacli.errors import UsageError

if TYPE_CHECKING:
    from lambdacli.model import Manifest
    from lambdacli.serve.wanted import Wanted

_FASTEST = 1_000_000
_LONGEST = 86_400  # seconds


def command(
    functions: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FUNCTION]...", help="These alone.", autocompletion=complete_function),
    ] = None,
    port: Annotated[
        int, typer.Option("-p", "--port", metavar="PORT", min=0, max=65535, help="0: any that is free.")
    ] = 3000,
    host: Annotated[str, typer.Option("--host", metavar="ADDRESS", help="Where to listen.")] = "127.0.0.1",
    sources: Annotated[
        str,
        typer.Option(
            "--sources",
            metavar="local|URL|aws|none",
            help="Queues, streams, topics, buckets: of an emulator that is started here, of an endpoint, or real ones.",
        ),
    ] = "local",
    reload: Annotated[bool, typer.Option("--reload/--no-reload", help="Follow what is saved.")] = True,
    ignore: Annotated[
        list[str], typer.Option("--ignore", metavar="PATTERN", help="Changes not to reload for, as in a .gitignore.")
    ] = [],
    warm: Annotated[
        int, typer.Option("--warm", metavar="N", min=0, max=1000, help="Environments of each function kept ready.")
    ] = 0,
    concurrency: Annotated[
        int, typer.Option("--concurrency", metavar="N", min=1, max=1000, help="Environments at once, of all functions.")
    ] = 50,
    explain: Annotated[bool, typer.Option("--explain", help="Every step of every event.")] = False,
    json_logs: Annotated[bool, typer.Option("--json-logs", help="Everything as JSON lines on stdout.")] = False,
    time_scale: Annotated[
        float, typer.Option("--time-scale", metavar="N", help="Schedules and retries live N times as fast.")
    ] = 1.0,
    at: Annotated[
        str, typer.Option("--at", metavar="TIME", help="Schedules begin at this time, such as 2027-01-31T07:59.")
    ] = "",
    grace: Annotated[
        float, typer.Option("--grace", metavar="SECONDS", min=0, help="For running invocations when it ends.")
    ] = 10.0,
    variables: Variables = [],
    env_file: EnvFile = None,
    manifest: ManifestPath = None,
    stage: Stage = "",
    region: Region = "",
    profile: Profile = "",
    credentials: Credentials = True,
    allow_version_mismatch: AllowVersionMismatch = False,
    yes: Yes = False,
) -> int:
    """Serve the functions to SDK clients, HTTP clients, queues, streams, topics and schedules, until Ctrl-C.

    One port has it all: Lambda's own API for SDKs (their endpoint URL is http://127.0.0.1:3000) and the HTTP and
    WebSocket APIs of the manifest. What is saved is followed; running invocations finish on the old code.
    """
    from lambdacli import manifest as manifests
    from lambdacli.local import guard
    from lambdacli.local.prepare import variables as overrides
    from lambdacli.serve.wanted import AWS, Wanted

    guard.current()
    path = manifests.find(Path.cwd(), manifest)
    loaded = manifests.load(path, stage=stage, region=region, environ=os.environ)
    _check_functions(loaded, functions or [])
    if not 0 < time_scale <= _FASTEST:
        raise UsageError(f"--time-scale {time_scale:g} is not above 0 and at most {_FASTEST:,}")
    if not 0 <= grace <= _LONGEST:
        raise UsageError(f"--grace {grace:g} is not between 0 and {_LONGEST:,} seconds")
    if not host.strip():
        raise UsageError("--host is empty", hint="127.0.0.1 is this machine alone, 0.0.0.0 everybody in its network")
    wanted = Wanted(
        loaded,
        functions=tuple(functions or ()),
        host=host,
        port=port,
        reload=reload,
        warm=warm,
        most=concurrency,
        sources=_sources(sources),
        variables=overrides(variables, env_file),
        env_file=None if env_file is None else env_file.absolute(),
        variables_anew=lambda: overrides(variables, env_file),
        profile=profile,
        region=region,
        stage=stage,
        credentials=credentials,
        allow_version_mismatch=allow_version_mismatch,
        time_scale=time_scale,
        at=_moment(at),
        grace=grace,
        ignore=tuple(ignore),
        loud=console.verbose(),
    )
    if wanted.sources == AWS:
        _ask(wanted, yes=yes)
    return _serve(wanted, explain=explain, json_logs=json_logs)


def _check_functions(manifest: Manifest, names: list[str]) -> None:
    from lambdacli import manifest as manifests

    for name in names:
        manifests.select(manifest, name)


def _sources(given: str) -> str:
    if given in ("local", "aws", "none") or given.startswith(("http://", "https://")):
        return given
    from lambdacli.suggest import nearest

    raise UsageError(
        f"--sources {given!r} is nothing that gives events",
        hint=nearest(given, ["local", "aws", "none"], "local, aws, none, or an endpoint such as http://127.0.0.1:4566"),
    )


def _moment(given: str) -> datetime | None:
    if not given:
        return None
    try:
        found = datetime.fromisoformat(f"{given[:-1]}+00:00" if given.endswith(("Z", "z")) else given)
    except ValueError:
        raise UsageError(f"--at {given!r} is no time", hint="such as 2027-01-31T07:59; UTC unless it says") from None
    return found.astimezone(timezone.utc) if found.tzinfo else found.replace(tzinfo=timezone.utc)


def _ask(wanted: Wanted, *, yes: bool) -> None:
    """Real queues give their messages away.

    Raises:
        UsageError: there is nobody to ask.
        typer.Exit: the answer is no.
    """
    from lambdacli.commands.deploying import confirm
    from lambdacli.serve.sources.given import question

    confirm(question(wanted.restricted(wanted.manifest), wanted.profile), yes=yes)


def _serve(wanted: Wanted, *, explain: bool, json_logs: bool) -> int:
    from lambdacli.console import serving
    from lambdacli.local import guard
    from lambdacli.serve.server import Server
    from lambdacli.serve.telling import FINAL

    gc.enable()

    async def main() -> bool:
        import asyncio

        soon = asyncio.get_running_loop().call_later
        shown = serving.Shown(explain, len(wanted.restricted(wanted.manifest).functions) > 1)
        machines = serving.JsonLines(soon)
        telling: Any = machines if json_logs else serving.Lines(shown, FINAL, soon)
        server = Server(wanted, telling)
        machines.lost = server.end
        try:
            interrupted = await server.run()
        finally:
            telling.flush()
        if machines.failure is not None:
            raise machines.failure
        return interrupted

    try:
        interrupted = interrupts.run(main())
    finally:
        guard.close()
    return interrupts.INTERRUPTED if interrupted else 0
