"""What a user asks for when a function is to run here."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class Wanted(NamedTuple):
    """A local run as the user asks for it: names and texts, nothing looked up yet."""

    function: str | None
    manifest: Path | None = None
    stage: str = ""
    region: str = ""
    runtime: str = ""
    event: str | None = None
    settings: Sequence[str] = ()
    trigger: str = ""
    variables: Sequence[str] = ()
    env_file: Path | None = None
    timeout: float | None = None
    no_timeout: bool = False
    profile: str = ""
    credentials: bool = True
    client_context: str = ""
    allow_version_mismatch: bool = False
