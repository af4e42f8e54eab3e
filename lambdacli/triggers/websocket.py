"""API Gateway WebSocket APIs. Source: "Overview of WebSocket APIs" in the API Gateway developer guide."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lambdacli.errors import ManifestError
from lambdacli.resource import Grant
from lambdacli.triggers import Finding, TriggerKind
from lambdacli.triggers import _apis as apis
from lambdacli.triggers import _deployed as deployed
from lambdacli.triggers import _routes as routes
from lambdacli.triggers._parts import flag, number, request, settings, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lambdacli.model import EventRequest, Function, Manifest, Trigger
    from lambdacli.resource import Key, Place, Resource

_LIFECYCLE = {"$connect": "apigateway-websocket-connect", "$disconnect": "apigateway-websocket-disconnect"}
_SELECTION = "$request.body.action"
_SECONDS = 29


def _sample(trigger: Trigger, _function: Function, manifest: Manifest) -> EventRequest:
    route = trigger.settings["route"]
    common = {"stage": trigger.settings.get("stage"), "api-id": routes.api_id(trigger.settings)}
    if routes.authorizer_kind(trigger.settings) == "lambda":
        common["authorizer"] = {"principalId": "example"}
    if template := _LIFECYCLE.get(route):
        return request(manifest, template, common)
    parameters: dict[str, Any] = {**common, "route-key": route}
    selection = trigger.settings.get("route_selection_expression", _SELECTION)
    if route != "$default" and selection.startswith("$request.body."):
        body: Any = route
        for step in reversed(selection.removeprefix("$request.body.").split(".")):
            body = {step: body}
        parameters["body"] = json.dumps(body)
    return request(manifest, "apigateway-websocket-message", parameters)


def _check(trigger: Trigger, function: Function, manifest: Manifest) -> Iterator[Finding]:
    values = trigger.settings
    if routes.authorizer_kind(values) != "none" and values["route"] != "$connect":
        yield Finding("only $connect is authorized; the connection keeps what it got", "authorizer")
    yield from routes.check_timeout(function, _SECONDS, "a WebSocket API")
    yield from routes.check_authorizer(values, manifest)
    if routes.authorizer_kind(values) == "lambda" and "result_ttl" in values["authorizer"]["lambda"]:
        yield Finding("a WebSocket API asks its authorizer every time", "authorizer.lambda.result_ttl")


def _deployment(trigger: Trigger, function: Function, place: Place) -> Iterator[Resource | Grant]:
    one = apis.use(trigger, function, place)
    apis.check_unique(one)
    yield apis.api(one, {"RouteSelectionExpression": _selection(one)})
    yield apis.stage(one)
    yield from apis.mapping(one)
    route = trigger.settings["route"]
    allowed = apis.permission(one, route)
    yield allowed
    uri = apis.invocation(place, deployed.alias(function))
    through = apis.integration(one, uri, "1.0", trigger.settings.get("timeout", _SECONDS * 1000), allowed.key)
    yield through
    authorized = _authorized(one, allowed.key)
    yield from authorized.resources
    opened = route == "$connect" and routes.authorizer_kind(trigger.settings) == "none"
    notes = ("anyone on the internet may connect",) if opened else ()
    answers = {"RouteResponses": ["$default"] if trigger.settings.get("route_response") else []}
    yield apis.route(one, through, authorized, allowed.key, notes, **answers)
    yield Grant(("execute-api:ManageConnections",), (one.execute_arn(f"{one.stage}/*/@connections/*"),))


def _selection(one: apis.Use) -> str:
    """What chooses the route, for the whole API; a trigger that does not say follows the others.

    Raises:
        ManifestError: triggers contradict each other, or the API is somebody else's.
    """
    uses = apis.together(one).uses
    given = {said for each in uses if (said := each.trigger.settings.get("route_selection_expression"))}
    if given and one.api.foreign:
        message = f"{one.where()}: {one.api.name} is an API of somebody else's, and what chooses its routes is its own"
        raise ManifestError(message, hint="leave out route_selection_expression, or the API's id")
    if len(given) > 1:
        message = f"{one.where('route_selection_expression')}: {' and '.join(sorted(given))} contradict each other"
        raise ManifestError(message, hint="the triggers of an API share it")
    return given.pop() if given else _SELECTION


def _authorized(one: apis.Use, after: Key) -> apis.Authorized:
    kind = routes.authorizer_kind(one.trigger.settings)
    if kind != "lambda":
        return apis.plainly(kind)
    sources = one.trigger.settings["authorizer"]["lambda"].get("identity_source", [])
    told = [f"route.{each.removeprefix('$')}" if each.startswith("$request.") else each for each in sources]
    return apis.by_lambda(one, {"IdentitySource": told}, after)


TRIGGER = TriggerKind(
    kind="websocket",
    summary="API Gateway WebSocket API: a route.",
    schema=settings(
        {
            "route": text(
                "$connect, $disconnect, $default, or a value of the selection expression.",
                r"^\S{1,128}$",
                "expected a route key without spaces",
            ),
            **routes.endpoint("WebSocket API"),
            "route_selection_expression": text("What of a message chooses the route.", default=_SELECTION),
            "route_response": flag("What the function returns is sent to the client.", default=False),
            "timeout": number(
                "Milliseconds that API Gateway waits for the function.", 50, 29_000, default=_SECONDS * 1000
            ),
            "authorizer": routes.authorizer(**{"lambda": routes.lambda_authorizer()}),
        },
        "route",
    ),
    sample=_sample,
    delivery="websocket",
    check=_check,
    deployment=_deployment,
    shorthand="route",
)
