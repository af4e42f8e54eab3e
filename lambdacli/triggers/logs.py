"""CloudWatch Logs subscriptions. Source: PutSubscriptionFilter in the CloudWatch Logs API reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdacli.triggers import Finding, TriggerKind
from lambdacli.triggers._log_filters import message
from lambdacli.triggers._parts import flag, request, settings, text, texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lambdacli.model import EventRequest, Function, Manifest, Trigger

_OWN = "/aws/lambda/"


def log_group_name(value: str) -> str:
    """A log group's name from a name or an ARN."""
    return value.split(":log-group:", 1)[-1].removesuffix(":*")


def _sample(trigger: Trigger, _function: Function, manifest: Manifest) -> EventRequest:
    values = trigger.settings
    parameters = {
        "log-group": log_group_name(values["log_group"]),
        "subscription-filter": values.get("filter_name"),
        "message": message(values.get("filter_pattern", "")),
    }
    return request(manifest, "cloudwatch-logs", parameters, values["log_group"])


def _check(trigger: Trigger, function: Function, manifest: Manifest) -> Iterator[Finding]:
    group = log_group_name(trigger.settings["log_group"])
    if group in (_OWN + function.name, f"{_OWN}{manifest.app}-{function.name}"):
        message = "the function would be invoked by its own log, again and again"
        yield Finding(message, "log_group", "subscribe to another log group")


TRIGGER = TriggerKind(
    kind="logs",
    summary="CloudWatch Logs: entries of a log group.",
    schema=settings(
        {
            "log_group": text(
                "The log group's name or ARN.",
                r"^([a-zA-Z0-9_/.#-]{1,512}|arn:aws[a-z-]*:logs:.+)$",
                "expected a log group's name (letters, digits, _ - / . #) or an ARN",
            ),
            "filter_pattern": {
                "type": "string",
                "description": 'Which entries, such as "ERROR" or { $.level = "error" }; all unless given.',
                "maxLength": 1024,
            },
            "apply_on_transformed_logs": flag("The pattern looks at the transformed entries.", default=False),
            "field_selection_criteria": text("Which system fields an entry must have.", maxLength=2000),
            "emit_system_fields": texts("System fields that are sent along, such as @aws.account."),
            "filter_name": text("Of the subscription filter.", "^[^:*]{1,512}$", "expected text without : and *"),
        },
        "log_group",
    ),
    sample=_sample,
    check=_check,
    shorthand="log_group",
)
