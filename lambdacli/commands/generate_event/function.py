"""`generate-event --for FUNCTION`: what a trigger of the manifest would send, with the options of its template."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from lambdacli.commands import options
from lambdacli.commands.generate_event import event, names, wrapping
from lambdacli.errors import LambdacliError, UsageError

if TYPE_CHECKING:
    import inspect
    from collections.abc import Sequence

    from lambdacli.events.recipe import Recipe
    from lambdacli.model import Function, Manifest


_ALONE = "`lambdacli generate-event {}` alone"
_SUCH = "`lambdacli generate-event {} {}` {}"


def arguments(args: Sequence[str]) -> list[str]:
    """The line's arguments without `--for`: the function first, where one is named, then the options."""
    parts = list(names.parts(args))
    asks = next(each for each in parts if each.name == "--for")
    rest = [given for each in parts if each is not asks for given in each.given]
    return [asks.value, *rest] if asks.value else rest


def command(args: Sequence[str], *, completing: bool) -> Any:
    """The command of the function's event, its options with what the manifest says as their defaults.

    Raises:
        LambdacliError: there is no such manifest, function or trigger.
    """
    try:
        recipe, text = _found(args, completing=completing)
    except LambdacliError:
        helps = not _name(args) and any(each in args for each in ("-h", "--help"))
        if not completing and not helps:
            raise
        from lambdacli.events.recipe import Recipe

        recipe, text = Recipe(None), "What a trigger of a function in the manifest sends."
    name = _name(args)

    def named_at_once(given: dict[str, Any]) -> None:
        late = given["function"]
        if late and late != name:
            raise UsageError(f"the function {late} stands too late", hint=f"write --for {late}, then the options")

    called = recipe.template.name if recipe.template else "--for"
    found = event.of_recipe(recipe, called, text, more=_fields(), before=named_at_once)
    if not completing:
        names.refuse(found, args, _elsewhere(recipe.template.name if recipe.template else "EVENT"))
    return found


def _elsewhere(name: str) -> dict[str, tuple[str, str]]:
    """What goes with an event or alone, and not with a function."""
    hints = {
        "--list": _ALONE.format("--list"),
        "--search": _ALONE.format("--search WORD"),
        "--from": _SUCH.format(name, "--from FILE", "checks such an event"),
        "--schema": _SUCH.format(name, "--schema", "prints that of the event"),
        "--json": "an event is JSON by itself",
    }
    return {option: (f"{option} does not go with --for", hint) for option, hint in hints.items()}


def _name(args: Sequence[str]) -> str | None:
    return args[0] if args and not args[0].startswith("-") else None


def _found(args: Sequence[str], *, completing: bool) -> tuple[Recipe, str]:
    from lambdacli.events import recipe as recipes

    manifest, function = _target(args)
    recipe = recipes.of_trigger(function, manifest, _value(args, "--trigger"))
    if recipe is None:
        hint = "name an event instead, as in `lambdacli generate-event s3-put`"
        raise UsageError(f"function {function.name} has no trigger that sends an event", hint=hint)
    folders = manifest.template_folders
    recipe = wrapping.around(recipe, folders, args, completing=completing)
    what = (
        f"{recipe.template.name}: {recipe.template.summary}" if recipe.template else "The input that the manifest gives"
    )
    return recipe, f"What the {recipe.kind} trigger of {function.name} sends.\n\n{what}."


def _target(args: Sequence[str]) -> tuple[Manifest, Function]:
    from lambdacli import manifest as manifests

    given = _value(args, "-m", "--manifest")
    path = manifests.find(Path.cwd(), Path(given) if given else None)
    stage, region = _value(args, "--stage"), _value(args, "--region")
    manifest = manifests.load(path, stage=stage, region=region, environ=os.environ)
    return manifest, manifests.select(manifest, _name(args))


def _value(args: Sequence[str], *options: str) -> str:
    """What an option is given first, before the line is parsed."""
    return next(iter(names.values_of(args, *options)), "")


def _fields() -> list[inspect.Parameter]:
    """Acted on already, and declared for the help, the completion and the mistakes."""
    trigger: dict[str, Any] = {"help": "Which of its triggers.", "metavar": "KIND", "show_default": False}
    about: dict[str, Any] = {"help": "Its name in the manifest.", "metavar": "[FUNCTION]", "show_default": False}
    trigger_option = typer.Option("", "--trigger", autocompletion=options.complete_trigger, **trigger)
    return [
        event.keyword("function", typer.Argument(None, autocompletion=options.complete_function, **about), str | None),
        event.keyword("trigger", trigger_option, str),
        *(event.keyword(name, "" if name != "manifest" else None, kind) for name, kind in _SHARED.items()),
    ]


_SHARED = {"manifest": options.ManifestPath, "stage": options.Stage, "region": options.Region}
