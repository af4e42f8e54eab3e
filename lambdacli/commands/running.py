"""The options of a local run, each declared once for every command that runs a function."""

from __future__ import annotations

import inspect
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lambdacli.commands.options import FunctionName, ManifestPath, Region, Stage, complete_trigger
from lambdacli.local.wanted import Wanted
from lambdacli.model import MAX_EVENT

if TYPE_CHECKING:
    from collections.abc import Callable


def _complete_event(incomplete: str) -> list[str]:
    from lambdacli import events

    return [name for name in events.names() if name.startswith(incomplete)]


def _complete_runtime(incomplete: str) -> list[str]:
    from lambdacli import runtimes

    return [name for name in runtimes.identifiers() if name.startswith(incomplete)]


def _wanted(
    function: FunctionName = None,
    event: Annotated[
        str | None,
        typer.Option(
            "-e",
            "--event",
            metavar="EVENT",
            help="The event: a file, - (stdin), JSON, or a template's name.",
            autocompletion=_complete_event,
        ),
    ] = None,
    settings: Annotated[
        list[str],
        typer.Option("--set", metavar="NAME=VALUE", help="A parameter of the event, or a place: Records.0.body=x."),
    ] = [],
    trigger: Annotated[
        str,
        typer.Option(
            "--trigger",
            metavar="KIND",
            help="Which of the function's triggers makes the event.",
            autocompletion=complete_trigger,
        ),
    ] = "",
    variables: Annotated[
        list[str], typer.Option("--env", metavar="NAME=VALUE", help="An environment variable; wins over the manifest.")
    ] = [],
    env_file: Annotated[
        Path | None, typer.Option("--env-file", metavar="FILE", help="Environment variables from a .env file.")
    ] = None,
    timeout: Annotated[
        float | None, typer.Option("--timeout", metavar="SECONDS", help="Instead of the function's own.")
    ] = None,
    no_timeout: Annotated[bool, typer.Option("--no-timeout", help="Let it run as long as it likes.")] = False,
    runtime: Annotated[
        str,
        typer.Option(
            "--runtime",
            metavar="NAME",
            help="Without a manifest: python3.13, nodejs22.x, …",
            autocompletion=_complete_runtime,
        ),
    ] = "",
    manifest: ManifestPath = None,
    stage: Stage = "",
    region: Region = "",
    profile: Annotated[
        str, typer.Option("--profile", metavar="NAME", help="AWS profile whose credentials the function gets.")
    ] = "",
    credentials: Annotated[
        bool, typer.Option("--credentials/--no-credentials", help="Pass the caller's AWS credentials to the function.")
    ] = True,
    client_context: Annotated[
        str, typer.Option("--client-context", metavar="JSON", help="JSON, a file, or base64.")
    ] = "",
    allow_version_mismatch: Annotated[
        bool,
        typer.Option("--allow-version-mismatch", help="Run on the nearest interpreter where the exact one is missing."),
    ] = False,
) -> Wanted:
    return Wanted(
        function=function,
        event=event,
        settings=settings,
        trigger=trigger,
        variables=variables,
        env_file=env_file,
        timeout=timeout,
        no_timeout=no_timeout,
        runtime=runtime,
        manifest=manifest,
        stage=stage,
        region=region,
        profile=profile,
        credentials=credentials,
        client_context=client_context,
        allow_version_mismatch=allow_version_mismatch,
    )


@cache
def read_stdin() -> bytes:
    """The event from stdin, of which no more is read than tells that it is too large."""
    return sys.stdin.buffer.read(MAX_EVENT + 1)


def runs_a_function(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of a local run; it takes them as one `Wanted`, then options of its own."""
    shared = inspect.signature(_wanted, eval_str=True).parameters
    own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]

    def with_options(**given: Any) -> None:
        command(_wanted(**{name: given.pop(name) for name in shared}), **given)

    parameters = [*shared.values(), *own]
    with_options.__doc__ = command.__doc__
    with_options.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    with_options.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return with_options
