"""The options that `invoke` and `watch` share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Event = Annotated[
    str | None, typer.Option("-e", "--event", help="The event: a file, - (stdin), JSON, or a template's name.")
]
Settings = Annotated[
    list[str], typer.Option("--set", metavar="NAME=VALUE", help="A parameter of the event's template.")
]
TriggerKind = Annotated[str, typer.Option("--trigger", help="Which of the function's triggers makes the event.")]
Variables = Annotated[
    list[str], typer.Option("--env", metavar="NAME=VALUE", help="An environment variable; wins over the manifest.")
]
EnvFile = Annotated[Path | None, typer.Option("--env-file", help="Environment variables from a .env file.")]
Timeout = Annotated[float | None, typer.Option("--timeout", metavar="SECONDS", help="Instead of the function's own.")]
NoTimeout = Annotated[bool, typer.Option("--no-timeout", help="Let it run as long as it likes.")]
RuntimeName = Annotated[str, typer.Option("--runtime", help="Without a manifest: python3.13, nodejs22.x, …")]
Profile = Annotated[str, typer.Option("--profile", help="AWS profile whose credentials the function gets.")]
Credentials = Annotated[
    bool, typer.Option("--credentials/--no-credentials", help="Pass the caller's AWS credentials to the function.")
]
ClientContext = Annotated[str, typer.Option("--client-context", help="JSON, a file, or base64.")]
AllowVersionMismatch = Annotated[
    bool,
    typer.Option("--allow-version-mismatch", help="Run on the nearest interpreter where the exact one is missing."),
]
