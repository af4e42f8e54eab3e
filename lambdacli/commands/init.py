"""`lambdacli init`: a new project that works at once."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lambdacli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from lambdacli.scaffold import NewFile, Project


def command(
    folder: Annotated[
        Path, typer.Argument(metavar="[DIR]", help="Where; made if need be.", show_default=False)
    ] = Path(),
    runtime: Annotated[
        str,
        typer.Option(
            "--runtime",
            "-r",
            metavar="RUNTIME",
            help="As python3.13, nodejs22.x or provided.al2023; python,"
            " nodejs or provided for the newest that this machine runs.  [default: python]",
        ),
    ] = "",
    trigger: Annotated[
        str,
        typer.Option(
            "--trigger",
            "-t",
            metavar="KIND",
            help="What invokes the function, as http, s3, sqs or schedule.  [default: http]",
        ),
    ] = "",
    name: Annotated[
        str, typer.Option("--name", "-n", metavar="NAME", help="Name of the application.  [default: the folder's]")
    ] = "",
) -> None:
    """Make a new project: manifest, handler, sample event, test and README.

    Asks for what was not told, in a terminal only. Never overwrites a file.
    """
    from lambdacli import scaffold

    project = scaffold.Project(
        scaffold.app_name(name, folder),
        _told(
            runtime,
            "runtime (python, nodejs, provided, or as python3.13)",
            "python",
            lambda told: scaffold.runtime_named(told, folder),
        ),
        _told(trigger, f"trigger ({', '.join(scaffold.trigger_kinds())})", "http", scaffold.trigger_named),
    )
    new = scaffold.files(project)
    scaffold.write(folder, new)
    _tell(project, new, folder)


def _told(given: str, question: str, default: str, valid: Callable[[str], str]) -> str:
    """What an option says; else, in a terminal, what its user answers; else the default."""
    from lambdacli import console

    if given or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return valid(given or default)
    suggestion = valid(default)
    while True:
        answer = typer.prompt(question, default=suggestion, err=True)
        try:
            return valid(answer)
        except UsageError as error:
            console.error(error)


def _tell(project: Project, new: tuple[NewFile, ...], folder: Path) -> None:
    from lambdacli import console

    console.message(f"made {project.app}, {project.runtime} behind {project.trigger}:")
    for file in new:
        console.message(f"  {folder / file.path}")
    console.message("next:")
    if folder.absolute() != Path.cwd():
        pasted = f"./{folder}" if str(folder).startswith("-") else str(folder)
        console.message(f"  cd {shlex.quote(pasted)}")
    console.message("  lambdacli invoke")
    console.message("  lambdacli watch")
