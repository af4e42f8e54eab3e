"""`lambdacli diff`: what a deployment would change; the same as `deploy --dry-run`."""

from __future__ import annotations

from lambdacli.commands import options
from lambdacli.commands.deploying import How, Target, deployment, planning, run


@planning
def command(
    target: Target,
    only: options.Only = "",
    role: options.Role = "",
    canary: options.Canary = 0,
    delete_data: options.DeleteData = False,
    json: options.Json = False,
    detailed_exitcode: options.DetailedExitcode = False,
) -> int:
    """Show what `deploy` would change, and what was changed outside lambdacli. Only reads."""
    wanted = deployment(target, only, role=role, canary=canary, delete_data=delete_data)
    return run(wanted, How(dry_run=True, json=json, detailed_exitcode=detailed_exitcode))
