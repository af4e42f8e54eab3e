"""Which event a command line names, and the folders that its template may lie in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from lambdacli import events
from lambdacli.errors import ManifestError

if TYPE_CHECKING:
    from collections.abc import Sequence

MANIFEST_NAMES = ("-m", "--manifest")
MANIFEST_OPTION: dict[str, Any] = {
    "metavar": "FILE",
    "help": "The manifest beside which your own templates lie; found upward unless given.",
    "show_default": False,
}
FROM_HELP = "Check an event that you have: which one it is, and where it departs."


def folders(manifest: str | None) -> tuple[Path, ...]:
    """The folders of the user's own templates."""
    from lambdacli.events.own import folders as own

    return own(Path(manifest) if manifest else None)


def folders_of(ctx: Any, args: Sequence[str] = ()) -> tuple[Path, ...]:
    """Those of a command line's manifest; a shell that completes gets no error."""
    try:
        return folders(ctx.params.get("manifest") or manifest_among(args))
    except ManifestError:
        if ctx.resilient_parsing:
            return ()
        raise


def manifest_among(args: Sequence[str]) -> str | None:
    """The manifest named after the event: it may hold the very template."""
    for position, each in enumerate(args):
        if each in MANIFEST_NAMES and position + 1 < len(args):
            return args[position + 1]
        if each.startswith("--manifest="):
            return each.partition("=")[2]
    return None


def event_name(args: list[str], folders: Sequence[Path]) -> tuple[str, list[str]]:
    """The event's name and what is left: two words are joined where that makes an event."""
    if len(args) > 1 and not args[1].startswith("-") and not events.exists(args[0], folders):
        joined = f"{args[0]}-{args[1]}"
        if events.exists(joined, folders) or args[0] in services(folders):
            return joined, args[2:]
    return args[0], args[1:]


def services(folders: Sequence[Path]) -> dict[str, list[str]]:
    """Names by their service."""
    found: dict[str, list[str]] = {}
    for service, name in events.by_service(folders):
        found.setdefault(service, []).append(name)
    return dict(sorted(found.items()))
