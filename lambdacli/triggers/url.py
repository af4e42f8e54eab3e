"""Function URLs. Source: CreateFunctionUrlConfig in Lambda's API reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdacli.triggers import Finding, TriggerKind
from lambdacli.triggers import _cors as cors
from lambdacli.triggers import _deployed as deployed
from lambdacli.triggers import _routes as routes
from lambdacli.triggers._parts import choice, request, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lambdacli.model import EventRequest, Function, Manifest, Trigger
    from lambdacli.resource import Grant, Place, Resource


def _sample(trigger: Trigger, _function: Function, manifest: Manifest) -> EventRequest:
    iam = trigger.settings["auth_type"] == "AWS_IAM"
    return request(manifest, "lambda-function-url-iam" if iam else "lambda-function-url", {})


def _check(trigger: Trigger, function: Function, _manifest: Manifest) -> Iterator[Finding]:
    yield from routes.check_cors(trigger.settings)
    if sum(other.kind == "url" for other in function.triggers) > 1:
        yield Finding("a function has one URL")


def _deployment(trigger: Trigger, function: Function, place: Place) -> Iterator[Resource | Grant]:
    """The URL, after what lets everybody call it. With AWS_IAM it is the callers' own policies that let them.

    Either way both lambda:InvokeFunctionUrl and lambda:InvokeFunction are needed, for URLs made since October 2025.

    Source: "Control access to Lambda function URLs" in the Lambda developer guide.
    """
    auth = trigger.settings["auth_type"]
    everybody = auth == "NONE"
    allowed = list(_permissions(trigger, function, place)) if everybody else []
    yield from allowed
    shared = cors.wanted(trigger.settings.get("cors"))
    if methods := [each for each in shared.get("AllowMethods", ()) if each != "OPTIONS"]:
        shared["AllowMethods"] = methods  # the URL itself answers preflights, and takes no name of 7 letters
    properties = {"AuthType": auth, "Cors": shared, "InvokeMode": trigger.settings.get("invoke_mode", "BUFFERED")}
    notes = ("anyone on the internet may call it",) if everybody else ()
    after = (deployed.alias(function).key, *(each.key for each in allowed))
    yield deployed.resource(trigger, function, "function_url", "url", properties, after=after, notes=notes)


def _permissions(trigger: Trigger, function: Function, place: Place) -> Iterator[Resource]:
    calling: dict[str, Any] = {"Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "NONE"}
    invoking: dict[str, Any] = {"InvokedViaFunctionUrl": True}
    for sid, more in (("call", calling), ("invoke", invoking)):
        yield deployed.permission(trigger, function, place, "*", sid=sid, **more)


TRIGGER = TriggerKind(
    kind="url",
    summary="Function URL: an HTTPS endpoint of the function's own.",
    schema=settings(
        {
            "auth_type": choice("NONE: everybody may call it. AWS_IAM: signed requests only.", "AWS_IAM", "NONE"),
            "cors": routes.cors(),
            "invoke_mode": choice(
                "RESPONSE_STREAM sends the answer as it comes.", "BUFFERED", "RESPONSE_STREAM", default="BUFFERED"
            ),
        },
        "auth_type",
    ),
    sample=_sample,
    delivery="http",
    check=_check,
    deployment=_deployment,
)
