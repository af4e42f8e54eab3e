"""An authorizer of a REST API. Source: CreateAuthorizer in the API Gateway API reference (version 1)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from lambdacli.deploy.resources import UNKNOWN, Actual
from lambdacli.deploy.resources import _rest as rest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Properties

_PAGE = 500
_POOLS = "providerARNs"
_TTL = 300  # seconds, AWS's default


class _RestAuthorizer(rest.InApi):
    """Its name is the API's as the manifest has it, a space, its own: that has a digest of what it should be."""

    kind = "rest_authorizer"
    label = "REST API authorizer"
    rank = 50
    immutable = frozenset({"type"})

    def same(self, field: str, wanted: Any, actual: Any) -> bool:
        if field == _POOLS and wanted is not UNKNOWN and UNKNOWN not in wanted:
            return sorted(wanted) == sorted(actual or ())
        return bool(wanted == actual)

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        api = properties.get("RestApiId", UNKNOWN)
        own = _parts(name)[1]
        there = [] if api is UNKNOWN else authorizers(api, aws)
        return next((_actual(api, each) for each in there if each["name"] == own), None)

    def lying_in(self, api: str, called: str, aws: Aws) -> Iterable[tuple[str, Actual]]:
        mine = re.compile(rf"{re.escape(aws.place.prefix)}-(cognito|lambda)-[0-9a-f]{{8}}")
        for each in authorizers(api, aws):
            if mine.fullmatch(each["name"]):
                yield f"{called} {each['name']}", _actual(api, each)

    def create(self, name: str, properties: Properties, aws: Aws) -> Attributes:
        given = {key: value for key, value in properties.items() if key != "RestApiId" and value not in ("", [])}
        api = properties["RestApiId"]
        made = aws.create(rest.SERVICE, "create_authorizer", restApiId=api, name=_parts(name)[1], **given)
        return {"id": made["id"]}

    def update(
        self, name: str, properties: Properties, actual: Actual, changed: AbstractSet[str], aws: Aws
    ) -> Attributes:
        patch = [*_patch(properties, actual.properties, changed)]
        there = {"restApiId": properties["RestApiId"], "authorizerId": actual.attributes["id"]}
        aws.call(rest.SERVICE, "update_authorizer", **there, patchOperations=patch)
        return actual.attributes

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:
        there = {"restApiId": actual.properties["RestApiId"], "authorizerId": actual.attributes["id"]}
        aws.remove(rest.SERVICE, "delete_authorizer", **there)


def authorizers(api: str, aws: Aws) -> list[dict[str, Any]]:
    """All of an API."""
    return aws.listed(rest.SERVICE, "get_authorizers", "items", restApiId=api, limit=_PAGE)


def settings_of(found: Mapping[str, Any]) -> list[Any]:
    """What of an authorizer counts only once it is deployed. Its name tells of its user pools."""
    return [found.get("name", ""), found.get("identitySource", ""), found.get("authorizerResultTtlInSeconds", _TTL)]


def _parts(name: str) -> tuple[str, str]:
    api, _, own = name.rpartition(" ")
    return api, own


def _actual(api: str, found: Mapping[str, Any]) -> Actual:
    properties = {
        "RestApiId": api,
        "type": found["type"],
        "identitySource": found.get("identitySource", ""),
        "authorizerResultTtlInSeconds": found.get("authorizerResultTtlInSeconds", _TTL),
        _POOLS: sorted(found.get(_POOLS) or ()),
        "authorizerUri": found.get("authorizerUri") or "",
    }
    return Actual(properties, {"id": found["id"], "name": found["name"]})


def _patch(wanted: Properties, actual: Properties, changed: AbstractSet[str]) -> Iterator[dict[str, str]]:
    for key in sorted(changed - {_POOLS}):
        yield {"op": "replace", "path": f"/{key}", "value": str(wanted[key])}
    if _POOLS in changed:
        before, after = set(actual[_POOLS]), set(wanted[_POOLS])
        for op, arns in (("add", after - before), ("remove", before - after)):
            yield from ({"op": op, "path": f"/{_POOLS}", "value": arn} for arn in sorted(arns))


KIND = _RestAuthorizer()
