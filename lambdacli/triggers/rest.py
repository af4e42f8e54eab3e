"""API Gateway REST APIs. Source: "Lambda proxy integrations" in the API Gateway developer guide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdacli.triggers import Finding, TriggerKind, _rest
from lambdacli.triggers import _routes as routes
from lambdacli.triggers._parts import choice, flag, number, request, settings, text, texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lambdacli.model import EventRequest, Function, Manifest, Trigger

_TEMPLATES = {
    "none": "apigateway-aws-proxy",
    "iam": "apigateway-aws-proxy-iam",
    "cognito": "apigateway-aws-proxy-cognito",
    "lambda": "apigateway-aws-proxy-lambda-authorizer",
}
_PLACES = {"querystring": "query", "header": "headers"}
_SECONDS = 29


def _sample(trigger: Trigger, _function: Function, manifest: Manifest) -> EventRequest:
    values = trigger.settings
    method, path = routes.split(values["route"])
    parameters: dict[str, Any] = {
        "method": routes.sample_method(method),
        "path": routes.filled(path),
        "resource": path,
        "stage": values.get("stage"),
        "body": routes.sample_body(method),
    }
    kind = routes.authorizer_kind(values)
    if kind == "cognito":
        pools = values["authorizer"]["cognito"]["user_pools"]
        parameters["user-pool-id"] = routes.pool_id(pools[0])
    parameters["api-id"] = routes.api_id(values)
    if values.get("api_key_required"):
        parameters["api-key"] = "example-api-key"
    parameters |= _required(values.get("request_parameters", {}))
    return request(manifest, _TEMPLATES[kind], parameters)


def _required(parameters: Mapping[str, bool]) -> dict[str, dict[str, str]]:
    """An example of each query parameter and header that a request must have."""
    found: dict[str, dict[str, str]] = {}
    for name, needed in parameters.items():
        _, _, place = name.partition("method.request.")
        kind, _, key = place.partition(".")
        if needed and kind in _PLACES:
            found.setdefault(_PLACES[kind], {})[key] = "example"
    return found


def _check(trigger: Trigger, function: Function, manifest: Manifest) -> Iterator[Finding]:
    values = trigger.settings
    yield from routes.check_path(values["route"])
    # a regional or private API may be allowed more by AWS; then its timeout is given
    waits = values.get("timeout", _SECONDS * 1000) / 1000
    if values.get("response_transfer_mode") != "STREAM":
        yield from routes.check_timeout(function, waits, "a REST API")
    yield from routes.check_authorizer(values, manifest)
    yield from routes.check_cors(values)
    yield from _check_api(trigger, manifest)


def _check_api(trigger: Trigger, manifest: Manifest) -> Iterator[Finding]:
    """What AWS takes of HTTP APIs only, and what all methods of an API have in common."""
    values = trigger.settings
    if values.get("stage") == "$default":
        yield Finding("a REST API has no stage $default", "stage", "give another name: it is a part of the URL")
    if routes.api_id(values):
        for key in ("endpoint_type", "binary_media_types"):
            if key in values:
                yield Finding("the API is somebody else's: this is left as it is there", key, "remove it", "warning")
    if "endpoint_type" in values and len(types := {*_endpoint_types(values.get("api"), manifest)}) > 1:
        yield Finding(f"an API has one type of endpoint, not {' and '.join(sorted(types))}", "endpoint_type")


def _endpoint_types(api: str | None, manifest: Manifest) -> Iterator[str]:
    """Those that the methods of an API ask for."""
    for function in manifest.functions.values():
        for each in function.triggers:
            if each.kind == "rest" and each.settings.get("api") == api and "endpoint_type" in each.settings:
                yield each.settings["endpoint_type"]


TRIGGER = TriggerKind(
    kind="rest",
    summary="API Gateway REST API: a method of a resource.",
    schema=settings(
        {
            "route": routes.route(default=False),
            **routes.endpoint("REST API"),
            "cors": routes.cors(),
            "timeout": number("Milliseconds that API Gateway waits for the function.", 50, 300_000, default=29_000),
            "api_key_required": flag("Only calls with an API key.", default=False),
            "request_parameters": {
                "type": "object",
                "description": "method.request.querystring.NAME and its like, and whether they are required.",
                "additionalProperties": {"type": "boolean"},
            },
            "binary_media_types": texts("Media types that arrive base64-encoded."),
            "endpoint_type": choice("Of the API.", "REGIONAL", "EDGE", "PRIVATE", default="REGIONAL"),
            "response_transfer_mode": choice("STREAM sends the answer as it comes.", "BUFFERED", "STREAM"),
            "authorizer": routes.authorizer(
                cognito=settings(
                    {
                        "user_pools": texts("Names, ids or ARNs of user pools.", minItems=1),
                        "scopes": texts("OAuth scopes of which the token needs one."),
                        "identity_source": text(
                            "Where the token stands.", default="method.request.header.Authorization"
                        ),
                    },
                    "user_pools",
                ),
                **{"lambda": routes.lambda_authorizer(type=choice("What it gets.", "TOKEN", "REQUEST"))},
            ),
        },
        "route",
    ),
    sample=_sample,
    delivery="http",
    check=_check,
    deployment=_rest.deployment,
    shorthand="route",
)
