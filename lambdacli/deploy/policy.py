"""The roles that a deployment makes for functions, with their policies, without asking AWS anything."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from lambdacli.deploy import desired, plan
from lambdacli.deploy.desired import Packages
from lambdacli.deploy.package import Package
from lambdacli.deploy.resources import load
from lambdacli.deploy.values import resolved
from lambdacli.resource import Ref, references

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lambdacli.resource import Key, Place, Resource

_NOTHING = Package(Path(), "", "", 0, 0)  # the code of a function has no say in what it may do
_ROLES = ("role", "invoker_role")


def of_functions(place: Place, only: str = "") -> dict[str, dict[str, Any]]:
    """The roles by their names: each with its `AssumeRolePolicyDocument` and its `PolicyDocument`.

    Args:
        place: where the manifest is deployed to.
        only: one function of it.
    """
    functions = [each for each in place.manifest.functions.values() if not only or each.name == only]
    layers = {path: _NOTHING for each in functions for path in each.layers if not path.startswith("arn:")}
    wanted = desired.resources(place, Packages({each.name: _NOTHING for each in functions}, layers), only)
    attributes = {**plan.known(place, wanted, {})}
    roles = [each for each in wanted if each.kind in _ROLES]
    for ref in (ref for each in roles for ref in references(each.properties)):
        attributes[ref.key] = {ref.attribute: _pattern(ref, place), **attributes.get(ref.key, {})}
    return {name: documents for role in roles for name, documents in _documents(role, attributes, place)}


def _pattern(ref: Ref, place: Place) -> str:
    """What stands for what only AWS knows: the ARN of a stream, which has the time of its making in it, or an id."""
    if ref.kind in ("table", "table_stream"):
        return place.arn("dynamodb", f"table/{ref.name.rpartition('table/')[2]}/stream/*")
    return "*"


def _documents(
    role: Resource, attributes: Mapping[Key, Mapping[str, str]], place: Place
) -> Iterator[tuple[str, dict[str, Any]]]:
    properties = resolved(role.properties, attributes)
    name = load(role.kind).known(role, place)["arn"].rpartition("/")[2]
    if role.kind == "role":
        yield name, {key: properties[key] for key in ("AssumeRolePolicyDocument", "PolicyDocument")}
    else:
        from lambdacli.deploy.resources.invoker_role import documents

        trust, permitted = documents(properties, place)
        yield name, {"AssumeRolePolicyDocument": trust, "PolicyDocument": permitted}
