"""An event bus that a rule refers to; each account has one called default. Source: DescribeEventBus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdacli.deploy.resources import Actual, Kind, _named

if TYPE_CHECKING:
    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Properties
    from lambdacli.resource import Place, Resource


class _EventBus(Kind):
    """Named by its name, or by its ARN; never made here."""

    kind = "event_bus"
    label = "event bus"
    rank = 5
    hangs = False

    def known(self, resource: Resource, place: Place) -> Attributes:
        """The ARN follows from the name."""
        return _attributes(resource.name, place)

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        """Whether it is there."""
        if _named.foreign(name, aws.place):
            return Actual({}, _attributes(name, aws.place))
        if aws.get("events", "describe_event_bus", Name=_named.bare(name, "event-bus/")) is None:
            return None
        return Actual({}, _attributes(name, aws.place))


def _attributes(name: str, place: Place) -> Attributes:
    if name.startswith("arn:"):
        return {"arn": name, "name": name}  # operations take either
    return {"arn": place.arn("events", f"event-bus/{name}"), "name": name}


KIND = _EventBus()
