"""The folder of the user's own templates: `templates/` beside the manifest, or what the manifest's key says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from lambdacli.errors import EventError, ManifestError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_KEY = re.compile(r"""^templates[ \t]*:[ \t]+(?:"([^"\n]+)"|'([^'\n]+)'|([^\s#"'{\[&*!|>][^#\n]*))""", re.MULTILINE)


def folders(manifest: Path | None = None, start: Path | None = None) -> tuple[Path, ...]:
    """The folders to look for templates in, none without a manifest.

    The manifest is not loaded, its key `templates:` is read off its line: loading YAML takes longer than an event.

    Raises:
        ManifestError: a manifest was named and is not there.
    """
    from lambdacli.manifest import find

    try:
        path = find(start or Path.cwd(), manifest)
    except ManifestError:
        if manifest is not None:
            raise
        return ()
    try:
        match = _KEY.search(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        match = None
    named = next(filter(None, match.groups()), "").strip() if match else "templates"
    folder = path.parent / named
    return (folder,) if folder.is_dir() else ()


def mistakes(folders: Sequence[Path]) -> Iterator[tuple[str, EventError]]:
    """The file of each of the user's own templates that cannot be used, and what is wrong with it."""
    from lambdacli.events import find

    for name, path in sorted(find.paths(folders).items()):
        from lambdacli import events

        try:
            events.dumps(events.render(events.load(name, folders), {}))
        except EventError as error:
            yield path, error
