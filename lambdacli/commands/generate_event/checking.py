"""`generate-event --from FILE`: which event somebody has, and where it departs from its shape. And `--schema`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from lambdacli import console, events
from lambdacli.errors import EventError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from lambdacli.events.recognition import Recognised

_MOST = 100  # lines for people; `--json` has all


def check(file: str, *, name: str = "", folders: Sequence[Path] = (), as_json: bool = False) -> int:
    """Say on stdout what event a file (or stdin, `-`) holds; the exit code.

    Args:
        file: its path, `-`, or JSON itself.
        name: the event that it ought to be; found out unless told.
        folders: of the user's own templates.
        as_json: one object for machines instead of lines for people.

    Raises:
        EventError: the file is no JSON, there is no such event; without `as_json` also when the event departs from it.
    """
    event = json.loads(_read(file, folders))
    found = events.check(event, name, folders) if name else events.recognise(event, folders)
    shown = "stdin" if file == "-" else "event" if file.lstrip()[:1] in {"{", "[", '"'} else file
    if as_json:
        console.data(events.dumps({"file": shown, "fits": found.fits} | asdict(found)))
        return 0 if found.fits else EventError.exit_code
    _show(shown, found)
    if not found.fits:
        raise _departed(shown, found)
    return 0


def schema(name: str, *, folders: Sequence[Path] = (), compact: bool = False) -> str:
    """The JSON Schema of an event, as text."""
    return events.dumps(events.schema(events.load(name, folders)), compact=compact)


def _read(file: str, folders: Sequence[Path]) -> bytes:
    import sys

    from lambdacli.events.source import resolve
    from lambdacli.model import MAX_EVENT

    return resolve(file, {}, folders=folders, stdin=lambda: sys.stdin.buffer.read(MAX_EVENT + 1))


def _show(file: str, found: Recognised) -> None:
    if not found.near:
        nearest = f"; the nearest is {found.name} — {found.summary}" if found.name else ""
        console.data(f"{file}: no event of the catalogue{nearest}")
    else:
        others = f" (or {', '.join(found.others)})" if found.others else ""
        console.data(f"{file}: {found.name} — {found.summary}{others}")
    for each in found.departures[:_MOST]:
        console.data(str(each))
    if len(found.departures) > _MOST:
        console.data(f"… and {len(found.departures) - _MOST:,} more; --json shows all")


def _departed(file: str, found: Recognised) -> EventError:
    if not found.near:
        return EventError(f"{file} is no event of the catalogue", hint="`generate-event --list` shows all")
    number = sum(1 + each.more for each in found.departures if not each.note)
    places = "1 place" if number == 1 else f"{number:,} places"
    return EventError(f"{file} departs from {found.name} in {places}")
