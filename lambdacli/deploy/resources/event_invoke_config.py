"""Limits and destinations of asynchronous invocations. Source: PutFunctionEventInvokeConfig in Lambda's API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdacli.deploy.resources import Actual, Kind
from lambdacli.resource import ALIAS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Deployed, Properties

_LONGEST, _MOST = 21_600, 2  # AWS's defaults: seconds, tries after the first


class _EventInvokeConfig(Kind):
    kind = "event_invoke_config"
    label = "asynchronous invocation"
    rank = 60
    within = True
    optional = True

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        found = aws.get("lambda", "get_function_event_invoke_config", **_whose(name, aws))
        if found is None:
            return None
        destinations = found.get("DestinationConfig") or {}
        return Actual({
            "MaximumEventAgeInSeconds": found.get("MaximumEventAgeInSeconds", _LONGEST),
            "MaximumRetryAttempts": found.get("MaximumRetryAttempts", _MOST),
            "OnSuccess": (destinations.get("OnSuccess") or {}).get("Destination", ""),
            "OnFailure": (destinations.get("OnFailure") or {}).get("Destination", ""),
        })  # fmt: skip

    def found_on(self, function: Deployed, aws: Aws) -> Iterable[tuple[str, Actual]]:
        actual = self.read(function.name, {}, aws)
        if actual is not None:
            yield function.name, actual

    def create(self, name: str, properties: Properties, aws: Aws) -> Attributes:
        """All of it is put at once, so that it may be called twice."""
        given: dict[str, Any] = {key: properties[key] for key in ("MaximumEventAgeInSeconds", "MaximumRetryAttempts")}
        ends = {key: {"Destination": properties[key]} for key in ("OnSuccess", "OnFailure") if properties[key]}
        aws.call("lambda", "put_function_event_invoke_config", **_whose(name, aws), **given, DestinationConfig=ends)
        return {}

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:
        aws.remove("lambda", "delete_function_event_invoke_config", **_whose(name, aws))


def _whose(name: str, aws: Aws) -> dict[str, str]:
    return {"FunctionName": aws.place.function_name(name), "Qualifier": ALIAS}


KIND = _EventInvokeConfig()
