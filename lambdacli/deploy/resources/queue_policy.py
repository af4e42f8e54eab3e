"""Our statements in the policy of a queue that the manifest owns: who may send dead letters to it.

Source: "Basic examples of Amazon SQS policies" in the SQS developer guide; SetQueueAttributes in its API reference.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lambdacli.deploy.aws import names
from lambdacli.deploy.resources import Actual, Kind
from lambdacli.resource import POLICY_LANGUAGE
from lambdacli.triggers._pushed import as_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Properties
    from lambdacli.resource import Place, Resource

_SID = "lambdacli-"  # how our statements begin


class _QueuePolicy(Kind):
    """Named by the queue. Its properties are the functions, each with its statements by the last part of their Sids."""

    kind = "queue_policy"
    label = "queue policy"
    rank = 30
    hangs = False
    shared = True

    def lane(self, resource: Resource) -> str:
        """A queue has one policy, which is written as a whole."""
        return f"queue {resource.name}"

    def wanted(self, properties: Properties, actual: Actual | None, place: Place) -> Properties:
        """Functions that are not among the wanted ones have no statements, unless nothing is said about them."""
        there = actual.properties if actual and not place.only else {}
        return {**{function: {} for function in there}, **properties}

    def told(self, field: str, old: Any, new: Any, actual: Actual) -> tuple[str, Any, Any]:
        """Who may send for each function, unless it is something else that differs."""
        before, after = (sorted(map(_told, (statements or {}).values())) for statements in (old, new))
        return (field, old, new) if before == after else (field, before, after)

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        mine, _ = _split(_policy(_url(name, aws), aws))
        return Actual(mine) if mine else None

    def found(self, aws: Aws) -> Iterable[tuple[str, Actual]]:
        """Of all queues of ours."""
        for name in names(aws.tagged(), aws.place.arn("sqs", "")):
            if there := self.read(name, {}, aws):
                yield name, there

    def create(self, name: str, properties: Properties, aws: Aws) -> Attributes:
        _write(name, properties, aws)
        return {}

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:
        _write(name, {function: {} for function in actual.properties}, aws)


def _told(statement: Mapping[str, Any]) -> str:
    source = statement.get("Condition", {}).get("ArnEquals", {}).get("aws:SourceArn", "*")
    return f"{source} may send"


def _url(name: str, aws: Aws) -> str:
    """Where the queue is; "" where there is none."""
    return str((aws.get("sqs", "get_queue_url", QueueName=name) or {}).get("QueueUrl", ""))


def _policy(url: str, aws: Aws) -> dict[str, Any]:
    answer = aws.get("sqs", "get_queue_attributes", QueueUrl=url, AttributeNames=["All"]) if url else None
    policy: dict[str, Any] = json.loads((answer or {}).get("Attributes", {}).get("Policy") or "{}")
    return policy


def _split(policy: Mapping[str, Any]) -> tuple[dict[str, dict[str, Any]], list[Any]]:
    """Our statements by their functions, and those of others. A policy's single statement need not be in a list."""
    given = policy.get("Statement", [])
    mine: dict[str, dict[str, Any]] = {}
    others = []
    for statement in given if isinstance(given, list) else [given]:
        function, _, told = str(statement.get("Sid", "")).removeprefix(_SID).rpartition("-")
        if function and str(statement["Sid"]).startswith(_SID):
            mine.setdefault(function, {})[told] = {key: value for key, value in statement.items() if key != "Sid"}
        else:
            others.append(statement)
    return mine, others


def _write(name: str, functions: Mapping[str, Mapping[str, Any]], aws: Aws) -> None:
    """Put our statements beside those of others. SQS takes an empty text for no policy."""
    url = _url(name, aws)
    if not url and not any(functions.values()):
        return
    policy = _policy(url, aws)
    before, others = _split(policy)
    statements = [
        {"Sid": f"{_SID}{function}-{told}", **statement}
        for function, under in sorted({**before, **functions}.items())
        for told, statement in sorted(under.items())
    ]
    every = [*others, *statements]
    text = as_json({"Version": POLICY_LANGUAGE, **policy, "Statement": every}) if every else ""
    aws.call("sqs", "set_queue_attributes", QueueUrl=url, Attributes={"Policy": text})


KIND = _QueuePolicy()
