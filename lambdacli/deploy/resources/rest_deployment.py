"""What a stage of a REST API serves: a snapshot of the API. Source: CreateDeployment in the API Gateway API reference.

A snapshot's description has a fingerprint of our part of the API at that time. So one that is behind the API, because
a run was killed or somebody has changed something, is known without any other record; and nothing is deployed where
nothing has changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdacli import partitions
from lambdacli.deploy.resources import UNKNOWN, Actual, Kind, rest_authorizer, rest_cors, rest_method
from lambdacli.deploy.resources import _rest as rest
from lambdacli.deploy.resources._ours import ours, tagged
from lambdacli.deploy.resources._throttles import patch, throttling
from lambdacli.deploy.values import fingerprint
from lambdacli.triggers._rest import in_other_stages

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Deployed, Properties
    from lambdacli.resource import Place, Resource

_OURS = "lambdacli "  # how the descriptions of our snapshots begin
_CURRENT = "as the API is"
_SNAPSHOT = frozenset({"Routes", "Settings", "Snapshot"})


class _RestDeployment(Kind):
    """Its name is the API's as the manifest has it, a space, the stage's."""

    kind = "rest_deployment"
    label = "REST API deployment"
    rank = 60
    hangs = False
    shared = True
    publishes = frozenset({"rest_method", "rest_cors"})

    def lane(self, resource: Resource) -> str:
        return f"rest_api {_parts(resource.name)[0]}"

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        api, stage = properties.get("RestApiId", UNKNOWN), _parts(name)[1]
        found = next(
            (each for each in ([] if api is UNKNOWN else rest.stages(api, aws)) if each["stageName"] == stage), None
        )
        if found is None:
            return None
        actual = _actual(name, api, properties, found, aws)
        snapshot = aws.get(
            rest.SERVICE, "get_deployment", restApiId=api, deploymentId=found.get("deploymentId", "none")
        )
        current = (snapshot or {}).get("description") == _description(name, api, aws)
        return actual._replace(properties={**actual.properties, "Snapshot": _CURRENT if current else "behind the API"})

    def found(self, aws: Aws) -> Iterable[tuple[str, Actual]]:
        for api in rest.own_apis(aws):
            called = rest.called(api, aws.place)
            for each in rest.stages(api["id"], aws):
                if tagged(each.get("tags") or {}, aws.place):
                    name = f"{called} {each['stageName']}"
                    yield name, _actual(name, api["id"], {}, each, aws)

    def found_on(self, function: Deployed, aws: Aws) -> Iterable[tuple[str, Actual]]:
        """The stages of other people's APIs that have methods of ours."""
        used = dict(rest.lent_to(function, aws))
        for api, stage in rest.stages_of(function):
            if api in used:
                for each in rest.stages(api, aws):
                    if each["stageName"] == stage:
                        name = f"{used[api]} {stage}"
                        yield name, _actual(name, api, {}, each, aws)

    def create(self, name: str, properties: Properties, aws: Aws) -> Attributes:
        api, stage = properties["RestApiId"], _parts(name)[1]
        made = aws.create(rest.SERVICE, "create_deployment", restApiId=api, description=_description(name, api, aws))
        given = {"restApiId": api, "stageName": stage, "deploymentId": made["id"], "tags": aws.place.tags}
        aws.create(rest.SERVICE, "create_stage", **given)
        _throttle(api, stage, {}, properties["Throttling"], aws)
        _tidy(api, aws)
        return _attributes(api, stage, aws.place)

    def update(
        self, name: str, properties: Properties, actual: Actual, changed: AbstractSet[str], aws: Aws
    ) -> Attributes:
        api, stage = properties["RestApiId"], _parts(name)[1]
        if changed & _SNAPSHOT:
            _sweep(api, aws)
            text = _description(name, api, aws)
            aws.call(rest.SERVICE, "create_deployment", restApiId=api, stageName=stage, description=text)
        if "Throttling" in changed:
            limits = properties["Throttling"]
            _throttle(api, stage, {route: actual.properties["Throttling"].get(route) for route in limits}, limits, aws)
        _tidy(api, aws)
        return actual.attributes

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:
        """Delete our stage, or leave somebody else's without what was ours."""
        api, stage = actual.properties["RestApiId"], _parts(name)[1]
        found = next((each for each in rest.stages(api, aws) if each["stageName"] == stage), None)
        if found is None:
            return
        if tagged(found.get("tags") or {}, aws.place) and not aws.place.only:  # others of ours may be in it
            aws.remove(rest.SERVICE, "delete_stage", restApiId=api, stageName=stage)
        else:
            aws.call(rest.SERVICE, "create_deployment", restApiId=api, stageName=stage)
        _tidy(api, aws)


