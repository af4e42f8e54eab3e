"""`lambdacli generate-event NAME`: a sample event on stdout. Each template is a command with its own options.

This module finds the command of a line; the commands themselves are the rooms beside it, imported when asked for.
"""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from lambdacli import events
from lambdacli.commands.generate_event import names
from lambdacli.errors import EventError, ManifestError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

# What stands for an option in the place of an event's name: no event is called so.
_LIST = "list of events"
_FOR = "event of a function"
_FROM = "event of a file"
_NAMED = 8  # events of a service that a hint names
_COMMON = ("count", "set", "merge", "wrap", "fresh", "output", "compact")  # options of events that the help shows
_OF_FUNCTION = ("--for goes in place of an event", "`lambdacli generate-event --for {}`")
_ELSEWHERE = {
    "--for": (_OF_FUNCTION[0], _OF_FUNCTION[1].format("FUNCTION")),
    "--trigger": ("--trigger goes with --for", _OF_FUNCTION[1].format("FUNCTION")),
    "--list": ("--list makes no event", "leave out --list, or all but a service"),
    "--search": ("--search makes no event", "leave out --search, or all but its words"),
}


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
        """The event's name comes first, or what takes its place; options that stand before it are put behind it."""
        return super().parse_args(ctx, _in_order(args, completing=ctx.resilient_parsing))

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
            return "--list", _listing(folders), args[1:]
        if args[0] == _FROM:
            return "--from", _checking(folders), args[1:]
        if ctx.resilient_parsing and (second := _second_word(args, folders)):
            return args[0], second, []
        name, rest = names.event_name(args, folders)
        if not events.exists(name, folders):
            if name in names.services(folders) and any(each in rest for each in ("-h", "--help")):
                return "--list", _listing(folders), [name]
            _complain(name, rest, folders)
        command = _event(name, rest, folders, completing=ctx.resilient_parsing)
        if not ctx.resilient_parsing:
            for each in names.values_of(rest, "--for"):
                names.refuse(command, rest, {"--for": (_OF_FUNCTION[0], _OF_FUNCTION[1].format(each))})
            names.refuse(command, rest, _ELSEWHERE)
            rest = names.with_files(command, rest)
        return name, command, rest

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """How many events each service has, and the options of every event; only one template is opened."""
        from textwrap import wrap

        folders = names.folders_of(ctx)
        services = names.services(folders)
        with formatter.section("Options of an event, beside its own parameters"):
            command = _event("sqs-receive-message", [], folders, completing=True)
            options = (each for each in command.params if each.name in _COMMON)
            formatter.write_dl([record for each in options if (record := each.get_help_record(ctx))])
        with formatter.section("Services and how many events they have"):
            counted = ", ".join(f"{service}\xa0{len(found)}" for service, found in services.items())
            for line in wrap(counted, formatter.width - formatter.current_indent):
                formatter.write_text(line.replace("\xa0", " "))
            formatter.write_text("`--list SERVICE` names its events, `--search WORD` finds one.")


def _in_order(args: list[str], *, completing: bool) -> list[str]:
    """The line with what it asks for in front: a list, a function's event, a check, or an event by its name."""
    found = list(names.parts(args))
    first = next((position for position, each in enumerate(found) if not each.name), len(found))
    ahead = [each.name for each in found[:first]]
    if "--for" in ahead:
        return [_FOR, *args]
    if _asks_for_list(found, ahead):
        helps = {"-h", "--help"} & set(args)  # also where it looks like the word of --search
        return [_LIST, *(["--help"] if helps else [each for each in args if each != "--list"])]
    if "--from" in ahead and not _names_event(args, [each.value or "" for each in found[first:] if not each.name]):
        return [_FROM, *_plain(found)]
    if first < len(found):
        return _event_first(found[:first], found[first:])
    if completing or {"-h", "--help"} & set(ahead):
        return args
    if "--trigger" in ahead:
        raise UsageError(_ELSEWHERE["--trigger"][0], hint=_ELSEWHERE["--trigger"][1])
    taken = next(
        (each for each in found if names.is_unknown(each.name) and _names_event(args, [each.value or ""])), None
    )
    hint = f"its name comes first: `lambdacli generate-event {taken.value} {taken.name}`" if taken else ""
    raise UsageError("which event?", hint=hint or "`lambdacli generate-event --list` shows all")


def _plain(found: list[names.Part]) -> Iterator[str]:
    """A line's arguments, the values of --from as words."""
    for each in found:
        if each.name != "--from":
            yield from each.given
        elif each.value is not None:
            yield each.value


def _event_first(before: list[names.Part], after: list[names.Part]) -> list[str]:
    """The manifest stays where it is: it says where the event is looked for."""
    manifest = [each for each in before if each.name in names.MANIFEST_NAMES]
    moved = [each for each in before if each.name not in names.MANIFEST_NAMES]
    words = list(takewhile(lambda each: not each.name, after))
    return [given for each in (*manifest, *words, *moved, *after[len(words) :]) for given in each.given]


def _names_event(args: list[str], words: list[str]) -> bool:
    if not words:
        return False
    folders = names.folders(names.manifest_among(args))
    return events.exists(names.event_name(words, folders)[0], folders)


def _complain(name: str, rest: list[str], folders: Any) -> None:
    """A service alone, or a function where an event belongs; else the event itself is not found."""
    if of_service := names.services(folders).get(name):
        several = f"`lambdacli generate-event --list {name}` shows them"
        hint = several if len(of_service) > _NAMED else f"one of {', '.join(of_service)}"
        raise UsageError(f"which event of {name}?", hint=hint)
    if any(each.name == "--for" for each in names.parts(rest)):
        raise UsageError(_OF_FUNCTION[0], hint=_OF_FUNCTION[1].format(name))


def _asks_for_list(found: list[names.Part], ahead: list[str]) -> bool:
    if not any(each.name in {"--list", "--search"} for each in found):
        return False
    from lambdacli.commands.generate_event import listing

    return bool({"--list", "--search"} & set(ahead)) or listing.wanted(found)


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
    from lambdacli.commands.generate_event import checking

    return checking.command(folders)


def _event(name: str, args: list[str], folders: Any, *, completing: bool) -> Any:
    from lambdacli.commands.generate_event import event

    return event.command(name, args, folders, completing=completing)


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
        typer.Option(
            "--for",
            metavar="[FUNCTION]",
            help="Print what a function's trigger sends. FUNCTION may be left out when there is only one;"
            " --trigger KIND chooses the trigger.",
        ),
    ] = None,
    file: Annotated[str | None, typer.Option("--from", metavar="FILE...", help=names.FROM_HELP)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="With --list or --from: as JSON.")] = False,
    manifest: Annotated[str | None, typer.Option(*names.MANIFEST_NAMES, **names.MANIFEST_OPTION)] = None,
) -> None:
    """Print a sample event of a trigger: `lambdacli generate-event s3-put --bucket photos`.

    `EVENT --help` shows an event's parameters; SAM CLI's spelling `s3 put` is understood too.
    """


COMMAND = get_command(app)
COMMAND.name = "generate-event"
