"""API Gateway HTTP APIs. Source: "Working with HTTP APIs" in the API Gateway developer guide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdacli.triggers import Finding, TriggerKind
from lambdacli.triggers import _routes as routes
from lambdacli.triggers._parts import choice, number, request, settings, text, texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lambdacli.model import EventRequest, Function, Manifest, Trigger

_TEMPLATES = {
    "none": "apigateway-http-api-proxy",
    "jwt": "apigateway-http-api-proxy-jwt",
    "iam": "apigateway-http-api-proxy-iam",
    "lambda": "apigateway-http-api-proxy-lambda-authorizer",
}
_AUTHORIZED = {  # what payload format 1.0 has of them
    "jwt": {"claims": {"sub": "example"}, "scopes": None},
    "lambda": {"principalId": "example", "key": "value"},
}
_SECONDS = 30


def _sample(trigger: Trigger, _function: Function, manifest: Manifest) -> EventRequest:
    values = trigger.settings
    method, path = routes.split(values["route"])
    parameters: dict[str, Any] = {"method": routes.sample_method(method), "path": routes.filled(path)}
    parameters["body"] = routes.sample_body(method)
    parameters |= {"stage": values.get("stage"), "api-id": routes.api_id(values)}
    kind = routes.authorizer_kind(values)
    if values.get("payload_format_version") == "1.0":
        parameters |= {"resource": path, "authorizer": _AUTHORIZED.get(kind)}
        return request(manifest, "apigateway-http-api-proxy-v1", parameters)
    parameters |= {"route-key": values["route"], "query-string": ""}
    if kind == "jwt":
        jwt = values["authorizer"]["jwt"]
        parameters |= {"issuer": jwt["issuer"], "scopes": jwt.get("scopes")}
        parameters["claims"] = {"aud": jwt["audience"][0]} if jwt["audience"] else None
    return request(manifest, _TEMPLATES[kind], parameters)


def _check(trigger: Trigger, function: Function, manifest: Manifest) -> Iterator[Finding]:
    yield from routes.check_path(trigger.settings["route"])
    yield from routes.check_timeout(function, _SECONDS, "an HTTP API")
    yield from routes.check_authorizer(trigger.settings, manifest)
    yield from routes.check_cors(trigger.settings)


TRIGGER = TriggerKind(
    kind="http",
    summary="API Gateway HTTP API: a route.",
    schema=settings(
        {
            "route": routes.route(default=True),
            **routes.endpoint("HTTP API"),
            "cors": routes.cors(),
            "payload_format_version": choice("Shape of the event.", "2.0", "1.0", default="2.0"),
            "timeout": number("Milliseconds that API Gateway waits for the function.", 50, 30_000, default=30_000),
            "authorizer": routes.authorizer(
                jwt=settings(
                    {
                        "issuer": text("URL of the token's issuer."),
                        "audience": texts("Whom the tokens are for."),
                        "identity_source": texts("Where the token stands.", default=["$request.header.Authorization"]),
                        "scopes": texts("Scopes of which the token needs one."),
                    },
                    "issuer",
                    "audience",
                ),
                **{
                    "lambda": routes.lambda_authorizer(
                        payload_format_version=choice("Shape of the authorizer's event.", "2.0", "1.0"),
                        simple_responses={"type": "boolean", "description": "It answers with isAuthorized."},
                    )
                },
            ),
        },
        "route",
    ),
    sample=_sample,
    check=_check,
    shorthand="route",
)
