"""`lambdacli rollback`: the traffic goes to an older version again."""

from __future__ import annotations

from typing import Annotated

import typer

from lambdacli.commands import options
from lambdacli.commands.deploying import Target, on_aws
from lambdacli.commands.moving import connected, move


@on_aws
def command(
    target: Target,
    function: options.FunctionName = None,
    to: Annotated[str, typer.Option("--to", metavar="VERSION", help="To this version.")] = "",
    yes: options.Yes = False,
    force_unlock: options.ForceUnlock = False,
) -> None:
    """Give all traffic of a function to its previous version, or to the one that is named.

    A canary gets nothing any more; without FUNCTION that is so for every canary of the stage. Nothing but the alias
    moves: the next deployment moves it on again.
    """
    from lambdacli import manifest as manifests
    from lambdacli.deploy import traffic

    aws = connected(target)
    canaries = [] if function or to else traffic.with_canary(aws, target.manifest.functions)
    chosen = canaries or [traffic.of(aws, manifests.select(target.manifest, function).name)]
    move(aws, [traffic.back(aws, each, to) for each in chosen], yes=yes, force_unlock=force_unlock)
