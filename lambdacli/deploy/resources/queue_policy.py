"""Our statements in the policy of a queue that the manifest owns: who may send dead letters to it.

Source: "Basic examples of Amazon SQS policies" in the SQS developer guide; SetQueueAttributes in its API reference.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lambdacli.deploy.resources import Actual, Kind
from lambdacli.triggers._pushed import SID, as_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Properties
    from lambdacli.resource import Resource

_VERSION = "2012-10-17"


class _QueuePolicy(Kind):
    """Named by the queue. Statements of others stay as they are."""

    kind = "queue_policy"
    label = "queue policy"
    rank = 30
    hangs = False

    def lane(self, resource: Resource) -> str:
        """A queue has one policy, which is written as a whole."""
        return f"queue {resource.name}"

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:  # noqa: ARG002 - the kinds' shape
        answer = aws.get("sqs", "get_queue_url", QueueName=name)
        if answer is None:
            return None
        url = str(answer["QueueUrl"])
        mine, _ = _split(_policy(url, aws))
        return Actual({"QueueUrl": url, "Statements": mine}) if mine else None

    def found(self, aws: Aws) -> Iterable[tuple[str, Actual]]:
        """Of all queues of ours."""
        start = aws.place.arn("sqs", "")
        for arn in aws.tagged():
            if arn.startswith(start) and (there := self.read(arn.removeprefix(start), {}, aws)):
                yield arn.removeprefix(start), there

    def create(self, name: str, properties: Properties, aws: Aws) -> Attributes:  # noqa: ARG002 - the kinds' shape
        _write(str(properties["QueueUrl"]), properties["Statements"], aws)
        return {}

    def update(
        self,
        name: str,
        properties: Properties,
        actual: Actual,  # noqa: ARG002 - it is read again just before it is written
        changed: AbstractSet[str],  # noqa: ARG002 - there is one field
        aws: Aws,
    ) -> Attributes:
        return self.create(name, properties, aws)

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:  # noqa: ARG002 - the kinds' shape
        _write(str(actual.properties["QueueUrl"]), {}, aws)


def _policy(url: str, aws: Aws) -> dict[str, Any]:
    answer = aws.get("sqs", "get_queue_attributes", QueueUrl=url, AttributeNames=["All"])
    text = (answer or {}).get("Attributes", {}).get("Policy") or "{}"
    policy: dict[str, Any] = json.loads(text)
    return policy


def _split(policy: Mapping[str, Any]) -> tuple[dict[str, Any], list[Any]]:
    """Our statements by their Sids, and those of others. A policy's single statement need not be in a list."""
    given = policy.get("Statement", [])
    statements = given if isinstance(given, list) else [given]
    mine = {each["Sid"]: _without_sid(each) for each in statements if str(each.get("Sid", "")).startswith(SID)}
    return mine, [each for each in statements if each.get("Sid") not in mine]


def _without_sid(statement: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in statement.items() if key != "Sid"}


def _write(url: str, statements: Mapping[str, Any], aws: Aws) -> None:
    """SQS takes an empty text for no policy."""
    policy = _policy(url, aws)
    _, others = _split(policy)
    every = [*others, *({"Sid": sid, **statement} for sid, statement in sorted(statements.items()))]
    text = as_json({"Version": _VERSION, **policy, "Statement": every}) if every else ""
    aws.call("sqs", "set_queue_attributes", QueueUrl=url, Attributes={"Policy": text})


KIND = _QueuePolicy()
