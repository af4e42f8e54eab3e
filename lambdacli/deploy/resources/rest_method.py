"""A method of a REST API that invokes a function. Source: PutMethod and PutIntegration in its API reference.

Nothing of it counts before the API is deployed: so a method is changed by making it anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdacli.deploy.resources import UNKNOWN, Actual, Kind
from lambdacli.deploy.resources import _rest as rest
from lambdacli.deploy.resources._ours import ours, owner
from lambdacli.deploy.resources._throttles import patch, throttling
from lambdacli.refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Set as AbstractSet

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Deployed, Properties
    from lambdacli.resource import Place, Resource

# What AWS leaves out, and what that means.
_METHOD: dict[str, Any] = {
    "authorizationType": "NONE", "authorizerId": None, "authorizationScopes": [], "apiKeyRequired": False,
    "requestParameters": {}, "requestValidatorId": None,
}  # fmt: skip
_INTEGRATION = {"type": "", "uri": "", "timeoutInMillis": 29_000, "responseTransferMode": "BUFFERED"}
_STREAMS = "/response-streaming-invocations"


class _RestMethod(Kind):
    """Its name is the function's, a slash, the API's as the manifest has it, a space, the method, a space, the path."""

    kind = "rest_method"
    label = "REST API method"
    rank = 72
    moves = True

    def lane(self, resource: Resource) -> str:
        return f"rest_api {_parts(resource.name)[0]}"

    def objection(self, properties: Properties, actual: Actual | None, place: Place) -> str:
        if actual is None or actual.owned:
            return ""
        return "the API has this method already, and it is somebody else's"

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        api = properties.get("RestApiId", UNKNOWN)
        _, verb, path = _parts(name)
        found = None if api is UNKNOWN else rest.paths(api, aws).method(verb, path)
        if found is None:
            return None
        mine = not found.integration or ours(found.invokes, aws) or rest.owned(api, aws)
        return _actual(api, found)._replace(owned=mine)

    def found_on(self, function: Deployed, aws: Aws) -> Iterable[tuple[str, Actual]]:
        for api, called in rest.used_by(function, aws):
            for each in rest.paths(api, aws).invoking(function.alias_arn):
                yield f"{function.name}/{called} {each.verb} {each.path}", _actual(api, each)

    def create(self, name: str, properties: Properties, aws: Aws) -> Attributes:
        api, (_, verb, path) = properties["RestApiId"], _parts(name)
        there = {"restApiId": api, "resourceId": rest.ensure(path, api, aws), "httpMethod": verb}
        _put_method(there, properties, aws)
        _put_integration(there, properties, aws)
        return {}

    def update(
        self, name: str, properties: Properties, actual: Actual, changed: AbstractSet[str], aws: Aws
    ) -> Attributes:
        api, (_, verb, path) = properties["RestApiId"], _parts(name)
        there = {"restApiId": api, "resourceId": rest.ensure(path, api, aws), "httpMethod": verb}
        if changed & _METHOD.keys() or rest.paths(api, aws).method(verb, path) is None:
            aws.remove(rest.SERVICE, "delete_method", **there)
            _put_method(there, properties, aws)
        _put_integration(there, properties, aws)
        return {}

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:
        api, (_, verb, path) = actual.properties["RestApiId"], _parts(name)
        now = rest.paths(api, aws).method(verb, path)
        if now is not None and now.invokes in ("", owner(name, aws.place)):  # another function may have it by now
            _unlimited(api, f"{verb} {path}", aws)
            aws.remove(rest.SERVICE, "delete_method", restApiId=api, resourceId=now.resource, httpMethod=verb)
            rest.prune(path, api, aws)


def _parts(name: str) -> tuple[str, str, str]:
    """The API as the manifest has it, the method, the path."""
    api, verb, path = name.partition("/")[2].rsplit(" ", 2)
    return api, verb, path


def _actual(api: str, found: rest.Method) -> Actual:
    return Actual(properties_of(api, found), {"id": f"{api} {found.verb} {found.path}"})


def properties_of(api: str, found: rest.Method) -> dict[str, Any]:
    """A method as it is, in the shape of what it should be."""
    method: dict[str, Any] = {key: found.given.get(key) or default for key, default in _METHOD.items()}
    method["authorizationScopes"] = sorted(method["authorizationScopes"])
    integration = {key: found.integration.get(key) or default for key, default in _INTEGRATION.items()}
    if str(integration["uri"]).endswith(_STREAMS):
        integration["responseTransferMode"] = "STREAM"
    return {"RestApiId": api, **method, **integration}


def _unlimited(api: str, route: str, aws: Aws) -> None:
    """Take the limits of a route from all stages, which know it still."""
    for stage in rest.stages(api, aws):
        operations = patch({route: throttling(stage, route, None)}, {})
        if operations:
            aws.call(
                rest.SERVICE, "update_stage",
                restApiId=api, stageName=stage["stageName"], patchOperations=operations,
            )  # fmt: skip


def _put_method(there: dict[str, str], properties: Properties, aws: Aws) -> None:
    given = {key: properties[key] for key in _METHOD if properties[key] not in (None, [], {})}
    try:
        aws.call(rest.SERVICE, "put_method", **there, **given)
    except Refused as refused:
        if not refused.exists:  # it is there if an answer got lost
            raise


def _put_integration(there: dict[str, str], properties: Properties, aws: Aws) -> None:
    given = {key: properties[key] for key in _INTEGRATION}
    aws.call(rest.SERVICE, "put_integration", **there, integrationHttpMethod="POST", **given)


KIND = _RestMethod()
