"""Who may call: one file per kind of authorizer. A judge lets a request pass, and tells who calls, or refuses it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lambdacli.serve.fronts.site import Turn


class Asked(NamedTuple):
    """A request at a route, as authorizers see it."""

    turn: Turn
    arn: str  # of the method or route that it asks for
    route: str  # the route's key
    stage: str
    event: Callable[[str], dict[str, Any]]  # by the form that the authorizer has: what it gets of the request


class Verdict(NamedTuple):
    """What is known of a caller who may pass."""

    kind: str  # none, lambda, jwt, cognito, iam
    details: Mapping[str, Any] = {}
    principal: str = ""
    milliseconds: int = 0  # that the authorizer took


class Judge(Protocol):
    """Decides on requests."""

    async def __call__(self, asked: Asked, /) -> Verdict:
        """Let it pass.

        Raises:
            Refusal: it may not.
        """


NOBODY = Verdict("none")


async def everybody(_asked: Asked) -> Verdict:
    """The judge of routes that have none."""
    return NOBODY
