"""Whose something is that invokes a function, and how the manifest spells what AWS knows by several names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdacli.deploy.resources._functions import names
from lambdacli.resource import ALIAS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from lambdacli.deploy.aws import Aws
    from lambdacli.resource import Place


def ours(arn: str, aws: Aws) -> bool:
    """Whether an ARN is that of the alias of a function of this app and stage, in the manifest or not any more.

    What the name begins with does not tell: stage `prod` is not stage `prod-eu`.
    """
    place = aws.place
    if not (arn.startswith(place.arn("lambda", f"function:{place.prefix}-")) and arn.endswith(f":{ALIAS}")):
        return False
    return arn in {place.alias_arn(name) for name in (*place.manifest.functions, *names(aws))}


def tagged(tags: Mapping[str, str], place: Place) -> bool:
    """Whether tags prove that something belongs to this app and stage."""
    return all(tags.get(key) == value for key, value in place.tags.items())


def owner(name: str, place: Place) -> str:
    """The ARN that the function invokes on which a resource hangs: its alias'."""
    return place.alias_arn(name.partition("/")[0])


def spelling(place: Place, kind: str, key: str, names: Iterable[str]) -> str:
    """Which of several names for the same thing the manifest's triggers use; the first where they use none.

    Args:
        place: with the manifest.
        kind: of the triggers.
        key: the setting; triggers without it use the name "".
        names: all names for one thing.
    """
    known = list(names)
    used = {str(_setting(trigger.settings, key)) for trigger in _triggers(place, kind)}
    return next((each for each in known if each in used), known[0])


def uses(place: Place, kind: str) -> bool:
    """Whether the manifest has a trigger of a kind."""
    return any(True for _ in _triggers(place, kind))


def _triggers(place: Place, kind: str) -> Iterable[Any]:
    return (each for function in place.manifest.functions.values() for each in function.triggers if each.kind == kind)


def _setting(settings: Mapping[str, Any], key: str) -> Any:
    return settings.get(key, "")
