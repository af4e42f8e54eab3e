"""Environments that are kept ready. Source: PutProvisionedConcurrencyConfig in Lambda's API reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdacli.deploy.resources import Actual, Kind
from lambdacli.refusals import Refused
from lambdacli.resource import ALIAS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Deployed, Properties

_LONGEST = 900  # seconds until they are ready


class _ProvisionedConcurrency(Kind):
    kind = "provisioned_concurrency"
    label = "provisioned concurrency"
    rank = 60
    within = True
    optional = True

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        found = aws.get("lambda", "get_provisioned_concurrency_config", **_whose(name, aws))
        if found is None:
            return None
        wanted = found["RequestedProvisionedConcurrentExecutions"]
        return Actual({"ProvisionedConcurrentExecutions": 0 if found.get("Status") == "FAILED" else wanted})

    def found_on(self, function: Deployed, aws: Aws) -> Iterable[tuple[str, Actual]]:
        actual = self.read(function.name, {}, aws)
        if actual is not None:
            yield function.name, actual

    def create(self, name: str, properties: Properties, aws: Aws) -> Attributes:
        """Put, so that it may be called twice; waits until the environments are ready."""
        whose = _whose(name, aws)
        aws.call("lambda", "put_provisioned_concurrency_config", **whose, **properties)

        def ready() -> bool | None:
            found = aws.get("lambda", "get_provisioned_concurrency_config", **whose) or {}
            if found.get("Status") == "FAILED":
                raise Refused("lambda", "put_provisioned_concurrency_config", "Failed", found.get("StatusReason", ""))
            return True if found.get("Status") == "READY" else None

        aws.until(ready, "provisioned concurrency", _LONGEST)
        return {}

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:
        aws.remove("lambda", "delete_provisioned_concurrency_config", **_whose(name, aws))


def _whose(name: str, aws: Aws) -> dict[str, str]:
    return {"FunctionName": aws.place.function_name(name), "Qualifier": ALIAS}


KIND = _ProvisionedConcurrency()
