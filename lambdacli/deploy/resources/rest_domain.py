"""A custom domain name, which is somebody else's. Source: GetDomainName in the API Gateway API reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdacli.deploy.resources import Actual, Kind
from lambdacli.deploy.resources import _rest as rest

if TYPE_CHECKING:
    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Properties
    from lambdacli.resource import Place, Resource


class _RestDomain(Kind):
    kind = "rest_domain"
    label = "custom domain name"
    rank = 5
    hangs = False

    def known(self, resource: Resource, place: Place) -> Attributes:
        return {"name": resource.name}

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        found = aws.get(rest.SERVICE, "get_domain_name", domainName=name)
        return Actual({}, {"name": name}, owned=False) if found else None


KIND = _RestDomain()
