"""A small project on the emulator, for the commands that people and machines use."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from forked import Ended, Forker
    from rules import Proxy

APP = "def handler(event, context): return event\n"
SECRET = "hunter2-hunter2"  # noqa: S105 - what nobody must see


@dataclass
class Project:
    """A manifest, and the account that it is for."""

    aws: Proxy
    run: Forker
    folder: Path
    manifest: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.folder / "app.py").write_text(APP)
        self.write(orders={}, mails={"environment": {"TOKEN": SECRET}})

    def write(self, **functions: dict[str, Any]) -> None:
        defaults = {"runtime": "python3.13", "handler": "app.handler", "code": "app.py"}
        self.manifest = {"app": "shop", "region": "eu-west-1", "defaults": defaults, "functions": functions}
        self.save()

    def save(self) -> None:
        (self.folder / "lambdacli.yaml").write_text(json.dumps(self.manifest))

    def __call__(self, *arguments: str, env: dict[str, str] | None = None) -> Ended:
        self.aws.forget()
        return self.run(*arguments, cwd=self.folder, env=self.aws.environ | (env or {}))

    def json(self, *arguments: str) -> Any:
        ended = self(*arguments, "--json")
        assert ended.status == 0, ended.err
        return json.loads(ended.out)

    def argv(self, *arguments: str) -> list[str]:
        """The command line as a process of its own."""
        return [sys.executable, "-m", "lambdacli", *arguments]

    @property
    def environment(self) -> dict[str, str]:
        """For such a process."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LAMBDACLI_CACHE_DIR") if name in os.environ}
        return kept | self.aws.environ

    def deployed(self) -> Project:
        ended = self("deploy", "--yes")
        assert ended.status == 0, ended.err
        return self
