"""`lambdacli destroy`: everything of an app and stage deleted from AWS."""

from __future__ import annotations

from typing import Annotated

import typer

from lambdacli.commands import options
from lambdacli.commands.deploying import How, Target, planning, run


@planning
def command(
    target: Target,
    delete_data: options.DeleteData = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan and end.")] = False,
    yes: options.Yes = False,
    json: options.Json = False,
    detailed_exitcode: options.DetailedExitcode = False,
    force_unlock: options.ForceUnlock = False,
) -> int:
    """Delete from AWS what lambdacli has made of this app and stage, and nothing else.

    What holds data (buckets, queues, tables, streams) stays without --delete-data.
    """
    from lambdacli import deploy

    wanted = deploy.Options(
        target.manifest, profile=target.profile, account=target.account, delete_data=delete_data, destroy=True
    )
    return run(wanted, How(dry_run, yes, json, detailed_exitcode, force_unlock))
