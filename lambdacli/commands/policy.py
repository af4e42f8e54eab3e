"""`lambdacli policy`: what deployed functions may do, and what whoever deploys them must be permitted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lambdacli import console
from lambdacli.commands import options
from lambdacli.commands.deploying import Target, on_aws

if TYPE_CHECKING:
    from lambdacli.resource import Place


@on_aws
def command(
    target: Target,
    function: options.FunctionName = None,
    deployer: Annotated[
        bool, typer.Option("--deployer", help="What whoever deploys must be permitted instead.")
    ] = False,
    role: options.Role = "",
) -> None:
    """Print the IAM roles that a deployment would make, by name, with their policies; changes nothing.

    Without an account (--account, or in the manifest) AWS is asked whose the credentials are; nothing else is.
    """
    from json import dumps

    from lambdacli.deploy import deployer as deployers
    from lambdacli.deploy import policy

    only = options.known_function(target.manifest, function or "")
    place = _place(target, role)
    if deployer:
        found = {name: {"PolicyDocument": document} for name, document in deployers.policies(place).items()}
    else:
        found = policy.of_functions(place, only)
        _without_role(place, only)
    console.data(dumps(found, indent=2, ensure_ascii=False))


def _place(target: Target, role: str) -> Place:
    from lambdacli import deploy
    from lambdacli.resource import Place

    account = target.account or target.manifest.account
    if not account:
        asked = deploy.Options(target.manifest, profile=target.profile, role=role)
        return deploy.connect(asked).place
    return Place(target.manifest, account, target.manifest.region, role)


def _without_role(place: Place, only: str) -> None:
    for each in place.manifest.functions.values():
        given = each.role or place.role
        if given and only in ("", each.name):
            console.message(f"{each.name} runs under {given}, which lambdacli does not touch")
