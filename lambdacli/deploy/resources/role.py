"""The IAM role that a function runs under, with its one inline policy. Source: CreateRole in IAM's API reference.

Its path tells whose it is.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from lambdacli.deploy.resources import Actual, Kind
from lambdacli.deploy.resources._functions import last_tags, role_path, roles

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Properties
    from lambdacli.resource import Place, Resource

POLICY = "lambdacli"
_MOST = 64  # characters of a role's name
_LIMITED = "limited by "  # in a role's description, before its permissions boundary


class _Role(Kind):
    kind = "role"
    rank = 8  # the last to go: by its path all else of a function is found

    def known(self, resource: Resource, place: Place) -> Attributes:
        manifest = place.manifest
        path = f"/lambdacli/{manifest.app}/{manifest.stage}/{place.region}/{resource.name}/"
        return {"arn": place.arn("iam", f"role{path}{role_name(resource.name, place)}", region="")}

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        found = roles(aws).get(name)
        if found is None:
            return None
        policy = aws.get("iam", "get_role_policy", RoleName=found["RoleName"], PolicyName=POLICY)
        held: dict[str, Any] = {
            "AssumeRolePolicyDocument": _document(found.get("AssumeRolePolicyDocument")),
            "PolicyDocument": _document(policy["PolicyDocument"]) if policy else None,
            "Tags": last_tags(aws, name),
            "PermissionsBoundary": found.get("Description", "").partition(_LIMITED)[2],
        }
        if properties.get("PermissionsBoundary"):  # the description tells what lambdacli has set
            role = (aws.get("iam", "get_role", RoleName=found["RoleName"]) or {}).get("Role", {})
            boundary = role.get("PermissionsBoundary") or {}
            held["PermissionsBoundary"] = boundary.get("PermissionsBoundaryArn", "")
        return Actual(held, {"arn": found["Arn"]}, more={"RoleName": found["RoleName"]})

    def found(self, aws: Aws) -> Iterable[tuple[str, Actual]]:
        for name, role in roles(aws).items():
            yield name, Actual({}, {"arn": role["Arn"]}, more={"RoleName": role["RoleName"]})

    def create(self, name: str, properties: Properties, aws: Aws) -> Attributes:
        role = role_name(name, aws.place)
        boundary = properties["PermissionsBoundary"]
        bounded = {"PermissionsBoundary": boundary, "Description": f"{_LIMITED}{boundary}"} if boundary else {}
        tags = [{"Key": key, "Value": value} for key, value in properties["Tags"].items()]
        made = aws.create(
            "iam", "create_role", Path=role_path(aws, name), RoleName=role, Tags=tags,
            AssumeRolePolicyDocument=json.dumps(properties["AssumeRolePolicyDocument"]), **bounded,
        )  # fmt: skip
        _put_policy(role, properties, aws)
        return {"arn": made["Role"]["Arn"]}

    def update(
        self, name: str, properties: Properties, actual: Actual, changed: AbstractSet[str], aws: Aws
    ) -> Attributes:
        role = role_name(name, aws.place)
        if "AssumeRolePolicyDocument" in changed:
            document = json.dumps(properties["AssumeRolePolicyDocument"])
            aws.call("iam", "update_assume_role_policy", RoleName=role, PolicyDocument=document)
        if "PolicyDocument" in changed:
            _put_policy(role, properties, aws)
        if "PermissionsBoundary" in changed:
            _bound(role, properties["PermissionsBoundary"], aws)
        if "Tags" in changed:
            _tag(role, properties["Tags"], aws)
        return actual.attributes

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:  # noqa: ARG002 - the kinds' shape
        """With whatever policies somebody has added: IAM keeps a role that has any."""
        role = actual.more["RoleName"]
        for policy in aws.listed("iam", "list_role_policies", "PolicyNames", RoleName=role):
            aws.remove("iam", "delete_role_policy", RoleName=role, PolicyName=policy)
        for attached in aws.listed("iam", "list_attached_role_policies", "AttachedPolicies", RoleName=role):
            aws.remove("iam", "detach_role_policy", RoleName=role, PolicyArn=attached["PolicyArn"])
        aws.remove("iam", "delete_role", RoleName=role)


def role_name(name: str, place: Place) -> str:
    """IAM knows no regions: the name has one."""
    return place.named(f"{name}-{place.region}", _MOST)


def _put_policy(role: str, properties: Properties, aws: Aws) -> None:
    document = json.dumps(properties["PolicyDocument"])
    aws.call("iam", "put_role_policy", RoleName=role, PolicyName=POLICY, PolicyDocument=document)


def _bound(role: str, boundary: str, aws: Aws) -> None:
    """Set the boundary, or take it away; the roles' list tells no boundaries, but descriptions."""
    if boundary:
        aws.call("iam", "update_role", RoleName=role, Description=f"{_LIMITED}{boundary}")
        aws.call("iam", "put_role_permissions_boundary", RoleName=role, PermissionsBoundary=boundary)
    else:
        aws.remove("iam", "delete_role_permissions_boundary", RoleName=role)
        aws.call("iam", "update_role", RoleName=role, Description="")


def _tag(role: str, wanted: Mapping[str, str], aws: Aws) -> None:
    aws.call("iam", "tag_role", RoleName=role, Tags=[{"Key": key, "Value": value} for key, value in wanted.items()])
    there = aws.listed("iam", "list_role_tags", "Tags", RoleName=role)
    if gone := [each["Key"] for each in there if each["Key"] not in wanted and not each["Key"].startswith("aws:")]:
        aws.call("iam", "untag_role", RoleName=role, TagKeys=gone)


def _document(value: Any) -> Any:
    """boto3 parses policies; a service that escapes them differently gives text."""
    return json.loads(unquote(value)) if isinstance(value, str) else value


KIND = _Role()
