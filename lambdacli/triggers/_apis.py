"""What deploying HTTP and WebSocket APIs shares: whose API it is, its stage, its integrations, who may call it.

Sources: "Working with HTTP APIs" and "Working with WebSocket APIs" in the API Gateway developer guide.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdacli.errors import ManifestError
from lambdacli.resource import Joined, Key, Ref, Resource, digest
from lambdacli.triggers import _deployed as deployed
from lambdacli.triggers import _routes as routes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lambdacli.model import Function, Manifest, Trigger
    from lambdacli.resource import Place, Value

SERVICE = "apigateway.amazonaws.com"
_KINDS = {"http": "http_api", "websocket": "websocket_api"}
_PARAMETER = re.compile(r"\{[^{}]*\}")


class Api(NamedTuple):
    """An API that triggers put routes into."""

    kind: str
    name: str  # what it is called, or the id of somebody else's
    foreign: bool

    def ref(self, attribute: str = "id") -> Ref:
        """What only AWS knows of it."""
        return Ref(self.kind, self.name, attribute)


class Use(NamedTuple):
    """A trigger's part in an API."""

    trigger: Trigger
    function: Function
    api: Api
    place: Place

    @property
    def stage(self) -> str:
        """The stage's name: of an HTTP API the one that adds nothing to the URL, unless the manifest names one."""
        named = self.trigger.settings.get("stage")
        if named:
            return str(named)
        return "$default" if self.trigger.kind == "http" else self.place.manifest.stage

    @property
    def stage_key(self) -> Key:
        """The stage as a resource."""
        return Key("stage", f"{self.api.name}/{self.stage}")

    def where(self, key: str = "") -> str:
        """The trigger, or one of its settings, in the manifest."""
        return deployed.where(self.trigger, self.function, key)

    def execute_arn(self, rest: Value) -> Joined:
        """What API Gateway says it is when it invokes: stage, method and path; or an authorizer."""
        parts = rest.parts if isinstance(rest, Joined) else (rest,)
        return Joined((self.place.arn("execute-api", ""), self.api.ref(), "/", *parts))


def use(trigger: Trigger, function: Function, place: Place) -> Use:
    """The trigger's part in its API."""
    own = place.prefix if trigger.kind == "http" else f"{place.prefix}-websocket"
    named = str(trigger.settings.get("api") or own)
    foreign = routes.api_id(trigger.settings) is not None
    return Use(trigger, function, Api(_KINDS[trigger.kind], named, foreign), place)


class Shared(NamedTuple):
    """All that the manifest wants of one API."""

    uses: tuple[Use, ...]  # in the manifest's order
    by_route: Mapping[str, Use]  # the first of each
    by_stage: Mapping[str, Use]  # the first of each
    by_domain: Mapping[str, tuple[Use, ...]]
    with_cors: tuple[Use, ...]
    routes: Counter[tuple[str, str]]  # how many a function has in a stage

    @classmethod
    def of(cls, uses: Iterable[Use]) -> Shared:
        """What these uses come to."""
        known = tuple(uses)
        by_route = {each.trigger.settings["route"]: each for each in reversed(known)}
        by_stage = {each.stage: each for each in reversed(known)}
        domains = {domain for each in known if (domain := each.trigger.settings.get("domain"))}
        by_domain = {
            domain: tuple(each for each in known if each.trigger.settings.get("domain") == domain)
            for domain in sorted(domains)
        }
        with_cors = tuple(each for each in known if "cors" in each.trigger.settings)
        counted = Counter((each.function.name, each.stage) for each in known)
        return cls(known, by_route, by_stage, by_domain, with_cors, counted)


class _Known:
    """The APIs of the manifest that was asked about last: each of its triggers asks again."""

    manifest: Manifest | None = None
    apis: Mapping[Api, Shared] = MappingProxyType({})


def together(one: Use) -> Shared:
    """What the whole manifest wants of the same API."""
    if _Known.manifest is not one.place.manifest:
        found: dict[Api, list[Use]] = {}
        for function in one.place.manifest.functions.values():
            for trigger in function.triggers:
                if trigger.kind in _KINDS:
                    each = use(trigger, function, one.place)
                    found.setdefault(each.api, []).append(each)
        _Known.apis = {api: Shared.of(uses) for api, uses in found.items()}
        _Known.manifest = one.place.manifest
    return _Known.apis[one.api]


