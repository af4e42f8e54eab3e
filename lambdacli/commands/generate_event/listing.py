"""`generate-event --list`: the events there are, all, those of a service, or those whose name has a part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.main import get_command

from lambdacli import console, events
from lambdacli.commands.generate_event.names import MANIFEST_NAMES, MANIFEST_OPTION
from lambdacli.errors import EventError
from lambdacli.suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

OPTIONS = ("--list", "--json", "-m", "--manifest", "-h", "--help")  # all that a listing understands


def wanted(args: Sequence[str]) -> bool:
    """Whether the command line asks for a list, and `--list` is not a parameter's value, as in `--body --list`."""
    return "--list" in args and all(not each.startswith("-") or each.partition("=")[0] in OPTIONS for each in args)


def command(folders: Sequence[Path]) -> Any:
    """The command behind --list: an optional service or part of a name filters."""

    def show(
        part: Annotated[str, typer.Argument(help="A service or a part of a name.")] = "",
        as_json: Annotated[bool, typer.Option("--json", help="As one JSON array.")] = False,
        manifest: Annotated[str | None, typer.Option(*MANIFEST_NAMES, **MANIFEST_OPTION)] = None,  # noqa: ARG001 - acted on already
    ) -> None:
        _show(part, folders, as_json=as_json)

    single = typer.Typer(rich_markup_mode=None, add_completion=False)
    single.command("--list")(show)
    return get_command(single)


def _show(part: str, folders: Sequence[Path], *, as_json: bool) -> None:
    known = events.by_service(folders)
    chosen = [name for service, name in known if service == part] or [name for _, name in known if part in name]
    if not chosen:
        hint = nearest(part, sorted({service for service, _ in known}), "`--list` alone shows all")
        raise EventError(f"no event matches {part!r}", hint=hint)
    found = [each for name in sorted(chosen) if (each := _summary(name, folders))]
    if as_json:
        console.data(events.dumps(found))
    else:
        console.table(("EVENT", "WHAT IT IS"), [(each["name"], each["summary"]) for each in found])


def _summary(name: str, folders: Sequence[Path]) -> dict[str, Any] | None:
    """A broken template of the user's own does not hide the others."""
    try:
        return events.summary(name, folders)
    except EventError as error:
        console.warning(error.message, error.hint)
        return None
