"""What the app shares, with a part for each function: entries or statements among those of others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdacli.deploy.resources import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Actual, Attributes, Properties
    from lambdacli.resource import Place

    Parts = Mapping[str, Mapping[str, Any]]  # by function, then by what tells one of a function from another


class Shares(Kind):
    """Its properties are the functions, each with its part."""

    hangs = False
    shared = True

    def said(self, entry: Mapping[str, Any]) -> str:
        """One entry of a part, in words."""
        raise NotImplementedError

    def write(self, name: str, parts: Parts, aws: Aws) -> None:
        """Put these functions' parts beside all else that is there; an empty part takes it away."""
        raise NotImplementedError

    def wanted(self, properties: Properties, actual: Actual | None, place: Place) -> Properties:
        """Functions that are not among the wanted ones have no part, unless nothing is said about them."""
        there = actual.properties if actual and not place.only else {}
        return {**{function: {} for function in there}, **properties}

    def told(self, field: str, old: Any, new: Any, actual: Actual) -> tuple[str, Any, Any]:
        """Each function's part in words, unless it is something else that differs."""
        before, after = (sorted(map(self.said, (part or {}).values())) for part in (old, new))
        return (field, old, new) if before == after else (field, before, after)

    def create(self, name: str, properties: Properties, aws: Aws) -> Attributes:
        self.write(name, properties, aws)
        return {}

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:
        self.write(name, {function: {} for function in actual.properties}, aws)
