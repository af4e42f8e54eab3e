"""`lambdacli generate-event NAME`: a sample event on stdout. Each template is a command with its own options.

This module finds the command of a line; the commands themselves are the rooms beside it, imported when asked for.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from lambdacli import events
from lambdacli.commands.generate_event import names
from lambdacli.errors import EventError, ManifestError, UsageError

# What stands for options that may stand anywhere, in the place of an event's name: no event is called so.
_LIST = "list of events"
_FOR = "event of a function"
_FROM = "event of a file"
_NAMED = 8  # events of a service that a hint names


class Generate(TyperGroup):
    """The templates as commands: found by name, opened only when asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Every template's name; opens none."""
        return list(events.names(names.folders_of(ctx)))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """What a shell that completes wants to know of a template; `resolve_command` has its command."""
        from lambdacli.commands.generate_event import completion

        return completion.stub(cmd_name, names.folders_of(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """With --list or --search the rest is a filter, with --for it is about a function, wherever the flag stands."""
        named = {each.partition("=")[0] for each in args} if args and args[0].startswith("-") else set()
        if _asks_for_list(args):
            args = [_LIST, *(each for each in args if each != "--list")]
        elif "--for" in named:
            args = [_FOR, *args]
        elif "--from" in named:
            args = [_FROM, *args]
        elif not args and not ctx.resilient_parsing:
            raise UsageError("which event?", hint="`lambdacli generate-event --list` shows all")
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The event's command; a shell that completes half a line gets no error."""
        try:
            return self._resolved(ctx, args)
        except (EventError, ManifestError, UsageError):
            if ctx.resilient_parsing:
                return args[0], TyperCommand(args[0]), []
            raise

    def _resolved(self, ctx: Any, args: list[str]) -> Any:
        """`s3-put`, or as SAM CLI has it `s3 put`; a service alone with --help lists its events."""
        if args[0] == _FOR:
            return _for(args[1:], completing=ctx.resilient_parsing)
        folders = names.folders_of(ctx, args)
        if args[0] == _LIST:
            return _LIST, _listing(folders), args[1:]
        if args[0] == _FROM:
            return "", _checking(folders), args[1:]
        if ctx.params.get("as_json"):
            raise UsageError("--json goes with --list and --from: an event is JSON by itself")
        if ctx.resilient_parsing and (second := _second_word(args, folders)):
            return args[0], second, []
        name, rest = names.event_name(args, folders)
        if not events.exists(name, folders) and (of_service := names.services(folders).get(name)):
            if any(each in rest for each in ("-h", "--help")):
                return _LIST, _listing(folders), [name]
            several = len(of_service) > _NAMED
            hint = (
                f"`lambdacli generate-event --list {name}` shows them" if several else f"one of {', '.join(of_service)}"
            )
            raise UsageError(f"which event of {name}?", hint=hint)
        return name, _event(name, rest, folders), rest

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Names only, by service: to open every file for its summary is left to --list."""
        services = names.services(names.folders_of(ctx))
        with formatter.section("Events"):
            formatter.write_dl([(service, ", ".join(found)) for service, found in services.items()])


def _asks_for_list(args: list[str]) -> bool:
    if "--list" not in args and not any(each.partition("=")[0] == "--search" for each in args):
        return False
    from lambdacli.commands.generate_event import listing

    return listing.wanted(args)


def _second_word(args: list[str], folders: Any) -> Any:
    from lambdacli.commands.generate_event import completion

    return completion.second_word(args, folders)


def _listing(folders: Any) -> Any:
    from lambdacli.commands.generate_event import listing

    return listing.command(folders)


def _for(args: list[str], *, completing: bool) -> Any:
    from lambdacli.commands.generate_event import function

    args = function.arguments(args)
    return "--for", function.command(args, completing=completing), args


def _checking(folders: Any) -> Any:
    """The command behind --from alone: it finds out which event a file holds."""

    def check(
        file: Annotated[str, typer.Option("--from", metavar="FILE", help=names.FROM_HELP)],
        as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
        manifest: Annotated[str | None, typer.Option(*names.MANIFEST_NAMES, **names.MANIFEST_OPTION)] = None,  # noqa: ARG001 - acted on already
    ) -> int:
        from lambdacli.commands.generate_event import checking

        return checking.check(file, folders=folders, as_json=as_json)

    single = typer.Typer(rich_markup_mode=None, add_completion=False)
    single.command("--from")(check)
    return get_command(single)


def _event(name: str, args: list[str], folders: Any) -> Any:
    from lambdacli.commands.generate_event import event

    return event.command(name, args, folders)


app = typer.Typer(cls=Generate, rich_markup_mode=None, add_completion=False)


@app.callback(subcommand_metavar="EVENT [PARAMETERS]...", short_help="Print a sample event of a trigger.")
def generate_event(
    list_events: Annotated[
        bool, typer.Option("--list", help="List the events, all or those of a service: --list s3.")
    ] = False,
    search: Annotated[
        str | None, typer.Option("--search", metavar="WORD", help="List the events that have to do with a word.")
    ] = None,
    function: Annotated[
        str | None,
        typer.Option("--for", metavar="FUNCTION", help="Print what a trigger of a function in the manifest sends."),
    ] = None,
    file: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="FILE", help="Check an event that you have: which one it is, and where it departs."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="With --list or --from: as JSON.")] = False,
    manifest: Annotated[str | None, typer.Option(*names.MANIFEST_NAMES, **names.MANIFEST_OPTION)] = None,
) -> None:
    """Print a sample event of a trigger: `lambdacli generate-event s3-put --bucket photos`.

    `EVENT --help` shows an event's parameters; SAM CLI's spelling `s3 put` is understood too.
    """


COMMAND = get_command(app)
COMMAND.name = "generate-event"
