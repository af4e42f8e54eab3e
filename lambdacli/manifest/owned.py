"""The section `resources`: what the manifest asks lambdacli to make where it is missing."""

from __future__ import annotations

from typing import Any

_SECTIONS = ("buckets", "queues", "topics", "tables", "streams")


def section() -> dict[str, Any]:
    """JSON Schema of `resources`."""
    each = {"type": "object", "additionalProperties": {"type": ["object", "null"]}}
    return {
        "type": "object",
        "description": "Resources that are made where they are missing.",
        "additionalProperties": False,
        "properties": dict.fromkeys(_SECTIONS, each),
    }
