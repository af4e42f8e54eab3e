"""Bringing a manifest to AWS: desired state → packages → actual state → plan → apply. These are the doors."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from lambdacli.deploy.actions import Action
    from lambdacli.deploy.apply import Phase, Report
    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.plan import Plan
    from lambdacli.model import Manifest


_FRESH = 5  # seconds for which a plan is taken for true without looking again


class Options(NamedTuple):
    """What the command line says about a deployment."""

    manifest: Manifest
    profile: str = ""
    account: str = ""  # 12 digits that must be right; the manifest's unless given
    role: str = ""  # ARN, for every function that has none of its own
    only: str = ""  # one function
    canary: int = 0  # per cent
    delete_data: bool = False
    destroy: bool = False


class Prepared(NamedTuple):
    """A plan, and the connection that it was made with."""

    plan: Plan
    aws: Aws
    since: float  # when AWS was read, as `time.monotonic` counts
    again: Callable[[], Plan]  # AWS read anew, and planned
    last: bool = False  # nothing of the app and stage is left when it is carried out


def connect(options: Options) -> Aws:
    """A connection to the account and region that the manifest is deployed to.

    Raises:
        MachineError: no credentials, no such profile, or AWS cannot be reached.
        UsageError: the credentials belong to another account than the one that was asked for.
    """
    from lambdacli.connection import Connection, identity
    from lambdacli.deploy.aws import Aws
    from lambdacli.errors import UsageError
    from lambdacli.resource import Place

    connection = Connection(options.profile, options.manifest.region)
    account = identity(connection)
    wanted = options.account or options.manifest.account
    if wanted and wanted != account:
        raise UsageError(
            f"these credentials belong to account {account}, not to {wanted}", hint="choose others with --profile"
        )
    place = Place(options.manifest, account, options.manifest.region, options.role, options.canary, options.only)
    return Aws(connection, place, {})


def prepare(options: Options, tell: Callable[[str], None] = lambda _: None) -> Prepared:
    """Package, read what there is, and plan; nothing is changed.

    Args:
        options: of the command line.
        tell: hears, in a line each, what takes long.

    Raises:
        LambdacliError: as `connect`; what cannot be packaged; what AWS refuses; what the manifest refers to and is
            not there, as a `ManifestError` with its place in the file.
    """
    from lambdacli.deploy import preparing

    return preparing.prepare(options, tell)


def carry_out(
    prepared: Prepared, watch: Callable[[Action, Phase], None] = lambda *_: None, *, force_unlock: bool = False
) -> Report:
    """Carry out a plan under the remote lock. Ctrl-C starts nothing more and waits for what is being done.

    Raises:
        Held: somebody else is deploying this app and stage.
        Refused: the lock cannot be had.
        DeploymentFailed: somebody has changed something since the plan was made.
    """
    from lambdacli import interrupts
    from lambdacli.deploy import lock
    from lambdacli.deploy.apply import apply

    with (
        interrupts.Heard(prepared.aws.connection.stopping.set),
        lock.held(prepared.aws, force=force_unlock, last=prepared.last),
    ):
        _hold_to_what_is(prepared)
        return apply(prepared.plan, prepared.aws, watch)


def _hold_to_what_is(prepared: Prepared) -> None:
    """A plan that was long thought about may be out of date: AWS is read once more, now that nobody else deploys."""
    import time

    from lambdacli.errors import DeploymentFailed

    if time.monotonic() - prepared.since > _FRESH and _gist(prepared.again()) != _gist(prepared.plan):
        raise DeploymentFailed("something has changed on AWS since this was planned", hint="look at the new plan")


def _gist(plan: Plan) -> list[tuple[object, ...]]:
    return [(action.op, action.key, action.changes) for action in plan.changes]
