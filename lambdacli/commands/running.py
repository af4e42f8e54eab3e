"""The options of a local run, each declared once for every command that runs a function."""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.main import get_command

from lambdacli.commands.options import (
    AllowVersionMismatch,
    Command,
    Credentials,
    EnvFile,
    FunctionName,
    ManifestPath,
    Region,
    Stage,
    Variables,
    check_settings,
    complete_trigger,
    completed_function,
    taking,
)
from lambdacli.errors import EventError, LambdacliError, ManifestError, UsageError
from lambdacli.local.wanted import Wanted
from lambdacli.model import MAX_EVENT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def _complete_event(ctx: typer.Context, incomplete: str) -> list[str]:
    """Events by their names, and JSON files here and in `events`; a shell that gets nothing completes files itself."""
    from lambdacli import events
    from lambdacli.commands.generate_event.names import folders_of

    files = sorted(each.as_posix() for pattern in ("*.json", "events/*.json") for each in Path().glob(pattern))
    return [each for each in (*files, *events.names(folders_of(ctx))) if each.startswith(incomplete)]


def _complete_setting(ctx: typer.Context, incomplete: str) -> list[str]:
    """A parameter of the event that is named, or that the function's trigger makes."""
    from lambdacli import events
    from lambdacli.commands.generate_event import completion, names
    from lambdacli.events import recipe as recipes

    try:
        if event := ctx.params.get("event"):
            template = (
                events.load(event, names.folders_of(ctx)) if events.exists(event, names.folders_of(ctx)) else None
            )
        else:
            manifest, function = completed_function(ctx)
            recipe = recipes.of_trigger(function, manifest, ctx.params.get("trigger") or "")
            template = recipe and recipe.template
    except LambdacliError:
        return []
    return completion.setting(template)(incomplete)


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
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="A parameter of the event, or a place: Records.0.body=x.",
            autocompletion=_complete_setting,
        ),
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
    variables: Variables = [],
    env_file: EnvFile = None,
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
    credentials: Credentials = True,
    client_context: Annotated[
        str, typer.Option("--client-context", metavar="JSON", help="JSON, a file, or base64.")
    ] = "",
    allow_version_mismatch: AllowVersionMismatch = False,
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


# Gives a command the options of a local run; it takes them as one `Wanted`, then options of its own.
runs_a_function = taking(_wanted)


def as_command(name: str, function: Callable[..., None]) -> Any:
    """The command that runs a function, with hints for those who write it as they write `generate-event`."""
    single = typer.Typer(rich_markup_mode=None, add_completion=False)
    single.command(name, cls=_Run)(function)
    return get_command(single)


class _Run(Command):
    """A command that runs a function."""

    line: Sequence[str] = ()

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As Typer does it; an option that belongs to events says how to write it."""
        self.line = list(args)  # which the parser empties
        try:
            return super().parse_args(ctx, args)
        except typer.TyperException as error:
            check_settings(self.line)
            _check_words(self.line)
            name = getattr(error, "option_name", "")
            if name.startswith("--") and not any(name in option.opts for option in self.params):
                raise _no_option(self, name) from None
            raise

    def invoke(self, ctx: Any) -> Any:
        """As Typer does it; what was taken for the function may be left over of an option."""
        try:
            return super().invoke(ctx)
        except (EventError, ManifestError, UsageError):
            check_settings(self.line)
            _check_words(self.line)
            raise


def _check_words(line: Sequence[str]) -> None:
    """Of a line that failed: `-e s3 put` means one event.

    Raises:
        UsageError: that is so.
    """
    from lambdacli import events

    for option, first, second in zip(line, line[1:], line[2:], strict=False):
        joined = f"{first}-{second}"
        if option in {"-e", "--event"} and not os.path.exists(first) and events.exists(joined):  # noqa: PTH110 - start-up path
            raise UsageError(
                f"{option} {first} {second}: the event is one word", hint=f"did you mean {option} {joined}?"
            )


_OF_GENERATE = ("--wrap", "--merge", "--fresh", "--for", "--from", "--schema", "--output", "--compact", "--list")


def _no_option(command: _Run, name: str) -> UsageError:
    """An option that the command does not have: of an event, of `generate-event`, or misspelt."""
    from lambdacli.suggest import closest

    line = command.line
    near = closest(name[2:], [each[2:] for option in command.params for each in option.opts])
    words = dict(zip(line, [*line[1:], ""], strict=False)) | dict(each.split("=", 1) for each in line if "=" in each)
    setting = f"`--set {name[2:]}={words.get(name) or 'VALUE'}`"
    event = words.get("-e") or words.get("--event") or "EVENT"
    if name == "--count" or _has_parameter(event, name):
        hint = f"{setting} sets a parameter of the event"
    elif name in _OF_GENERATE:
        hint = f"`lambdacli generate-event {event} {name} … | lambdacli {command.name} -e -`"
    else:
        hint = f"did you mean --{near}?" if near else f"a parameter of the event is set by {setting}"
    return UsageError(f"no such option: {name}", hint=hint)


def _has_parameter(event: str, option: str) -> bool:
    from lambdacli import events

    name = option[2:]
    try:
        params = events.load(event).params
    except LambdacliError:
        return False
    return any(name in (each.name, *each.aliases) for each in params.values())
