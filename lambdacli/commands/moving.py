"""What `rollback` and `promote` share: the connection, the question, the moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdacli import console
from lambdacli.commands.deploying import confirm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lambdacli.commands.deploying import Target
    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.traffic import Move


def connected(target: Target) -> Aws:
    """A connection to where the manifest is deployed.

    Raises:
        LambdacliError: there is none, or it is another account.
    """
    from lambdacli import deploy

    return deploy.connect(deploy.Options(target.manifest, profile=target.profile, account=target.account))


def move(aws: Aws, moves: Sequence[Move], *, yes: bool, force_unlock: bool) -> None:
    """Say what goes where, ask, and do it.

    Raises:
        LambdacliError: it is not done.
    """
    from lambdacli import interrupts
    from lambdacli.deploy import traffic

    for each in moves:
        canary = f", {each.traffic.percent} % of version {each.traffic.canary}" if each.traffic.canary else ""
        console.message(f"{each.traffic.name}: version {each.traffic.version}{canary} → version {each.to}")
    confirm(f"move the traffic in account {aws.place.account}, {aws.place.region}?", yes=yes)
    with interrupts.Heard():
        traffic.carry_out(aws, moves, force_unlock=force_unlock)
    console.message("done")
