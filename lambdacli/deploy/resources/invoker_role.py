"""The IAM role that EventBridge Scheduler takes on to invoke a function.

Source: "Setting up the execution role" and "Confused deputy prevention" in the EventBridge Scheduler user guide: the
policy that lets the service assume it names the schedule groups, by which a function's schedules are found again.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lambdacli.deploy.resources import Actual, Kind, _named, _roles
from lambdacli.deploy.resources._functions import role_path
from lambdacli.resource import POLICY_LANGUAGE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Properties
    from lambdacli.resource import Place, Resource

_FOLDER = "scheduler/"  # of its path, below that of the function


class _InvokerRole(Kind):
    """Named by the function. `Groups` are ARNs of schedule groups by name, `Statements` those of its policy by Sid."""

    kind = "invoker_role"
    label = "EventBridge Scheduler's role"
    rank = 12
    once = frozenset({"Tags"})

    def known(self, resource: Resource, place: Place) -> Attributes:
        path = f"{role_path(place, resource.name)}{_FOLDER}"
        return {"arn": place.arn("iam", f"role{path}{_name(resource.name, place)}", region="")}

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        found = _found(aws).get(name)
        if found is None:
            return None
        held = {
            "Groups": _groups(found, aws.place),
            "Statements": _statements(_roles.policy_of(found["RoleName"], aws)),
            "PermissionsBoundary": _roles.boundary(found, properties.get("PermissionsBoundary", ""), aws),
        }
        return Actual(held, {"arn": str(found["Arn"])}, more={"RoleName": found["RoleName"]})

    def found(self, aws: Aws) -> Iterable[tuple[str, Actual]]:
        for name, role in _found(aws).items():
            yield name, Actual({}, {"arn": str(role["Arn"])}, more={"RoleName": role["RoleName"]})

    def create(self, name: str, properties: Properties, aws: Aws) -> Attributes:
        role = _name(name, aws.place)
        tags = _named.pairs(properties["Tags"])
        made = aws.create(
            "iam", "create_role", Path=f"{role_path(aws.place, name)}{_FOLDER}", RoleName=role, Tags=tags,
            AssumeRolePolicyDocument=json.dumps(_trust(properties["Groups"], aws.place)),
            **_roles.bounded(properties["PermissionsBoundary"]),
        )  # fmt: skip
        _roles.put_policy(role, documents(properties, aws.place)[1], aws)
        return {"arn": str(made["Role"]["Arn"])}

    def update(
        self, name: str, properties: Properties, actual: Actual, changed: AbstractSet[str], aws: Aws
    ) -> Attributes:
        role = _name(name, aws.place)
        if "Groups" in changed:
            document = json.dumps(_trust(properties["Groups"], aws.place))
            aws.call("iam", "update_assume_role_policy", RoleName=role, PolicyDocument=document)
        if "Statements" in changed:
            _roles.put_policy(role, documents(properties, aws.place)[1], aws)
        if "PermissionsBoundary" in changed:
            _roles.bind(role, properties["PermissionsBoundary"], aws)
        return actual.attributes

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:
        _roles.delete(actual.more["RoleName"], aws)


def groups_of_functions(aws: Aws) -> dict[str, list[str]]:
    """The schedule groups in which each function may have schedules, by the functions' names."""
    return {name: sorted(_groups(role, aws.place)) for name, role in _found(aws).items()}


def _name(function: str, place: Place) -> str:
    """IAM knows no regions: the name has one."""
    return place.named(f"{function}.scheduler-{place.region}", _roles.MOST)


def _found(aws: Aws) -> dict[str, dict[str, Any]]:
    """Ours by the functions' names, from the one list of all roles of the app."""
    folder = role_path(aws.place)
    found = aws.listed("iam", "list_roles", "Roles", PathPrefix=folder)
    rest = {str(each["Path"])[len(folder) :]: each for each in found}
    return {path[: -len(_FOLDER) - 1]: each for path, each in rest.items() if path.endswith(f"/{_FOLDER}")}


def _trust(groups: Mapping[str, str], place: Place) -> dict[str, Any]:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "scheduler.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": place.account, "aws:SourceArn": sorted(groups.values())}},
    }
    return {"Version": POLICY_LANGUAGE, "Statement": [statement]}


def _groups(role: Mapping[str, Any], place: Place) -> dict[str, str]:
    """The groups by name; none where the policy is not as we write it, so that it is written again."""
    document = _roles.document(role.get("AssumeRolePolicyDocument"))
    try:
        arns = document["Statement"][0]["Condition"]["StringEquals"]["aws:SourceArn"]
    except (KeyError, IndexError, TypeError):
        return {}
    named = {str(arn).rpartition("/")[2]: str(arn) for arn in ([arns] if isinstance(arns, str) else arns)}
    return named if _roles.same(_trust(named, place), document) else {}


def _statements(policy: Any) -> dict[str, Any]:
    statements = (policy or {}).get("Statement", ())
    return {str(each.get("Sid", "")): {k: v for k, v in each.items() if k != "Sid"} for each in statements}


def documents(properties: Properties, place: Place) -> tuple[dict[str, Any], dict[str, Any]]:
    """Who may take the role on, and what it may do, as IAM policies."""
    statements = [{"Sid": sid, **each} for sid, each in sorted(properties["Statements"].items())]
    return _trust(properties["Groups"], place), {"Version": POLICY_LANGUAGE, "Statement": statements}


KIND = _InvokerRole()
