"""What the triggers' files share: pieces of JSON Schema, ARNs, and sample requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdacli.model import EventRequest

if TYPE_CHECKING:
    from lambdacli.model import Manifest

VARIABLE = r"\$\{"  # text with a variable in it is checked again when its value is known


def text(description: str, pattern: str = "", expected: str = "", **more: Any) -> dict[str, Any]:
    """Schema of a non-empty string; `expected` is what an error says when the pattern does not match."""
    schema: dict[str, Any] = {"type": "string", "description": description, "minLength": 1}
    if pattern:
        schema |= {"pattern": f"{pattern}|{VARIABLE}", "patternErrorMessage": expected}
    return schema | more


def number(description: str, low: int, high: int, **more: Any) -> dict[str, Any]:
    """Schema of a whole number."""
    return {"type": "integer", "description": description, "minimum": low, "maximum": high} | more


def flag(description: str, **more: Any) -> dict[str, Any]:
    """Schema of true or false."""
    return {"type": "boolean", "description": description} | more


def choice(description: str, *values: str, **more: Any) -> dict[str, Any]:
    """Schema of one of some strings."""
    return {"enum": list(values), "description": description} | more


def many(description: str, item: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Schema of a list."""
    return {"type": "array", "description": description, "items": item} | more


def texts(description: str, **more: Any) -> dict[str, Any]:
    """Schema of a list of strings."""
    return many(description, {"type": "string", "minLength": 1}, **more)


def settings(properties: dict[str, Any], *required: str, description: str = "") -> dict[str, Any]:
    """Schema of a mapping with these keys and no others."""
    schema: dict[str, Any] = {"type": "object", "additionalProperties": False, "properties": properties}
    if description:
        schema["description"] = description
    return schema | ({"required": list(required)} if required else {})


def enabled() -> dict[str, Any]:
    """Every trigger that AWS can switch off has this key."""
    return flag("false: it is deployed, but does not invoke.", default=True)


def arn_pattern(service: str) -> str:
    """Matches an ARN of this service in any partition."""
    return rf"arn:aws[a-z-]*:{service}:"


def name_of(name_or_arn: str) -> str:
    """The resource's own name: what stands after the last `:` or `/` of an ARN."""
    if not name_or_arn.startswith("arn:"):
        return name_or_arn
    return name_or_arn.split(":", 5)[-1].rpartition("/")[2].rpartition(":")[2]


def request(manifest: Manifest, template: str, parameters: dict[str, Any], resource: str = "") -> EventRequest:
    """A request for a template: parameters without a value are left to the template's defaults.

    Region and account are those of the resource where the manifest gives its ARN, else the manifest's own.
    """
    _, _, _, region, account, *_ = [*resource.split(":", 5), *[""] * 5] if resource.startswith("arn:") else [""] * 5
    common = {"region": region or manifest.region, "account-id": account or manifest.account or None}
    given = {key: value for key, value in (common | parameters).items() if value is not None}
    return EventRequest(template, given)


def placed(target: dict[str, Any], path: list[str], value: Any) -> dict[str, Any]:
    """An object with a value at the end of a path; a number on the way is a list of one item."""
    step, *rest = path
    if not rest:
        return {**target, step: value}
    if rest[0].isdecimal():
        return {**target, step: [placed({}, rest[1:], value) if rest[1:] else value]}
    inner = target.get(step)
    return {**target, step: placed(inner if isinstance(inner, dict) else {}, rest, value)}


def literal(event: Any) -> EventRequest:
    """A request for exactly this event, where the settings say what the function gets."""
    return EventRequest("", event=event)
