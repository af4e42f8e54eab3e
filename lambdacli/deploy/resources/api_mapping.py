"""What a custom domain name leads to: a stage of an API of ours.

Source: CreateApiMapping in the API Gateway Version 2 API reference. A tag of the API tells which domains lead to it.
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
    from lambdacli.resource import Place

TAG = "lambdacli:domain:"


class _ApiMapping(Kind):
    """Named by the domain: it is what its root leads to."""

    kind = "api_mapping"
    label = "API mapping"
    rank = 65
    hangs = False
    once = frozenset({"Scheme"})

    def objection(self, properties: Properties, actual: Actual | None, place: Place) -> str:
        """A domain that serves something else goes on to do so."""
        if actual is not None and not actual.owned:
            return f"{properties['DomainName']} leads to the API {actual.properties['ApiId']}, which is not ours"
        return ""

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        """What the domain's root leads to."""
        there = _root(name, aws)
        if there is None:
            return None
        actual = _actual(name, there, str(properties.get("Scheme", "https")))
        return actual._replace(owned=gateway.is_ours(there["ApiId"], aws))

    def found(self, aws: Aws) -> Iterable[tuple[str, Actual]]:
        """Of the domains that the tags of our APIs tell."""
        for named in gateway.ours(aws):
            scheme = "wss" if named.api["ProtocolType"] == "WEBSOCKET" else "https"
            for tag in named.api.get("Tags", {}):
                domain = tag.removeprefix(TAG)
                there = _root(domain, aws) if domain != tag else None
                if there and there["ApiId"] == named.id:
                    yield domain, _actual(domain, there, scheme)

    def create(self, name: str, properties: Properties, aws: Aws) -> Attributes:
        """Make it; a second one is refused."""
        given = {key: properties[key] for key in ("DomainName", "ApiId", "Stage")}
        aws.call(gateway.SERVICE, "create_api_mapping", **given)
        return {"url": f"{properties['Scheme']}://{name}"}

    def update(
        self, name: str, properties: Properties, actual: Actual, changed: AbstractSet[str], aws: Aws
    ) -> Attributes:
        """Lead somewhere else."""
        given = {key: properties[key] for key in ("DomainName", "ApiId", "Stage")}
        aws.call(gateway.SERVICE, "update_api_mapping", ApiMappingId=actual.attributes["id"], **given)
        return actual.attributes

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:
        """Lead nowhere."""
        aws.remove(gateway.SERVICE, "delete_api_mapping", DomainName=name, ApiMappingId=actual.attributes["id"])


def _root(domain: str, aws: Aws) -> dict[str, Any] | None:
    return next((each for each in _mappings(domain, aws) if not each.get("ApiMappingKey")), None)


def _mappings(domain: str, aws: Aws) -> Iterable[dict[str, Any]]:
    """All pages, which boto3 has no paginator for."""
    token: dict[str, str] = {}
    while (page := aws.get(gateway.SERVICE, "get_api_mappings", DomainName=domain, **token)) is not None:
        yield from page.get("Items", ())
        if not page.get("NextToken"):
            return
        token = {"NextToken": page["NextToken"]}


def _actual(domain: str, mapping: Mapping[str, Any], scheme: str) -> Actual:
    properties = {"DomainName": domain, "ApiId": mapping["ApiId"], "Stage": mapping["Stage"], "ApiMappingKey": ""}
    return Actual(properties, {"id": str(mapping["ApiMappingId"]), "url": f"{scheme}://{domain}"})


KIND = _ApiMapping()
