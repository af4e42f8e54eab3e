"""The options that several commands share, each declared once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lambdacli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence


def complete_function(ctx: typer.Context, incomplete: str) -> list[str]:
    """The manifest's function names for the shell; nothing at all where there is no good manifest."""
    return [name for name in _manifest_keys(ctx, "functions") if name.startswith(incomplete)]


def complete_stage(ctx: typer.Context, incomplete: str) -> list[str]:
    """The manifest's stages for the shell."""
    return [name for name in _manifest_keys(ctx, "stages") if name.startswith(incomplete)]


def complete_trigger(incomplete: str) -> list[str]:
    """The kinds of triggers for the shell."""
    from lambdacli import triggers

    return [kind for kind in triggers.kinds() if kind.startswith(incomplete)]


def _manifest_keys(ctx: typer.Context, key: str) -> list[str]:
    from lambdacli import manifest
    from lambdacli.errors import LambdacliError

    try:
        return list(manifest.outline(manifest.find(Path.cwd(), _given(ctx.params)))[key])
    except (LambdacliError, OSError):
        return []


def _given(parameters: dict[str, Any]) -> Path | None:
    path = parameters.get("manifest")
    return Path(path) if path else None


def check_settings(args: Sequence[str]) -> None:
    """Of a line that cannot be read: `--set` may have taken the option behind it for its value.

    Raises:
        UsageError: that is so.
    """
    for option, value in zip(args, [*args[1:], ""], strict=True):
        if option == "--set" and "=" not in value:
            raise UsageError(
                f"{f'--set {value}'.rstrip()}: expected NAME=VALUE", hint="for example --set bucket=photos"
            )


ManifestPath = Annotated[
    Path | None,
    typer.Option(
        "-m",
        "--manifest",
        metavar="FILE",
        help="The manifest; else LAMBDACLI_MANIFEST, else lambdacli.yaml in this folder or above.",
    ),
]
Stage = Annotated[
    str,
    typer.Option("--stage", metavar="NAME", help="The stage of the manifest to use.", autocompletion=complete_stage),
]
Region = Annotated[str, typer.Option("--region", metavar="NAME", help="AWS region; wins over the manifest's.")]
FunctionName = Annotated[
    str | None,
    typer.Argument(metavar="[FUNCTION]", help="Its name in the manifest.", autocompletion=complete_function),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object for machines.")]
