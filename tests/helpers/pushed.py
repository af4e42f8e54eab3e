"""A project whose functions tell the events that are pushed to them, deployed with the real command line."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import yaml
from emulator import ACCOUNT, REGION

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from conftest import CommandLine
    from rules import Proxy

ALIAS = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:push-dev-{{}}:live"
_PATIENCE = 20  # seconds until an event has to arrive
_HANDLER = """
import json

def handler(event, context):
    print("GOT", json.dumps(event))
"""


class Pushed:
    """A manifest of several functions, changed and deployed again and again."""

    def __init__(self, folder: Path, lambdacli: CommandLine, aws: Proxy) -> None:
        self.aws = aws
        self._folder = folder
        self._lambdacli = lambdacli
        (folder / "code").mkdir()
        (folder / "code" / "app.py").write_text(_HANDLER)

    def write(self, functions: Mapping[str, list[dict[str, Any]]], **resources: Any) -> None:
        """The manifest: functions with their triggers, and what it owns."""
        manifest = {
            "app": "push",
            "defaults": {"runtime": "python3.11", "handler": "app.handler", "code": "code"},
            "functions": {name: {"triggers": triggers} for name, triggers in functions.items()},
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

    def statements(self, function: str) -> list[dict[str, Any]]:
        """Who may invoke a function, as AWS would tell it."""
        client = self.aws.strict_client("lambda")
        try:
            policy = client.get_policy(FunctionName=f"push-dev-{function}", Qualifier="live")["Policy"]
        except client.exceptions.ResourceNotFoundException:
            return []
        return list(json.loads(policy)["Statement"])

    def got(self, function: str, wanted: Callable[[Any], bool] = bool) -> Any:
        """The first event in the function's log that is the wanted one."""
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            for event in self.events(function):
                if wanted(event):
                    return event
            time.sleep(0.05)
        raise AssertionError(self.aws.log())

    def events(self, function: str) -> list[Any]:
        """All events that the function has got."""
        logs = self.aws.client("logs")
        told = logs.filter_log_events(logGroupName=f"/aws/lambda/push-dev-{function}")["events"]
        lines = [each["message"].strip() for each in told]
        return [json.loads(line.removeprefix("GOT ")) for line in lines if line.startswith("GOT ")]


def alias(function: str) -> str:
    """What triggers of a function point at."""
    return ALIAS.format(function)
