"""A project whose functions tell the events that are pushed to them, deployed with the real command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from emulator import ACCOUNT, REGION
from telling import Telling

if TYPE_CHECKING:
    from collections.abc import Mapping

ALIAS = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:push-dev-{{}}:live"
_HANDLER = """
import json

def handler(event, context):
    print("GOT", json.dumps(event))
"""


class Pushed(Telling):
    """Several functions to which events are pushed."""

    app = "push"
    source = _HANDLER

    def write(self, functions: Mapping[str, list[dict[str, Any]]], **resources: Any) -> None:
        """The manifest: functions with their triggers, and what it owns."""
        having = {name: {"triggers": triggers} for name, triggers in functions.items()}
        self.save({"handler": "app.handler", "code": "code"}, having, resources)

    def statements(self, function: str) -> list[dict[str, Any]]:
        """Who may invoke a function, as AWS would tell it."""
        client = self.aws.strict_client("lambda")
        try:
            policy = client.get_policy(FunctionName=f"push-dev-{function}", Qualifier="live")["Policy"]
        except client.exceptions.ResourceNotFoundException:
            return []
        return list(json.loads(policy)["Statement"])


def alias(function: str) -> str:
    """What triggers of a function point at."""
    return ALIAS.format(function)
