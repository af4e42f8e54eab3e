"""What a shell completes after `generate-event`: events, also by SAM CLI's two words, parameters and their values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand
from typer.main import get_command

from lambdacli import events
from lambdacli.commands.generate_event import names
from lambdacli.errors import EventError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from lambdacli.events.template import Template


def stub(name: str, folders: Sequence[Path]) -> Any:
    """An event as a shell lists it, its summary beside it: its parameters are not looked at."""
    try:
        return TyperCommand(name, short_help=events.summary(name, folders)["summary"].replace("'", "’"))  # noqa: RUF001 - for zsh
    except EventError:  # said when the event is asked for
        return TyperCommand(name)


def second_word(args: Sequence[str], folders: Sequence[Path]) -> Any:
    """The command behind a service alone, which completes the word that makes it an event; None behind others."""
    if len(args) != 1 or events.exists(args[0], folders):
        return None
    begin = f"{args[0]}-"
    known = (*events.names(folders), *events.other_names())
    words = sorted({each.removeprefix(begin) for each in known if each.startswith(begin)})

    word = typer.Argument("", autocompletion=among(words))

    def show(event: str = word) -> None: ...

    single = typer.Typer(rich_markup_mode=None, add_completion=False)
    single.command(args[0])(show)
    return get_command(single) if words else None


def among(words: Sequence[str]) -> Callable[[str], list[str]]:
    """Completes one of a few words."""

    def complete(incomplete: str) -> list[str]:
        return [each for each in words if each.startswith(incomplete)]

    return complete


def event(ctx: typer.Context, incomplete: str) -> list[str]:
    """Completes the name of an event."""
    return [name for name in events.names(names.folders_of(ctx)) if name.startswith(incomplete)]


def service(ctx: typer.Context, incomplete: str) -> list[str]:
    """Completes a service."""
    return [name for name in names.services(names.folders_of(ctx)) if name.startswith(incomplete)]


def setting(template: Template | None) -> Callable[[str], list[str]]:
    """Completes `NAME=` of a parameter, then one of its choices."""
    params = template.params if template else {}

    def complete(incomplete: str) -> list[str]:
        name, equals, value = incomplete.partition("=")
        if not equals:
            return [f"{each}=" for each in params if each.startswith(name)]
        choices = params[name].choices if name in params else ()
        return [f"{name}={each}" for each in choices if each.startswith(value)]

    return complete
