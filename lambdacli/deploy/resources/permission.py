"""A statement in the policy of a function's alias: who may invoke it. Source: AddPermission in Lambda's API."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lambdacli.deploy.resources import Actual, Kind, condition
from lambdacli.resource import ALIAS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Deployed, Properties

_INVOKE = "lambda:InvokeFunction"
# AddPermission's parameters, and the conditions that they become.
_CONDITIONS = (
    ("SourceArn", "ArnLike", "AWS:SourceArn"),
    ("SourceAccount", "StringEquals", "AWS:SourceAccount"),
    ("PrincipalOrgID", "StringEquals", "aws:PrincipalOrgID"),
    ("EventSourceToken", "StringEquals", "lambda:EventSourceToken"),
    ("FunctionUrlAuthType", "StringEquals", "lambda:FunctionUrlAuthType"),
    ("InvokedViaFunctionUrl", "Bool", "lambda:InvokedViaFunctionUrl"),
)


class _Permission(Kind):
    kind = "permission"
    rank = 40
    within = True
    optional = True
    immutable = frozenset({"Action", "Principal", *(each[0] for each in _CONDITIONS)})

    def title(self, own: str, properties: Properties) -> str:
        """Its name is a digest: who may do what."""
        principal, action = properties.get("Principal", "somebody"), properties.get("Action", _INVOKE)
        who = "anybody" if principal == "*" else principal
        source = properties.get("SourceArn")
        where = f", {source.split(':', 5)[-1]}" if isinstance(source, str) else ""
        special = "" if action == _INVOKE else f", {action}"
        return f"permission for {who}{where}{special}"

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        function, _, sid = name.partition("/")
        policy = aws.get("lambda", "get_policy", FunctionName=aws.place.function_name(function), Qualifier=ALIAS)
        for statement in json.loads(policy["Policy"])["Statement"] if policy else ():
            if statement.get("Sid") == sid:
                return Actual(_properties(statement))
        return None

    def found_on(self, function: Deployed, aws: Aws) -> Iterable[tuple[str, Actual]]:
        for statement in function.statements:
            yield f"{function.name}/{statement['Sid']}", Actual(_properties(statement))

    def create(self, name: str, properties: Properties, aws: Aws) -> Attributes:
        function, _, sid = name.partition("/")
        aws.create(
            "lambda", "add_permission", FunctionName=aws.place.function_name(function), Qualifier=ALIAS,
            StatementId=sid, **properties,
        )  # fmt: skip
        return {}

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:
        function, _, sid = name.partition("/")
        function_name = aws.place.function_name(function)
        aws.remove("lambda", "remove_permission", FunctionName=function_name, Qualifier=ALIAS, StatementId=sid)


def _properties(statement: Mapping[str, Any]) -> dict[str, Any]:
    principal = statement.get("Principal")
    if isinstance(principal, dict):
        principal = next(iter(principal.values()), "")
    found = {name: condition(statement, operator, key) for name, operator, key in _CONDITIONS}
    properties: dict[str, Any] = {name: value for name, value in found.items() if value}
    if "InvokedViaFunctionUrl" in properties:
        properties["InvokedViaFunctionUrl"] = properties["InvokedViaFunctionUrl"].lower() == "true"
    return {"Action": statement.get("Action"), "Principal": principal, **properties}


KIND = _Permission()
