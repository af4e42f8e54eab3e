"""CORS as AWS takes it, and of several triggers together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdacli.errors import ManifestError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import TypeAlias

    Setting: TypeAlias = Mapping[str, Any] | bool | None

_NAMES = {
    "allow_origins": "AllowOrigins",
    "allow_methods": "AllowMethods",
    "allow_headers": "AllowHeaders",
    "expose_headers": "ExposeHeaders",
    "allow_credentials": "AllowCredentials",
    "max_age": "MaxAge",
}
_EVERY = "*"


def wanted(cors: Setting) -> dict[str, Any]:
    """AWS's names for the setting `cors`: sorted, without what is as if it were not there."""
    if not cors:
        return {}
    if cors is True:
        return {"AllowHeaders": [_EVERY], "AllowMethods": [_EVERY], "AllowOrigins": [_EVERY]}
    return plain({_NAMES[key]: value for key, value in cors.items()})


def plain(cors: Mapping[str, Any]) -> dict[str, Any]:
    """CORS as AWS answers it, or as it is wanted, in the form that can be compared.

    Headers have no case, and neither have the origins that browsers tell.
    """
    found: dict[str, Any] = {}
    for name, value in sorted(cors.items()):
        if name not in _NAMES.values() or not value:
            continue
        if isinstance(value, list):
            lower = name != "AllowMethods"
            found[name] = sorted({each.lower() if lower else each.upper() for each in value})
        else:
            found[name] = value
    return found


def merged(given: Iterable[tuple[str, Setting]]) -> dict[str, Any]:
    """CORS of an API that several triggers share.

    Args:
        given: where it stands in the manifest, and the setting `cors`; of those triggers that have it.

    Raises:
        ManifestError: they contradict each other.
    """
    both: dict[str, Any] = {}
    places: dict[str, str] = {}
    first = ""
    for where, cors in given:
        _check(where, cors, first, both)
        first = first or where
        for name, value in wanted(cors).items():
            both[name] = _joined(where, name, value, both, places)
            places.setdefault(name, where)
    if both.get("AllowCredentials") and _EVERY in both.get("AllowOrigins", ()):
        message = f"{places['AllowCredentials']}: allow_credentials needs named origins, not * as in {first}"
        raise ManifestError(message, hint="the triggers of an API share its CORS")
    return dict(sorted(both.items()))


def _check(where: str, cors: Setting, first: str, both: Mapping[str, Any]) -> None:
    if first and bool(cors) != bool(both):
        raise ManifestError(
            f"{where}: CORS is on in one trigger and off in another ({first})",
            hint="the triggers of an API share its CORS: let one of them say what it is",
        )


def _joined(where: str, name: str, value: Any, both: Mapping[str, Any], places: Mapping[str, str]) -> Any:
    if name not in both:
        return value
    if isinstance(value, list):
        every = sorted({*both[name], *value})
        return [_EVERY] if _EVERY in every else every
    if value != both[name]:
        raise ManifestError(
            f"{where}: {name} is {value} here and {both[name]} in {places[name]}",
            hint="the triggers of an API share its CORS",
        )
    return value
