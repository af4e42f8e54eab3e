"""One event as a command: the parameters of its template are the options."""

from __future__ import annotations

import inspect
import re
from functools import partial
from typing import TYPE_CHECKING, Any

import typer
from typer.main import get_command

from lambdacli import events
from lambdacli.commands import options as shared
from lambdacli.commands.generate_event import completion, wrapping
from lambdacli.commands.generate_event.names import FROM_HELP, MANIFEST_NAMES, MANIFEST_OPTION
from lambdacli.errors import EventError, UsageError
from lambdacli.events import recipe as recipes
from lambdacli.events.parameters import GATHERING, GLOBALS
from lambdacli.suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from pathlib import Path

    from lambdacli.events.parameters import Parameter
    from lambdacli.events.recipe import Recipe
    from lambdacli.events.template import Template

_SHOWN = 60  # characters of a default in the help
_EXPRESSION = re.compile(r"(?<!\$)\$\{([^}]*)\}")
_NO_NAME = re.compile(r"'[^']*'|\|\s*\w+")  # texts, and what filters are called
_WORD = re.compile(r"[a-z][a-z0-9-]*")
_METAVARS = {"str": "TEXT", "list": "TEXT", "object": "NAME=VALUE|JSON"}


class EventCommand(shared.Command):
    """One template: its parameters are the options."""

    template: Template | None = None

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As Typer does it; an unknown option names the nearest parameter."""
        given = list(args)  # which the parser empties
        try:
            return super().parse_args(ctx, args)
        except typer.TyperException as error:
            shared.check_settings(given)
            name = getattr(error, "option_name", "")
            if name.startswith("--") and not any(name in option.opts for option in self.params):
                raise _unknown_option(self, name) from None
            raise


def command(name: str, args: Sequence[str], folders: Sequence[Path], *, completing: bool) -> Any:
    """The command of an event; `--wrap` among the arguments adds the parameters of the event inside.

    Raises:
        EventError: no such event, its file is wrong, or it carries no other.
    """
    template = events.load(name, folders)
    recipe = wrapping.around(recipes.Recipe(template), folders, args, completing=completing)
    before = partial(_checked, template.name, folders)
    return of_recipe(recipe, template.name, more=_checks(recipe.template), before=before)


def of_recipe(
    recipe: Recipe,
    name: str,
    help_text: str = "",
    *,
    more: Sequence[inspect.Parameter],
    before: Callable[[dict[str, Any]], int | None],
) -> Any:
    """A command whose signature is made from the template's parameters, so that all else comes from Typer.

    Args:
        recipe: what the event is made from.
        name: what the command is called in messages.
        help_text: instead of the template's own.
        more: parameters of the command besides those of every event; they take the place of an event's.
        before: is given all options, and returns the exit code where the event itself is not wanted.
    """

    def show(**options: Any) -> int | None:
        code = before(options)
        return _show(recipe, options) if code is None else code

    reserved = {name for field in more for name in getattr(field.default, "param_decls", None) or [f"--{field.name}"]}
    own = list(_own(recipe, reserved))
    fields = {field.name: field for field in (*own, *_beside(own, _common(recipe.template)), *more)}
    show.__signature__ = inspect.Signature(list(fields.values()))  # type: ignore[attr-defined]
    show.__annotations__ = {field.name: field.annotation for field in fields.values()}
    single = typer.Typer(rich_markup_mode=None, add_completion=False)
    single.command(name, cls=EventCommand, help=help_text or _help(recipe.template))(show)
    made = get_command(single)
    made.template = recipe.template  # type: ignore[attr-defined]
    return made


def _show(recipe: Recipe, options: dict[str, Any]) -> int:
    """Make the event and put it where it belongs."""
    from lambdacli.commands.generate_event import output

    parameters = _given(recipe.template, options)
    if options.get("count") is not None:
        parameters["count"] = options["count"]
    settings, patches = _changes(options)
    fresh, compact = (bool(options.get(name)) for name in ("fresh", "compact"))
    event = recipes.make(recipe, parameters, settings=settings, patches=patches, fresh=fresh)
    output.put(event, options.get("output"), compact=compact)
    return 0


def _beside(own: Sequence[inspect.Parameter], common: Sequence[inspect.Parameter]) -> Iterator[inspect.Parameter]:
    """The common options under the names that the event's own leave them: `-o` alone, where it has an `--output`."""
    taken = {name for field in own for each in field.default.param_decls for name in each.split("/")}
    for field in common:
        field.default.param_decls = [name for name in field.default.param_decls if name not in taken]
        if field.default.param_decls:
            yield field


