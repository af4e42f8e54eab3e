"""A function's own HTTPS endpoint, on its alias. Source: CreateFunctionUrlConfig in Lambda's API reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdacli.deploy.resources import Actual, Kind
from lambdacli.resource import ALIAS
from lambdacli.triggers import _cors as cors

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Set as AbstractSet

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Deployed, Properties

_FIELDS = ("AuthType", "Cors", "InvokeMode")


class _FunctionUrl(Kind):
    """Named by the function: it has one."""

    kind = "function_url"
    label = "function URL"
    rank = 60
    within = True
    optional = True

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        """The alias' URL."""
        found = aws.get("lambda", "get_function_url_config", **_whose(name, aws))
        if found is None:
            return None
        actual = {
            "AuthType": found["AuthType"],
            "Cors": cors.plain(found.get("Cors") or {}),
            "InvokeMode": found.get("InvokeMode", "BUFFERED"),
        }
        return Actual(actual, {"url": str(found["FunctionUrl"])})

    def found_on(self, function: Deployed, aws: Aws) -> Iterable[tuple[str, Actual]]:
        """Asked for where the function's tags tell of one."""
        name = f"{function.name}/url"
        if there := self.read(name, {}, aws):
            yield name, there

    def create(self, name: str, properties: Properties, aws: Aws) -> Attributes:
        """Make it; a second one is refused."""
        answer = aws.call("lambda", "create_function_url_config", **_whose(name, aws), **_given(properties))
        return {"url": str(answer["FunctionUrl"])}

    def update(
        self, name: str, properties: Properties, actual: Actual, changed: AbstractSet[str], aws: Aws
    ) -> Attributes:
        """Set all of it: the URL stays the same."""
        aws.call("lambda", "update_function_url_config", **_whose(name, aws), **_given(properties))
        return actual.attributes

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:
        """Delete it; the same URL never comes back."""
        aws.remove("lambda", "delete_function_url_config", **_whose(name, aws))


def _whose(name: str, aws: Aws) -> dict[str, str]:
    return {"FunctionName": aws.place.function_name(name.partition("/")[0]), "Qualifier": ALIAS}


def _given(properties: Properties) -> dict[str, object]:
    return {key: properties[key] for key in _FIELDS}


KIND = _FunctionUrl()
