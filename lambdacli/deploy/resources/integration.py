"""What connects routes of an API with a function's alias.

Source: CreateIntegration in the API Gateway Version 2 API reference. An integration has no name and no tags: it is
told from others by the function that it invokes, the shape of the event, and the timeout.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdacli.deploy.resources import UNKNOWN, Actual, Kind
from lambdacli.deploy.resources import _gateway as gateway

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Deployed, Properties
    from lambdacli.resource import Resource

_TELLING = ("PayloadFormatVersion", "TimeoutInMillis")


class _Integration(Kind):
    """Named by the function, the API, the version of the event's shape, and the timeout."""

    kind = "integration"
    label = "API integration"
    rank = 52

    def title(self, own: str, properties: Properties) -> str:
        api, payload, milliseconds = own.rsplit("/", 2)
        milliseconds, _, second = milliseconds.partition("#")
        return f"{self.label} of {api}, payload {payload}, {milliseconds} ms{', again' if second else ''}"

    def lane(self, resource: Resource) -> str:
        """That of its API."""
        return gateway.lane(resource)

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        """The one that is like that; of several the one that routes use."""
        api, uri = gateway.api_id(properties, name.partition("/")[2], aws), properties.get("IntegrationUri")
        if not api or uri is UNKNOWN:
            return None
        arn = gateway.invoked(str(uri))
        for each in _of(api, arn, aws):
            if all(each.properties[key] == properties[key] for key in _TELLING):
                return each._replace(properties={**each.properties, "IntegrationUri": uri})
        return None

    def found_on(self, function: Deployed, aws: Aws) -> Iterable[tuple[str, Actual]]:
        """All that invoke the function's alias, in our APIs and in those that may invoke it."""
        counted: dict[str, int] = {}
        for named in gateway.around(function, aws):
            for each in _of(named.id, function.alias_arn, aws):
                version, timeout = (each.properties[key] for key in _TELLING)
                name = f"{function.name}/{named.name}/{version}/{timeout}"
                counted[name] = counted.get(name, 0) + 1
                yield gateway.numbered(name, counted[name]), each

    def create(self, name: str, properties: Properties, aws: Aws) -> Attributes:
        """Make it."""
        answer = aws.create(gateway.SERVICE, "create_integration", **properties)
        return {"id": str(answer["IntegrationId"])}

    def update(
        self, name: str, properties: Properties, actual: Actual, changed: AbstractSet[str], aws: Aws
    ) -> Attributes:
        """Change what differs."""
        given = {key: properties[key] for key in {*changed, "ApiId"}}
        aws.call(gateway.SERVICE, "update_integration", IntegrationId=actual.attributes["id"], **given)
        return actual.attributes

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:
        """Delete it, after the routes that lead to it."""
        api, integration = actual.properties["ApiId"], actual.attributes["id"]
        aws.remove(gateway.SERVICE, "delete_integration", ApiId=api, IntegrationId=integration)


def _of(api: str, arn: str, aws: Aws) -> list[Actual]:
    """The integrations of an API that invoke that alias."""
    found = gateway.integrations(api, aws)
    return [_actual(api, each) for each in found if gateway.invoked(each["IntegrationUri"]) == arn]


def _actual(api: str, integration: Mapping[str, Any]) -> Actual:
    properties = {
        "ApiId": api,
        "IntegrationType": integration.get("IntegrationType", ""),
        "IntegrationMethod": integration.get("IntegrationMethod", "POST"),
        "IntegrationUri": integration["IntegrationUri"],
        "PayloadFormatVersion": integration.get("PayloadFormatVersion", "1.0"),
        "TimeoutInMillis": integration.get("TimeoutInMillis", 0),
    }
    return Actual(properties, {"id": str(integration["IntegrationId"])})


KIND = _Integration()