def _own(recipe: Recipe, reserved: Collection[str]) -> Iterator[inspect.Parameter]:
    """The event's own parameters first, then the global ones."""
    template = recipe.template
    if template is None:
        return
    own = [each for name, each in template.params.items() if each is not GLOBALS.get(name)]
    rest = [each for name, each in template.params.items() if each is GLOBALS.get(name)]
    for parameter in (*own, *rest):
        if f"--{parameter.name}" not in reserved and not (template.wraps and parameter.name == template.carries):
            yield _field(parameter, recipe.presets.get(parameter.name), template.params)


def _help(template: Template | None) -> str:
    if template is None:
        return ""
    records = "\n\nA parameter that makes records may be given several times." if template.batch else ""
    source = f"\n\nShape: {template.source}." if template.source else ""
    return f"{template.summary}.{records}{source}"


def _names_of(parameter: Parameter) -> tuple[str, ...]:
    return (parameter.name, *parameter.aliases)


def _field(parameter: Parameter, preset: Any, names: Collection[str]) -> inspect.Parameter:
    """A parameter of a template as a parameter of a Typer command; text, which the template converts."""
    flag = parameter.type == "bool"
    several = not flag and (parameter.many or parameter.type in GATHERING)
    spelt = [f"--{name}" for name in _names_of(parameter)]
    if flag:
        spelt[0] += f"/--no-{parameter.name}"
    metavar = "|".join(parameter.choices) or _METAVARS.get(parameter.type, parameter.type.upper())
    option = typer.Option(
        None,
        *spelt,
        metavar=None if flag else metavar,
        help=_described(parameter, preset, names),
        show_default=False,
        autocompletion=completion.among(parameter.choices) if parameter.choices else None,
    )
    annotation = bool | None if flag else list[str] | None if several else str | None
    return keyword(_key(parameter.name), option, annotation)


def keyword(name: str, option: Any, annotation: Any) -> inspect.Parameter:
    """A parameter of a command as Typer reads it."""
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=option, annotation=annotation)


def _described(parameter: Parameter, preset: Any, names: Collection[str]) -> str:
    text = _text(parameter.default if preset is None else preset)
    if preset is None and _EXPRESSION.search(text):
        origins = ", ".join(_mentioned(text, names))
        text = f"follows from {origins}" if origins and "follows from" not in parameter.help else ""
    if not text:
        return parameter.help
    return f"{parameter.help} [default: {text if len(text) <= _SHOWN else text[:_SHOWN] + '…'}]"


def _text(default: Any) -> str:
    if default is None or default in ("", [], {}):
        return ""
    return default if isinstance(default, str) else events.dumps(default, compact=True)


def _mentioned(text: str, names: Collection[str]) -> list[str]:
    """The parameters that the expressions in a default begin with or hand to a filter."""
    expressions = (_NO_NAME.sub("", each) for each in _EXPRESSION.findall(text))
    words = (word for each in expressions for word in _WORD.findall(each))
    return [word for word in dict.fromkeys(words) if word in names]


def _key(name: str) -> str:
    return "parameter_" + name.replace("-", "_").lower()


def _common(template: Template | None) -> list[inspect.Parameter]:
    """The options that every event has."""
    one = template is None or not template.batch
    carries = template is not None and bool(template.carries)
    return [
        _option("count", int | None, "N", "How many records.", hidden=one),
        _option("wrap", list[str] | None, "EVENT", _WRAP_HELP, hidden=not carries, autocompletion=completion.event),
        _option("set", list[str] | None, "NAME=VALUE", _SET_HELP, autocompletion=completion.setting(template)),
        _option("merge", list[str] | None, "FILE", _MERGE_HELP),
        _option("fresh", bool, None, "New ids and the current time, as far as --seed and --time do not say them."),
        _option("output", str | None, "FILE", "Write the event to a file.", "-o"),
        _option("compact", bool, None, "On one line."),
        keyword("manifest", typer.Option(None, *MANIFEST_NAMES, **MANIFEST_OPTION), str | None),
    ]


