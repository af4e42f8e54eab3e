"""IAM policies: the trust policy of a function's role, and what its role may do.

Source: "IAM JSON policy elements reference" in the IAM user guide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdacli.resource import POLICY_LANGUAGE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lambdacli.resource import Grant, Value


def assumed_by(service: str, condition: dict[str, Any] | None = None) -> dict[str, Any]:
    """The trust policy that lets a service take on a role."""
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    if condition:
        statement["Condition"] = condition
    return {"Version": POLICY_LANGUAGE, "Statement": [statement]}


RUNS_AS = assumed_by("lambda.amazonaws.com")


def policy(grants: Iterable[Grant]) -> dict[str, Any]:
    """One statement for each set of actions, with all the resources that they are permitted on."""
    by_actions: dict[tuple[str, ...], list[Value]] = {}
    for grant in grants:
        resources = by_actions.setdefault(tuple(sorted(set(grant.actions))), [])
        resources += [each for each in grant.resources if each not in resources]
    statements = [
        {"Effect": "Allow", "Action": list(actions), "Resource": resources} for actions, resources in by_actions.items()
    ]
    return {"Version": POLICY_LANGUAGE, "Statement": statements}
