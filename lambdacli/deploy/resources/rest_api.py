"""A REST API. Source: CreateRestApi and UpdateRestApi in the API Gateway API reference (version 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdacli.deploy.resources import Actual, Kind
from lambdacli.deploy.resources import _rest as rest
from lambdacli.deploy.resources._ours import tagged

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Properties
    from lambdacli.resource import Resource


class _RestApi(Kind):
    """Its name is the API's name; or its id, and then it is somebody else's."""

    kind = "rest_api"
    label = "REST API"
    rank = 76  # with it goes all that is in it
    hangs = False

    def lane(self, resource: Resource) -> str:
        return f"rest_api {resource.name}"

    def same(self, field: str, wanted: Any, actual: Any) -> bool:
        if field == "tags":
            return bool(wanted.items() <= (actual or {}).items())
        if field == "policy":
            return bool(wanted) == bool(actual)  # AWS writes it in its own way
        return bool(wanted == actual)

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        found = rest.named(name, aws)
        return _actual(found, aws) if found else None

    def found(self, aws: Aws) -> Iterable[tuple[str, Actual]]:
        seen: dict[str, int] = {}
        for each in rest.own_apis(aws):
            seen[each["name"]] = seen.get(each["name"], 0) + 1
            again = seen[each["name"]]
            yield each["name"] + (f"#{again}" if again > 1 else ""), _actual(each, aws)

    def create(self, name: str, properties: Properties, aws: Aws) -> Attributes:
        given = {key: value for key, value in properties.items() if value is not None}
        return {"id": aws.create(rest.SERVICE, "create_rest_api", name=name, **given)["id"]}

    def update(
        self, name: str, properties: Properties, actual: Actual, changed: AbstractSet[str], aws: Aws
    ) -> Attributes:
        api = actual.attributes["id"]
        if "tags" in changed:
            aws.call(rest.SERVICE, "tag_resource", resourceArn=actual.attributes["arn"], tags=properties["tags"])
        if patch := [*_patch(properties, actual.properties, changed)]:
            aws.call(rest.SERVICE, "update_rest_api", restApiId=api, patchOperations=patch)
        return actual.attributes

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:
        aws.remove(rest.SERVICE, "delete_rest_api", restApiId=actual.attributes["id"])


def _actual(found: Mapping[str, Any], aws: Aws) -> Actual:
    tags = dict(found.get("tags") or {})
    properties = {
        "endpointConfiguration": {"types": (found.get("endpointConfiguration") or {}).get("types", ["EDGE"])},
        "binaryMediaTypes": sorted(found.get("binaryMediaTypes") or ()),
        "policy": found.get("policy"),
        "tags": tags,
    }
    arn = aws.place.arn(rest.SERVICE, f"/restapis/{found['id']}", account="")
    return Actual(properties, {"id": found["id"], "arn": arn}, owned=tagged(tags, aws.place))


def _patch(wanted: Properties, actual: Properties, changed: AbstractSet[str]) -> Iterable[dict[str, str]]:
    """The operations that bring an API from what it is to what it should be."""
    if "endpointConfiguration" in changed:
        old, new = (each["endpointConfiguration"]["types"][0] for each in (actual, wanted))
        yield {"op": "replace", "path": f"/endpointConfiguration/types/{old}", "value": new}
    if "policy" in changed:
        yield {"op": "replace", "path": "/policy", "value": wanted["policy"] or ""}
    if "binaryMediaTypes" in changed:
        before, after = set(actual["binaryMediaTypes"]), set(wanted["binaryMediaTypes"])
        for op, types in (("remove", before - after), ("add", after - before)):
            yield from ({"op": op, "path": f"/binaryMediaTypes/{each.replace('/', '~1')}"} for each in sorted(types))


KIND = _RestApi()