_WRAP_HELP = (
    "Put another event inside, whose parameters are options then; again for one inside that. Also one that you have: a"
    " file, - (stdin), or JSON."
)
_SET_HELP = (
    "A parameter by name, or a place of the event: Records.0.body, Records.*.body, /Records/0/body. NAME:=JSON takes"
    " JSON alone and sets a key of the event, also a new one."
)
_MERGE_HELP = "Lay JSON over the event: a file, - (stdin) or inline; null removes a key."


def _option(
    name: str, kind: Any, metavar: str | None, text: str, *short: str, key: str = "", **more: Any
) -> inspect.Parameter:
    default = False if kind is bool else None
    option = typer.Option(default, *short, f"--{name}", metavar=metavar, help=text, show_default=False, **more)
    return keyword(key or name, option, kind)


def _given(template: Template | None, options: dict[str, Any]) -> dict[str, Any]:
    """The parameters that were given as options."""
    found: dict[str, Any] = {}
    for name in template.params if template else ():
        value = options.get(_key(name))
        if not value and value not in ("", False):
            continue
        found[name] = _several(value) if isinstance(value, (list, tuple)) else value
    return found


def _checks(template: Template | None) -> list[inspect.Parameter]:
    """The options with which an event is not made: its shape is told, or one that is there is held against it.

    A parameter of the event with such a name, as the sender of a mail, goes before them.
    """
    options = {
        "from": _option("from", list[str] | None, "FILE", FROM_HELP, key="from_file"),
        "schema": _option("schema", bool, None, "Print the event's JSON Schema."),
        "json": _option("json", bool, None, "With --from: as JSON."),
    }
    return [option for name, option in options.items() if template is None or name not in template.params]


def _checked(name: str, folders: Sequence[Path], options: dict[str, Any]) -> int | None:
    """The exit code of --from and --schema."""
    wanted = next((each for each in ("from_file", "schema") if options.get(each)), "")
    if not wanted:
        if options.get("json"):
            raise UsageError("--json goes with --list and --from: an event is JSON by itself")
        return None
    beside = {"from_file", "json", "manifest"} if wanted == "from_file" else {"schema", "output", "compact", "manifest"}
    if any(value not in (None, []) and value is not False for key, value in options.items() if key not in beside):
        option = "--from checks an event" if wanted == "from_file" else "--schema tells an event's shape"
        raise UsageError(f"{option} and makes none", hint="leave out the options that change one")
    from lambdacli.commands.generate_event import checking

    if wanted == "from_file":
        return checking.check(options["from_file"], name=name, folders=folders, as_json=bool(options.get("json")))
    from lambdacli.commands.generate_event import output

    output.put_text(checking.schema(name, folders=folders, compact=bool(options.get("compact"))), options.get("output"))
    return 0


def _several(values: Sequence[str]) -> Any:
    return values[0] if len(values) == 1 else list(values)


def _changes(options: dict[str, Any]) -> tuple[list[str], list[Any]]:
    """What --set and --merge say."""
    settings, files = options.get("set") or [], options.get("merge") or []
    if not files:
        return settings, []
    from lambdacli.commands.running import read_stdin
    from lambdacli.events import source

    return settings, [source.given(path, stdin=read_stdin, what="--merge") for path in files]


def _unknown_option(command: EventCommand, name: str) -> EventError:
    template = command.template
    if template is None:
        return EventError(f"an input of the manifest has no parameter {name}", hint="--set and --merge change it")
    if template.wraps and name.removeprefix("--") in _names_of(template.params[template.carries]):
        return EventError(f"parameter {name}: {template.wraps[0]} goes there", hint=f"leave out {name}, or --wrap")
    options = [each for option in command.params for each in option.opts]
    hint = nearest(name, options, f"see `lambdacli generate-event {command.name} --help`")
    return EventError(f"event {command.name} has no parameter {name}", hint=hint)
