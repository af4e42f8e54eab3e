"""What a user asks for when the manifest is to be served here."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from lambdacli.model import Function, Manifest

LOCAL, AWS, NONE = "local", "aws", "none"


class Wanted(NamedTuple):
    """A server as the user asks for it; the manifest is found and good."""

    manifest: Manifest  # whole
    functions: tuple[str, ...] = ()  # of these alone; none: of all
    host: str = "127.0.0.1"
    port: int = 3000
    reload: bool = True
    warm: int = 0  # environments of each function that are there before anybody asks
    most: int = 50  # environments at once, of all functions
    sources: str = LOCAL  # or AWS, NONE, or the URL of an endpoint
    variables: Mapping[str, str] = {}  # win over the manifest's
    env_file: Path | None = None  # that some of them are from, and
    variables_anew: Callable[[], Mapping[str, str]] | None = None  # all of them, once it was saved
    profile: str = ""
    region: str = ""
    stage: str = ""
    credentials: bool = True
    allow_version_mismatch: bool = False
    time_scale: float = 1.0
    at: datetime | None = None
    grace: float = 10.0  # seconds that running invocations get when it ends
    ignore: tuple[str, ...] = ()  # changes not to reload for, as in a .gitignore
    loud: bool = False  # what the local source says is shown

    def watched(self, manifest: Manifest) -> Manifest:
        """The manifest with the env file of the command line among the files that are watched."""
        if self.env_file is None:
            return manifest
        return manifest._replace(watched=(*manifest.watched, self.env_file))

    def restricted(self, manifest: Manifest) -> Manifest:
        """The manifest with the wanted functions alone, and those that they need, without what triggers these."""
        if not self.functions:
            return manifest
        wanted = [each for name, each in manifest.functions.items() if name in self.functions]
        needed = {name for function in wanted for name in _called(function)}
        kept = {
            name: each if name in self.functions else each._replace(triggers=())
            for name, each in manifest.functions.items()
            if name in self.functions or name in needed
        }
        return manifest._replace(functions=kept)


def _called(function: Function) -> Iterator[str]:
    """The functions that authorize its requests, or hear how its asynchronous invocations ended."""
    for trigger in function.triggers:
        authorizer = trigger.settings.get("authorizer")
        if isinstance(authorizer, dict):
            yield from (
                each["function"] for each in authorizer.values() if isinstance(each, dict) and "function" in each
            )
    for destination in (function.on_success, function.on_failure):
        if destination is not None and destination.kind == "function":
            yield destination.target
