"""An authorizer of an HTTP or WebSocket API, which several routes may share.

Source: CreateAuthorizer in the API Gateway Version 2 API reference. Its name tells what it is like and whose it is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from lambdacli.deploy.resources import Actual, Kind
from lambdacli.deploy.resources import _gateway as gateway

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Deployed, Properties
    from lambdacli.resource import Place, Resource

_JUDGE = ("AuthorizerUri", "AuthorizerPayloadFormatVersion", "AuthorizerResultTtlInSeconds", "EnableSimpleResponses")


class _Authorizer(Kind):
    """Named by the API and its own name."""

    kind = "authorizer"
    label = "API authorizer"
    rank = 50
    hangs = False
    immutable = frozenset({"AuthorizerType"})

    def lane(self, resource: Resource) -> str:
        """That of its API."""
        return gateway.lane(resource)

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        """The first of that name."""
        api = gateway.api_id(properties, name, aws)
        return next((each for found, each in _of(api, "", aws) if found == name.rpartition("/")[2]), None)

    def found(self, aws: Aws) -> Iterable[tuple[str, Actual]]:
        """Those of our APIs that we have named."""
        for named in gateway.oldest(aws):
            yield from _ours(named, aws)

    def found_on(self, function: Deployed, aws: Aws) -> Iterable[tuple[str, Actual]]:
        """Those that we have put into somebody else's APIs."""
        for named in gateway.around(function, aws):
            if named.name == named.id:
                yield from _ours(named, aws)

    def create(self, name: str, properties: Properties, aws: Aws) -> Attributes:
        """Make it."""
        answer = aws.create(gateway.SERVICE, "create_authorizer", **properties)
        return {"id": str(answer["AuthorizerId"])}

    def update(
        self, name: str, properties: Properties, actual: Actual, changed: AbstractSet[str], aws: Aws
    ) -> Attributes:
        """Change what differs."""
        given = {key: properties[key] for key in {*changed, "ApiId"}}
        aws.call(gateway.SERVICE, "update_authorizer", AuthorizerId=actual.attributes["id"], **given)
        return actual.attributes

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:
        """Delete it, after the routes that it guards."""
        api, authorizer = actual.properties["ApiId"], actual.attributes["id"]
        aws.remove(gateway.SERVICE, "delete_authorizer", ApiId=api, AuthorizerId=authorizer)


def _ours(named: gateway.Named, aws: Aws) -> Iterable[tuple[str, Actual]]:
    return ((f"{named.name}/{name}", each) for name, each in _of(named.id, _pattern(aws.place), aws))


def _pattern(place: Place) -> str:
    return rf"{re.escape(place.prefix)}-(jwt|lambda)-[0-9a-f]{{12}}"


def _of(api: str, pattern: str, aws: Aws) -> Iterable[tuple[str, Actual]]:
    """An API's authorizers with their names, those that are there twice as name#2."""
    counted: dict[str, int] = {}
    found = aws.listed(gateway.SERVICE, "get_authorizers", "Items", ApiId=api) if api else []
    for each in sorted(found, key=lambda one: str(one["AuthorizerId"])):
        if re.fullmatch(pattern or ".*", each["Name"], re.DOTALL):
            counted[each["Name"]] = counted.get(each["Name"], 0) + 1
            yield gateway.numbered(each["Name"], counted[each["Name"]]), _actual(api, each)


def _actual(api: str, authorizer: Mapping[str, Any]) -> Actual:
    jwt = authorizer.get("JwtConfiguration") or {}
    source = authorizer.get("IdentitySource") or []
    properties = {
        "ApiId": api,
        "Name": authorizer["Name"],
        "AuthorizerType": authorizer.get("AuthorizerType", ""),
        "IdentitySource": [source] if isinstance(source, str) else list(source),
        "JwtConfiguration": {"Audience": sorted(jwt.get("Audience", ())), "Issuer": jwt.get("Issuer", "")},
        "AuthorizerResultTtlInSeconds": 0,
        "EnableSimpleResponses": False,
        **{key: authorizer[key] for key in _JUDGE if authorizer.get(key) is not None},
    }
    return Actual(properties, {"id": str(authorizer["AuthorizerId"])})


KIND = _Authorizer()
