"""A listener of a load balancer, which is somebody else's. Source: the Elastic Load Balancing API reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdacli.deploy.resources import Actual, Kind
from lambdacli.deploy.resources._balancers import listener

if TYPE_CHECKING:
    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Properties
    from lambdacli.resource import Place, Resource


class _Listener(Kind):
    kind = "listener"
    label = "listener"
    rank = 5
    hangs = False

    def known(self, resource: Resource, place: Place) -> Attributes:
        return {"arn": resource.name}

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        return Actual({}, {"arn": name}, owned=False) if listener(name, aws) else None


KIND = _Listener()
