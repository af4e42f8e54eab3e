"""Where the event templates lie: the user's folders first, then those that lambdacli brings along."""

from __future__ import annotations

import os
import re
from functools import cache
from typing import TYPE_CHECKING

from lambdacli.errors import EventError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


@cache
def bundled() -> str:
    """The folder of lambdacli's own templates: inside an installed wheel, or beside the package in a checkout."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120 - start-up path
    inside = f"{package}/_templates"
    return inside if os.path.isdir(inside) else f"{os.path.dirname(package)}/templates"  # noqa: PTH112, PTH120 - as above


def locate(name: str, folders: Sequence[Path] = ()) -> str:
    """The file of the template with this name; an alias of SAM CLI stands for its template.

    Raises:
        EventError: there is none; the hint has the nearest name.
    """
    if found := path_of(name, folders):
        return found
    raise EventError(f"there is no event template {name!r}", hint=_nearest(name, folders))


def path_of(name: str, folders: Sequence[Path] = ()) -> str:
    """The file of the template with this name or alias, or ""; `s3 put` is `s3-put`."""
    name = "-".join(name.split()) if " " in name else name
    return _lookup(name, folders) or _lookup(aliases().get(name, ""), folders)


def by_service(folders: Sequence[Path] = ()) -> tuple[tuple[str, str], ...]:
    """Service and name of every template, sorted by both."""
    found = {name: path for folder in (bundled(), *folders) for name, path in _files(str(folder))}
    return tuple(sorted((service_of(path, folders), name) for name, path in found.items()))


def service_of(path: str, folders: Sequence[Path] = ()) -> str:
    """The folder that a template lies in; the first word of its name where it lies straight among the user's."""
    folder, file = os.path.split(path)
    return file[:-5].partition("-")[0] if folder in map(str, folders) else os.path.basename(folder)  # noqa: PTH119 - as above


def names(folders: Sequence[Path] = ()) -> tuple[str, ...]:
    """The names of all templates, sorted; taken from file names alone."""
    return tuple(sorted({name for folder in (*folders, bundled()) for name, _ in _files(str(folder))}))


def paths(folders: Sequence[Path]) -> dict[str, str]:
    """Name and file of the user's own templates."""
    return {name: path for folder in reversed(folders) for name, path in _files(str(folder))}


def paths_of(service: str) -> dict[str, str]:
    """Name and file of the bundled templates of a service."""
    folder = f"{bundled()}/{service}"
    return {file[:-5]: f"{folder}/{file}" for file in os.listdir(folder) if _is_template(file)}  # noqa: PTH208 - as above


def _lookup(name: str, folders: Sequence[Path]) -> str:
    """The file of a template by its exact name, or "". The service's folder is a prefix of nearly every name."""
    if not _NAME.fullmatch(name):
        return ""
    words = name.split("-")
    for folder in (*map(str, folders), bundled()):
        for length in range(1, len(words) + 1):
            path = f"{folder}/{'-'.join(words[:length])}/{name}.json"
            if os.path.isfile(path):  # noqa: PTH113 - start-up path
                return path
        for known, path in _files(folder):
            if known == name:
                return path
    return ""


def _files(folder: str) -> Iterator[tuple[str, str]]:
    """Name and path of the templates in a folder and the folders of services in it."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if entry.is_dir():
            inner = sorted(os.listdir(entry.path))  # noqa: PTH208 - start-up path
            yield from ((n[:-5], f"{entry.path}/{n}") for n in inner if _is_template(n))
        elif folder != bundled() and _is_template(entry.name):
            yield entry.name[:-5], entry.path


def _is_template(file: str) -> bool:
    return file.endswith(".json") and _NAME.fullmatch(file[:-5]) is not None


@cache
def aliases() -> dict[str, str]:
    """The few events that SAM CLI calls by another name than `<service>-<event>`."""
    import json

    try:
        with open(f"{bundled()}/aliases.json", encoding="utf-8") as stream:  # noqa: PTH123 - start-up path
            found: dict[str, str] = json.load(stream)
    except OSError:
        return {}
    return found


def _nearest(name: str, folders: Sequence[Path]) -> str:
    from difflib import get_close_matches

    known = names(folders)
    if near := get_close_matches(name, known, n=1) or [k for k in known if k.startswith(f"{name}-")][:3]:
        return f"did you mean {' or '.join(near)}?"
    return "`lambdacli generate-event --list` shows all"
