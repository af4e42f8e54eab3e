"""A project whose function tells what it got, deployed to the emulator with the real command line."""

from __future__ import annotations

from typing import Any

from telling import Telling

_HANDLER = """
import json
import os

def handler(event, context):
    for record in event["Records"]:
        print("GOT", json.dumps(record))
        if "poison" in json.dumps(record):
            raise ValueError("poison")
    return {"batchItemFailures": []}
"""


class Project(Telling):
    """One function, `reader`, that pulls."""

    app = "pull"
    source = _HANDLER

    def write(self, *triggers: dict[str, Any], resources: dict[str, Any] | None = None, **function: Any) -> None:
        """The manifest: the function with these triggers, and what it owns."""
        reader = {"handler": "app.handler", "code": "code", "triggers": list(triggers), **function}
        self.save({"timeout": 5}, {"reader": reader}, resources or {})

    def mappings(self) -> list[dict[str, Any]]:
        """The event source mappings of the function, as AWS would tell them."""
        pages = self.aws.strict_client("lambda").get_paginator("list_event_source_mappings")
        found = pages.paginate(FunctionName="pull-dev-reader:live")
        return [mapping for page in found for mapping in page["EventSourceMappings"]]


def changed(action: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The fields of an action, old and new."""
    return {each["field"]: (each["old"], each["new"]) for each in action["changes"]}
