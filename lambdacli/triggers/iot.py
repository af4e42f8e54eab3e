"""IoT rules. Source: "AWS IoT SQL reference" and CreateTopicRule in the IoT developer guide."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from lambdacli.resource import digest
from lambdacli.triggers import Finding, TriggerKind, _deployed, _pushed
from lambdacli.triggers._parts import choice, enabled, placed, request, settings, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lambdacli.model import EventRequest, Function, Manifest, Trigger
    from lambdacli.resource import Grant, Place, Resource

_SELECT = re.compile(r"\s*SELECT\s+(.+?)\s+FROM\s+'([^']*)'", re.IGNORECASE | re.DOTALL)
_COLUMN = re.compile(r"(?:(.+?)\s+AS\s+)?([A-Za-z_]\w*)", re.IGNORECASE | re.DOTALL)
_COMMA = re.compile(r",(?![^()]*\))")  # between columns, not between the arguments of a function
_LONGEST, _DIGEST = 119, 8  # characters of a rule's name: with a digest 128
_CONDITION = re.compile(r"([A-Za-z_][\w.]*)\s*(=|<>|!=|<=|>=|<|>)\s*('[^']*'|-?\d+(?:\.\d+)?)")


def _sample(trigger: Trigger, _function: Function, manifest: Manifest) -> EventRequest:
    return request(manifest, "iot-rule", {"payload": _payload(trigger.settings["sql"])})


def _payload(sql: str) -> dict[str, Any] | None:
    """The columns that the statement names, with values that its conditions let pass; None where any message does."""
    match = _SELECT.match(sql)
    columns = [column.strip() for column in _COMMA.split(match[1])] if match else []
    named = [_COLUMN.fullmatch(column) for column in columns if column != "*"]
    if not columns or not all(named):
        return None
    wanted = (
        {condition[1]: _value(condition[2], condition[3]) for condition in _CONDITION.finditer(sql, match.end())}
        if match
        else {}
    )
    found: dict[str, Any] = {}
    if "*" in columns:
        found |= {"deviceid": "iot123"} if named or wanted else {}
        for path, value in wanted.items():
            found = placed(found, path.split("."), value)
    for column in named:
        if column:
            found[column[2]] = wanted.get(column[1] or column[2], "example")
    return found or None


def _value(sign: str, text: str) -> Any:
    """What passes a comparison with a text or a number."""
    if text.startswith("'"):
        return text[1:-1] if sign in {"=", ">=", "<="} else f"{text[1:-1]}-other"
    number = float(text) if "." in text else int(text)
    return number + {">": 1, "<": -1, "<>": 1, "!=": 1}.get(sign, 0)


def _check(trigger: Trigger, _function: Function, _manifest: Manifest) -> Iterator[Finding]:
    match = _SELECT.match(trigger.settings["sql"])
    if match is None:
        return
    topic = match[2]
    if "#" in topic and not (topic.endswith("/#") or topic == "#"):
        yield Finding(f"# stands at the end of a topic filter, not as in {topic[:60]}", "sql")
    if any("+" in level and level != "+" for level in topic.split("/")):
        yield Finding(f"+ stands for a whole level of a topic filter, not as in {topic[:60]}", "sql")


def _deployment(trigger: Trigger, function: Function, place: Place) -> Iterator[Resource | Grant]:
    values = trigger.settings
    rule = _rule(trigger, function, place)
    arn = place.arn("iot", f"rule/{rule}")
    permission = _deployed.permission(trigger, function, place, "iot.amazonaws.com", arn, sid=rule, account=True)
    properties = {
        "sql": values["sql"],
        "awsIotSqlVersion": values.get("aws_iot_sql_version", "2015-10-08"),
        "description": values.get("description", ""),
        "ruleDisabled": not values.get("enabled", True),
        "actions": [{"lambda": {"functionArn": _deployed.alias(function)}}],
        "errorAction": None,
    }
    yield permission
    yield _deployed.resource(trigger, function, "topic_rule", rule, properties, after=(permission.key,))


def _rule(trigger: Trigger, function: Function, place: Place) -> str:
    """The rule's name: AWS takes letters, digits and _ only."""
    name = _pushed.own_name(trigger, function, place, "rule", _LONGEST)
    if "rule" in trigger.settings:
        return name
    return f"{re.sub('[^a-zA-Z0-9_]', '_', name)}_{digest(name)[:_DIGEST]}"


TRIGGER = TriggerKind(
    kind="iot",
    summary="IoT rule: MQTT messages that a SQL statement selects.",
    schema=settings(
        {
            "sql": text(
                "The statement, such as SELECT * FROM 'devices/+/status' WHERE battery < 10.",
                r"^\s*[Ss][Ee][Ll][Ee][Cc][Tt]\s[\s\S]+",
                "expected SELECT … FROM 'topic/filter'",
            ),
            "rule": text("The rule's name.", "^[a-zA-Z0-9_]{1,128}$", "expected letters, digits and _"),
            "aws_iot_sql_version": choice("Version of the SQL.", "2016-03-23", "2015-10-08", "beta"),
            "description": text("Shown in the console."),
            "enabled": enabled(),
        },
        "sql",
    ),
    sample=_sample,
    delivery="push",
    check=_check,
    deployment=_deployment,
    shorthand="sql",
)
