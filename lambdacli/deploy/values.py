"""Values with references in them: filled in as far as is known, and fingerprinted."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any, TypeAlias

from lambdacli.deploy.resources import UNKNOWN
from lambdacli.resource import Fingerprint, Joined, Key, Ref

Attributes: TypeAlias = "Mapping[Key, Mapping[str, str]]"


def resolved(value: Any, attributes: Attributes) -> Any:
    """The value with its references filled in; UNKNOWN in the place of those that nobody knows yet."""
    if isinstance(value, Ref):
        return attributes.get(value.key, {}).get(value.attribute, UNKNOWN)
    if isinstance(value, Joined):
        parts = [resolved(part, attributes) for part in value.parts]
        return UNKNOWN if UNKNOWN in parts else "".join(parts)
    if isinstance(value, Fingerprint):
        inner = resolved(value.of, attributes)
        return UNKNOWN if unknown(inner) else fingerprint(inner)
    if isinstance(value, Mapping):
        return {key: resolved(each, attributes) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [resolved(each, attributes) for each in value]
    return value


def unknown(value: Any) -> bool:
    """Whether anything in it is only known later."""
    if isinstance(value, Mapping):
        return any(unknown(each) for each in value.values())
    if isinstance(value, list):
        return any(unknown(each) for each in value)
    return value is UNKNOWN


def fingerprint(value: Any) -> str:
    """Letters, digits, - and _ that are the same on every machine for the same value. References count by name."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=_spelt)
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()).decode().rstrip("=")


def _spelt(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(type(value).__name__)
