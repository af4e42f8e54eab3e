"""Filters of single services: custom resources' properties, CloudFront's headers, the slots of Lex and Alexa."""

from __future__ import annotations

from typing import Any

from lambdacli.events.filters.basic import as_object, as_text


def cloudformation_properties(value: Any) -> Any:
    """Properties as CloudFormation hands them over: numbers and truths are text at any depth."""
    if isinstance(value, dict):
        return {name: cloudformation_properties(each) for name, each in value.items()}
    if isinstance(value, list):
        return [cloudformation_properties(each) for each in value]
    return as_text(value)


def cloudfront_headers(value: Any) -> dict[str, list[dict[str, str]]]:
    """Headers by their names in lower case, each a list of key and value."""
    found: dict[str, list[dict[str, str]]] = {}
    for name, each in as_object(value).items():
        texts = each if isinstance(each, list) else [each]
        found.setdefault(name.lower(), []).extend({"key": name, "value": as_text(text)} for text in texts)
    return found


def lex_slots(value: Any) -> dict[str, str | None]:
    """Slots of Lex V1: text, or null until the user has said it."""
    return {name: None if each is None else as_text(each) for name, each in as_object(value).items()}


def lex_slot_details(value: Any) -> dict[str, Any]:
    """What Lex V1 says about the slots that are filled."""
    filled = {name: text for name, text in lex_slots(value).items() if text is not None}
    return {name: {"resolutions": [{"value": text}], "originalValue": text} for name, text in filled.items()}


def lex_v2_slots(value: Any) -> dict[str, Any]:
    """Slots of Lex V2: null, or a shape and its value; a list is a slot of several values."""
    return {name: _lex_v2_slot(each) for name, each in as_object(value).items()}


def _lex_v2_slot(value: Any) -> Any:
    if value is None or isinstance(value, dict):
        return value
    if isinstance(value, list):
        whole = " ".join(as_text(each) for each in value)
        return {"shape": "List", "value": _lex_v2_value(whole), "values": [_lex_v2_slot(each) for each in value]}
    return {"shape": "Scalar", "value": _lex_v2_value(as_text(value))}


def _lex_v2_value(text: str) -> dict[str, Any]:
    return {"originalValue": text, "interpretedValue": text, "resolvedValues": [text]}


def filled(value: Any) -> dict[str, Any]:
    """The entries that are not null."""
    return {name: each for name, each in as_object(value).items() if each is not None}


def alexa_slots(value: Any) -> dict[str, Any]:
    """Slots of an Alexa skill: each with its name, confirmation and, once said, its value."""
    return {name: _alexa_slot(name, each) for name, each in as_object(value).items()}


def _alexa_slot(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        return {"name": name, **value}
    if value is None:
        return {"name": name, "confirmationStatus": "NONE"}
    text = as_text(value)
    said = {"source": "USER", "slotValue": {"type": "Simple", "value": text}}
    return {"name": name, "value": text, "confirmationStatus": "NONE", **said}


FILTERS = {
    "cloudformation_properties": cloudformation_properties,
    "cloudfront_headers": cloudfront_headers,
    "lex_slots": lex_slots,
    "lex_slot_details": lex_slot_details,
    "lex_v2_slots": lex_v2_slots,
    "filled": filled,
    "alexa_slots": alexa_slots,
}
