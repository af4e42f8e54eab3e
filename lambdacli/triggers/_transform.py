"""What a rule of EventBridge makes of its event: a part of it, or a text with parts of it.

Source: "Amazon EventBridge input transformation" in the EventBridge user guide.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from lambdacli import partitions

if TYPE_CHECKING:
    from collections.abc import Mapping

_STEP = re.compile(r"""\.([^.\[\]]+)|\[(\d+)\]|\[(?:'([^']*)'|"([^"]*)")\]""")
_PLACE = re.compile(r"<([^<>\s]+)>")


def selected(path: str, event: Any) -> Any:
    """The part of an event that a JSONPath names; null where there is none."""
    for match in _STEP.finditer(path.removeprefix("$")):
        key, index, quoted, double = match.groups()
        try:
            event = event[int(index)] if index is not None else event[key or quoted or double]
        except (KeyError, IndexError, TypeError):
            return None
    return event


def transformed(paths: Mapping[str, str], template: str, rule: str, event: Any) -> Any:
    """A template with its places filled, as JSON where it is that, else as text."""
    values = {name: selected(path, event) for name, path in paths.items()} | _reserved(rule, event)
    text = "\n".join(_filled(line, values) for line in template.strip().splitlines())
    try:
        return json.loads(text)
    except ValueError:
        lines = [_loaded(line) for line in text.splitlines()]
        return "\n".join(lines)


def _filled(line: str, values: Mapping[str, Any]) -> str:
    """Within quotes a value is text, outside it is JSON; a place without a value is left empty."""
    pieces: list[str] = []
    end = 0
    quoted = False
    for match in _PLACE.finditer(line):
        before = line[end : match.start()]
        quoted ^= len(re.findall(r'(?<!\\)"', before)) % 2 == 1
        value = values.get(match[1])
        text = "" if value is None else value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
        pieces += [before, json.dumps(text)[1:-1] if quoted else json.dumps(value, separators=(",", ":"))]
        end = match.end()
    return "".join([*pieces, line[end:]])


def _loaded(line: str) -> str:
    try:
        found = json.loads(line)
    except ValueError:
        return line
    return found if isinstance(found, str) else line


def _reserved(rule: str, event: Any) -> dict[str, Any]:
    """The names that EventBridge itself knows."""
    about = event if isinstance(event, dict) else {}
    region = str(about.get("region", ""))
    arn = f"arn:{partitions.of(region)}:events:{region}:{about.get('account', '')}:rule/{rule}"
    without = {key: value for key, value in about.items() if key != "detail"}
    return {
        "aws.events.rule-arn": arn,
        "aws.events.rule-name": rule,
        "aws.events.event.ingestion-time": about.get("time"),
        "aws.events.event": without,
        "aws.events.event.json": event,
    }
