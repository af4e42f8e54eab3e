"""The options that several commands share, each declared once."""

from __future__ import annotations

import inspect
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from lambdacli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lambdacli.model import Function, Manifest


class Command(TyperCommand):
    """A command whose help a shell shows as it is written, beside what it completes."""

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """As Typer does it."""
        return quotable(super().shell_complete(ctx, incomplete))


def quotable(items: list[Any]) -> list[Any]:
    """Completions whose help has no straight apostrophes: what Typer makes of them for zsh, zsh reads as nothing."""
    for each in items:
        each.help = each.help and each.help.replace("'", "’")  # noqa: RUF001 - as above
    return items


def taking(shared: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command the options of `shared`: it takes what that makes of them first, then options of its own."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        theirs = inspect.signature(shared, eval_str=True).parameters
        own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]

        def with_options(**given: Any) -> Any:
            return command(shared(**{name: given.pop(name) for name in theirs}), **given)

        parameters = [*theirs.values(), *own]
        with_options.__doc__ = command.__doc__
        with_options.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        with_options.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return with_options

    return decorate


def complete_function(ctx: typer.Context, incomplete: str) -> list[str]:
    """The manifest's function names for the shell; nothing at all where there is no good manifest."""
    return [name for name in _manifest_keys(ctx, "functions") if name.startswith(incomplete)]


def complete_stage(ctx: typer.Context, incomplete: str) -> list[str]:
    """The manifest's stages for the shell."""
    return [name for name in _manifest_keys(ctx, "stages") if name.startswith(incomplete)]


def complete_trigger(ctx: typer.Context, incomplete: str) -> list[str]:
    """The kinds of the function's triggers for the shell; all where it is not known."""
    from lambdacli import triggers
    from lambdacli.errors import LambdacliError

    try:
        kinds = sorted({trigger.kind for trigger in completed_function(ctx)[1].triggers})
    except LambdacliError:
        kinds = list(triggers.kinds())
    return [kind for kind in kinds if kind.startswith(incomplete)]


def completed_function(ctx: typer.Context) -> tuple[Manifest, Function]:
    """The function of a line that a shell completes.

    Raises:
        LambdacliError: there is no such manifest or function.
    """
    from lambdacli import manifest

    given = ctx.params
    path = manifest.find(Path.cwd(), _given(given))
    stage, region = (given.get(name) or "" for name in ("stage", "region"))
    found = manifest.load(path, stage=stage, region=region, environ=os.environ)
    words = [each for each in ctx.args if not each.startswith("-")]  # a word before half an option is no argument yet
    return found, manifest.select(found, given.get("function") or next(iter(words), None))


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


def known_function(manifest: Manifest, name: str) -> str:
    """The name as it is, if the manifest has such a function or none is named.

    Raises:
        UsageError: it has not.
    """
    from lambdacli import manifest as manifests

    return manifests.select(manifest, name).name if name else ""


def _a_role(given: str) -> str:
    from lambdacli.manifest.limits import ROLE

    if given and not re.fullmatch(ROLE, given):
        raise UsageError(f"--role {given!r} is no ARN of a role", hint="such as arn:aws:iam::123456789012:role/name")
    return given


def check_settings(args: Sequence[str]) -> None:
    """Of a line that cannot be read: `--set` may have taken the option behind it for its value.

    Raises:
        UsageError: that is so.
    """
    for option, value in zip(args, [*args[1:], ""], strict=False):
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
Profile = Annotated[str, typer.Option("--profile", metavar="NAME", help="AWS profile to use.")]
Account = Annotated[
    str,
    typer.Option("--account", metavar="ID", help="Refuse any other account; wins over the manifest's."),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Only = Annotated[
    str,
    typer.Option(
        "--only", metavar="FUNCTION", help="This function and its triggers alone.", autocompletion=complete_function
    ),
]
Role = Annotated[
    str,
    typer.Option(
        "--role",
        metavar="ARN",
        help="For functions without a role in the manifest; it is not touched.",
        callback=_a_role,
    ),
]
Canary = Annotated[
    int,
    typer.Option(
        "--canary", metavar="PERCENT", min=0, max=99, help="New versions get so much of the traffic until `promote`."
    ),
]
DetailedExitcode = Annotated[
    bool, typer.Option("--detailed-exitcode", help="Of a plan: 0 no change, 1 an error, 2 changes.")
]
Variables = Annotated[
    list[str], typer.Option("--env", metavar="NAME=VALUE", help="An environment variable; wins over the manifest.")
]
EnvFile = Annotated[
    Path | None, typer.Option("--env-file", metavar="FILE", help="Environment variables from a .env file.")
]
Credentials = Annotated[
    bool, typer.Option("--credentials/--no-credentials", help="Pass the caller's AWS credentials to the function.")
]
AllowVersionMismatch = Annotated[
    bool,
    typer.Option("--allow-version-mismatch", help="Run on the nearest interpreter where the exact one is missing."),
]
ForceUnlock = Annotated[bool, typer.Option("--force-unlock", help="Take the lock away from whoever holds it.")]
DeleteData = Annotated[
    bool, typer.Option("--delete-data", help="Delete also buckets, queues, tables … with what is in them.")
]
