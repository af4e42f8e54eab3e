"""The published versions of a function: as many are kept as the manifest says, and those that an alias needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdacli.deploy.resources import Actual, Kind
from lambdacli.deploy.resources.alias import shares
from lambdacli.resource import ALIAS

if TYPE_CHECKING:
    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Properties


class _Versions(Kind):
    kind = "versions"
    label = "old versions"
    rank = 90
    within = True
    after_switch = True

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        function_name = aws.place.function_name(name)
        alias = aws.get("lambda", "get_alias", FunctionName=function_name, Name=ALIAS)
        if alias is None:
            return None
        kept = properties["Kept"]
        too_many = int(alias["FunctionVersion"]) > kept and old(aws, function_name, kept)
        found = kept + len(too_many) if too_many else kept
        return Actual({"Kept": found, "Alias": str(alias["FunctionVersion"])})

    def create(self, name: str, properties: Properties, aws: Aws) -> Attributes:
        for number in old(aws, aws.place.function_name(name), properties["Kept"]):
            aws.remove("lambda", "delete_function", FunctionName=aws.place.function_name(name), Qualifier=number)
        return {}

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:
        """They go with the function."""


def published(aws: Aws, function_name: str) -> list[str]:
    """The numbers of a function's versions, the oldest first."""
    found = aws.listed("lambda", "list_versions_by_function", "Versions", FunctionName=function_name)
    return sorted((each["Version"] for each in found if each["Version"] != "$LATEST"), key=int)


def old(aws: Aws, function_name: str, kept: int) -> list[str]:
    """The versions to delete: all but the newest `kept`, and but those that an alias gives traffic to."""
    numbers = published(aws, function_name)
    if len(numbers) <= kept:
        return []
    needed: set[str] = set()
    for alias in aws.listed("lambda", "list_aliases", "Aliases", FunctionName=function_name):
        needed |= {alias["FunctionVersion"], *shares(alias)}
    return [number for number in numbers[:-kept] if number not in needed]


KIND = _Versions()
