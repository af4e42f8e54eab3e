"""API Gateway WebSocket APIs. Source: "Overview of WebSocket APIs" in the API Gateway developer guide."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lambdacli.triggers import Finding, TriggerKind
from lambdacli.triggers import _routes as routes
from lambdacli.triggers._parts import flag, number, request, settings, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lambdacli.model import EventRequest, Function, Manifest, Trigger

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
            "timeout": number("Milliseconds that API Gateway waits for the function.", 50, 29_000, default=29_000),
            "authorizer": routes.authorizer(**{"lambda": routes.lambda_authorizer()}),
        },
        "route",
    ),
    sample=_sample,
    check=_check,
    shorthand="route",
)
