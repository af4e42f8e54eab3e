"""An HTTP or a WebSocket API. Source: CreateApi and UpdateApi in the API Gateway Version 2 API reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdacli.deploy.resources import Actual, Kind
from lambdacli.deploy.resources import _gateway as gateway
from lambdacli.errors import ManifestError
from lambdacli.triggers import _cors as cors

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Properties
    from lambdacli.resource import Place, Resource

_CORS = "CorsConfiguration"


class Api(Kind):
    """Named as it is called, or by its id where it is somebody else's. Its tags tell whose it is."""

    rank = 45
    hangs = False
    protocol: str

    def known(self, resource: Resource, place: Place) -> Attributes:
        """Somebody else's is called by its id."""
        return {} if resource.owned else {"id": resource.name}

    def lane(self, resource: Resource) -> str:
        """That of all that belongs to it."""
        return gateway.lane(resource)

    def same(self, field: str, wanted: Any, actual: Any) -> bool:
        """Further tags are no difference: among them are those of domains that led to it once."""
        if field == "Tags":
            return bool(wanted.items() <= (actual or {}).items())
        return bool(wanted == actual)

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        """The oldest of that name that is ours; of somebody else's whether it is there."""
        if properties:
            found = (each.api for each in gateway.ours(aws, self.protocol) if each.name == name)
        else:
            of_kind = (api for api in gateway.every(aws) if api["ProtocolType"] == self.protocol)
            found = (api for api in of_kind if api["ApiId"] == name)
        api = next(found, None)
        if api and not properties and gateway.is_ours(name, aws):
            hint = f"give its name, {api['Name']}, or leave out `api`"
            raise ManifestError(f"{name} is an API that this app makes itself", hint=hint)
        return _actual(api) if api else None

    def found(self, aws: Aws) -> Iterable[tuple[str, Actual]]:
        """By tags; those that were made twice as well."""
        for each in gateway.ours(aws, self.protocol):
            yield each.name, _actual(each.api)

    def create(self, name: str, properties: Properties, aws: Aws) -> Attributes:
        """Make it with its tags."""
        given = {key: value for key, value in properties.items() if value not in ({}, False)}
        api = aws.create(gateway.SERVICE, "create_api", ProtocolType=self.protocol, **given)
        return _attributes(api)

    def update(
        self, name: str, properties: Properties, actual: Actual, changed: AbstractSet[str], aws: Aws
    ) -> Attributes:
        """Change what differs."""
        api = actual.attributes["id"]
        if "Tags" in changed:
            arn = f"arn:{aws.place.partition}:apigateway:{aws.place.region}::/apis/{api}"
            aws.call(gateway.SERVICE, "tag_resource", ResourceArn=arn, Tags=properties["Tags"])
        given = {key: properties[key] for key in changed - {"Tags"}}
        if _CORS in given and actual.properties.get(_CORS, {}).keys() - given[_CORS].keys():
            aws.remove(gateway.SERVICE, "delete_cors_configuration", ApiId=api)
        if given.get(_CORS) == {}:
            del given[_CORS]
        if given:
            aws.call(gateway.SERVICE, "update_api", ApiId=api, **given)
        return actual.attributes

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:
        """Delete it with all that belongs to it."""
        aws.remove(gateway.SERVICE, "delete_api", ApiId=actual.attributes["id"])


def _actual(api: Mapping[str, Any]) -> Actual:
    properties = {
        "Name": api["Name"],
        _CORS: cors.plain(api.get(_CORS) or {}),
        "DisableExecuteApiEndpoint": bool(api.get("DisableExecuteApiEndpoint")),
        "RouteSelectionExpression": api.get("RouteSelectionExpression", ""),
        "Tags": api.get("Tags", {}),
    }
    return Actual(properties, _attributes(api))


def _attributes(api: Mapping[str, Any]) -> Attributes:
    return {"id": str(api["ApiId"]), "endpoint": str(api.get("ApiEndpoint", ""))}
