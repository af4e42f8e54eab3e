"""How a caller may name a function: its name, what it is called on AWS, ARNs, with or without a qualifier. Pure.

Source: FunctionName and Qualifier of Invoke in Lambda's API reference.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from lambdacli.local.variables import function_arn
from lambdacli.resource import ALIAS, Place

if TYPE_CHECKING:
    from lambdacli.model import Manifest

_NAME = (
    r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?"
    r"([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?"
)
_REFERENCE = re.compile(
    r"(?:(?P<arn>arn:(?P<partition>aws[a-zA-Z-]*):lambda:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):function:)"
    r"|(?:(?P<partial>\d{12}):)?(?:function:)?)"
    r"(?P<name>[a-zA-Z0-9_.-]+)(?::(?P<qualifier>\$LATEST(?:\.PUBLISHED)?|[a-zA-Z0-9_-]+))?"
)
_QUALIFIER = re.compile(r"\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9$_-]+")
_MOST = 256  # characters
_MOST_OF_QUALIFIER = 128
LATEST = "$LATEST"


class BadName(ValueError):  # noqa: N818 - what the name is
    """Not a function's name; `violated` tells of which parameter, and what it should be like."""

    def __init__(self, parameter: str, value: str, constraint: str) -> None:
        super().__init__(f"Value '{value}' at '{parameter}' failed to satisfy constraint: {constraint}")


class Contradiction(ValueError):  # noqa: N818 - what the two are
    """One qualifier in the name, another beside it."""


class Named(NamedTuple):
    """A function as a caller named it. `function` is "" where the manifest has none of this name."""

    function: str
    arn: str  # as it was invoked, with its qualifier if it has one
    asked: str  # its ARN with the qualifier that is used, as an error tells it


def named(reference: str, qualifier: str, manifest: Manifest) -> Named:
    """What a caller means.

    Args:
        reference: FunctionName, percent-decoded.
        qualifier: the parameter Qualifier; "" for none.
        manifest: its functions may be called as in it, or as they are called when deployed.

    Raises:
        BadName: it is none.
        Contradiction: there are two qualifiers.
    """
    match = _REFERENCE.fullmatch(reference)
    if match is None or len(reference) > _MOST:
        raise BadName("functionName", reference, f"Member must satisfy regular expression pattern: {_NAME}")
    if qualifier and (_QUALIFIER.fullmatch(qualifier) is None or len(qualifier) > _MOST_OF_QUALIFIER):
        pattern = r"\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+"
        raise BadName("qualifier", qualifier, f"Member must satisfy regular expression pattern: {pattern}")
    inside = match["qualifier"] or ""
    if inside and qualifier and inside != qualifier:
        raise Contradiction("The derived qualifier from the function name does not match the specified qualifier.")
    which = qualifier or inside
    function = _function(match["name"], manifest)
    arn = _arn(match, function, manifest)
    return Named(function if _is_known(which) else "", f"{arn}:{which}" if which else arn, f"{arn}:{which or LATEST}")


def _is_known(qualifier: str) -> bool:
    """Whether we take a qualifier for what runs here: the newest code, what triggers point at, any version."""
    return qualifier in ("", LATEST, f"{LATEST}.PUBLISHED", ALIAS) or qualifier.isdecimal()


def _function(name: str, manifest: Manifest) -> str:
    if name in manifest.functions:
        return name
    place = Place(manifest, "", manifest.region)
    return next((each for each in manifest.functions if place.function_name(each) == name), "")


def _arn(match: re.Match[str], function: str, manifest: Manifest) -> str:
    """As it was invoked: of another account or region where the caller said so."""
    if match["arn"]:
        return f"{match['arn']}{match['name']}"
    if function == match["name"] and not match["partial"]:
        return function_arn(manifest.functions[function], manifest.region, manifest.account)
    from lambdacli.local.variables import ACCOUNT

    account = match["partial"] or manifest.account or ACCOUNT
    return f"arn:aws:lambda:{manifest.region}:{account}:function:{match['name']}"
