"""What a method of a REST API takes on AWS. Source: "Lambda proxy integrations" in the API Gateway developer guide.

A method counts once its API is deployed: so the deployment of the stage comes after all of them.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdacli.resource import POLICY_LANGUAGE, Fingerprint, Joined, Key, Ref, Resource, digest
from lambdacli.triggers import _deployed
from lambdacli.triggers import _routes as routes
from lambdacli.triggers._deployed import MOST_STATEMENTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lambdacli.model import Function, Manifest, Trigger
    from lambdacli.resource import Grant, Place, Value

_PLACES = {"$request.": "method.request.", "$context.": "context.", "$stageVariables.": "stageVariables."}
_HEADER = "method.request.header.Authorization"
_TTL = 300  # seconds, AWS's default
_LONGEST = 128  # characters of an authorizer's or an API's name
_INVOKES = {  # by how the answer comes: version of Lambda's API, what is called
    "BUFFERED": ("2015-03-31", "invocations"),
    "STREAM": ("2021-11-15", "response-streaming-invocations"),
}


class _Shared(NamedTuple):
    """What all methods of an API have in common."""

    endpoint: str
    media: tuple[str, ...]
    here: Mapping[str, list[Mapping[str, Any]]]  # by path: the settings of its methods


_NOTHING = _Shared("", (), {})


class _Route(NamedTuple):
    """A trigger with what follows from it and its place."""

    trigger: Trigger
    function: Function
    place: Place
    shared: _Shared

    @property
    def api(self) -> str:
        """The name or id of the API."""
        return str(self.trigger.settings.get("api") or self.place.named("rest", _LONGEST))

    @property
    def stage(self) -> str:
        return str(self.trigger.settings.get("stage") or self.place.manifest.stage)

    @property
    def verb(self) -> str:
        return routes.split(self.trigger.settings["route"])[0]

    @property
    def path(self) -> str:
        return _path(self.trigger.settings)

    @property
    def id(self) -> Ref:
        """The API's id."""
        return Ref("rest_api", self.api, "id")

    def app(self, kind: str, name: str, properties: dict[str, Value], **more: Any) -> Resource:
        """A resource of the app, which other triggers may want as well."""
        return Resource(kind, name, properties, where=_deployed.where(self.trigger, self.function), **more)


def in_other_stages(place: Place, api: str, stage: str) -> set[str]:
    """What the manifest has in an API, but not in one of its stages: GET /orders, and CORS /orders for a preflight.

    Args:
        place: with the manifest.
        api: its name or id, as the manifest has it.
        stage: the stage's name.
    """
    here: set[str] = set()
    elsewhere: set[str] = set()
    for function in place.manifest.functions.values():
        for trigger in function.triggers:
            if trigger.kind == "rest":
                route = _Route(trigger, function, place, _NOTHING)
                parts = {
                    f"{route.verb} {route.path}",
                    *([f"CORS {route.path}"] if trigger.settings.get("cors") else []),
                }
                if route.api == api:
                    (here if route.stage == stage else elsewhere).update(parts)
    return elsewhere - here


def deployment(trigger: Trigger, function: Function, place: Place) -> Iterator[Resource | Grant]:
    """Everything that a trigger takes."""
    route = _Route(trigger, function, place, _shared(place.manifest)[trigger.settings.get("api")])
    if not routes.api_id(trigger.settings):
        yield route.app("rest_api", route.api, _api(route))
    permission = _permission(route)
    yield permission
    authorizer = _authorizer(route)
    before = [permission.key]
    if authorizer is not None:
        yield authorizer
        for each in _may_authorize(route, authorizer):
            yield each
            before.append(each.key)
    if _required(route):
        properties: dict[str, Value] = {"RestApiId": route.id, "validateRequestParameters": True}
        yield route.app("rest_validator", route.api, {**properties, "validateRequestBody": False})
    method = _method(route, authorizer, tuple(before))
    yield method
    cors = _cors(route)
    if cors is not None:
        yield cors
    yield _deployment(route, method, authorizer, cors)
    if domain := trigger.settings.get("domain"):
        yield _mapping(route, domain)


_LAST: dict[str, tuple[Manifest, dict[str | None, _Shared]]] = {}  # a thousand functions ask about one manifest


