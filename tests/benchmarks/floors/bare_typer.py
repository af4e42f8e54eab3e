"""Floor: a Typer program whose one command takes N options and prints one line. argv: N, then the command's own."""

from __future__ import annotations

import inspect
import sys

import typer


def _run(**_given: str) -> None:
    typer.echo("bare")


def main() -> None:
    """Make the application and run it."""
    options = [
        inspect.Parameter(
            f"option_{number}",
            inspect.Parameter.KEYWORD_ONLY,
            default=typer.Option("", f"--option-{number}", help="An option."),
            annotation=str,
        )
        for number in range(int(sys.argv.pop(1)))
    ]
    _run.__signature__ = inspect.Signature(options)  # type: ignore[attr-defined]
    app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command()(_run)
    app(prog_name="bare")
