"""A deployed function invoked through AWS. Source: Invoke in Lambda's API reference."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, NamedTuple

from lambdacli.deploy.traffic import not_deployed
from lambdacli.refusals import Refused
from lambdacli.resource import ALIAS

if TYPE_CHECKING:
    from lambdacli.deploy.aws import Aws


class Answer(NamedTuple):
    """What AWS answered."""

    request_id: str
    version: str  # the one that ran; "" of an asynchronous invocation
    payload: bytes  # the result, or the error object
    failed: bool
    log: bytes  # its last 4 KB


def invoke(aws: Aws, name: str, event: bytes, client_context: str = "", *, later: bool = False) -> Answer:
    """Invoke the alias of a function of the manifest, once.

    Args:
        aws: where it is deployed.
        name: of the manifest.
        event: JSON.
        client_context: plain JSON, or "".
        later: asynchronously: AWS takes the event, and nobody waits for the result.

    Raises:
        UsageError: it is not deployed.
        Refused: AWS says no.
    """
    how = {"InvocationType": "Event"} if later else {"InvocationType": "RequestResponse", "LogType": "Tail"}
    if client_context:
        how["ClientContext"] = base64.b64encode(client_context.encode()).decode()
    function_name = aws.place.function_name(name)
    try:
        answer = aws.connection.invoke(FunctionName=function_name, Qualifier=ALIAS, Payload=event, **how)
    except Refused as refused:
        if not refused.absent:
            raise
        raise not_deployed(name, aws.place) from None
    return Answer(
        answer["ResponseMetadata"].get("RequestId", ""),
        answer.get("ExecutedVersion", ""),
        answer["Payload"],
        failed="FunctionError" in answer,
        log=base64.b64decode(answer.get("LogResult", "")),
    )
