"""SES receipt rules. Source: "Invoke Lambda function action" in the SES developer guide; CreateReceiptRule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdacli.resource import Joined, Key, Ref
from lambdacli.triggers import Finding, TriggerKind, _deployed, _pushed
from lambdacli.triggers._parts import choice, enabled, flag, request, settings, text, texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lambdacli.model import EventRequest, Function, Manifest, Trigger
    from lambdacli.resource import Grant, Place, Resource

_SECONDS = 30
_ACTIVE = "(active)"  # the rule set, whatever it is called


def _sample(trigger: Trigger, function: Function, manifest: Manifest) -> EventRequest:
    parameters: dict[str, Any] = {
        "function": f"{manifest.app}-{function.name}",
        "invocation-type": trigger.settings.get("invocation_type"),
    }
    if recipients := trigger.settings.get("recipients"):
        # a domain stands for each of its addresses, .example.com for those of its subdomains
        parameters["to"] = [r if "@" in r else f"someone@{'mail' if r.startswith('.') else ''}{r}" for r in recipients]
    return request(manifest, "ses-email-receiving", parameters)


def _check(trigger: Trigger, function: Function, _manifest: Manifest) -> Iterator[Finding]:
    if trigger.settings.get("invocation_type") == "RequestResponse" and function.timeout > _SECONDS:
        hint = "set the function's timeout to 30 or less, or `invocation_type: Event`"
        yield Finding(f"SES waits {_SECONDS} s, but the function may run {function.timeout} s", "", hint, "warning")


def _deployment(trigger: Trigger, function: Function, place: Place) -> Iterator[Resource | Grant]:
    rule_set = _rule_set(trigger)
    rule = _pushed.own_name(trigger, function, place, "rule")
    there = Ref("receipt_rule_set", rule_set, "name")
    source = Joined((place.arn("ses", "receipt-rule-set/"), there, f":receipt-rule/{rule}"))
    permission = _deployed.permission(
        trigger, function, place, "ses.amazonaws.com", source, sid=f"{rule_set} {rule}", account=True
    )
    yield permission
    after = (permission.key, *_earlier(trigger, place))
    properties = {"RuleSetName": there, **_properties(trigger, function)}
    yield _deployed.resource(
        trigger, function, "receipt_rule", f"{rule_set} {rule}", properties, after=after, notes=_notes(trigger)
    )


def _properties(trigger: Trigger, function: Function) -> dict[str, Any]:
    values = trigger.settings
    action: dict[str, Any] = {
        "FunctionArn": _deployed.alias(function),
        "InvocationType": values.get("invocation_type", "Event"),
    }
    if "topic" in values:
        action["TopicArn"] = Ref("topic", values["topic"])
    properties = {
        "Enabled": values.get("enabled", True),
        "TlsPolicy": values.get("tls_policy", "Optional"),
        "ScanEnabled": values.get("scan_enabled", False),
        "Recipients": list(values.get("recipients", ())),
        "Actions": [{"LambdaAction": action}],
    }
    return {**properties, "After": values["after"]} if "after" in values else properties


def _rule_set(trigger: Trigger) -> str:
    return str(trigger.settings.get("rule_set", _ACTIVE))


def _earlier(trigger: Trigger, place: Place) -> Iterator[Key]:
    """The rule that goes before, where it is one of this manifest."""
    for function in place.manifest.functions.values():
        for each in function.triggers:
            if each.kind == "ses" and _rule_set(each) == _rule_set(trigger) and each != trigger:
                rule = _pushed.own_name(each, function, place, "rule")
                if rule == trigger.settings.get("after"):
                    yield Key("receipt_rule", f"{function.name}/{_rule_set(each)} {rule}")


def _notes(trigger: Trigger) -> tuple[str, ...]:
    who = ", ".join(trigger.settings.get("recipients", ())) or "any verified address"
    return (f"mail from anyone to {who} invokes it",)


TRIGGER = TriggerKind(
    kind="ses",
    summary="SES: mail that is received.",
    schema=settings(
        {
            "recipients": texts("Addresses, domains, or .domains for subdomains; all unless given.", minItems=1),
            "rule_set": text("The receipt rule set; the active one unless given.", maxLength=64),
            "rule": text("The rule's name.", "^[a-zA-Z0-9_.-]{1,64}$", "expected letters, digits, _, - and dots"),
            "after": text("Name of the rule that goes before."),
            "invocation_type": choice("RequestResponse lets the function stop the rules.", "Event", "RequestResponse"),
            "topic": text("Name or ARN of an SNS topic that is told as well."),
            "scan_enabled": flag("Whether mail is scanned for spam and viruses."),
            "tls_policy": choice("Whether unencrypted mail is taken.", "Optional", "Require"),
            "enabled": enabled(),
        }
    ),
    sample=_sample,
    check=_check,
    deployment=_deployment,
)
