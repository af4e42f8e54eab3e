"""A custom domain name of API Gateway, which somebody has made with its certificate. It is only read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdacli.deploy.resources import Actual, Kind

if TYPE_CHECKING:
    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Properties
    from lambdacli.resource import Place, Resource


class _DomainName(Kind):
    """Named as it is."""

    kind = "domain_name"
    label = "custom domain name"
    rank = 5
    hangs = False

    def known(self, resource: Resource, place: Place) -> Attributes:
        """Its name."""
        return {"name": resource.name}

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        """Whether it is there."""
        found = aws.get("apigatewayv2", "get_domain_name", DomainName=name)
        return Actual({}, {"name": name}) if found else None


KIND = _DomainName()
