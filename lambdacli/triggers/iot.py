"""IoT rules. Source: "AWS IoT SQL reference" and CreateTopicRule in the IoT developer guide."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lambdacli.triggers import Finding, TriggerKind
from lambdacli.triggers._parts import choice, enabled, request, settings, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lambdacli.model import EventRequest, Function, Manifest, Trigger

_SELECT = re.compile(r"\s*SELECT\s+(.+?)\s+FROM\s+'([^']*)'", re.IGNORECASE | re.DOTALL)
_COLUMN = re.compile(r"\s*(?:.+\s+AS\s+)?([A-Za-z_]\w*)\s*", re.IGNORECASE | re.DOTALL)


def _sample(trigger: Trigger, _function: Function, manifest: Manifest) -> EventRequest:
    return request(manifest, "iot-rule", {"payload": _payload(trigger.settings["sql"])})


def _payload(sql: str) -> dict[str, str] | None:
    """The columns that the statement names, with example values; None where it takes the whole message."""
    match = _SELECT.match(sql)
    columns = [_COLUMN.fullmatch(column) for column in match[1].split(",")] if match else []
    if not columns or not all(columns):
        return None
    return {column[1]: "example" for column in columns if column}


def _check(trigger: Trigger, _function: Function, _manifest: Manifest) -> Iterator[Finding]:
    match = _SELECT.match(trigger.settings["sql"])
    if match is None:
        return
    topic = match[2]
    if "#" in topic and not (topic.endswith("/#") or topic == "#"):
        yield Finding(f"# stands at the end of a topic filter, not as in {topic[:60]}", "sql")
    if any("+" in level and level != "+" for level in topic.split("/")):
        yield Finding(f"+ stands for a whole level of a topic filter, not as in {topic[:60]}", "sql")


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
    check=_check,
    shorthand="sql",
)
