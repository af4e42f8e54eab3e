"""What holds requests to the parameters that they must have. Source: CreateRequestValidator in its API reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdacli.deploy.resources import UNKNOWN, Actual
from lambdacli.deploy.resources import _rest as rest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Properties
    from lambdacli.resource import Place

_FIELDS = ("validateRequestParameters", "validateRequestBody")
_PAGE = 500


class _RestValidator(rest.InApi):
    """Its name is the API's as the manifest has it: there is one in each."""

    kind = "rest_validator"
    label = "REST API request validator"
    rank = 50

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        api = properties.get("RestApiId", UNKNOWN)
        return None if api is UNKNOWN else _read(api, aws)

    def lying_in(self, api: str, called: str, aws: Aws) -> Iterable[tuple[str, Actual]]:
        """The one of an API where a method uses any."""
        used = any(each.given.get("requestValidatorId") for each in rest.paths(api, aws).methods)
        actual = _read(api, aws) if used else None
        if actual is not None:
            yield called, actual

    def create(self, name: str, properties: Properties, aws: Aws) -> Attributes:
        given = {key: properties[key] for key in _FIELDS}
        there = {"restApiId": properties["RestApiId"], "name": _name(aws.place)}
        return {"id": aws.create(rest.SERVICE, "create_request_validator", **there, **given)["id"]}

    def update(
        self, name: str, properties: Properties, actual: Actual, changed: AbstractSet[str], aws: Aws
    ) -> Attributes:
        patch = [{"op": "replace", "path": f"/{key}", "value": str(properties[key]).lower()} for key in sorted(changed)]
        there = {"restApiId": properties["RestApiId"], "requestValidatorId": actual.attributes["id"]}
        aws.call(rest.SERVICE, "update_request_validator", **there, patchOperations=patch)
        return actual.attributes

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:
        there = {"restApiId": actual.properties["RestApiId"], "requestValidatorId": actual.attributes["id"]}
        aws.remove(rest.SERVICE, "delete_request_validator", **there)


def _name(place: Place) -> str:
    return f"{place.prefix}-parameters"


def _read(api: str, aws: Aws) -> Actual | None:
    there = aws.listed(rest.SERVICE, "get_request_validators", "items", restApiId=api, limit=_PAGE)
    return next((_actual(api, each) for each in there if each["name"] == _name(aws.place)), None)


def _actual(api: str, found: Mapping[str, Any]) -> Actual:
    return Actual({"RestApiId": api, **{key: found.get(key, False) for key in _FIELDS}}, {"id": found["id"]})


KIND = _RestValidator()