def check_unique(one: Use) -> None:
    """A route leads to one function, and an API's name means one API.

    Raises:
        ManifestError: one is in the manifest twice.
    """
    route = one.trigger.settings["route"]
    first = together(one).by_route[route]
    if any(each.name == one.api.name and each.kind != one.api.kind for each in _Known.apis):
        message = f"{one.where('api')}: {one.api.name} is the name of an HTTP API and of a WebSocket API"
        raise ManifestError(message, hint="give them names of their own")
    if (first.function.name, first.trigger.position) != (one.function.name, one.trigger.position):
        message = f"{one.where('route')}: {route} is a route of {first.function.name} already"
        raise ManifestError(message, hint="a route of an API invokes one function")


def api(one: Use, properties: Mapping[str, Value]) -> Resource:
    """The API itself: made by us, or somebody else's that must be there."""
    first = together(one).uses[0]
    if one.api.foreign:
        return Resource(one.api.kind, one.api.name, {}, where=first.where("api"), owned=False)
    tags = {**one.place.tags, **{f"lambdacli:domain:{domain}": "/" for domain in together(one).by_domain}}
    common = {"Name": one.api.name, "DisableExecuteApiEndpoint": False, "Tags": tags}
    return Resource(one.api.kind, one.api.name, {**common, **properties}, where=first.where())


def stage(one: Use) -> Resource:
    """The stage; what changes in an API of ours is in effect there at once."""
    first = together(one).by_stage[one.stage]
    properties: dict[str, Value] = {"ApiId": one.api.ref(), "StageName": one.stage}
    if not one.api.foreign:
        properties |= {"AutoDeploy": True, "Endpoint": one.api.ref("endpoint"), "Tags": one.place.tags}
    where = first.where("stage" if "stage" in first.trigger.settings else "")
    return Resource(*one.stage_key, properties, where=where, owned=not one.api.foreign)


def mapping(one: Use) -> Iterator[Resource]:
    """The API under a domain name of one's own.

    Raises:
        ManifestError: the API is somebody else's, or the domain leads somewhere else already.
    """
    domain = one.trigger.settings.get("domain")
    if not domain:
        return
    if one.api.foreign:
        hint = "let its owner map the domain"
        raise ManifestError(f"{one.where('domain')}: {one.api.name} is an API of somebody else's", hint=hint)
    _check_domain(one, domain)
    properties = {
        "DomainName": Ref("domain_name", domain, "name"),
        "ApiId": one.api.ref(),
        "Stage": one.stage,
        "ApiMappingKey": "",
        "Scheme": "https" if one.trigger.kind == "http" else "wss",
    }
    yield Resource("api_mapping", domain, properties, where=one.where("domain"), after=(one.stage_key,))


def _check_domain(one: Use, domain: str) -> None:
    together(one)
    for shared in _Known.apis.values():
        for each in shared.by_domain.get(domain, ()):
            if (each.api, each.stage) != (one.api, one.stage):
                message = f"{one.where('domain')}: {domain} leads to {each.api.name}, stage {each.stage} already"
                raise ManifestError(message, hint="a domain leads to one stage of one API")


def permission(one: Use, rest: str) -> Resource:
    """Lets the route invoke the function; one statement for all its routes where they are many.

    Source: "Working with Lambda proxy integrations" in the API Gateway developer guide.
    """
    same = together(one).routes[one.function.name, one.stage]
    what = "*" if same > deployed.MOST_STATEMENTS else _PARAMETER.sub("*", rest)
    source = one.execute_arn(f"{one.stage}/{what}")
    sid = f"{one.api.name}/{one.stage}/{what}"
    return deployed.permission(one.trigger, one.function, one.place, SERVICE, source, sid=sid)


def integration(one: Use, uri: Value, version: str, timeout: int, after: Key) -> Resource:
    """What connects routes with the function: one for all that agree in the event's shape and in the timeout."""
    properties = {
        "ApiId": one.api.ref(),
        "IntegrationType": "AWS_PROXY",
        "IntegrationMethod": "POST",
        "IntegrationUri": uri,
        "PayloadFormatVersion": version,
        "TimeoutInMillis": timeout,
    }
    name = f"{one.api.name}/{version}/{timeout}"
    return deployed.resource(one.trigger, one.function, "integration", name, properties, after=(after,))


