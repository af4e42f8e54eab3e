"""What people and pipes see. stdout is data, stderr is messages; the only package that may import rich."""

from __future__ import annotations

import os
import sys
import time
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lambdacli.errors import LambdacliError, MachineError, ManifestError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import PurePath
    from typing import TextIO

_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34", "cyan": "36"}
_DIFF_LINES = 60
_WIDTH = 72  # columns of a rule at most
_NARROWEST = 40  # columns that texts are folded into


class ReaderGone(Exception):  # noqa: N818 - it is no error that `head` has read enough
    """Nobody reads our stdout any more."""


class _Settings:
    verbose = False
    quiet = False


def configure(*, verbose: bool, quiet: bool) -> None:
    """Set how much is said for the rest of the process."""
    _Settings.verbose = verbose
    _Settings.quiet = quiet


def verbose() -> bool:
    """Whether people want to see all of it."""
    return _Settings.verbose


def quiet() -> bool:
    """Whether people want to see only results and errors."""
    return _Settings.quiet


def coloured(stream: TextIO) -> bool:
    """Whether a stream takes colour: a terminal, and neither NO_COLOR nor TERM=dumb; FORCE_COLOR wins."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def style(text: str, name: str, stream: TextIO | None = None) -> str:
    """Text in a style where the stream (stderr unless told) takes it."""
    return f"\033[{_CODES[name]}m{text}\033[0m" if coloured(stream or sys.stderr) else text


def painter(stream: TextIO | None = None) -> Callable[[str, str], str]:
    """As `style` for many texts: whether the stream takes colour is asked once."""
    if not coloured(stream or sys.stderr):
        return lambda text, _name: text
    return lambda text, name: f"\033[{_CODES[name]}m{text}\033[0m"


def data(text: str) -> None:
    """One piece of data on stdout, with a newline.

    UTF-8 whatever the locale says; half a surrogate pair, which only JSON can spell, is spelled so.

    Raises:
        ReaderGone: nobody reads stdout any more.
        MachineError: stdout cannot be written.
    """
    with writing():
        sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace") + b"\n")


def raw(payload: bytes) -> None:
    """One piece of data on stdout byte for byte, with a newline, at once. Raises as `data`."""
    with writing():
        sys.stdout.buffer.write(payload + b"\n")
        sys.stdout.buffer.flush()


def piece(payload: bytes) -> None:
    """A part of one piece of data on stdout byte for byte, at once. Raises as `data`."""
    with writing():
        sys.stdout.buffer.write(payload)
        sys.stdout.buffer.flush()


def flush() -> None:
    """All data is on its way. Raises as `data`."""
    with writing():
        sys.stdout.flush()


@contextmanager
def writing(*reasons: int) -> Iterator[None]:
    """What writes to stdout within it fails as `data` does; with `reasons` (of `errno`) only for one of these."""
    try:
        yield
    except OSError as error:
        if reasons and error.errno not in reasons:
            raise
        _abandon(sys.stdout)
        if isinstance(error, BrokenPipeError):
            raise ReaderGone from None
        raise MachineError(f"cannot write to stdout: {error.strerror}", hint="make room, or write elsewhere") from None


def _abandon(stream: TextIO) -> None:
    """The reader of the stream is gone: what is still buffered, also by the interpreter's last flush, goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _tell(text: str) -> None:
    """On stderr. Where nobody reads it any more the command goes on: its result and exit code still count."""
    try:
        sys.stderr.write(text)
    except OSError:
        _abandon(sys.stderr)


