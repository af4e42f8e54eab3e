"""The event of a local run: what the user gave, or what the function's own trigger would send."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdacli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lambdacli.model import Function, Manifest


def event_of(
    function: Function,
    manifest: Manifest,
    spec: str | None,
    settings: Sequence[str],
    trigger: str = "",
    *,
    stdin: Callable[[], bytes],
) -> bytes:
    """The event as JSON.

    Args:
        function: for whose triggers.
        manifest: gives the folder of the user's own templates.
        spec: a file, `-`, inline JSON or a template's name; None asks the function's trigger.
        settings: `NAME=VALUE` each: parameters of the template, else places of the event.
        trigger: the kind to choose where the function has several.
        stdin: read only for `-`.

    Raises:
        EventError: the event, the template, a parameter or a path is wrong.
        UsageError: the function has no such trigger.
    """
    if spec is None:
        return _of_trigger(function, manifest, settings, trigger)
    if trigger:
        raise UsageError("--trigger and --event exclude each other", hint="--trigger makes the event itself")
    from lambdacli.events import source

    return source.resolve(spec, settings, folders=manifest.template_folders, stdin=stdin)


def _of_trigger(function: Function, manifest: Manifest, settings: Sequence[str], kind: str) -> bytes:
    from lambdacli import events
    from lambdacli.events import recipe as recipes

    recipe = recipes.of_trigger(function, manifest, kind)
    if recipe is not None:
        return events.dumps(recipes.make(recipe, settings=settings)).encode()
    if settings:
        raise UsageError(
            f"function {function.name} has no trigger that --set could change",
            hint="name a template: --event s3-put --set bucket=photos",
        )
    return b"{}"
