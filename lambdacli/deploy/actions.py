"""What a plan is made of: what is to be done with a resource, field by field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from lambdacli.deploy.resources import Actual
    from lambdacli.resource import Key, Resource

Op = Literal["create", "update", "replace", "delete", "keep"]


class Change(NamedTuple):
    """One field that changes. Values are JSON, UNKNOWN, or None for what is not there."""

    field: str  # as Environment.Variables.TOKEN
    old: Any
    new: Any
    secret: bool = False


class Action(NamedTuple):
    """What is to be done with one resource. `keep` does nothing: it says what is left there, and why."""

    op: Op
    resource: Resource
    changes: tuple[Change, ...] = ()
    reason: str = ""
    needs: tuple[Key, ...] = ()  # the actions that come first
    actual: Actual | None = None
    drift: bool = False  # the manifest is as it was deployed: somebody else has changed or deleted it

    @property
    def key(self) -> Key:
        """Whose action it is."""
        return self.resource.key