def log(chunk: bytes) -> None:
    """A piece of a function's log on stderr as it comes, unless --quiet.

    Lambda's runtimes put carriage returns into an entry of several lines: a terminal would overwrite its beginning.
    """
    if _Settings.quiet:
        return
    try:
        sys.stderr.buffer.write(chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n"))
        sys.stderr.buffer.flush()
    except OSError:
        _abandon(sys.stderr)


def function_error(name: str, payload: bytes, code: PurePath) -> str:
    """Show a function's error as its own traceback with the user's frames; the one line that is left to say.

    Knows the error objects of Lambda's runtimes: `stackTrace` (Python, Ruby, Java, .NET) and `trace` (Node.js).
    """
    import json

    try:
        error = json.loads(payload)
        kind, text = str(error["errorType"]), str(error["errorMessage"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return f"function {name} failed"
    trace = error.get("trace")
    frames = error.get("stackTrace") or (trace[1:] if isinstance(trace, list) else [])
    for frame in frames if isinstance(frames, list) else []:
        where, *source = str(frame).rstrip().split("\n")
        _tell(where.replace(f"{code}{os.sep}", "") + "\n")
        if sys.stderr.isatty():
            _tell("".join(style(line, "dim") + "\n" for line in source))
    said = text.partition(" Error: ")[2] if text.startswith("RequestId: ") else text  # Lambda's own errors name the id
    parts = [part for part in (_first_line(kind), _first_line(said)) if part]
    return ": ".join([f"function {name} failed", *parts])


def _first_line(text: str) -> str:
    return next(iter(text.splitlines()), "")


def message(text: str) -> None:
    """One line for people on stderr, unless --quiet."""
    if not _Settings.quiet:
        _tell(text + "\n")


def told(text: str) -> None:
    """One line for people on stderr, also with --quiet: part of an error or of a question."""
    _tell(text + "\n")


def warning(text: str, hint: str = "") -> None:
    """One line that does not end the command."""
    if not _Settings.quiet:
        _labelled("warning", "yellow", text, hint)


def heading(text: str) -> None:
    """A rule with a title and the time: something begins."""
    if not _Settings.quiet:
        import shutil

        width = min(_WIDTH, shutil.get_terminal_size((_WIDTH, 24)).columns)
        _tell("\n" + style(f"── {time.strftime('%H:%M:%S')} {text} ".ljust(width, "─"), "bold") + "\n")


def difference(before: bytes, after: bytes) -> None:
    """What changed from one JSON result to the next, as lines of a diff on stderr."""
    if _Settings.quiet:
        return
    if before == after:
        message(style("same result as before", "dim"))
        return
    import difflib

    for line in list(difflib.unified_diff(_pretty(before), _pretty(after), lineterm="", n=2))[2:_DIFF_LINES]:
        colour = {"+": "green", "-": "red"}.get(line[:1])
        _tell((style(line, colour) if colour else line) + "\n")


def _pretty(payload: bytes) -> list[str]:
    import json

    try:
        return json.dumps(json.loads(payload), indent=2, ensure_ascii=False).split("\n")
    except (ValueError, RecursionError):
        return payload.decode("utf-8", "replace").split("\n")


def problem(text: str) -> None:
    """An error that does not end the command."""
    _labelled("error", "red", text, "")


def error(problem: LambdacliError) -> None:
    """An error that ends the command: one line, then its hint; a manifest's mistakes one by one."""
    problems = problem.problems if isinstance(problem, ManifestError) else ()
    for each in problems:
        _labelled("error", "red", str(each), each.hint)
    if problem.message:
        _labelled("error", "red", problem.message, problem.hint)
    if _Settings.verbose:
        _tell("".join(traceback.format_exception(problem)))


def bug(problem: Exception) -> None:
    """A failure nobody foresaw: the traceback, and where to take it."""
    _tell("".join(traceback.format_exception(problem)))
    _labelled("error", "red", f"bug in lambdacli: {problem!r}", "please report it with the lines above")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Aligned columns on stdout, readable without colour and cheap to print: rich costs as much as all of Python."""
    lines = [tuple(head), *map(tuple, rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    for number, line in enumerate(lines):
        text = "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        data(style(text, "bold", sys.stdout) if number == 0 else text)


def grouped(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Rows of group, name and text as a table; where a terminal is narrower than that, under headings and folded."""
    lines = list(rows)
    if not sys.stdout.isatty() or _fits(head, lines):
        table(head, lines)
        return
    import textwrap
    from itertools import groupby
    from operator import itemgetter

    width = max(_columns(), _NARROWEST)
    for group, members in groupby(lines, key=itemgetter(0)):
        data(style(group, "bold", sys.stdout))
        named = [(f"  {name}  ", text) for _, name, text in members]
        beside = min(max(len(name) for name, _ in named), width // 2)  # where texts begin
        for name, text in named:
            if len(name) <= beside:
                data(textwrap.fill(text, width, initial_indent=name.ljust(beside), subsequent_indent=" " * beside))
            else:
                data(name.rstrip())
                data(textwrap.fill(text, width, initial_indent=" " * 6, subsequent_indent=" " * 6))


def _fits(head: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    return sum(widths) + 2 * (len(widths) - 1) <= _columns()


def _columns() -> int:
    import shutil

    return shutil.get_terminal_size().columns


def _labelled(label: str, colour: str, text: str, hint: str) -> None:
    _tell(f"{style(label + ':', colour)} {text}\n")
    if hint:
        _tell(f"{style('hint:', 'cyan')} {hint}\n")