def _shared(manifest: Manifest) -> dict[str | None, _Shared]:
    """By the setting `api`."""
    known = _LAST.get("")
    if known is None or known[0] is not manifest:
        known = _LAST[""] = (manifest, {api: _together(each) for api, each in _by_api(manifest).items()})
    return known[1]


def _by_api(manifest: Manifest) -> dict[str | None, list[Mapping[str, Any]]]:
    found: dict[str | None, list[Mapping[str, Any]]] = {}
    for function in manifest.functions.values():
        for each in function.triggers:
            if each.kind == "rest":
                found.setdefault(each.settings.get("api"), []).append(each.settings)
    return found


def _together(settings: list[Mapping[str, Any]]) -> _Shared:
    endpoint = next((each["endpoint_type"] for each in settings if "endpoint_type" in each), "REGIONAL")
    media = sorted({media for each in settings for media in each.get("binary_media_types", ())})
    here: dict[str, list[Mapping[str, Any]]] = {}
    for each in settings:
        here.setdefault(_path(each), []).append(each)
    return _Shared(endpoint, tuple(media), here)


def _path(settings: Mapping[str, Any]) -> str:
    return routes.split(settings["route"])[1].rstrip("/") or "/"


def _api(route: _Route) -> dict[str, Value]:
    properties: dict[str, Value] = {
        "endpointConfiguration": {"types": [route.shared.endpoint]},
        "binaryMediaTypes": list(route.shared.media),
        "tags": route.place.tags,
    }
    return {**properties, "policy": _PRIVATE} if route.shared.endpoint == "PRIVATE" else properties


# A private API is reached through VPC endpoints alone, and without a policy not at all.
_PRIVATE = json.dumps({
    "Version": POLICY_LANGUAGE,
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}],
})  # fmt: skip


def _permission(route: _Route) -> Resource:
    """Lets this very method of this very stage invoke the function; one statement for all where they are many."""
    path = re.sub(r"\{[^{}]*\}", "*", route.path)
    verb = "*" if route.verb == "ANY" else route.verb
    what, told = f"{verb}{path}", f"{route.verb} {route.path}"
    if _together_there(route) > MOST_STATEMENTS:
        what = told = "*"
    source = Joined((route.place.arn("execute-api", ""), route.id, f"/{route.stage}/{what}"))
    sid = f"{route.api} {route.stage} {told}"
    return _deployed.permission(route.trigger, route.function, route.place, "apigateway.amazonaws.com", source, sid=sid)


def _together_there(route: _Route) -> int:
    """How many methods of the function there are in the stage."""
    here, stage = (route.trigger.settings.get(key) for key in ("api", "stage"))
    given = (each.settings for each in route.function.triggers if each.kind == "rest")
    return sum(each.get("api") == here and each.get("stage") == stage for each in given)


def _invocation(place: Place, function: Value, mode: str = "BUFFERED") -> Joined:
    version, what = _INVOKES[mode]
    start = f"arn:{place.partition}:apigateway:{place.region}:lambda:path/{version}/functions/"
    return Joined((start, function, f"/{what}"))


def _required(route: _Route) -> bool:
    return any(route.trigger.settings.get("request_parameters", {}).values())


def _method(route: _Route, authorizer: Resource | None, before: tuple[Key, ...]) -> Resource:
    settings = route.trigger.settings
    kind = routes.authorizer_kind(settings)
    mode = settings.get("response_transfer_mode", "BUFFERED")
    scopes = settings["authorizer"]["cognito"].get("scopes", ()) if kind == "cognito" else ()
    properties: dict[str, Value] = {
        "RestApiId": route.id,
        "authorizationType": _AUTHORIZATION[kind],
        "authorizerId": Ref("rest_authorizer", authorizer.name, "id") if authorizer else None,
        "authorizationScopes": sorted(scopes),
        "apiKeyRequired": settings.get("api_key_required", False),
        "requestParameters": dict(settings.get("request_parameters", {})),
        "requestValidatorId": Ref("rest_validator", route.api, "id") if _required(route) else None,
        "type": "AWS_PROXY",
        "uri": _invocation(route.place, _deployed.alias(route.function), mode),
        "timeoutInMillis": settings.get("timeout", 29_000),
        "responseTransferMode": mode,
    }
    return _deployed.resource(
        route.trigger, route.function, "rest_method", f"{route.api} {route.verb} {route.path}", properties,
        after=before, notes=_notes(route, kind),
    )  # fmt: skip


