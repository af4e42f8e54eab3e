"""All that an event is made from: a template or a trigger's own input, what the manifest says, what the user says."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdacli.errors import EventError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from lambdacli.events.settings import Change
    from lambdacli.events.template import Template
    from lambdacli.model import EventRequest, Function, Manifest, Trigger

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Recipe(NamedTuple):
    """An event before what the user gives: a template with what the manifest fills in, or the event itself."""

    template: Template | None
    presets: Mapping[str, Any] = _NOTHING
    event: Any = None  # where there is no template
    finish: Callable[[Any], Any] | None = None  # makes what the function gets of it
    kind: str = ""  # the trigger's


def of_template(name: str, folders: Sequence[Path] = ()) -> Recipe:
    """A template's event.

    Raises:
        EventError: no such template, or its file is wrong.
    """
    return Recipe(_load(name, folders))


def around(recipe: Recipe, inside: Sequence[Template]) -> Recipe:
    """The same event with others inside.

    Raises:
        EventError: one that has another inside carries nothing.
    """
    if recipe.template is None:
        raise UsageError("this event is given in the manifest and carries no other", hint="leave out --wrap")
    from lambdacli.events.wrap import wrapped

    template = wrapped([recipe.template, *inside])
    presets = {name: value for name, value in recipe.presets.items() if name != template.carries}
    return recipe._replace(template=template, presets=presets)


def of_trigger(function: Function, manifest: Manifest, kind: str = "") -> Recipe | None:
    """What the function's trigger would send, the first one unless a kind is given; None without triggers.

    Raises:
        UsageError: the function has no trigger of this kind.
        EventError: the template that the trigger names is none.
    """
    trigger = _chosen(function, kind)
    if trigger is None:
        return None
    from lambdacli import triggers

    request = triggers.load(trigger.kind).sample(trigger, function, manifest)
    return of_request(request, manifest)._replace(kind=trigger.kind)


def of_request(request: EventRequest, manifest: Manifest) -> Recipe:
    """What a trigger asks for. Region and account are the manifest's."""
    if not request.template:
        return Recipe(None, event=request.event)
    folders = manifest.template_folders
    presets = {"region": manifest.region, **request.parameters}
    if manifest.account:
        presets.setdefault("account-id", manifest.account)
    if not request.pattern:
        return Recipe(_load(request.template, folders), presets, finish=request.finish)
    from lambdacli.events import matching
    from lambdacli.events.parameters import GLOBALS

    common = {key: value for key, value in presets.items() if key in GLOBALS}
    best = matching.best(request.pattern, common, folders)
    fit = best or matching.fit(_load(request.template, folders), request.pattern, presets)
    return Recipe(fit.template, fit.parameters, finish=_in_turn(fit.finish, request.finish))


def _in_turn(*steps: Callable[[Any], Any] | None) -> Callable[[Any], Any]:
    def finish(event: Any) -> Any:
        for step in steps:
            event = step(event) if step else event
        return event

    return finish


def make(
    recipe: Recipe,
    parameters: Mapping[str, Any] = _NOTHING,
    *,
    settings: Sequence[str] = (),
    patches: Sequence[Any] = (),
    fresh: bool = False,
) -> Any:
    """The event: rendered, patched, changed.

    Args:
        recipe: what it is made from.
        parameters: of the template; `count` may be among them. They win over the recipe's.
        settings: `NAME=VALUE` each: parameters, which win over those, else places of the event.
        patches: JSON merge patches, in their order.
        fresh: new ids and the current time.

    Raises:
        EventError: a parameter or a path that there is not, or a value that does not fit.
    """
    given: Mapping[str, Any] = _NOTHING
    places: Sequence[Change] = ()
    if settings:
        from lambdacli.events.settings import sorted_out

        given, places = sorted_out(settings, recipe.template)
    event = _made(recipe, {**parameters, **given}, fresh=fresh)
    if not patches and not places:
        return event
    from lambdacli.events.change import changed

    return changed(event, patches, places, recipe.template)


def _made(recipe: Recipe, parameters: dict[str, Any], *, fresh: bool) -> Any:
    """The event as its trigger sends it."""
    event = recipe.event
    if recipe.template is not None:
        event = _rendered(recipe.template, {**recipe.presets, **parameters}, fresh=fresh)
    elif parameters:
        raise EventError(f"this event is given in the manifest and has no parameter {next(iter(parameters))!r}")
    return recipe.finish(event) if recipe.finish else event


def _load(name: str, folders: Sequence[Path]) -> Template:
    from lambdacli.events.template import load

    return load(name, folders)


def _rendered(template: Template, given: dict[str, Any], *, fresh: bool) -> Any:
    from lambdacli.events.rendering import render

    count = given.pop("count", None) if "count" not in template.params else None
    return render(template, given, count=_whole(count), fresh=fresh)


def _whole(count: Any) -> int | None:
    from lambdacli.events.parameters import Parameter, convert

    number: int | None = convert(Parameter("count", "int"), count)
    return number


def _chosen(function: Function, kind: str) -> Trigger | None:
    if not kind:
        return function.triggers[0] if function.triggers else None
    for trigger in function.triggers:
        if trigger.kind == kind:
            return trigger
    kinds = ", ".join(sorted({t.kind for t in function.triggers})) or "none"
    raise UsageError(f"function {function.name} has no {kind} trigger", hint=f"its triggers: {kinds}")
