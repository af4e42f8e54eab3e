"""Our statements in the policy of a queue that the manifest owns: who may send dead letters to it.

Source: "Basic examples of Amazon SQS policies" in the SQS developer guide; SetQueueAttributes in its API reference.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lambdacli.deploy.aws import names
from lambdacli.deploy.resources import Actual
from lambdacli.deploy.resources._shares import Shares
from lambdacli.resource import POLICY_LANGUAGE, SID
from lambdacli.triggers._pushed import as_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Properties
    from lambdacli.deploy.resources._shares import Parts
    from lambdacli.resource import Resource


class _QueuePolicy(Shares):
    """Named by the queue. Its properties are the functions, each with its statements by the last part of their Sids."""

    kind = "queue_policy"
    label = "queue policy"
    rank = 30

    def lane(self, resource: Resource) -> str:
        """A queue has one policy, which is written as a whole."""
        return f"queue {resource.name}"

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        mine, _ = _split(_policy(_url(name, aws), aws))
        return Actual(mine) if mine else None

    def found(self, aws: Aws) -> Iterable[tuple[str, Actual]]:
        """Of all queues of ours."""
        for name in names(aws.tagged(), aws.place.arn("sqs", "")):
            if there := self.read(name, {}, aws):
                yield name, there

    def said(self, entry: Mapping[str, Any]) -> str:
        source = entry.get("Condition", {}).get("ArnEquals", {}).get("aws:SourceArn", "*")
        return f"{source} may send"

    def write(self, name: str, parts: Parts, aws: Aws) -> None:
        """Put our statements beside those of others. SQS takes an empty text for no policy."""
        url = _url(name, aws)
        if not url and not any(parts.values()):
            return
        policy = _policy(url, aws)
        before, others = _split(policy)
        statements = [
            {"Sid": f"{SID}{function}-{told}", **statement}
            for function, under in sorted({**before, **parts}.items())
            for told, statement in sorted(under.items())
        ]
        every = [*others, *statements]
        text = as_json({"Version": POLICY_LANGUAGE, **policy, "Statement": every}) if every else ""
        aws.call("sqs", "set_queue_attributes", QueueUrl=url, Attributes={"Policy": text})


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
        function, _, told = str(statement.get("Sid", "")).removeprefix(SID).rpartition("-")
        if function and str(statement["Sid"]).startswith(SID):
            mine.setdefault(function, {})[told] = {key: value for key, value in statement.items() if key != "Sid"}
        else:
            others.append(statement)
    return mine, others


KIND = _QueuePolicy()