_AUTHORIZATION = {"none": "NONE", "iam": "AWS_IAM", "cognito": "COGNITO_USER_POOLS", "lambda": "CUSTOM"}


def _notes(route: _Route, kind: str) -> tuple[str, ...]:
    settings = route.trigger.settings
    what = f"{route.verb} {route.path}"
    found = []
    if kind == "none":
        private = route.shared.endpoint == "PRIVATE"
        who = "anyone with a VPC endpoint for API Gateway" if private else "anyone on the internet"
        key = " who has an API key" if settings.get("api_key_required") else ""
        found.append(f"{who}{key} may call {what}")
    if settings.get("api_key_required"):
        found.append(f"an API key for {what} comes from a usage plan of the stage {route.stage}, which is up to you")
    if settings.get("cors"):
        found.append(f"the function itself has to send Access-Control-Allow-Origin with its answers to {what}")
    authorizer = settings["authorizer"]["lambda"]["function"] if kind == "lambda" else ""
    if authorizer.startswith("arn:"):
        found.append(f"the policy of {authorizer} must let API Gateway invoke it")
    return tuple(found)


def _authorizer(route: _Route) -> Resource | None:
    """The authorizer; methods with the same settings share it."""
    kind = routes.authorizer_kind(route.trigger.settings)
    if kind not in ("cognito", "lambda"):
        return None
    given = route.trigger.settings["authorizer"][kind]
    told = {key: value for key, value in given.items() if key != "scopes"}
    name = f"{route.place.prefix}-{kind}-{digest(json.dumps(told, sort_keys=True))[:8]}"
    properties = {"cognito": _pools, "lambda": _function}[kind](route, given)
    return route.app("rest_authorizer", f"{route.api} {name}", {"RestApiId": route.id, **properties})


def _pools(_route: _Route, given: dict[str, Any]) -> dict[str, Value]:
    return {
        "type": "COGNITO_USER_POOLS",
        "identitySource": given.get("identity_source", _HEADER),
        "authorizerResultTtlInSeconds": _TTL,
        "providerARNs": [Ref("user_pool", each) for each in given["user_pools"]],
        "authorizerUri": "",
    }


def _function(route: _Route, given: dict[str, Any]) -> dict[str, Value]:
    sources = [_source(each) for each in given.get("identity_source", ())] or [_HEADER]
    return {
        "type": given.get("type", "TOKEN"),
        "identitySource": ",".join(sources),
        "authorizerResultTtlInSeconds": given.get("result_ttl", _TTL),
        "providerARNs": [],
        "authorizerUri": _invocation(route.place, _alias(given["function"])),
    }


def _alias(named: str) -> Value:
    return named if named.startswith("arn:") else Ref("alias", named)


def _source(given: str) -> str:
    """Where the credentials stand, as REST APIs write it; the manifest may have it as HTTP APIs do."""
    for start, other in _PLACES.items():
        if given.startswith(start):
            return other + given.removeprefix(start)
    return given


def _may_authorize(route: _Route, authorizer: Resource) -> Iterator[Resource]:
    """Lets the authorizer invoke its function, where that is one of this manifest."""
    given = route.trigger.settings["authorizer"].get("lambda", {})
    function = route.place.manifest.functions.get(given.get("function", ""))
    if function is not None:
        there = Ref("rest_authorizer", authorizer.name, "id")
        source = Joined((route.place.arn("execute-api", ""), route.id, "/authorizers/", there))
        permission = _deployed.permission(
            route.trigger, function, route.place, "apigateway.amazonaws.com", source, sid=authorizer.name
        )
        yield permission._replace(where=_deployed.where(route.trigger, route.function, "authorizer"))


def _cors(route: _Route) -> Resource | None:
    """The answer to preflights of the path, which is one for all of its methods."""
    if not route.trigger.settings.get("cors"):
        return None
    found = preflight(route.shared.here[route.path])
    if found is None:
        return None
    headers, origins = found
    properties: dict[str, Value] = {
        "RestApiId": route.id,
        "responseParameters": {f"method.response.header.{key}": f"'{value}'" for key, value in headers.items()},
        "responseTemplate": _one_of(origins) if origins else "",
    }
    return route.app("rest_cors", f"{route.api} {route.path}", properties)


