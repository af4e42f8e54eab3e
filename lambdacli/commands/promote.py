"""`lambdacli promote`: a canary gets all of the traffic."""

from __future__ import annotations

from lambdacli import console
from lambdacli.commands import options
from lambdacli.commands.deploying import Target, on_aws
from lambdacli.commands.moving import connected, move


@on_aws
def command(
    target: Target,
    function: options.FunctionName = None,
    yes: options.Yes = False,
    force_unlock: options.ForceUnlock = False,
) -> None:
    """Give all traffic to the version that `deploy --canary` has given a part; without FUNCTION to every such one."""
    from lambdacli import manifest as manifests
    from lambdacli.deploy import traffic

    aws = connected(target)
    names = [manifests.select(target.manifest, function).name] if function else list(target.manifest.functions)
    found = [traffic.of(aws, names[0])] if function else traffic.with_canary(aws, names)
    moves = [way for each in found if (way := traffic.on(each)) is not None]
    if not moves:
        console.message("nothing to promote: no canary")
        return
    move(aws, moves, yes=yes, force_unlock=force_unlock)
