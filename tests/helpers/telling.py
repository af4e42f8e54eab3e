"""A project whose functions tell what they get, deployed to the emulator with the real command line."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, ClassVar

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from emulator import Moto
    from forked import Forker
    from rules import Proxy

_PATIENCE = 20  # seconds until an event has to arrive


class Telling:
    """A manifest, changed and deployed again and again."""

    app: ClassVar[str]
    source: ClassVar[str]  # of app.py, which prints GOT and JSON for each thing that arrives

    def __init__(self, folder: Path, forker: Forker, aws: Proxy | Moto) -> None:
        self.aws = aws
        self._folder = folder
        self._forker = forker
        (folder / "code").mkdir()
        (folder / "code" / "app.py").write_text(self.source)

    def save(self, defaults: Mapping[str, Any], functions: Mapping[str, Any], resources: Mapping[str, Any]) -> None:
        """The manifest."""
        manifest = {"app": self.app, "defaults": {"runtime": "python3.11", **defaults}, "functions": functions}
        owned = {"resources": resources} if resources else {}
        (self._folder / "lambdacli.yaml").write_text(yaml.safe_dump({**manifest, **owned}, sort_keys=False))

    def run(self, *arguments: str, code: int = 0) -> str:
        """One command; what it said on both streams."""
        done = self._forker(*arguments, cwd=self._folder, env=self.aws.environ)
        assert done.status == code, done.out + done.err
        return done.out + done.err

    def deploy(self, *arguments: str, code: int = 0) -> str:
        """Deploy without a question."""
        return self.run("deploy", "--yes", *arguments, code=code)

    def plan(self, *arguments: str) -> dict[tuple[str, str], dict[str, Any]]:
        """The actions that a deployment would take, by kind and name, housekeeping left out."""
        done = self._forker("deploy", "--dry-run", "--json", *arguments, cwd=self._folder, env=self.aws.environ)
        assert done.status == 0, done.err
        actions = json.loads(done.out)["actions"]
        return {(each["kind"], each["name"]): each for each in actions if not each["housekeeping"]}

    def events(self, function: str) -> list[Any]:
        """All that a function has got."""
        logs = self.aws.client("logs")
        events = logs.filter_log_events(logGroupName=f"/aws/lambda/{self.app}-dev-{function}")["events"]
        lines = [each["message"].strip() for each in events]
        return [json.loads(line.removeprefix("GOT ")) for line in lines if line.startswith("GOT ")]

    def got(self, function: str, wanted: Callable[[Any], bool] = bool) -> Any:
        """The first that a function gets and that is the wanted one."""
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            for each in filter(wanted, self.events(function)):
                return each
            time.sleep(0.05)
        raise AssertionError(self.aws.log())
