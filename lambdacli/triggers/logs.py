"""CloudWatch Logs subscriptions. Source: PutSubscriptionFilter in the CloudWatch Logs API reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdacli.resource import MAX_FUNCTION_NAME, Key, Resource, shortened
from lambdacli.triggers import Finding, TriggerKind
from lambdacli.triggers import _pushed as pushed
from lambdacli.triggers._deployed import alias, permission, resource, where
from lambdacli.triggers._log_filters import message
from lambdacli.triggers._parts import flag, request, settings, text, texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lambdacli.model import EventRequest, Function, Manifest, Trigger
    from lambdacli.resource import Place

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
    deployed = shortened(f"{manifest.app}-{manifest.stage}-{function.name}", MAX_FUNCTION_NAME)
    if group in {_OWN + each for each in (function.name, f"{manifest.app}-{function.name}", deployed)}:
        message = "the function would be invoked by its own log, again and again"
        yield Finding(message, "log_group", "subscribe to another log group")


def _deployment(trigger: Trigger, function: Function, place: Place) -> Iterator[Resource]:
    """A subscription filter; CloudWatch Logs tries whether it may invoke, so the permission comes first."""
    values = trigger.settings
    here = place.arn("logs", "log-group:")
    group = values["log_group"].removeprefix(here).removesuffix(":*")  # another's ARN where it is elsewhere
    source = f"{group if group.startswith('arn:') else here + group}:*"
    allowed = permission(trigger, function, place, "logs.amazonaws.com", source, sid=source, account=True)
    whose = _owner(group, place)
    yield allowed
    if whose is None:
        yield Resource("external_log_group", group, {}, where=where(trigger, function, "log_group"), owned=False)
    properties = {
        "logGroupName": group,
        "filterPattern": values.get("filter_pattern", ""),
        "destinationArn": alias(function),
        "fieldSelectionCriteria": values.get("field_selection_criteria", ""),
        "applyOnTransformedLogs": values.get("apply_on_transformed_logs", False),
        "emitSystemFields": sorted(values.get("emit_system_fields", ())),
    }
    name = pushed.own_name(trigger, function, place, "filter_name", 512)
    after = (allowed.key, *([Key("log_group", whose)] if whose else []))
    yield resource(trigger, function, "subscription_filter", f"{group}:{name}", properties, after=after)


def _owner(group: str, place: Place) -> str | None:
    """The function of the manifest that writes into a log group."""
    return next((name for name in place.manifest.functions if group == _OWN + place.function_name(name)), None)


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
    delivery="push",
    check=_check,
    deployment=_deployment,
    shorthand="log_group",
)
