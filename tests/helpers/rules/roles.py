"""Roles: when a service may assume them, and what they permit."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote
from xml.sax.saxutils import unescape

from rules.rule import Answer, Refusal, Rule, World

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rules.calls import Call


class Assumable(Rule):
    """A role can be assumed a while after it was made, and only by a service that it trusts.

    Source: "Troubleshoot IAM: changes that I make are not always immediately visible" in the IAM user guide.
    """

    watches = (
        "iam:CreateRole", "iam:UpdateAssumeRolePolicy", "lambda:CreateFunction", "lambda:UpdateFunctionConfiguration",
        "scheduler:CreateSchedule", "scheduler:UpdateSchedule",
    )  # fmt: skip

    def before(self, call: Call, world: World) -> Refusal | Answer | None:
        if call.service == "lambda" and (role := call.parameters.get("Role")):
            if not self._assumable(role, "lambda.amazonaws.com", world):
                text = "The role defined for the function cannot be assumed by Lambda."
                return Refusal("InvalidParameterValueException", text)
        elif call.service == "scheduler":
            role = call.parameters["Target"]["RoleArn"]
            if not self._assumable(role, "scheduler.amazonaws.com", world):
                text = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
                return Refusal("ValidationException", text)
        return None

    def after(self, call: Call, answer: Answer, world: World) -> Answer:
        if call.service == "iam":
            world.happened(("role", call.parameters["RoleName"]))
        return answer

    @staticmethod
    def _assumable(arn: str, service: str, world: World) -> bool:
        name = arn.rpartition("/")[2]
        if world.new(("role", name)):
            return False
        iam = world.client("iam")
        try:
            trust = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
        except iam.exceptions.NoSuchEntityException:
            return False
        return any(service in listed(each.get("Principal", {}).get("Service")) for each in statements(trust))


class Visible(Rule):
    """What a role permits is seen elsewhere a while later: notes when it changed.

    Source: as Assumable.
    """

    watches = ("iam:PutRolePolicy", "iam:AttachRolePolicy")

    def after(self, call: Call, answer: Answer, world: World) -> Answer:
        world.happened(("permits", call.parameters["RoleName"]))
        return answer


class Shortened(Rule):
    """A trust policy is answered with single texts in the place of lists that have one.

    Source: https://github.com/aws/aws-cli/issues/6584, where CreateRole answers so.
    """

    watches = ("iam:CreateRole", "iam:GetRole", "iam:ListRoles")

    def after(self, call: Call, answer: Answer, world: World) -> Answer:  # noqa: ARG002
        body = _TRUST.sub(lambda found: f"{found[1]}{_shortened(found[2])}{found[3]}", answer.body.decode())
        return Answer(answer.status, answer.headers, body.encode())


_TRUST = re.compile("(<AssumeRolePolicyDocument>)(.*?)(</AssumeRolePolicyDocument>)", re.DOTALL)


def _shortened(document: str) -> str:
    text = unescape(document)
    found = json.loads(unquote(text) if text.startswith("%") else text)
    return quote(json.dumps({**found, "Statement": [_single(each) for each in listed(found["Statement"])]}))


def _single(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _single(each) for name, each in value.items()}
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def permits(arn: str, actions: Iterable[str], resource: str, world: World) -> bool:
    """Whether a role's policies allow all the actions on the resource, as far as other services have seen it."""
    name = arn.rpartition("/")[2]
    if world.new(("permits", name)):
        return False
    known = list(_policies(name, world))
    return all(any(_allows(each, action, resource) for each in known) for action in actions)


def _policies(name: str, world: World) -> Iterator[dict[str, Any]]:
    iam = world.client("iam")
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        yield from statements(iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"])
    for attached in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
        version = iam.get_policy(PolicyArn=attached["PolicyArn"])["Policy"]["DefaultVersionId"]
        document = iam.get_policy_version(PolicyArn=attached["PolicyArn"], VersionId=version)["PolicyVersion"][
            "Document"
        ]
        yield from statements(document)


def statements(document: Any) -> list[dict[str, Any]]:
    """A policy's statements, of its JSON or of what boto3 made of it."""
    if isinstance(document, str):
        document = json.loads(unquote(document) if document.startswith("%") else document)
    return [each for each in listed(document["Statement"]) if isinstance(each, dict)]


def _allows(statement: dict[str, Any], action: str, resource: str) -> bool:
    return (
        statement["Effect"] == "Allow"
        and any(fnmatchcase(action.lower(), each.lower()) for each in listed(statement.get("Action")))
        and any(fnmatchcase(resource, each) for each in listed(statement.get("Resource")))
    )


def listed(value: Any) -> list[Any]:
    """One or many, as a list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
