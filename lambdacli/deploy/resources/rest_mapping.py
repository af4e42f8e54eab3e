"""A custom domain name that leads to a REST API. Source: CreateBasePathMapping in the API Gateway API reference.

A tag of the API tells that the mapping is ours, so that it is found when it has left the manifest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdacli.deploy.resources import UNKNOWN, Actual, Kind
from lambdacli.deploy.resources import _rest as rest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Deployed, Properties
    from lambdacli.resource import Place

_ROOT = "(none)"
_TAG = "lambdacli:domain:"


class _RestMapping(Kind):
    """Its name is the domain's."""

    kind = "rest_mapping"
    label = "base path mapping"
    rank = 78
    hangs = False

    def objection(self, properties: Properties, actual: Actual | None, place: Place) -> str:
        if actual is None or actual.owned:
            return ""
        return f"the domain name leads to another API, {actual.properties['RestApiId']}"

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        found = aws.get(rest.SERVICE, "get_base_path_mapping", domainName=name, basePath=_ROOT)
        if found is None:
            return None
        api = found["restApiId"]
        mine = api == properties.get("RestApiId", UNKNOWN) or _tagged(name, api, aws)
        there = {"DomainName": name, "RestApiId": api, "stage": found.get("stage", "")}
        return Actual(there, {"url": f"https://{name}"}, owned=mine)

    def found(self, aws: Aws) -> Iterable[tuple[str, Actual]]:
        for api in rest.own_apis(aws):
            yield from self._of(api, aws)

    def found_on(self, function: Deployed, aws: Aws) -> Iterable[tuple[str, Actual]]:
        """Those that lead to other people's APIs with methods of ours."""
        for api, _ in rest.lent_to(function, aws):
            yield from self._of(rest.by_id(api, aws) or {}, aws)

    def _of(self, api: Mapping[str, Any], aws: Aws) -> Iterable[tuple[str, Actual]]:
        for key, value in (api.get("tags") or {}).items():
            if key.startswith(_TAG) and value == _whose(aws.place):
                domain = key.removeprefix(_TAG)
                actual = self.read(domain, {}, aws)
                if actual is not None and actual.properties["RestApiId"] == api["id"]:
                    yield domain, actual

    def create(self, name: str, properties: Properties, aws: Aws) -> Attributes:
        api = properties["RestApiId"]
        aws.call(
            rest.SERVICE, "tag_resource", resourceArn=_arn(api, aws.place), tags={f"{_TAG}{name}": _whose(aws.place)}
        )
        aws.create(
            rest.SERVICE, "create_base_path_mapping",
            domainName=name, basePath=_ROOT, restApiId=api, stage=properties["stage"],
        )  # fmt: skip
        return {"url": f"https://{name}"}

    def update(
        self, name: str, properties: Properties, actual: Actual, changed: AbstractSet[str], aws: Aws
    ) -> Attributes:
        api = properties["RestApiId"]
        aws.call(
            rest.SERVICE, "tag_resource", resourceArn=_arn(api, aws.place), tags={f"{_TAG}{name}": _whose(aws.place)}
        )
        paths = {"RestApiId": "/restapiId", "stage": "/stage"}
        patch = [
            {"op": "replace", "path": paths[key], "value": properties[key]} for key in sorted(changed & paths.keys())
        ]
        aws.call(rest.SERVICE, "update_base_path_mapping", domainName=name, basePath=_ROOT, patchOperations=patch)
        return actual.attributes

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:
        api = actual.properties["RestApiId"]
        aws.remove(rest.SERVICE, "delete_base_path_mapping", domainName=name, basePath=_ROOT)
        aws.remove(rest.SERVICE, "untag_resource", resourceArn=_arn(api, aws.place), tagKeys=[f"{_TAG}{name}"])


def _whose(place: Place) -> str:
    return f"{place.manifest.app}/{place.manifest.stage}"


def _tagged(domain: str, api: str, aws: Aws) -> bool:
    there: dict[str, Any] = rest.by_id(api, aws) or {}
    return (there.get("tags") or {}).get(f"{_TAG}{domain}") == _whose(aws.place)


def _arn(api: str, place: Place) -> str:
    return place.arn(rest.SERVICE, f"/restapis/{api}", account="")


KIND = _RestMapping()
