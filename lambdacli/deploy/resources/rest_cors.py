"""The answer to browsers' preflights for a path of a REST API: a method OPTIONS that calls nothing.

Source: "CORS for REST APIs in API Gateway" in the API Gateway developer guide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdacli.deploy.resources import UNKNOWN, Actual
from lambdacli.deploy.resources import _rest as rest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Properties
    from lambdacli.resource import Place

_JSON = "application/json"
_STATUS = "204"
_VERB = "OPTIONS"


class _RestCors(rest.InApi):
    """Its name is the API's as the manifest has it, a space, the path."""

    kind = "rest_cors"
    label = "REST API preflight"
    rank = 71

    def objection(self, properties: Properties, actual: Actual | None, place: Place) -> str:
        if actual is None or actual.owned:
            return ""
        return "the API has a method OPTIONS there already, and it is somebody else's"

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        api = properties.get("RestApiId", UNKNOWN)
        found = None if api is UNKNOWN else rest.paths(api, aws).method(_VERB, _parts(name)[1])
        if found is None:
            return None
        mine = not found.integration or marked(found, aws.place) or rest.owned(api, aws)
        return Actual(properties_of(api, found), owned=mine)

    def lying_in(self, api: str, called: str, aws: Aws) -> Iterable[tuple[str, Actual]]:
        for each in rest.paths(api, aws).methods:
            if each.verb == _VERB and marked(each, aws.place):
                yield f"{called} {each.path}", Actual(properties_of(api, each))

    def create(self, name: str, properties: Properties, aws: Aws) -> Attributes:
        api, path = properties["RestApiId"], _parts(name)[1]
        there = {"restApiId": api, "resourceId": rest.ensure(path, api, aws), "httpMethod": _VERB}
        if rest.paths(api, aws).method(_VERB, path) is not None:
            aws.remove(rest.SERVICE, "delete_method", **there)
        headers = properties["responseParameters"]
        templates = {_JSON: properties["responseTemplate"]} if properties["responseTemplate"] else {}
        aws.create(rest.SERVICE, "put_method", **there, authorizationType="NONE")
        aws.create(
            rest.SERVICE, "put_method_response",
            **there, statusCode=_STATUS, responseParameters=dict.fromkeys(headers, True),
        )  # fmt: skip
        aws.call(
            rest.SERVICE, "put_integration", **there, type="MOCK", contentHandling="CONVERT_TO_TEXT",
            requestTemplates={_JSON: _request(aws.place)},
        )  # fmt: skip
        aws.call(
            rest.SERVICE, "put_integration_response",
            **there, statusCode=_STATUS, responseParameters=headers, responseTemplates=templates,
        )  # fmt: skip
        return {}

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:
        api, path = actual.properties["RestApiId"], _parts(name)[1]
        now = rest.paths(api, aws).method(_VERB, path)
        if now is not None and marked(now, aws.place):
            aws.remove(rest.SERVICE, "delete_method", restApiId=api, resourceId=now.resource, httpMethod=_VERB)
            rest.prune(path, api, aws)


def _parts(name: str) -> tuple[str, str]:
    api, _, path = name.rpartition(" ")
    return api, path


def properties_of(api: str, found: rest.Method) -> dict[str, Any]:
    """A preflight's answer as it is, in the shape of what it should be."""
    answer = (found.integration.get("integrationResponses") or {}).get(_STATUS, {})
    return {
        "RestApiId": api,
        "responseParameters": dict(answer.get("responseParameters") or {}),
        "responseTemplate": (answer.get("responseTemplates") or {}).get(_JSON) or "",
    }


def _request(place: Place) -> str:
    """The template that chooses the answer; its first line tells whose the method is."""
    return f'## {_mark(place)}\n{{"statusCode": {_STATUS}}}'


def _mark(place: Place) -> str:
    return f"lambdacli {place.manifest.app} {place.manifest.stage}"


def marked(found: rest.Method, place: Place) -> bool:
    """Whether a method is a preflight that this app and stage has made."""
    template = (found.integration.get("requestTemplates") or {}).get(_JSON) or ""
    return template.partition("\n")[0] == f"## {_mark(place)}"


KIND = _RestCors()
