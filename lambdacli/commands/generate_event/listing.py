"""`generate-event --list` and `--search`: all events, those of a service, or those that words lead to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.main import get_command

from lambdacli import console, events
from lambdacli.commands.generate_event import completion
from lambdacli.commands.generate_event.names import MANIFEST_NAMES, MANIFEST_OPTION
from lambdacli.errors import EventError
from lambdacli.suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from lambdacli.commands.generate_event.names import Part

OPTIONS = ("--list", "--search", "--json", "-m", "--manifest", "-h", "--help")  # all that a listing understands
_ALL = "`lambdacli generate-event --list` shows all"


def wanted(line: Iterable[Part]) -> bool:
    """Whether all of a line's options are those of a list, and so `--list` is no parameter's value: `--body --list`."""
    return all(each.name in OPTIONS for each in line if each.name)


def command(folders: Sequence[Path]) -> Any:
    """The command behind --list and --search."""

    def show(
        part: Annotated[
            list[str],
            typer.Argument(
                metavar="[PART]...",
                help="Services or parts of names; beside --search, words.",
                autocompletion=completion.service,
            ),
        ] = [],
        search: Annotated[
            list[str], typer.Option("--search", metavar="WORD", help="Words that lead to the event: all of them.")
        ] = [],
        as_json: Annotated[bool, typer.Option("--json", help="As one JSON array.")] = False,
        manifest: Annotated[str | None, typer.Option(*MANIFEST_NAMES, **MANIFEST_OPTION)] = None,  # noqa: ARG001 - acted on already
    ) -> None:
        found = _found([*search, *part], folders) if search else _all(_named(part, folders), folders)
        if as_json:
            console.data(events.dumps(found))
        else:
            rows = ((each["service"], each["name"], each["summary"]) for each in found)
            console.grouped(("SERVICE", "NAME", "SUMMARY"), rows)

    single = typer.Typer(rich_markup_mode=None, add_completion=False)
    single.command("--list")(show)
    return get_command(single)


def _named(parts: Sequence[str], folders: Sequence[Path]) -> list[str]:
    """The names of all events, or of those that belong to a service or have a part in their name."""
    known = events.by_service(folders)
    chosen: set[str] = set()
    for part in parts:
        of_part = [name for service, name in known if service == part] or [name for _, name in known if part in name]
        if not of_part:
            raise EventError(f"no event matches {part!r}", hint=nearest(part, {service for service, _ in known}, _ALL))
        chosen.update(of_part)
    return [name for _, name in known if name in chosen or not parts]


def _found(texts: Sequence[str], folders: Sequence[Path]) -> list[dict[str, str]]:
    """The events that have every word in their name, service, trigger or summary, or in SAM CLI's name for them."""
    words = " ".join(texts).lower().split()
    everything = _all((name for _, name in events.by_service(folders)), folders)
    also: dict[str, str] = {}
    for alias, name in events.other_names().items():
        also[name] = f"{also.get(name, '')} {alias}"
    searched = [" ".join((*each.values(), also.get(each["name"], ""))).lower() for each in everything]
    found = [each for each, text in zip(everything, searched, strict=True) if all(word in text for word in words)]
    if not found:
        lost = [word for word in words if not any(word in text for text in searched)]
        heard = {word for each in everything for word in (each["service"], *each["name"].split("-"))}
        hint = nearest(lost[0], heard, _ALL) if lost else "fewer words find more"
        raise EventError(f"no event matches {' '.join(texts)!r}", hint=hint)
    return found


def _all(names: Iterable[str], folders: Sequence[Path]) -> list[dict[str, str]]:
    """What there is to say of them."""
    return [each for name in names if (each := _summary(name, folders))]


def _summary(name: str, folders: Sequence[Path]) -> dict[str, str] | None:
    """A broken template of the user's own does not hide the others."""
    try:
        return events.summary(name, folders)
    except EventError as error:
        console.warning(error.message, error.hint)
        return None
