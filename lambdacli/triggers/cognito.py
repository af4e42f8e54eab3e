"""Cognito user pool triggers. Source: "Customizing user pool workflows with Lambda triggers"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdacli.triggers import Finding, TriggerKind
from lambdacli.triggers import _routes as routes
from lambdacli.triggers._parts import choice, request, settings, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lambdacli.model import EventRequest, Function, Manifest, Trigger

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
    if trigger.settings["trigger_source"] == _MACHINES and trigger.settings.get("lambda_version") != "V3_0":
        yield Finding("tokens for client credentials need version 3", "trigger_source", "add `lambda_version: V3_0`")


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
)
