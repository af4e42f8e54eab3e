"""Cognito user pool triggers. Source: "Customizing user pool workflows with Lambda triggers"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdacli.resource import Grant, Ref
from lambdacli.triggers import Finding, TriggerKind, _deployed
from lambdacli.triggers import _routes as routes
from lambdacli.triggers._parts import choice, request, settings, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lambdacli.model import EventRequest, Function, Manifest, Trigger
    from lambdacli.resource import Place, Resource

# The trigger's name in a pool's LambdaConfig → its template, and what the pool calls it for.
TRIGGERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "PreSignUp": ("cognito-pre-sign-up", ("SignUp", "AdminCreateUser", "ExternalProvider")),
    "PostConfirmation": ("cognito-post-confirmation", ("ConfirmSignUp", "ConfirmForgotPassword")),
    "PreAuthentication": ("cognito-pre-authentication", ("Authentication",)),
    "PostAuthentication": ("cognito-post-authentication", ("Authentication",)),
    "PreTokenGeneration": (
        "cognito-pre-token-generation",
        ("HostedAuth", "Authentication", "NewPasswordChallenge", "AuthenticateDevice", "RefreshTokens",
         "ClientCredentials"),
    ),
    "CustomMessage": (
        "cognito-custom-message",
        ("SignUp", "AdminCreateUser", "ResendCode", "ForgotPassword", "UpdateUserAttribute", "VerifyUserAttribute",
         "Authentication"),
    ),
    "CustomEmailSender": (
        "cognito-custom-email-sender",
        ("SignUp", "ResendCode", "ForgotPassword", "UpdateUserAttribute", "VerifyUserAttribute", "AdminCreateUser",
         "AccountTakeOverNotification", "Authentication"),
    ),
    "CustomSMSSender": (
        "cognito-custom-sms-sender",
        ("SignUp", "ResendCode", "ForgotPassword", "UpdateUserAttribute", "VerifyUserAttribute", "AdminCreateUser",
         "Authentication"),
    ),
    "DefineAuthChallenge": ("cognito-define-auth-challenge", ("Authentication",)),
    "CreateAuthChallenge": ("cognito-create-auth-challenge", ("Authentication",)),
    "VerifyAuthChallengeResponse": ("cognito-verify-auth-challenge-response", ("Authentication",)),
    "UserMigration": ("cognito-user-migration", ("Authentication", "ForgotPassword")),
    "InboundFederation": ("cognito-inbound-federation", ("ExternalProvider",)),
}  # fmt: skip
_PREFIXES = {"PreTokenGeneration": "TokenGeneration"}  # of the trigger source, where it is not the trigger's name
_SOURCES = tuple(
    f"{_PREFIXES.get(name, name)}_{reason}" for name, (_, reasons) in TRIGGERS.items() for reason in reasons
)
_VERSIONS = {"V1_0": "", "V2_0": "-v2", "V3_0": "-v3"}
_MACHINES = "TokenGeneration_ClientCredentials"  # only the newest version of the event knows it
_SECONDS = 5


def step(source: str) -> str:
    """The trigger's name in a pool's LambdaConfig for a trigger source, with or without its reason."""
    prefix = source.partition("_")[0]
    return next((name for name, other in _PREFIXES.items() if other == prefix), prefix)


def _sample(trigger: Trigger, _function: Function, manifest: Manifest) -> EventRequest:
    source = trigger.settings["trigger_source"]
    template = TRIGGERS[step(source)][0]
    if template == "cognito-pre-token-generation":
        version = "V3_0" if source == _MACHINES else trigger.settings.get("lambda_version", "V1_0")
        template += _VERSIONS[version]
    pool = trigger.settings["user_pool"]
    parameters = {"user-pool-id": routes.pool_id(pool), "trigger-source": source if "_" in source else None}
    return request(manifest, template, parameters, pool)


def _check(trigger: Trigger, function: Function, _manifest: Manifest) -> Iterator[Finding]:
    yield from routes.check_timeout(function, _SECONDS, "Cognito gives up: it")
    if "lambda_version" in trigger.settings and step(trigger.settings["trigger_source"]) != "PreTokenGeneration":
        yield Finding("only PreTokenGeneration has versions", "lambda_version", "remove it")
    name = step(trigger.settings["trigger_source"])
    if name in _KEYED and "kms_key" not in trigger.settings:
        yield Finding(
            f"{name} gets codes that are encrypted", "kms_key", "add the ARN of a symmetric KMS key", "warning"
        )
    if "kms_key" in trigger.settings and name not in _KEYED:
        yield Finding("only custom senders have a key", "kms_key", "remove it")
    if trigger.settings["trigger_source"] == _MACHINES and trigger.settings.get("lambda_version") != "V3_0":
        yield Finding("tokens for client credentials need version 3", "trigger_source", "add `lambda_version: V3_0`")


_KEYED = ("CustomEmailSender", "CustomSMSSender")
_VERSIONED = (*_KEYED, "InboundFederation")


def _deployment(trigger: Trigger, function: Function, place: Place) -> Iterator[Resource | Grant]:
    pool, name = trigger.settings["user_pool"], step(trigger.settings["trigger_source"])
    permission = _deployed.permission(
        trigger, function, place, "cognito-idp.amazonaws.com", Ref("user_pool", pool), sid=pool, account=True
    )
    yield permission
    yield _deployed.resource(
        trigger, function, "user_pool_trigger", f"{pool} {name}", _properties(trigger, function, name),
        after=(permission.key,), notes=_notes(trigger),
    )  # fmt: skip
    if "kms_key" in trigger.settings and name in _KEYED:
        yield Grant(("kms:Decrypt",), (trigger.settings["kms_key"],))


def _properties(trigger: Trigger, function: Function, name: str) -> dict[str, Any]:
    pool = Ref("user_pool", trigger.settings["user_pool"], "id")
    properties: dict[str, Any] = {"UserPoolId": pool, "LambdaArn": _deployed.alias(function)}
    if name == "PreTokenGeneration":
        properties["LambdaVersion"] = trigger.settings.get("lambda_version", "V1_0")
    elif name in _VERSIONED:
        properties["LambdaVersion"] = "V1_0"
    if name in _KEYED:
        properties["KMSKeyID"] = trigger.settings.get("kms_key")
    return properties


def _notes(trigger: Trigger) -> tuple[str, ...]:
    step_, _, reason = trigger.settings["trigger_source"].partition("_")
    return (f"the user pool calls it for every {step_}, not only for {reason}",) if reason else ()


TRIGGER = TriggerKind(
    kind="cognito",
    summary="Cognito user pool: a step of signing up or in.",
    schema=settings(
        {
            "user_pool": text("The pool's name, id or ARN."),
            "trigger_source": choice(
                "The step, as PreSignUp, or one reason for it, as PreSignUp_SignUp.", *TRIGGERS, *_SOURCES
            ),
            "lambda_version": choice("Version of the PreTokenGeneration event.", *_VERSIONS, default="V1_0"),
            "kms_key": text("ARN of the KMS key that encrypts codes for custom senders."),
        },
        "user_pool",
        "trigger_source",
    ),
    sample=_sample,
    check=_check,
    deployment=_deployment,
)
