"""Function URLs. Source: CreateFunctionUrlConfig in Lambda's API reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdacli.triggers import Finding, TriggerKind
from lambdacli.triggers import _routes as routes
from lambdacli.triggers._parts import choice, request, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lambdacli.model import EventRequest, Function, Manifest, Trigger


def _sample(trigger: Trigger, _function: Function, manifest: Manifest) -> EventRequest:
    iam = trigger.settings["auth_type"] == "AWS_IAM"
    return request(manifest, "lambda-function-url-iam" if iam else "lambda-function-url", {})


def _check(trigger: Trigger, function: Function, _manifest: Manifest) -> Iterator[Finding]:
    yield from routes.check_cors(trigger.settings)
    if sum(other.kind == "url" for other in function.triggers) > 1:
        yield Finding("a function has one URL")


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
    check=_check,
)
