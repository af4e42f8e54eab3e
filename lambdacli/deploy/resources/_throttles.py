"""How many requests the methods of a REST API take. Source: UpdateStage and MethodSetting in its API reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_VERBS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
_UNSET = (-1.0, 10_000.0, -1, 5_000)  # what AWS fills in: none, or the limits of an account
_FIELDS = {"rateLimit": "throttlingRateLimit", "burstLimit": "throttlingBurstLimit"}

Limits = dict[str, float]  # rateLimit, burstLimit: those that are set


def throttling(stage: Mapping[str, Any], route: str, wanted: Limits | None) -> Limits | None:
    """The limits of a route, as GET /orders; None where it has none of its own. What AWS fills in is left out."""
    asked = {_FIELDS[name] for name in wanted or ()}
    settings = {_plain(key): value for key, value in (stage.get("methodSettings") or {}).items()}
    verb, path = route.split(" ", 1)
    found = settings.get(f"{path.strip('/')}/{_verbs(verb)[0]}".lstrip("/"), {})
    there = {name: field for name, field in _FIELDS.items() if field in found}
    limits = {
        name: float(found[field]) for name, field in there.items() if field in asked or found[field] not in _UNSET
    }
    return limits or None


def patch(old: Mapping[str, Limits | None], new: Mapping[str, Limits | None]) -> list[dict[str, str]]:
    """The operations that bring routes from their limits to others."""
    operations = []
    for route in [*new, *(each for each in old if each not in new)]:
        before, after = old.get(route) or {}, new.get(route) or {}
        if before == after:
            continue
        for key in _keys(route):
            if before.keys() - after.keys():
                operations.append({"op": "remove", "path": key})
            for name, value in after.items():
                operations.append({"op": "replace", "path": f"{key}/throttling/{name}", "value": _text(value)})
    return operations


def _keys(route: str) -> list[str]:
    """The paths of a route's settings, of every method where it is for all of them."""
    verb, path = route.split(" ", 1)
    return [f"/{path.replace('/', '~1')}/{each}" for each in _verbs(verb)]


def _verbs(verb: str) -> tuple[str, ...]:
    return _VERBS if verb == "ANY" else (verb,)


def _plain(key: str) -> str:
    return key.replace("~1", "/").lstrip("/")


def _text(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)
