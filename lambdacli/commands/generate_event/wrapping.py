"""`--wrap`: what goes inside an event, found before the line is parsed, because its parameters are options then."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from lambdacli import events
from lambdacli.commands.generate_event import names
from lambdacli.errors import UsageError
from lambdacli.events import recipe as recipes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from lambdacli.events.recipe import Recipe
    from lambdacli.events.template import Template


def around(recipe: Recipe, folders: Sequence[Path], args: Sequence[str], *, completing: bool = False) -> Recipe:
    """The same event with others inside, as the line says.

    Args:
        recipe: of the event.
        folders: of the user's own templates.
        args: the line.
        completing: an event that is there already is not read.

    Raises:
        EventError: no such template or file, or one that has another inside carries nothing.
    """
    wraps = wraps_among(args, recipe.template)
    for each in wraps[:-1]:
        if is_there(each, folders):
            raise UsageError(f"--wrap {each}: an event that you have carries no other", hint="name it last")
    if wraps and is_there(wraps[-1], folders):
        blank = completing or not {"-h", "--help"}.isdisjoint(args)
        inside = [*(events.load(name, folders) for name in wraps[:-1]), _constant(wraps[-1], blank=blank)]
    else:
        inside = [events.load(name, folders) for name in wraps]
    return recipes.around(recipe, inside) if inside else recipe


def wraps_among(args: Sequence[str], template: Template | None) -> list[str]:
    """The values of `--wrap`, where that is no value of an option itself."""
    params = template.params.values() if template else ()
    valued = {f"--{name}" for each in params if each.type != "bool" for name in (each.name, *each.aliases)}
    return [each.value for each in names.parts(args, valued) if each.name == "--wrap" and each.value is not None]


def is_there(spec: str, folders: Sequence[Path]) -> bool:
    """Whether an event that the user has is meant, and no template."""
    from lambdacli.events import source

    if spec == "-" or source.is_inline(spec):
        return True
    return not events.exists(spec, folders) and (spec.endswith(".json") or os.path.isfile(spec))  # noqa: PTH113 - start-up path


def _constant(spec: str, *, blank: bool) -> Template:
    from lambdacli.commands.running import read_stdin
    from lambdacli.events import source
    from lambdacli.events.wrap import constant

    event = None if blank else source.given(spec, stdin=read_stdin, what="--wrap")
    return constant(event, os.path.basename(source.called(spec)))  # noqa: PTH119 - as above
