"""What the triggers' deployments share: references, permissions to invoke, where things stand in the manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdacli import triggers
from lambdacli.resource import SID, Grant, Key, Ref, Resource, digest

if TYPE_CHECKING:
    from lambdacli.model import Function, Trigger
    from lambdacli.resource import Place, Value


MOST_STATEMENTS = 20  # of a function for a stage of an API: its policy holds 20 KB, a statement about 400 bytes


def where(trigger: Trigger, function: Function, key: str = "") -> str:
    """The trigger, or one of its settings, in the manifest."""
    return triggers.where(function.name, trigger, key)


def resource(
    trigger: Trigger, function: Function, kind: str, name: str, properties: dict[str, Value], **more: Any
) -> Resource:
    """A resource that hangs on the function: its name is the function's and `name`."""
    named = f"{function.name}/{name}"
    return Resource(kind, named, properties, function=function.name, where=where(trigger, function), **more)


def alias(function: Function) -> Ref:
    """The ARN that a trigger invokes; whatever refers to it waits until it is there."""
    return Ref("alias", function.name)


def permission(
    trigger: Trigger,
    function: Function,
    place: Place,
    principal: str,
    source: Value = None,
    *,
    sid: str = "",
    account: bool = False,
    **more: Value,
) -> Resource:
    """Lets an AWS service invoke the alias, from one source.

    Args:
        trigger: for whom.
        function: which is invoked.
        place: where.
        principal: such as s3.amazonaws.com.
        source: ARN of what invokes; the narrowest that AWS offers. Ref and Joined may stand here.
        sid: tells it from others of the same trigger kind; the source's name.
        account: also hold it to the account, where the ARN has none (S3).
        more: further parameters of AddPermission.

    Source: AddPermission in Lambda's API reference.
    """
    properties: dict[str, Any] = {"Action": "lambda:InvokeFunction", "Principal": principal}
    if source is not None:
        properties["SourceArn"] = source
    if account:
        properties["SourceAccount"] = place.account
    name = f"{SID}{trigger.kind}-{digest(sid or repr(source))[:12]}"
    return resource(trigger, function, "permission", name, {**properties, **more}, after=(Key("alias", function.name),))


_SENDING = {"sqs": ("queue", "sqs:SendMessage"), "sns": ("topic", "sns:Publish")}


def sending(kind: str, named: str) -> tuple[Ref, Grant]:
    """The ARN of a queue (`sqs`) or topic (`sns`) that the manifest names, and what it takes to send there."""
    where_to, action = _SENDING[kind]
    arn = Ref(where_to, named)
    return arn, Grant((action,), (arn,))
