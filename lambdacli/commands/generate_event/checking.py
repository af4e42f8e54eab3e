"""`generate-event --from FILE`: which event somebody has, and where it departs from its shape. And `--schema`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.main import get_command

from lambdacli import console, events
from lambdacli.commands.generate_event import names
from lambdacli.commands.running import read_stdin
from lambdacli.errors import EventError, UsageError
from lambdacli.events import source
from lambdacli.events.own import mistakes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from lambdacli.events.recognition import Recognised

_FILE_HELP = "Its path, - (stdin), or JSON; several are checked one after another."
_JSON_HELP = "As one JSON object; of several files as an array of them."
_MORE_HELP = "`EVENT --from FILE...` holds files against an event that is known. Exit code 2 when one departs."
_MOST = 100  # lines for people; `--json` has all


def command(folders: Sequence[Path]) -> Any:
    """The command behind --from alone: it finds out which event each file holds."""

    def check_files(
        file: Annotated[list[str], typer.Argument(metavar="FILE...", help=_FILE_HELP)] = [],
        as_json: Annotated[bool, typer.Option("--json", help=_JSON_HELP)] = False,
        manifest: Annotated[str | None, typer.Option(*names.MANIFEST_NAMES, **names.MANIFEST_OPTION)] = None,  # noqa: ARG001 - acted on already
    ) -> int:
        return check(file, folders=folders, as_json=as_json)

    single = typer.Typer(rich_markup_mode=None, add_completion=False)
    single.command("--from", help=f"{names.FROM_HELP}\n\n{_MORE_HELP}")(check_files)
    return get_command(single)


def check(files: str | Sequence[str], *, name: str = "", folders: Sequence[Path] = (), as_json: bool = False) -> int:
    """Say on stdout what events files (or stdin, `-`) hold; the exit code.

    Args:
        files: a path, `-`, or JSON itself; one or several.
        name: the event that they ought to be; found out unless told.
        folders: of the user's own templates.
        as_json: for machines instead of lines for people: one object, an array of them for several files.

    Raises:
        UsageError: no file is named.
        EventError: there is no such event, the one file is no JSON; without `as_json` also when an event departs.
    """
    given = [files] if isinstance(files, str) else list(files)
    if not given:
        raise UsageError("which file?", hint="a path, - (stdin), or JSON")
    if not name:
        _warn(folders)
    results = [_Result.of(each, name, folders, alone=len(given) == 1) for each in given]
    if as_json:
        told = [each.told() for each in results]
        console.data(events.dumps(told[0] if len(told) == 1 else told))
        return 0 if all(each.fits for each in results) else EventError.exit_code
    for each in results:
        each.show()
    failed = [each for each in results if not each.fits]
    if len(results) == 1 and failed:
        raise failed[0].departed()
    if failed:
        raise EventError(f"{len(failed):,} of {len(results):,} files hold no event as it should be")
    return 0


def schema(name: str, *, folders: Sequence[Path] = (), compact: bool = False) -> str:
    """The JSON Schema of an event, as text."""
    return events.dumps(events.schema(events.load(name, folders)), compact=compact)


@dataclass(frozen=True, slots=True)
class _Result:
    """What a file holds; or, among several, why it cannot be said."""

    file: str
    found: Recognised | None
    error: EventError | None = None

    @classmethod
    def of(cls, file: str, name: str, folders: Sequence[Path], *, alone: bool) -> _Result:
        shown = source.called(file)
        try:
            event = source.given(file, stdin=read_stdin, what="--from")
            found = events.check(event, name, folders) if name else events.recognise(event, folders)
        except EventError as error:
            if alone:
                raise
            return cls(shown, None, error)
        return cls(shown, found)

    @property
    def fits(self) -> bool:
        return self.found is not None and self.found.fits

    def told(self) -> dict[str, Any]:
        """For machines."""
        about = asdict(self.found) if self.found else {"error": self.error and self.error.message}
        return {"file": self.file, "fits": self.fits} | about

    def show(self) -> None:
        """For people."""
        found = self.found
        if found is None:
            if self.error:
                console.data(self.error.message)
            return
        if not found.near:
            nearest = f"; the nearest is {found.name} — {found.summary}" if found.name else ""
            console.data(f"{self.file}: no event of the catalogue{nearest}")
        else:
            others = f" (or {', '.join(found.others)})" if found.others else ""
            console.data(f"{self.file}: {found.name} — {found.summary}{others}")
        for each in found.departures[:_MOST]:
            console.data(str(each))
        if len(found.departures) > _MOST:
            console.data(f"… and {len(found.departures) - _MOST:,} more; --json shows all")

    def departed(self) -> EventError:
        """The error of a file that is looked at alone."""
        found = self.found
        if found is None or not found.near:
            return EventError(f"{self.file} is no event of the catalogue", hint="`generate-event --list` shows all")
        number = sum(1 + each.more for each in found.departures if not each.note)
        places = "1 place" if number == 1 else f"{number:,} places"
        return EventError(f"{self.file} departs from {found.name} in {places}")


def _warn(folders: Sequence[Path]) -> None:
    """A broken template of the user's own is not among those that a file is compared with."""
    for _, error in mistakes(folders):
        console.warning(error.message, error.hint)
