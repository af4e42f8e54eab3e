"""The IAM role that a function runs under, with its one inline policy. Source: CreateRole in IAM's API reference.

Its path tells whose it is.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lambdacli.deploy.resources import Actual, Kind, _named, _roles
from lambdacli.deploy.resources._functions import last_tags, role_path, roles

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Properties
    from lambdacli.resource import Place, Resource


class _Role(Kind):
    kind = "role"
    rank = 8  # the last to go: by its path all else of a function is found

    def known(self, resource: Resource, place: Place) -> Attributes:
        path = role_path(place, resource.name)
        return {"arn": place.arn("iam", f"role{path}{role_name(resource.name, place)}", region="")}

    def same(self, field: str, wanted: Any, actual: Any) -> bool:
        return _roles.same(wanted, actual) if field.endswith("PolicyDocument") else bool(wanted == actual)

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        found = roles(aws).get(name)
        if found is None:
            return None
        held = {
            "AssumeRolePolicyDocument": _roles.document(found.get("AssumeRolePolicyDocument")),
            "PolicyDocument": _roles.policy_of(found["RoleName"], aws),
            "Tags": last_tags(aws, name),
            "PermissionsBoundary": _roles.boundary(found, properties.get("PermissionsBoundary", ""), aws),
        }
        return Actual(held, {"arn": found["Arn"]}, more={"RoleName": found["RoleName"]})

    def found(self, aws: Aws) -> Iterable[tuple[str, Actual]]:
        for name, role in roles(aws).items():
            yield name, Actual({}, {"arn": role["Arn"]}, more={"RoleName": role["RoleName"]})

    def create(self, name: str, properties: Properties, aws: Aws) -> Attributes:
        role = role_name(name, aws.place)
        tags = _named.pairs(properties["Tags"])
        made = aws.create(
            "iam", "create_role", Path=role_path(aws.place, name), RoleName=role, Tags=tags,
            AssumeRolePolicyDocument=json.dumps(properties["AssumeRolePolicyDocument"]),
            **_roles.bounded(properties["PermissionsBoundary"]),
        )  # fmt: skip
        _roles.put_policy(role, properties["PolicyDocument"], aws)
        return {"arn": made["Role"]["Arn"]}

    def update(
        self, name: str, properties: Properties, actual: Actual, changed: AbstractSet[str], aws: Aws
    ) -> Attributes:
        role = role_name(name, aws.place)
        if "AssumeRolePolicyDocument" in changed:
            document = json.dumps(properties["AssumeRolePolicyDocument"])
            aws.call("iam", "update_assume_role_policy", RoleName=role, PolicyDocument=document)
        if "PolicyDocument" in changed:
            _roles.put_policy(role, properties["PolicyDocument"], aws)
        if "PermissionsBoundary" in changed:
            _roles.bind(role, properties["PermissionsBoundary"], aws)
        if "Tags" in changed:
            _tag(role, properties["Tags"], aws)
        return actual.attributes

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:
        _roles.delete(actual.more["RoleName"], aws)


def role_name(name: str, place: Place) -> str:
    """IAM knows no regions: the name has one."""
    return place.named(f"{name}-{place.region}", _roles.MOST)


def _tag(role: str, wanted: Mapping[str, str], aws: Aws) -> None:
    aws.call("iam", "tag_role", RoleName=role, Tags=_named.pairs(wanted))
    there = aws.listed("iam", "list_role_tags", "Tags", RoleName=role)
    if gone := [each["Key"] for each in there if each["Key"] not in wanted and not each["Key"].startswith("aws:")]:
        aws.call("iam", "untag_role", RoleName=role, TagKeys=gone)


KIND = _Role()
