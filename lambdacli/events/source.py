"""JSON that the user has: a file, `-`, or JSON on the command line; `--event` takes the name of a template too."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from lambdacli.errors import EventError, UsageError
from lambdacli.events import strict
from lambdacli.model import MAX_EVENT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

_QUOTES = """an event is JSON, such as '{"key": "value"}' in a shell's single quotes"""
_OF_UTF16 = (b"\xff\xfe", b"\xfe\xff")  # the marks that its files begin with


def resolve(
    spec: str,
    settings: Sequence[str],
    *,
    folders: Sequence[Path] = (),
    stdin: Callable[[], bytes],
) -> bytes:
    """The event's bytes. Files, stdin and inline JSON pass unchanged once they prove to be JSON and nothing is set.

    Args:
        spec: `-` is stdin, JSON is itself, then an existing file, then a template's name.
        settings: `NAME=VALUE` each: parameters of a template, else places of the event.
        folders: of the user's own templates.
        stdin: read only for `-`; a byte more than an event may have is enough.

    Raises:
        EventError: neither file nor template, too large, no JSON (with file, line and column), a parameter that does
            not fit, or a path that leads nowhere.
    """
    if spec == "-" or is_inline(spec) or (os.path.exists(spec) and not os.path.isdir(spec)):  # noqa: PTH110, PTH112 - start-up path
        return _changed(*_given(spec, stdin, "event"), settings)
    return _rendered(spec, settings, folders)


def called(spec: str) -> str:
    """What messages call it."""
    return "stdin" if spec == "-" else "event" if is_inline(spec) else spec


def given(spec: str, *, stdin: Callable[[], bytes], what: str) -> Any:
    """The JSON of a file, of stdin for `-`, or on the command line itself.

    Args:
        spec: which of them.
        stdin: read only for `-`; a byte more than an event may have is enough.
        what: what JSON on the command line is called, as `--merge`.

    Raises:
        EventError: there is no such file, it is too large, or no JSON (with file, line and column).
    """
    return _given(spec, stdin, what)[1]


def _given(spec: str, stdin: Callable[[], bytes], what: str) -> tuple[bytes, Any]:
    """The very bytes, and what they say."""
    if spec == "-":
        data = _within_limit(stdin(), "stdin")
        return data, _parsed(data, "stdin")
    if is_inline(spec):
        data = spec.encode(errors="surrogateescape")
        return data, _parsed(data, what, _QUOTES)
    if not spec.strip():
        raise UsageError(f"{what}: which file?", hint="a path, - (stdin), or JSON")
    if os.path.isdir(spec):  # noqa: PTH112 - start-up path
        raise EventError(f"{spec} is a folder", hint="name a file in it")
    if not os.path.exists(spec):  # noqa: PTH110 - as above
        near = _files_like(spec)
        raise EventError(f"there is no file {spec}", hint=f"did you mean {near[0]}?" if near else "")
    data = _read(spec)
    return data, _parsed(data, spec)


def _parsed(data: bytes, name: str, hint: str = "") -> Any:
    """What bytes say, if they are JSON in UTF-8; else `<name>:<line>:<column>` and what is wrong there."""
    if not data.strip():
        raise EventError(f"{name}: the event is empty", hint="an event is JSON; `{}` is the smallest object")
    if data.startswith(b"\xef\xbb\xbf"):
        raise EventError(f"{name} starts with a byte order mark", hint="save it as UTF-8 without BOM")
    if data.startswith(_OF_UTF16) or b"\0" in data[:2]:
        raise EventError(f"{name} is UTF-16", hint="save it as UTF-8")
    try:
        return strict.loads(data.decode())
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        raise EventError(f"{name}:{line}:{column}: the event is not UTF-8", hint="save it as UTF-8") from None
    except json.JSONDecodeError as error:
        where = f"{name}:{error.lineno}:{error.colno}"
        raise EventError(f"{where}: the event is no JSON: {strict.reason(error)}", hint=hint) from None
    except strict.TooDeepError:
        raise EventError(f"{name}: the event is nested too deeply") from None
    except ValueError as error:
        raise EventError(f"{name}: {error}") from None


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def is_inline(spec: str) -> bool:
    """Objects, arrays and strings always; numbers, true, false and null unless a file is called so."""
    text = spec.strip()
    if text[:1] in {"{", "[", '"'}:
        return True
    if text in {"true", "false", "null"} or text[:1].isdigit() or (text[:1] == "-" and text[1:2].isdigit()):
        return not os.path.exists(spec) and _is_json(text)  # noqa: PTH110 - start-up path
    return False


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as stream:  # noqa: PTH123 - start-up path
            return _within_limit(stream.read(MAX_EVENT + 1), path)
    except OSError as error:
        raise EventError(f"{path}: the event cannot be read: {_lower(error.strerror or str(error))}") from None


def _within_limit(data: bytes, name: str) -> bytes:
    if len(data) > MAX_EVENT:
        raise EventError(
            f"{name}: the event has more than {MAX_EVENT:,} bytes, the most of a synchronous invocation",
            hint="put the data into S3 and its key into the event",
        )
    return data


def _changed(data: bytes, event: Any, settings: Sequence[str]) -> bytes:
    """The very bytes, or the event with some places set."""
    if not settings:
        return data
    from lambdacli import events
    from lambdacli.events import recipe as recipes

    changed = recipes.make(recipes.Recipe(None, event=event), settings=settings)
    return events.dumps(changed, compact=True).encode()


def _rendered(name: str, settings: Sequence[str], folders: Sequence[Path]) -> bytes:
    from lambdacli import events
    from lambdacli.events import recipe as recipes

    if not events.exists(name, folders):
        raise _neither(name, folders)
    return events.dumps(recipes.make(recipes.of_template(name, folders), settings=settings), compact=True).encode()


def _neither(name: str, folders: Sequence[Path]) -> EventError:
    """Neither a file nor a template: the nearest of both."""
    from difflib import get_close_matches

    from lambdacli import events

    folder = os.path.dirname(name)  # noqa: PTH120 - start-up path
    near = _files_like(name)
    if folder or name.endswith((".json", ".txt")):
        hint = f"did you mean {near[0]}?" if near else "a file, - (stdin), JSON, or the name of an event"
        return EventError(f"no event file {name}", hint=hint)
    near += get_close_matches(name, events.names(folders), n=1)
    hint = f"did you mean {' or '.join(near)}?" if near else "`lambdacli generate-event --list` shows all templates"
    return EventError(f"{name!r} is neither a file nor an event template", hint=hint)


def _files_like(path: str) -> list[str]:
    """The file beside it whose name is most like it."""
    from difflib import get_close_matches

    folder, base = os.path.split(path)
    try:
        with os.scandir(folder or ".") as entries:
            files = [entry.name for entry in entries if entry.is_file()]
    except OSError:
        return []
    return [os.path.join(folder, each) for each in get_close_matches(base, files, n=1)]  # noqa: PTH118 - as above