def invocation(place: Place, function_arn: Value) -> Joined:
    """The URI of a function's invocation, as API Gateway names it."""
    region = place.region
    if isinstance(function_arn, str):
        region = function_arn.split(":")[3]
    prefix = f"arn:{place.partition}:apigateway:{region}:lambda:path/2015-03-31/functions/"
    return Joined((prefix, function_arn, "/invocations"))


class Authorized(NamedTuple):
    """Who may call a route: what the route says of it, and what must be there first."""

    properties: Mapping[str, Value]
    resources: tuple[Resource, ...] = ()
    after: tuple[Key, ...] = ()


def plainly(kind: str) -> Authorized:
    """A route that everybody may call, or those whom IAM lets."""
    authorization = "AWS_IAM" if kind == "iam" else "NONE"
    return Authorized({"AuthorizationType": authorization, "AuthorizerId": "", "AuthorizationScopes": []})


def by_authorizer(
    one: Use, kind: str, details: Mapping[str, Value], after: Key, notes: tuple[str, ...] = ()
) -> Resource:
    """An authorizer. Its name tells what it is like, so that routes share it: an API has at most 10."""
    told = digest(json.dumps(details, sort_keys=True, default=repr))[:12]
    name = f"{one.place.prefix}-{kind}-{told}"
    properties = {"ApiId": one.api.ref(), "Name": name, **details}
    key = f"{one.api.name}/{name}"
    return Resource("authorizer", key, properties, where=one.where("authorizer"), after=(after,), notes=notes)


def by_lambda(one: Use, details: Mapping[str, Value], after: Key) -> Authorized:
    """A route whose callers a function judges; that function lets the authorizer invoke it.

    Raises:
        ManifestError: there is no such function.
    """
    named = str(one.trigger.settings["authorizer"]["lambda"]["function"])
    judge = one.place.manifest.functions.get(named)
    if judge is None and not named.startswith("arn:"):
        raise ManifestError(f"{one.where('authorizer.lambda.function')}: there is no function {named}")
    arn: Value = deployed.alias(judge) if judge else named
    notes = () if judge else (f"{named} must permit API Gateway to invoke it",)
    properties = {"AuthorizerType": "REQUEST", "AuthorizerUri": invocation(one.place, arn), **details}
    authorizer = by_authorizer(one, "lambda", properties, after, notes)
    route = {"AuthorizationType": "CUSTOM", "AuthorizerId": Ref(*authorizer.key, "id"), "AuthorizationScopes": []}
    if judge is None:
        return Authorized(route, (authorizer,), (authorizer.key,))
    source = one.execute_arn(Joined(("authorizers/", Ref(*authorizer.key, "id"))))
    allowed = deployed.permission(one.trigger, judge, one.place, SERVICE, source, sid=f"authorizer {authorizer.name}")
    return Authorized(route, (authorizer, allowed), (authorizer.key, allowed.key))


def throttling(one: Use) -> dict[str, Any]:
    """The route's limits in its stage."""
    limits = one.trigger.settings.get("throttling") or {}
    names = {"rate_limit": "ThrottlingRateLimit", "burst_limit": "ThrottlingBurstLimit"}
    return {names[key]: value for key, value in limits.items()}


def route(
    one: Use, through: Resource, authorized: Authorized, after: Key, notes: tuple[str, ...] = (), **more: Value
) -> Resource:
    """The route: the last piece, after which requests come."""
    key = one.trigger.settings["route"]
    properties = {
        "ApiId": one.api.ref(),
        "RouteKey": key,
        "Target": Joined(("integrations/", Ref(*through.key, "id"))),
        **authorized.properties,
        "StageName": one.stage,
        "RouteSettings": throttling(one),
        **more,
    }
    first = (after, one.stage_key, *authorized.after)
    name = f"{one.api.name}/{key}"
    return deployed.resource(one.trigger, one.function, "route", name, properties, after=first, notes=notes)
