"""SES receipt rules. Source: "Invoke Lambda function action" in the SES developer guide; CreateReceiptRule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdacli.triggers import Finding, TriggerKind
from lambdacli.triggers._parts import choice, enabled, flag, request, settings, text, texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lambdacli.model import EventRequest, Function, Manifest, Trigger

_SECONDS = 30


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
)
