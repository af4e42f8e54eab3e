"""Which version gets the traffic: the alias moved back to an older version, or on to the one that had a part.

Only the alias moves; whatever else a deployment has changed stays. The next deployment moves it to the newest again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from lambdacli.deploy import lock
from lambdacli.deploy.resources.alias import Version, digest_of, move, shares
from lambdacli.deploy.resources.versions import published
from lambdacli.errors import UsageError
from lambdacli.resource import ALIAS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lambdacli.deploy.aws import Aws
    from lambdacli.resource import Place

_MOST_LISTED = 12


class Traffic(NamedTuple):
    """Where the traffic of a function goes."""

    name: str  # in the manifest
    version: str
    canary: str = ""  # the version that gets a part
    percent: int = 0


class Move(NamedTuple):
    """A function's traffic before, and the version that is to get all of it."""

    traffic: Traffic
    to: str


def of(aws: Aws, name: str) -> Traffic:
    """The traffic of a function of the manifest.

    Raises:
        UsageError: it is not deployed.
    """
    found = aws.get("lambda", "get_alias", FunctionName=aws.place.function_name(name), Name=ALIAS)
    if found is None:
        raise not_deployed(name, aws.place)
    for canary, weight in shares(found).items():
        return Traffic(name, str(found["FunctionVersion"]), canary, round(100 * weight))
    return Traffic(name, str(found["FunctionVersion"]))


def back(aws: Aws, traffic: Traffic, to: str = "") -> Move:
    """The way back: a canary gets nothing any more; without one the version before this one gets all.

    Args:
        aws: whom to ask.
        traffic: as it is.
        to: a version, if it shall be a certain one.

    Raises:
        UsageError: there is no such version.
    """
    if traffic.canary and not to:
        return Move(traffic, traffic.version)
    numbers = published(aws, aws.place.function_name(traffic.name))
    older = [number for number in numbers if int(number) < int(traffic.version)]
    if to and to not in numbers:
        listed = ", ".join(numbers[-_MOST_LISTED:])
        raise UsageError(f"function {traffic.name} has no version {to}", hint=f"it has {listed}")
    if not to and not older:
        problem = f"function {traffic.name} has no version before {traffic.version}"
        raise UsageError(problem, hint="each deployment that changes it makes one")
    return Move(traffic, to or older[-1])


def on(traffic: Traffic) -> Move | None:
    """The way on: the canary gets all; None where there is none."""
    return Move(traffic, traffic.canary) if traffic.canary else None


def not_deployed(name: str, place: Place) -> UsageError:
    """A function of the manifest is not there."""
    return UsageError(
        f"function {name} is not deployed in {place.region}, stage {place.manifest.stage}",
        hint="`lambdacli deploy` brings it there",
    )


def carry_out(aws: Aws, moves: Sequence[Move], *, force_unlock: bool = False) -> None:
    """Move the aliases, while nobody deploys.

    Raises:
        LambdacliError: somebody does, or AWS says no.
    """
    with lock.held(aws, force=force_unlock):
        for each in moves:
            _carry_out(aws.fresh(), each)


def _carry_out(aws: Aws, wanted: Move) -> None:
    function_name = aws.place.function_name(wanted.traffic.name)
    version = Version(wanted.to, digest_of(aws, function_name, wanted.to))
    move(aws, function_name, version, before=wanted.traffic.version)


def with_canary(aws: Aws, names: Iterable[str]) -> list[Traffic]:
    """The traffic of those functions of the manifest that are deployed and have a canary."""
    found = []
    for name in names:
        try:
            traffic = of(aws, name)
        except UsageError:
            continue
        if traffic.canary:
            found.append(traffic)
    return found
