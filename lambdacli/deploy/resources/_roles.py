"""What the kinds of IAM roles share: their one inline policy, their permissions boundary, and how they are deleted.

Source: CreateRole, PutRolePolicy, PutRolePermissionsBoundary and DeleteRole in IAM's API reference.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

if TYPE_CHECKING:
    from lambdacli.deploy.aws import Aws

POLICY = "lambdacli"
MOST = 64  # characters of a role's name
_LIMITED = "limited by "  # in a role's description, before its permissions boundary


def boundary(found: Mapping[str, Any], wanted: str, aws: Aws) -> str:
    """The permissions boundary of a role of the list of roles, which does not tell it.

    The description tells what lambdacli has set; the role itself is only asked where one is wanted.
    """
    if not wanted:
        return str(found.get("Description", "")).partition(_LIMITED)[2]
    role = (aws.get("iam", "get_role", RoleName=found["RoleName"]) or {}).get("Role", {})
    return str((role.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn", ""))


def bounded(limit: str) -> dict[str, str]:
    """The parameters that make a role with a permissions boundary, or without one."""
    return {"Description": _described(limit), **({"PermissionsBoundary": limit} if limit else {})}


def bind(role: str, limit: str, aws: Aws) -> None:
    """Set the permissions boundary, or take it away."""
    if limit:
        aws.call("iam", "update_role", RoleName=role, Description=_described(limit))
        aws.call("iam", "put_role_permissions_boundary", RoleName=role, PermissionsBoundary=limit)
    else:
        aws.remove("iam", "delete_role_permissions_boundary", RoleName=role)
        aws.call("iam", "update_role", RoleName=role, Description=_described(limit))


def _described(limit: str) -> str:
    return f"made by lambdacli, {_LIMITED}{limit}" if limit else "made by lambdacli"


def policy_of(role: str, aws: Aws) -> Any:
    """The document of its inline policy; None where it has none."""
    answer = aws.get("iam", "get_role_policy", RoleName=role, PolicyName=POLICY)
    return document(answer["PolicyDocument"]) if answer else None


def put_policy(role: str, policy: Any, aws: Aws) -> None:
    """Make it the role's inline policy."""
    aws.call("iam", "put_role_policy", RoleName=role, PolicyName=POLICY, PolicyDocument=json.dumps(policy))


def delete(role: str, aws: Aws) -> None:
    """Delete a role with whatever policies somebody has added: IAM keeps a role that has any."""
    for policy in aws.listed("iam", "list_role_policies", "PolicyNames", RoleName=role):
        aws.remove("iam", "delete_role_policy", RoleName=role, PolicyName=policy)
    for attached in aws.listed("iam", "list_attached_role_policies", "AttachedPolicies", RoleName=role):
        aws.remove("iam", "detach_role_policy", RoleName=role, PolicyArn=attached["PolicyArn"])
    aws.remove("iam", "delete_role", RoleName=role)


def same(wanted: Any, actual: Any) -> bool:
    """Whether two policies mean the same: IAM answers a list of one as its element, and lists in an order of its own.

    Source: https://github.com/aws/aws-cli/issues/6584.
    """
    return bool(_plain(wanted) == _plain(actual))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        items = [_plain(each) for each in value]
        return items[0] if len(items) == 1 else sorted(items, key=_ordered)
    return value


def _ordered(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=repr)


def document(value: Any) -> Any:
    """boto3 parses policies; a service that escapes them differently gives text."""
    return json.loads(unquote(value)) if isinstance(value, str) else value
