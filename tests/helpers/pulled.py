"""A project whose function tells what it got, deployed to the emulator with the real command line."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import CommandLine
    from rules import Proxy

_PATIENCE = 20  # seconds until an event has to arrive
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


class Project:
    """A manifest, changed and deployed again and again."""

    def __init__(self, folder: Path, lambdacli: CommandLine, aws: Proxy) -> None:
        self.aws = aws
        self._folder = folder
        self._lambdacli = lambdacli
        (folder / "code").mkdir()
        (folder / "code" / "app.py").write_text(_HANDLER)

    def write(self, *triggers: dict[str, Any], resources: dict[str, Any] | None = None, **function: Any) -> None:
        """The manifest: one function `reader` with these triggers, and what it owns."""
        reader = {"handler": "app.handler", "code": "code", "triggers": list(triggers), **function}
        manifest = {
            "app": "pull",
            "defaults": {"runtime": "python3.11", "timeout": 5},
            "functions": {"reader": reader},
            **({"resources": resources} if resources else {}),
        }
        (self._folder / "lambdacli.yaml").write_text(yaml.safe_dump(manifest, sort_keys=False))

    def run(self, *arguments: str, code: int = 0) -> str:
        """One command; what it said on both streams."""
        done = self._lambdacli(*arguments, env=self.aws.environ, timeout=120)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def deploy(self, *arguments: str, code: int = 0) -> str:
        """Deploy without a question."""
        return self.run("deploy", "--yes", *arguments, code=code)

    def plan(self, *arguments: str) -> dict[tuple[str, str], dict[str, Any]]:
        """The actions that a deployment would take, by kind and name, housekeeping left out."""
        done = self._lambdacli("deploy", "--dry-run", "--json", *arguments, env=self.aws.environ, timeout=120)
        assert done.returncode == 0, done.stderr
        actions = json.loads(done.stdout)["actions"]
        return {(each["kind"], each["name"]): each for each in actions if not each["housekeeping"]}

    def mappings(self) -> list[dict[str, Any]]:
        """The event source mappings of the function, as AWS would tell them."""
        pages = self.aws.strict_client("lambda").get_paginator("list_event_source_mappings")
        found = pages.paginate(FunctionName="pull-dev-reader:live")
        return [mapping for page in found for mapping in page["EventSourceMappings"]]

    def got(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first record of the function's log that is the wanted one."""
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            for record in self._records():
                if wanted(record):
                    return record
            time.sleep(0.05)
        raise AssertionError(self.aws.log())

    def _records(self) -> list[dict[str, Any]]:
        logs = self.aws.client("logs")
        events = logs.filter_log_events(logGroupName="/aws/lambda/pull-dev-reader")["events"]
        lines = [each["message"].strip() for each in events]
        return [json.loads(line.removeprefix("GOT ")) for line in lines if line.startswith("GOT ")]


def changed(action: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The fields of an action, old and new."""
    return {each["field"]: (each["old"], each["new"]) for each in action["changes"]}