def _parts(name: str) -> tuple[str, str]:
    api, _, stage = name.rpartition(" ")
    return api, stage


def _actual(name: str, api: str, wanted: Properties, stage: Mapping[str, Any], aws: Aws) -> Actual:
    """A stage with the part of the API that is ours: with `Place.only` that of one function, and what is wanted."""
    routes = _routes(name, api, aws)
    whole = aws.place.only == ""
    seen = {
        key: text for key, (text, function) in routes.items() if whole or key in wanted.get("Routes", {}) or function
    }
    asked = wanted.get("Throttling", {})
    limits = {route: throttling(stage, route, asked[route]) for route in asked}
    properties = {
        "RestApiId": api,
        "Routes": seen,
        "Settings": fingerprint(_settings(api, aws)),
        "Throttling": limits,
    }
    return Actual(properties, _attributes(api, str(stage["stageName"]), aws.place))


def _attributes(api: str, stage: str, place: Place) -> dict[str, str]:
    host = f"{api}.execute-api.{place.region}.{partitions.dns_suffix(place.partition)}"
    return {"url": f"https://{host}/{stage}", "stage": stage}


def _routes(name: str, api: str, aws: Aws) -> dict[str, tuple[str, bool]]:
    """A fingerprint of each method of ours, and whether it is of the one function that all is about.

    A snapshot has all methods of its API. Those that the manifest has in other stages are none of this one's business.
    """
    authorizers = {each["id"]: each for each in rest_authorizer.authorizers(api, aws)}
    only = aws.place.alias_arn(aws.place.only)
    elsewhere = in_other_stages(aws.place, *_parts(name))
    found: dict[str, tuple[str, bool]] = {}
    for each in rest.paths(api, aws).methods:
        if ours(each.invokes, aws):
            method = rest_method.properties_of(api, each)
            authorizer = rest_authorizer.settings_of(authorizers.get(method["authorizerId"] or "", {}))
            found[f"{each.verb} {each.path}"] = (fingerprint([method, authorizer]), each.invokes == only)
        elif rest_cors.marked(each, aws.place):
            found[f"CORS {each.path}"] = (fingerprint(rest_cors.properties_of(api, each)), False)
    return {key: each for key, each in found.items() if key not in elsewhere}


def _settings(api: str, aws: Aws) -> list[Any]:
    """What of the API itself counts only once it is deployed."""
    there = rest.by_id(api, aws) or {}
    return [sorted(there.get("binaryMediaTypes") or ()), bool(there.get("policy"))]


def _description(name: str, api: str, aws: Aws) -> str:
    routes = {key: text for key, (text, _) in _routes(name, api, aws).items()}
    return f"{_OURS}{fingerprint([routes, _settings(api, aws)])}"


def _throttle(api: str, stage: str, old: Mapping[str, Any], new: Mapping[str, Any], aws: Aws) -> None:
    operations = patch(old, new)
    if operations:
        aws.call(rest.SERVICE, "update_stage", restApiId=api, stageName=stage, patchOperations=operations)


def _tidy(api: str, aws: Aws) -> None:
    """Delete the snapshots of ours that no stage serves."""
    used = {each.get("deploymentId") for each in rest.stages(api, aws)}
    for each in aws.listed(rest.SERVICE, "get_deployments", "items", restApiId=api, limit=500):
        if str(each.get("description", "")).startswith(_OURS) and each["id"] not in used:
            aws.remove(rest.SERVICE, "delete_deployment", restApiId=api, deploymentId=each["id"])


def _sweep(api: str, aws: Aws) -> None:
    """Delete what a killed run has left of paths in an API of ours: before the snapshot, so that it is done again."""
    empty = [each["path"] for each in rest.paths(api, aws).given if not each.get("resourceMethods")]
    if empty != ["/"] and any(each["id"] == api for each in rest.own_apis(aws)):
        for path in empty:
            rest.prune(path, api, aws)


KIND = _RestDeployment()
