"""`lambdacli deploy`: the manifest on AWS; first what would change, then, after a yes, just that."""

from __future__ import annotations

from typing import Annotated

import typer

from lambdacli.commands import options
from lambdacli.commands.deploying import How, Target, deployment, planning, run


@planning
def command(
    target: Target,
    only: options.Only = "",
    role: options.Role = "",
    canary: options.Canary = 0,
    delete_data: options.DeleteData = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan and end.")] = False,
    yes: options.Yes = False,
    json: options.Json = False,
    detailed_exitcode: options.DetailedExitcode = False,
    force_unlock: options.ForceUnlock = False,
) -> int:
    """Bring the functions and their triggers to AWS: show what will change, ask, change just that.

    What is not in the manifest any more is deleted; what holds data only with --delete-data. A deployment that was
    interrupted goes on with the same command. Exit code 1 when something failed.
    """
    wanted = deployment(target, only, role=role, canary=canary, delete_data=delete_data)
    return run(wanted, How(dry_run, yes, json, detailed_exitcode, force_unlock))
