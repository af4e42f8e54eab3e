"""What is deployed of an app and stage, as plain data. Reading calls only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdacli.deploy import actual, view
from lambdacli.deploy.resources.alias import shares
from lambdacli.resource import ALIAS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lambdacli.deploy.aws import Aws


def of(aws: Aws) -> dict[str, Any]:
    """The functions of the manifest and those that have left it, and what belongs to all of them.

    Returns:
        `app`, `stage`, `account`, `region`, `urls` of what belongs to the app, and `functions` by name, each with
        `deployed`, `inManifest`, and, where it is deployed, `functionName`, `arn` (the alias'), `version`, `canary`
        (`version` and `percent`, or null), `state`, `lastUpdateStatus`, `error` (why either has failed), `runtime`,
        `lastModified` and `urls`.

    Raises:
        Refused: AWS lets these credentials not look.
    """
    found = actual.read(aws, []).found
    attributes = {key: each.attributes for key, each in found.items()}
    wanted = aws.place.manifest.functions
    there = [key.name for key in found if key.kind == "function"]
    names = [*wanted, *sorted(name for name in there if name not in wanted)]
    functions = {
        name: {
            "deployed": name in there,
            "inManifest": name in wanted,
            **(_function(aws, name, attributes) if name in there else {}),
        }
        for name in names
    }
    return {**view.about(aws.place), "urls": view.urls("", attributes), "functions": functions}


def _function(aws: Aws, name: str, attributes: Mapping[Any, Mapping[str, str]]) -> dict[str, Any]:
    """Out of answers that are known already."""
    function_name = aws.place.function_name(name)
    told = (aws.get("lambda", "get_function", FunctionName=function_name) or {}).get("Configuration", {})
    alias = aws.get("lambda", "get_alias", FunctionName=function_name, Name=ALIAS) or {}
    canaries = [{"version": version, "percent": round(100 * weight)} for version, weight in shares(alias).items()]
    return {
        "functionName": function_name,
        "arn": aws.place.alias_arn(name),
        "version": alias.get("FunctionVersion"),
        "canary": canaries[0] if canaries else None,
        "state": told.get("State", "Active"),
        "lastUpdateStatus": told.get("LastUpdateStatus", "Successful"),
        "error": _error(told),
        "runtime": told.get("Runtime"),
        "lastModified": told.get("LastModified"),
        "urls": view.urls(name, attributes),
    }


def _error(told: Mapping[str, Any]) -> str | None:
    for state, reason in (("State", "StateReason"), ("LastUpdateStatus", "LastUpdateStatusReason")):
        if told.get(state) == "Failed":
            return str(told.get(reason) or "failed")
    return None
