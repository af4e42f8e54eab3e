"""Events that triggers send: find a template, render it with parameters, write it down.

Everything below is a door; the rooms are imported when a door is opened, because an event from a file needs none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from lambdacli.events.recognition import Recognised
    from lambdacli.events.template import Template


def names(folders: Sequence[Path] = ()) -> tuple[str, ...]:
    """Every template's name, the user's own included, sorted; from file names alone."""
    from lambdacli.events import find

    return find.names(folders)


def load(name: str, folders: Sequence[Path] = ()) -> Template:
    """The template of a name or an alias, its file read and checked.

    Raises:
        EventError: there is none (the nearest name is suggested), or the file is wrong.
    """
    from lambdacli.events.template import load as read

    return read(name, folders)


def render(
    template: Template, parameters: Mapping[str, object], *, count: int | None = None, fresh: bool = False
) -> Any:
    """A template's event as JSON values.

    Args:
        template: from `load`.
        parameters: by name; the others have their defaults.
        count: how many records, where there is a batch.
        fresh: new ids and the current time instead of fixed ones.

    Raises:
        EventError: an unknown parameter or a value that does not fit.
    """
    from lambdacli.events.rendering import render as rendered

    return rendered(template, parameters, count=count, fresh=fresh)


def schema(template: Template) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a template's event.

    Raises:
        EventError: a mistake in the template.
    """
    from lambdacli.events import shape

    return shape.schema(template)


def recognise(event: Any, folders: Sequence[Path] = ()) -> Recognised:
    """Which event JSON is, of all templates, and where it departs from that event's shape."""
    from lambdacli.events import recognition

    return recognition.recognise(event, folders)


def check(event: Any, name: str, folders: Sequence[Path] = ()) -> Recognised:
    """Where JSON departs from the shape of the event with this name.

    Raises:
        EventError: there is no such event, or a mistake in its template.
    """
    from lambdacli.events import recognition

    return recognition.check(event, name, folders)


def dumps(event: Any, *, compact: bool = False, encoding: str = "utf-8") -> str:
    """An event as text: indented, or compact on one line; escaped when the encoding lacks one of its characters.

    Raises:
        EventError: it is nested too deeply, or has bytes.
    """
    import json

    from lambdacli.errors import EventError
    from lambdacli.events import strict

    shape: Any = {"separators": (",", ":")} if compact else {"indent": 2}
    try:
        text = json.dumps(event, ensure_ascii=False, default=strict.no_json, **shape)
        text.encode(encoding)
    except UnicodeEncodeError:
        return json.dumps(event, **shape)
    except RecursionError:
        raise EventError("the event is nested too deeply") from None
    except strict.BytesError as error:
        raise EventError(f"the event, {strict.bytes_in(event)}: {error}") from None
    return text


def exists(name: str, folders: Sequence[Path] = ()) -> bool:
    """Whether a name or an alias has a template; opens none."""
    from lambdacli.events import find

    return find.path_of(name, folders) != ""


def by_service(folders: Sequence[Path] = ()) -> tuple[tuple[str, str], ...]:
    """Service and name of every template, sorted; from file names alone."""
    from lambdacli.events import find

    return find.by_service(folders)


def summary(name: str, folders: Sequence[Path] = ()) -> dict[str, str]:
    """What a list says of a template: name, service, trigger, summary; its parameters and its event are not looked at.

    Raises:
        EventError: no such template, or its file is wrong.
    """
    import json

    from lambdacli.events import find

    path = find.locate(name, folders)
    try:
        with open(path, "rb") as stream:  # noqa: PTH123 - start-up path
            raw = json.load(stream)
        said = str(raw.get("trigger", "")), str(raw["summary"])
    except (OSError, ValueError, LookupError, AttributeError, RecursionError):
        whole = load(name, folders)  # or it says what is wrong
        said = whole.trigger, whole.summary
    return {"name": name, "service": find.service_of(path, folders), "trigger": said[0], "summary": said[1]}


def other_names() -> dict[str, str]:
    """Names that SAM CLI has for events, and ours."""
    from lambdacli.events import find

    return find.aliases()
