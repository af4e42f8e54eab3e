"""The event of a local run: what the user gave, or what the function's own trigger would send."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdacli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lambdacli.model import Function, Manifest, Trigger


def event(
    function: Function,
    manifest: Manifest,
    spec: str | None,
    settings: Mapping[str, str | list[str]],
    trigger: str = "",
    *,
    stdin: Callable[[], bytes],
) -> bytes:
    """The event as JSON.

    Args:
        function: for whose triggers.
        manifest: gives the folder of the user's own templates.
        spec: a file, `-`, inline JSON or a template's name; None asks the function's trigger.
        settings: values for the template's parameters; a list makes that many records.
        trigger: the kind to choose where the function has several.
        stdin: read only for `-`.

    Raises:
        EventError: the event, the template or a parameter is wrong.
        UsageError: the function has no such trigger.
    """
    folders = (manifest.templates,) if manifest.templates else ()
    if spec is not None:
        if trigger:
            raise UsageError("--trigger and --event exclude each other", hint="--trigger makes the event itself")
        from lambdacli.events import source

        return source.resolve(spec, settings, folders=folders, stdin=stdin)
    chosen = _chosen(function, trigger)
    if chosen is None:
        if settings:
            raise UsageError(
                f"function {function.name} has no trigger that --set could change",
                hint="name a template: --event s3-put --set bucket=photos",
            )
        return b"{}"
    from lambdacli import events, triggers

    request = triggers.load(chosen.kind).sample(chosen, function, manifest)
    if not request.template:
        return events.dumps(request.event).encode()
    parameters = {"region": manifest.region, **request.parameters, **settings}
    if manifest.account:
        parameters.setdefault("account-id", manifest.account)
    if request.records > 1:
        parameters.setdefault("count", request.records)
    return events.dumps(events.render_request(request.template, parameters, folders)).encode()


def _chosen(function: Function, kind: str) -> Trigger | None:
    if not kind:
        return function.triggers[0] if function.triggers else None
    for trigger in function.triggers:
        if trigger.kind == kind:
            return trigger
    kinds = ", ".join(sorted({t.kind for t in function.triggers})) or "none"
    raise UsageError(f"function {function.name} has no {kind} trigger", hint=f"its triggers: {kinds}")
