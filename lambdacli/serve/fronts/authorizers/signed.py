"""Requests signed with AWS credentials. Who signs is read; the signature itself is not checked: the secret is not here.

Source: "Create a signed AWS API request" in the IAM user guide.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from lambdacli.serve.fronts.answer import Refusal
from lambdacli.serve.fronts.authorizers import Asked, Verdict

if TYPE_CHECKING:
    from lambdacli.serve.fronts.answer import Answer

_HEADER = re.compile(r"AWS4-\S+\s+(?:.*[\s,])?Credential=([A-Za-z0-9]+)/\d{8}/[^/]*/[^/]+/aws4_request.*Signature=\S+")
_PARAMETER = re.compile(r"([A-Za-z0-9]+)/\d{8}/[^/]*/[^/]+/aws4_request")


class Signed:
    """Lets signed requests pass.

    Args:
        refused: the answer to those that are not.
        account: 12 digits, to which callers are taken to belong.
    """

    def __init__(self, refused: Answer, account: str) -> None:
        self._refused = refused
        self._account = account

    async def __call__(self, asked: Asked) -> Verdict:
        """Let it pass, if it is signed."""
        key = access_key(asked)
        if not key:
            raise Refusal(self._refused, "the request is not signed (AWS Signature Version 4)")
        return Verdict("iam", identity(key, self._account), key)


def access_key(asked: Asked) -> str:
    """The id of the access key that signed the request; "" if none did."""
    request = asked.turn.request
    match = _HEADER.match(request.header("authorization"))
    if match is None and "X-Amz-Signature" in request.query:
        match = _PARAMETER.match(request.parameter("X-Amz-Credential"))
    return match[1] if match else ""


def identity(key: str, account: str) -> dict[str, Any]:
    """The caller, as far as an access key tells."""
    return {
        "accessKey": key,
        "accountId": account,
        "callerId": key,
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": f"arn:aws:iam::{account}:user/{key}",
        "userId": key,
    }