class Preflight(NamedTuple):
    """What preflights of a path are answered with."""

    headers: Mapping[str, str]
    origins: tuple[str, ...]  # of which the request's stands in the answer, if it is among them; none: as in `headers`


def preflight(here: Sequence[Mapping[str, Any]]) -> Preflight | None:
    """CORS of a path, from the settings of all its methods; None where a method answers OPTIONS, or none has CORS."""
    verbs = {routes.split(each["route"])[0] for each in here}
    given = [each["cors"] for each in here if each.get("cors")]
    if "OPTIONS" in verbs or not given:
        return None
    details = [each for each in given if isinstance(each, dict)]
    origins = _all(details, "allow_origins") if len(details) == len(given) else ["*"]
    methods = _all(details, "allow_methods") or sorted({*_every(verbs), "OPTIONS"})
    headers = {
        "Allow-Origin": (origins or ["*"])[0],
        "Allow-Methods": ",".join(methods),
        "Allow-Headers": ",".join(_all(details, "allow_headers") or ["*"]),
        "Expose-Headers": ",".join(_all(details, "expose_headers")),
        "Allow-Credentials": "true" if any(each.get("allow_credentials") for each in details) else "",
        "Max-Age": str(max((each["max_age"] for each in details if "max_age" in each), default="")),
    }
    told = {f"Access-Control-{key}": value for key, value in headers.items() if value}
    if len(origins) > 1 and "*" not in origins:
        return Preflight({**told, "Vary": "Origin"}, tuple(origins))
    return Preflight(told, ())


def _all(details: list[dict[str, Any]], key: str) -> list[str]:
    return list(dict.fromkeys(value for each in details for value in each.get(key, ())))


def _every(verbs: set[str]) -> set[str]:
    return {*routes.METHODS[1:]} if "ANY" in verbs else verbs


def _one_of(origins: Sequence[str]) -> str:
    """Answers with the request's origin, where that is one of these; the first of them stands there otherwise."""
    checks = " || ".join(f'$origin == "{each}"' for each in origins)
    return (
        '#set($origin = $input.params("Origin"))\n'
        '#if($origin == "")\n#set($origin = $input.params("origin"))\n#end\n'
        f"#if({checks})\n#set($context.responseOverride.header.Access-Control-Allow-Origin = $origin)\n#end"
    )


def _deployment(route: _Route, method: Resource, authorizer: Resource | None, cors: Resource | None) -> Resource:
    """The snapshot that the stage serves, when all methods of the manifest are there."""
    told = authorizer.properties if authorizer else {}
    name = authorizer.name.rpartition(" ")[2] if authorizer else ""
    checked = [name, told.get("identitySource", ""), told.get("authorizerResultTtlInSeconds", _TTL)]
    parts: dict[str, Value] = {f"{route.verb} {route.path}": Fingerprint([method.properties, checked])}
    if cors is not None:
        parts[f"CORS {route.path}"] = Fingerprint(cors.properties)
    limits = route.trigger.settings.get("throttling", {})
    asked = {"rateLimit": limits.get("rate_limit"), "burstLimit": limits.get("burst_limit")}
    throttling = {key: float(value) for key, value in asked.items() if value is not None} or None
    properties: dict[str, Value] = {
        "RestApiId": route.id,
        "Routes": parts,
        "Snapshot": "as the API is",
        "Throttling": {f"{route.verb} {route.path}": throttling},
    }
    if not routes.api_id(route.trigger.settings):
        properties["Settings"] = Fingerprint([list(route.shared.media), route.shared.endpoint == "PRIVATE"])
    after = (method.key, *([cors.key] if cors else []))
    return route.app("rest_deployment", f"{route.api} {route.stage}", properties, after=after)


def _mapping(route: _Route, domain: str) -> Resource:
    properties: dict[str, Value] = {
        "DomainName": Ref("rest_domain", domain, "name"),
        "RestApiId": route.id,
        "stage": route.stage,
    }
    after = (Key("rest_deployment", f"{route.api} {route.stage}"),)
    return route.app("rest_mapping", domain, properties, after=after)
