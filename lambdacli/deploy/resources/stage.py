"""A stage of an HTTP or WebSocket API. Source: CreateStage in the API Gateway Version 2 API reference.

Stages of ours deploy by themselves whatever changes in the API: there is nothing that a killed run could leave undone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdacli.deploy.resources import Actual, Kind
from lambdacli.deploy.resources import _gateway as gateway

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Properties
    from lambdacli.resource import Resource


class _Stage(Kind):
    """Named by the API and the stage."""

    kind = "stage"
    label = "API stage"
    rank = 48
    hangs = False
    immutable = frozenset({"ApiId"})
    once = frozenset({"Endpoint", "Tags"})

    def lane(self, resource: Resource) -> str:
        """That of its API."""
        return gateway.lane(resource)

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        """The stage of that API."""
        api, stage = gateway.api_id(properties, name, aws), name.rpartition("/")[2]
        if not api:
            return None
        for each in aws.listed(gateway.SERVICE, "get_stages", "Items", ApiId=api):
            if each["StageName"] == stage:
                return _actual(api, each, str(properties.get("Endpoint", "")))
        return None

    def found(self, aws: Aws) -> Iterable[tuple[str, Actual]]:
        """All of our APIs."""
        for each in gateway.oldest(aws):
            for stage in aws.listed(gateway.SERVICE, "get_stages", "Items", ApiId=each.id):
                yield f"{each.name}/{stage['StageName']}", _actual(each.id, stage, each.api.get("ApiEndpoint", ""))

    def create(self, name: str, properties: Properties, aws: Aws) -> Attributes:
        """Make it; once more says that it exists."""
        given = {key: value for key, value in properties.items() if key != "Endpoint"}
        aws.call(gateway.SERVICE, "create_stage", **given)
        return {"url": _url(str(properties["Endpoint"]), properties["StageName"])}

    def update(
        self, name: str, properties: Properties, actual: Actual, changed: AbstractSet[str], aws: Aws
    ) -> Attributes:
        """Change what differs."""
        given = {key: properties[key] for key in changed}
        api, stage = properties["ApiId"], properties["StageName"]
        aws.call(gateway.SERVICE, "update_stage", **{**given, "ApiId": api, "StageName": stage})
        return actual.attributes

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:
        """Delete it with its settings."""
        api, stage = actual.properties["ApiId"], actual.properties["StageName"]
        aws.remove(gateway.SERVICE, "delete_stage", ApiId=api, StageName=stage)


def _actual(api: str, stage: Mapping[str, Any], endpoint: str) -> Actual:
    properties = {"ApiId": api, "StageName": stage["StageName"], "AutoDeploy": bool(stage.get("AutoDeploy"))}
    return Actual(properties, {"url": _url(endpoint, stage["StageName"])})


def _url(endpoint: str, stage: str) -> str:
    return endpoint if stage == "$default" else f"{endpoint}/{stage}"


KIND = _Stage()
