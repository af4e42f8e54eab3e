"""Application Load Balancers. Source: "Use Lambda functions as targets of an Application Load Balancer"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdacli.resource import Ref
from lambdacli.triggers import Finding, TriggerKind, _deployed, _pushed
from lambdacli.triggers._parts import arn_pattern, flag, number, request, settings, text, texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lambdacli.model import EventRequest, Function, Manifest, Trigger
    from lambdacli.resource import Grant, Place, Resource

_MAX_VALUES = 5  # of all conditions of one rule


def _sample(trigger: Trigger, _function: Function, manifest: Manifest) -> EventRequest:
    conditions = trigger.settings.get("conditions", {})
    parameters: dict[str, Any] = {"target-group": trigger.settings.get("target_group")}
    if paths := conditions.get("path"):
        parameters["path"] = _example(paths[0])
    if methods := conditions.get("method"):
        parameters["method"] = methods[0]
    if hosts := conditions.get("host"):
        parameters["host"] = _example(hosts[0])
    if blocks := conditions.get("source_ip"):
        parameters["source-ip"] = blocks[0].split("/")[0]
    if headers := conditions.get("header"):
        parameters["headers"] = {name: _example(values[0]) for name, values in headers.items()}
    if query := conditions.get("query"):
        parameters["query"] = {name: _example(value) for name, value in query.items()}
    template = "alb-multi-value" if trigger.settings.get("multi_value_headers") else "alb-request"
    return request(manifest, template, parameters, trigger.settings["listener"])


def _example(pattern: str) -> str:
    """A text that a condition's * and ? let pass."""
    return pattern.replace("*", "example").replace("?", "x")


def _check(trigger: Trigger, _function: Function, _manifest: Manifest) -> Iterator[Finding]:
    conditions = trigger.settings.get("conditions", {})
    values = sum(_count(condition) for condition in conditions.values())
    if values > _MAX_VALUES:
        yield Finding(f"a rule has at most {_MAX_VALUES} values in its conditions, found {values}", "conditions")
    if conditions and "priority" not in trigger.settings:
        yield Finding("a rule with conditions needs a priority", "conditions", "add `priority: 1` or another number")
    if not conditions and "priority" in trigger.settings:
        yield Finding("the listener's default action has no priority", "priority", "add `conditions`")


def _count(condition: Any) -> int:
    """Values in a condition: those of its lists, and each of a mapping's."""
    if isinstance(condition, dict):
        return sum(_count(value) for value in condition.values())
    return len(condition) if isinstance(condition, list) else 1


# Settings of the health check, what AWS calls them, and AWS's defaults for functions.
_CHECK = {
    "enabled": ("HealthCheckEnabled", False),
    "path": ("HealthCheckPath", "/"),
    "interval": ("HealthCheckIntervalSeconds", 35),
    "timeout": ("HealthCheckTimeoutSeconds", 30),
    "healthy_threshold": ("HealthyThresholdCount", 5),
    "unhealthy_threshold": ("UnhealthyThresholdCount", 2),
    "matcher": ("Matcher", "200"),
}
_LISTED = {
    "path": ("path-pattern", "PathPatternConfig"),
    "host": ("host-header", "HostHeaderConfig"),
    "method": ("http-request-method", "HttpRequestMethodConfig"),
    "source_ip": ("source-ip", "SourceIpConfig"),
}
_LONGEST = 32  # characters of a target group's name


def _deployment(trigger: Trigger, function: Function, place: Place) -> Iterator[Resource | Grant]:
    """The target group, then who may invoke the function, then the function in the group, then the requests."""
    name = _group(trigger, function, place)
    group = _deployed.resource(trigger, function, "target_group", name, _group_properties(trigger))
    arn = Ref("target_group", group.name)
    permission = _deployed.permission(trigger, function, place, "elasticloadbalancing.amazonaws.com", arn, sid=name)
    target = _deployed.resource(
        trigger, function, "target", name, {"TargetGroupArn": arn, "Id": _deployed.alias(function)},
        after=(permission.key,),
    )  # fmt: skip
    yield from (group, permission, target)
    yield _requests(trigger, function, arn)._replace(after=(target.key,))


