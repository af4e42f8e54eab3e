"""A connection with an emulator of ours that asks for SQS's most frequent calls itself: boto3 costs most of their time.

Source: "Making Query API requests using AWS JSON protocol in Amazon SQS" in the Amazon SQS developer guide. Nothing is
signed: the emulator is on this machine and belongs to us. Whatever is no plain success is asked for again with boto3,
which knows all errors: these calls change nothing unless they succeed.
"""

from __future__ import annotations

import base64
import json
from collections import deque
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from lambdacli.connection import Connection

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lambdacli.connection import Answer, Target

_OPERATIONS = {"receive_message": "ReceiveMessage", "delete_message_batch": "DeleteMessageBatch"}
_PATIENCE = 60.0  # seconds, as boto3: longer than any long poll
_OK = 200


class Direct(Connection):
    """As `Connection`, with keep-alive connections that threads share. Stays open until `close`."""

    def __init__(self, region: str, target: Target) -> None:
        super().__init__(region=region, target=target)
        self._place = urlsplit(target.endpoint).netloc
        key = target.keys[0] if target.keys else ""
        scope = f"{key}/20000101/{region}/sqs/aws4_request"  # tells the emulator account and region
        self._headers = {
            "Content-Type": "application/x-amz-json-1.0",
            "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none",
        }
        self._idle: deque[HTTPConnection] = deque()
        self._closed = False

    def once(self, service: str, operation: str, parameters: Mapping[str, Any]) -> Answer:
        """As `Connection`."""
        if service == "sqs" and operation in _OPERATIONS and not self._closed:
            answer = self._plainly(_OPERATIONS[operation], json.dumps(parameters).encode())
            if answer is not None:
                return answer
        return super().once(service, operation, parameters)

    def close(self) -> None:
        """As `Connection`."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()
        super().close()

    def _plainly(self, operation: str, body: bytes) -> Answer | None:
        """The answer; None: it is none that is understood here."""
        one = self._idle.pop() if self._idle else HTTPConnection(self._place, timeout=_PATIENCE)
        try:
            one.request("POST", "/", body, {**self._headers, "X-Amz-Target": f"AmazonSQS.{operation}"})
            response = one.getresponse()
            text = response.read()
            found: Answer | None = json.loads(text, object_hook=_binary) if response.status == _OK else None
        except (OSError, HTTPException, ValueError):
            one.close()
            return None
        self._keep(one)
        return found

    def _keep(self, one: HTTPConnection) -> None:
        if self._closed:
            one.close()
        else:
            self._idle.append(one)


def _binary(value: dict[str, Any]) -> dict[str, Any]:
    """Values of message attributes are bytes where JSON has base64."""
    if isinstance(value.get("BinaryValue"), str):
        value["BinaryValue"] = base64.b64decode(value["BinaryValue"])
    return value
