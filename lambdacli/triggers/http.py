"""API Gateway HTTP APIs. Source: "Working with HTTP APIs" in the API Gateway developer guide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdacli.errors import ManifestError
from lambdacli.resource import Ref
from lambdacli.triggers import Finding, TriggerKind
from lambdacli.triggers import _apis as apis
from lambdacli.triggers import _cors as cors
from lambdacli.triggers import _deployed as deployed
from lambdacli.triggers import _routes as routes
from lambdacli.triggers._parts import choice, number, request, settings, text, texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lambdacli.model import EventRequest, Function, Manifest, Trigger
    from lambdacli.resource import Grant, Key, Place, Resource

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
_TOKEN = ["$request.header.Authorization"]


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
    if routes.authorizer_kind(trigger.settings) == "lambda":
        yield from _check_judge(trigger.settings["authorizer"]["lambda"])


def _check_judge(settings: dict[str, Any]) -> Iterator[Finding]:
    """What AWS refuses of a Lambda authorizer."""
    if settings.get("simple_responses") and settings.get("payload_format_version") == "1.0":
        yield Finding("simple_responses needs payload_format_version 2.0", "authorizer.lambda.simple_responses")
    if settings.get("result_ttl") and not settings.get("identity_source"):
        yield Finding("answers are kept by identity_source, which is missing", "authorizer.lambda.result_ttl")


def _deployment(trigger: Trigger, function: Function, place: Place) -> Iterator[Resource | Grant]:
    one = apis.use(trigger, function, place)
    apis.check_unique(one)
    yield apis.api(one, {"CorsConfiguration": _cors(one)})
    yield apis.stage(one)
    yield from apis.mapping(one)
    allowed = apis.permission(one, _invoked_as(trigger.settings["route"]))
    yield allowed
    version = trigger.settings.get("payload_format_version", "2.0")
    timeout = trigger.settings.get("timeout", _SECONDS * 1000)
    through = apis.integration(one, deployed.alias(function), version, timeout, allowed.key)
    yield through
    authorized = _authorized(one, allowed.key)
    yield from authorized.resources
    kind = routes.authorizer_kind(trigger.settings)
    notes = ("anyone on the internet may call it",) if kind == "none" else ()
    yield apis.route(one, through, authorized, allowed.key, notes)


def _cors(one: apis.Use) -> dict[str, Any]:
    """Of the whole API. Somebody else's keeps its own.

    Raises:
        ManifestError: triggers contradict each other, or the API is somebody else's.
    """
    given = [(each.where("cors"), each.trigger.settings["cors"]) for each in apis.together(one).with_cors]
    if given and one.api.foreign:
        message = f"{given[0][0]}: {one.api.name} is an API of somebody else's, and CORS is the API's"
        raise ManifestError(message, hint="leave out cors, or the API's id")
    return cors.merged(given)


def _invoked_as(route: str) -> str:
    """The method and path under which API Gateway invokes."""
    method, _, path = route.partition(" ")
    return f"{'*' if method == 'ANY' else method}{path}" if path else route


def _authorized(one: apis.Use, after: Key) -> apis.Authorized:
    kind = routes.authorizer_kind(one.trigger.settings)
    if kind == "jwt":
        return _by_token(one, one.trigger.settings["authorizer"]["jwt"], after)
    if kind == "lambda":
        settings = one.trigger.settings["authorizer"]["lambda"]
        details = {
            "AuthorizerPayloadFormatVersion": settings.get("payload_format_version", "2.0"),
            "AuthorizerResultTtlInSeconds": settings.get("result_ttl", 0),
            "EnableSimpleResponses": settings.get("simple_responses", False),
            "IdentitySource": settings.get("identity_source", []),
        }
        return apis.by_lambda(one, details, after)
    return apis.plainly(kind)


def _by_token(one: apis.Use, jwt: dict[str, Any], after: Key) -> apis.Authorized:
    details = {
        "AuthorizerType": "JWT",
        "IdentitySource": jwt.get("identity_source", _TOKEN),
        "JwtConfiguration": {"Audience": sorted(jwt["audience"]), "Issuer": jwt["issuer"]},
    }
    authorizer = apis.by_authorizer(one, "jwt", details, after)
    route = {
        "AuthorizationType": "JWT",
        "AuthorizerId": Ref(*authorizer.key, "id"),
        "AuthorizationScopes": sorted(jwt.get("scopes", [])),
    }
    return apis.Authorized(route, (authorizer,), (authorizer.key,))


TRIGGER = TriggerKind(
    kind="http",
    summary="API Gateway HTTP API: a route.",
    schema=settings(
        {
            "route": routes.route(default=True),
            **routes.endpoint("HTTP API"),
            "cors": routes.cors(),
            "payload_format_version": choice("Shape of the event.", "2.0", "1.0", default="2.0"),
            "timeout": number(
                "Milliseconds that API Gateway waits for the function.", 50, 30_000, default=_SECONDS * 1000
            ),
            "authorizer": routes.authorizer(
                jwt=settings(
                    {
                        "issuer": text("URL of the token's issuer."),
                        "audience": texts("Whom the tokens are for."),
                        "identity_source": texts("Where the token stands.", default=_TOKEN),
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
    delivery="http",
    check=_check,
    deployment=_deployment,
    shorthand="route",
)