def _requests(trigger: Trigger, function: Function, group: Ref) -> Resource:
    listener, conditions = trigger.settings["listener"], trigger.settings.get("conditions", {})
    there = Ref("listener", listener)
    forward = [{"Type": "forward", "TargetGroupArn": group}]
    if not conditions:
        properties: dict[str, Any] = {"ListenerArn": there, "DefaultActions": forward}
        notes = ("the listener's default action is this function; what it was comes back when the trigger leaves",)
        return _deployed.resource(trigger, function, "listener_default", listener, properties, notes=notes)
    priority = trigger.settings["priority"]
    properties = {"ListenerArn": there, "Conditions": [*_conditions(conditions)], "Actions": forward}
    named = f"{listener} {priority}"
    return _deployed.resource(trigger, function, "listener_rule", named, properties)


def _conditions(conditions: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The conditions as CreateRule takes them."""
    for key, (field, config) in _LISTED.items():
        if key in conditions:
            yield {"Field": field, config: {"Values": list(conditions[key])}}
    for name, values in conditions.get("header", {}).items():
        yield {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": name, "Values": list(values)}}
    if query := conditions.get("query"):
        pairs = [{"Key": key, "Value": value} for key, value in query.items()]
        yield {"Field": "query-string", "QueryStringConfig": {"Values": pairs}}


def _group_properties(trigger: Trigger) -> dict[str, Any]:
    check = trigger.settings.get("health_check", {})
    properties = {field: check.get(key, default) for key, (field, default) in _CHECK.items()}
    lists = trigger.settings.get("multi_value_headers", False)
    return {"TargetType": "lambda", **properties, "MultiValueHeaders": lists, "Forgotten": []}


def _group(trigger: Trigger, function: Function, place: Place) -> str:
    """The target group's name: AWS takes letters, digits and hyphens only."""
    name = _pushed.own_name(trigger, function, place, "target_group", _LONGEST)
    return name.replace(".", "-").replace("_", "-")


TRIGGER = TriggerKind(
    kind="alb",
    summary="Application Load Balancer: a listener's rule.",
    schema=settings(
        {
            "listener": text(
                "The listener's ARN.",
                rf"^{arn_pattern('elasticloadbalancing')}.*:listener/app/.+$",
                "expected the ARN of a listener of an Application Load Balancer",
            ),
            "conditions": settings(
                {
                    "path": texts("Path patterns, with * and ?.", minItems=1),
                    "host": texts("Host names, with * and ?.", minItems=1),
                    "method": texts("HTTP methods.", minItems=1),
                    "source_ip": texts("CIDR blocks.", minItems=1),
                    "header": {
                        "type": "object",
                        "description": "Header names and their values.",
                        "additionalProperties": texts("Values, with * and ?.", minItems=1),
                    },
                    "query": {
                        "type": "object",
                        "description": "Query parameters and their values.",
                        "additionalProperties": {"type": "string"},
                    },
                },
                description="Which requests come here; none: the listener's default action.",
            ),
            "priority": number("Of the rule: lower goes first.", 1, 50_000),
            "multi_value_headers": flag("Headers and query parameters are lists.", default=False),
            "target_group": text("Name of the target group.", "^[a-zA-Z0-9-]{1,32}$", "expected letters, digits and -"),
            "health_check": settings(
                {
                    "enabled": flag("Whether the function is called to see if it is healthy.", default=False),
                    "path": text("What is called."),
                    "interval": number("Seconds.", 35, 300),
                    "timeout": number("Seconds.", 30, 120),
                    "healthy_threshold": number("Successes in a row.", 2, 10),
                    "unhealthy_threshold": number("Failures in a row.", 2, 10),
                    "matcher": text("Status codes of success, such as 200-299."),
                },
                description="Whether and how the load balancer asks if the function is healthy.",
            ),
        },
        "listener",
    ),
    sample=_sample,
    delivery="http",
    check=_check,
    deployment=_deployment,
    shorthand="listener",
)
