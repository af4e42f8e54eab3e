"""`--event` of `invoke` and `watch`: a file, `-`, JSON on the command line, or the name of a template."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from lambdacli.errors import EventError
from lambdacli.model import MAX_EVENT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

_JSON = """an event is JSON, such as '{"key": "value"}' in a shell's single quotes"""


def resolve(
    spec: str,
    settings: Mapping[str, Any],
    *,
    folders: Sequence[Path] = (),
    stdin: Callable[[], bytes],
) -> bytes:
    """The event's bytes. Files, stdin and inline JSON pass unchanged once they prove to be JSON and nothing is set.

    Args:
        spec: `-` is stdin, JSON is itself, then an existing file, then a template's name.
        settings: parameters of a template, of which `count` makes that many records; others are paths into the event.
        folders: of the user's own templates.
        stdin: read only for `-`; a byte more than an event may have is enough.

    Raises:
        EventError: neither file nor template, too large, no JSON (with file, line and column), a parameter that does
            not fit, or a path that leads nowhere.
    """
    if spec == "-":
        return _changed(checked(_within_limit(stdin(), "stdin"), "stdin"), settings)
    if _is_inline(spec):
        return _changed(checked(spec.encode(errors="surrogateescape"), "event"), settings)
    if os.path.exists(spec) and not os.path.isdir(spec):  # noqa: PTH110, PTH112 - start-up path
        return _changed(checked(_read(spec), spec), settings)
    return _rendered(spec, settings, folders)


def patch(path: str, *, stdin: Callable[[], bytes]) -> Any:
    """The JSON of `--merge`: of a file, of stdin for `-`, or an object on the command line itself.

    Raises:
        EventError: there is no such file, it is too large, or no JSON (with file, line and column).
    """
    if path == "-":
        return json.loads(checked(_within_limit(stdin(), "stdin"), "stdin"))
    if path.lstrip().startswith("{"):
        return json.loads(checked(path.encode(errors="surrogateescape"), "--merge"))
    return json.loads(checked(_read(path), path))


def checked(data: bytes, name: str) -> bytes:
    """The same bytes, if they are JSON in UTF-8.

    Raises:
        EventError: `<name>:<line>:<column>` and what is wrong there.
    """
    if not data.strip():
        raise EventError(f"{name}: the event is empty", hint="an event is JSON; `{}` is the smallest object")
    try:
        json.loads(data.decode(), parse_constant=_refuse)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        raise EventError(f"{name}:{line}:{column}: the event is not UTF-8", hint=_JSON) from None
    except json.JSONDecodeError as error:
        where = f"{name}:{error.lineno}:{error.colno}"
        raise EventError(f"{where}: the event is no JSON: {_lower(error.msg)}", hint=_JSON) from None
    except ValueError as error:
        raise EventError(f"{name}: the event is no JSON: {error}", hint=_JSON) from None
    except RecursionError:
        raise EventError(f"{name}: the event is nested too deeply") from None
    return data


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON value")


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _is_inline(spec: str) -> bool:
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


def _changed(data: bytes, settings: Mapping[str, Any]) -> bytes:
    """The very bytes, or the event with some places set."""
    if not settings:
        return data
    from lambdacli import events
    from lambdacli.events import recipe as recipes

    event = recipes.make(recipes.Recipe(None, event=json.loads(data)), settings=settings)
    return events.dumps(event, compact=True).encode()


def _rendered(name: str, settings: Mapping[str, Any], folders: Sequence[Path]) -> bytes:
    from lambdacli import events
    from lambdacli.events import recipe as recipes

    if not events.exists(name, folders):
        raise _neither(name, folders)
    return events.dumps(recipes.make(recipes.of_template(name, folders), settings=settings), compact=True).encode()


def _neither(name: str, folders: Sequence[Path]) -> EventError:
    """Neither a file nor a template: the nearest of both."""
    from difflib import get_close_matches

    from lambdacli import events

    folder, base = os.path.split(name)
    try:
        with os.scandir(folder or ".") as entries:
            files = [entry.name for entry in entries if entry.is_file()]
    except OSError:
        files = []
    near = [os.path.join(folder, each) for each in get_close_matches(base, files, n=1)]  # noqa: PTH118 - as above
    if folder or name.endswith((".json", ".txt")):
        hint = f"did you mean {near[0]}?" if near else "a file, - (stdin), JSON, or the name of an event"
        return EventError(f"no event file {name}", hint=hint)
    near += get_close_matches(name, events.names(folders), n=1)
    hint = f"did you mean {' or '.join(near)}?" if near else "`lambdacli generate-event --list` shows all templates"
    return EventError(f"{name!r} is neither a file nor an event template", hint=hint)
