"""A function that a user pool calls. Source: LambdaConfigType and UpdateUserPool in the user pools API reference.

UpdateUserPool sets what it is not given to the default: so all that the pool has goes into it again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdacli.deploy.resources import UNKNOWN, Actual, Kind
from lambdacli.deploy.resources._ours import ours, owner, spelling

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Deployed, Properties
    from lambdacli.resource import Place, Resource

_KEPT = (
    "AccountRecoverySetting", "AcrConfiguration", "AdminCreateUserConfig", "AutoVerifiedAttributes",
    "DcrConfiguration", "DeletionProtection", "DeviceConfiguration", "EmailConfiguration", "EmailVerificationMessage",
    "EmailVerificationSubject", "IssuerConfiguration", "KeyConfiguration", "MfaConfiguration", "Policies",
    "SmsAuthenticationMessage", "SmsConfiguration", "SmsVerificationMessage", "UserAttributeUpdateSettings",
    "UserPoolAddOns", "UserPoolTags", "UserPoolTier", "VerificationMessageTemplate",
)  # fmt: skip
_FACTORS = (
    "SmsMfaConfiguration", "SoftwareTokenMfaConfiguration", "EmailMfaConfiguration", "WebAuthnConfiguration",
    "MfaConfiguration",
)  # fmt: skip
_VERSIONED = {"CustomEmailSender", "CustomSMSSender", "InboundFederation"}  # with a version and an ARN
_SENDERS = {"CustomEmailSender", "CustomSMSSender"}
_TOKENS = "PreTokenGeneration"  # has its version in a field of its own
_KEY = "KMSKeyID"


class _UserPoolTrigger(Kind):
    """Its name is the function's, a slash, the pool as the manifest has it, a space, the trigger's."""

    kind = "user_pool_trigger"
    label = "Cognito trigger"
    rank = 70
    moves = True

    def lane(self, resource: Resource) -> str:
        return f"user_pool {_parts(resource.name)[0]}"

    def objection(self, properties: Properties, actual: Actual | None, place: Place) -> str:
        if actual is None or actual.owned:
            return ""
        return f"the user pool calls {actual.properties['LambdaArn']} for this already: take that out of the pool first"

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        pool = properties.get("UserPoolId", UNKNOWN)
        config = None if pool is UNKNOWN else _config(pool, aws)
        return _actual(pool, _parts(name)[1], config, aws) if config is not None else None

    def found_on(self, function: Deployed, aws: Aws) -> Iterable[tuple[str, Actual]]:
        for arn in function.sources("cognito-idp"):
            pool = arn.rpartition("/")[2]
            answer = aws.get("cognito-idp", "describe_user_pool", UserPoolId=pool)
            there = answer["UserPool"] if answer else {}
            spelt = spelling(aws.place, "cognito", "user_pool", [pool, arn, there.get("Name", pool)])
            for trigger, value in there.get("LambdaConfig", {}).items():
                actual = _actual(pool, trigger, there["LambdaConfig"], aws)
                if actual is not None and _arn(value) == function.alias_arn and trigger in _triggers():
                    yield f"{function.name}/{spelt} {trigger}", actual

    def create(self, name: str, properties: Properties, aws: Aws) -> Attributes:
        trigger = _parts(name)[1]
        _change(properties["UserPoolId"], lambda config: _with(config, trigger, properties), aws)
        return {}

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:
        pool, trigger = actual.properties["UserPoolId"], _parts(name)[1]
        config = _config(pool, aws) or {}
        if _arn(config.get(trigger)) == owner(name, aws.place):  # another function of ours may have it by now
            _change(pool, lambda before: _without(before, trigger), aws)


def _parts(name: str) -> tuple[str, str]:
    """The pool as the manifest has it, and the trigger."""
    pool, _, trigger = name.partition("/")[2].rpartition(" ")
    return pool, trigger


def _triggers() -> AbstractSet[str]:
    from lambdacli.triggers.cognito import TRIGGERS

    return TRIGGERS.keys()


def _config(pool: str, aws: Aws) -> dict[str, Any] | None:
    answer = aws.get("cognito-idp", "describe_user_pool", UserPoolId=pool)
    return dict(answer["UserPool"].get("LambdaConfig", {})) if answer else None


def _arn(value: Any) -> str:
    return str(value.get("LambdaArn", "")) if isinstance(value, dict) else str(value or "")


def _actual(pool: str, trigger: str, config: Mapping[str, Any], aws: Aws) -> Actual | None:
    value = config.get(trigger) or config.get(f"{trigger}Config")
    if not value:
        return None
    properties: dict[str, Any] = {"UserPoolId": pool, "LambdaArn": _arn(value)}
    if trigger == _TOKENS:
        properties["LambdaVersion"] = config.get(f"{_TOKENS}Config", {}).get("LambdaVersion", "V1_0")
    elif trigger in _VERSIONED:
        properties["LambdaVersion"] = value.get("LambdaVersion", "V1_0")
    if trigger in _SENDERS:
        properties[_KEY] = config.get(_KEY)
    return Actual(properties, {"id": f"{pool} {trigger}"}, owned=ours(properties["LambdaArn"], aws))


def _with(config: Mapping[str, Any], trigger: str, properties: Properties) -> dict[str, Any]:
    arn = properties["LambdaArn"]
    versioned = {"LambdaVersion": properties.get("LambdaVersion"), "LambdaArn": arn}
    if trigger == _TOKENS:
        return {**config, _TOKENS: arn, f"{_TOKENS}Config": versioned}
    key = {_KEY: properties[_KEY]} if properties.get(_KEY) else {}
    return {**config, **key, trigger: versioned if trigger in _VERSIONED else arn}


def _without(config: Mapping[str, Any], trigger: str) -> dict[str, Any]:
    left = {key: value for key, value in config.items() if key not in (trigger, f"{trigger}Config")}
    if not left.keys() & _SENDERS:
        left.pop(_KEY, None)
    return left


def _change(pool: str, to: Any, aws: Aws) -> None:
    """Write a pool's LambdaConfig, and everything else as it is."""
    answer = aws.get("cognito-idp", "describe_user_pool", UserPoolId=pool)
    there = answer["UserPool"] if answer else {}
    with_factors = there.get("MfaConfiguration", "OFF") != "OFF"
    factors = _factors(pool, aws) if with_factors else {}
    given = {key: there[key] for key in _KEPT if key in there}
    if with_factors and "SmsConfiguration" not in given:
        del given["MfaConfiguration"]  # it is refused without text messages
    given["AdminCreateUserConfig"] = _accounts(given)
    config = to(dict(there.get("LambdaConfig", {})))
    aws.call("cognito-idp", "update_user_pool", UserPoolId=pool, LambdaConfig=config, **given)
    if factors and _factors(pool, aws) != factors:
        aws.call("cognito-idp", "set_user_pool_mfa_config", UserPoolId=pool, **factors)


def _accounts(given: Mapping[str, Any]) -> dict[str, Any]:
    """AdminCreateUserConfig; its days are an old name of those in the password policy, and refused together."""
    config = dict(given.get("AdminCreateUserConfig", {}))
    if "TemporaryPasswordValidityDays" in given.get("Policies", {}).get("PasswordPolicy", {}):
        config.pop("UnusedAccountValidityDays", None)
    return config


def _factors(pool: str, aws: Aws) -> dict[str, Any]:
    answer = aws.get("cognito-idp", "get_user_pool_mfa_config", UserPoolId=pool) or {}
    return {key: answer[key] for key in _FACTORS if key in answer}


KIND = _UserPoolTrigger()
