"""One event as a command: the parameters of its template are the options."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand
from typer.main import get_command

from lambdacli import events
from lambdacli.commands.generate_event import output
from lambdacli.commands.generate_event.names import MANIFEST_NAMES, MANIFEST_OPTION
from lambdacli.errors import EventError, UsageError
from lambdacli.events.parameters import GATHERING, GLOBALS
from lambdacli.suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lambdacli.events.parameters import Parameter
    from lambdacli.events.template import Template

_SHOWN = 60  # characters of a default in the help
_METAVARS = {"str": "TEXT", "list": "TEXT", "object": "NAME=VALUE|JSON"}


class EventCommand(TyperCommand):
    """One template: its parameters are the options."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As Typer does it; an unknown option names the nearest parameter."""
        try:
            return super().parse_args(ctx, args)
        except typer.TyperException as error:
            name = getattr(error, "option_name", "")
            if name.startswith("--") and not any(name in option.opts for option in self.params):
                raise _unknown_option(self, name) from None
            raise


def command(template: Template) -> Any:
    """A command whose signature is made from the template's parameters, so that all else comes from Typer."""

    def show(**options: Any) -> None:
        _show(template, options)

    fields = [*map(_field, _ordered(template)), *_common(template)]
    show.__signature__ = inspect.Signature(fields)  # type: ignore[attr-defined]
    show.__annotations__ = {field.name: field.annotation for field in fields}
    single = typer.Typer(rich_markup_mode=None, add_completion=False)
    single.command(template.name, cls=EventCommand, help=_help(template), short_help=template.summary)(show)
    return get_command(single)


def _show(template: Template, options: dict[str, Any]) -> None:
    """Render the event and put it where it belongs."""
    parameters = _parameters(template, options)
    count = parameters.pop("count", None)
    if count is None:
        count = options["count"]
    event = events.render(template, parameters, count=_whole(count), fresh=options["fresh"])
    output.put(event, options["output"], compact=options["compact"])


def _ordered(template: Template) -> list[Parameter]:
    """The event's own parameters first, then the global ones."""
    own = [each for name, each in template.params.items() if each is not GLOBALS.get(name)]
    return own + [each for name, each in template.params.items() if each is GLOBALS.get(name)]


def _help(template: Template) -> str:
    records = "\n\nA parameter that makes records may be given several times." if template.batch else ""
    source = f"\n\nShape: {template.source}." if template.source else ""
    return f"{template.summary}.{records}{source}"


def _field(parameter: Parameter) -> inspect.Parameter:
    """A parameter of a template as a parameter of a Typer command; text, which the template converts."""
    flag = parameter.type == "bool"
    several = not flag and (parameter.many or parameter.type in GATHERING)
    names = [f"--{name}" for name in (parameter.name, *parameter.aliases)]
    if flag:
        names[0] += f"/--no-{parameter.name}"
    metavar = "|".join(parameter.choices) or _METAVARS.get(parameter.type, parameter.type.upper())
    option = typer.Option(
        None,
        *names,
        metavar=None if flag else metavar,
        help=_described(parameter),
        show_default=False,
        autocompletion=_choices(parameter.choices) if parameter.choices else None,
    )
    annotation = bool | None if flag else list[str] | None if several else str | None
    return _keyword(_key(parameter.name), option, annotation)


def _keyword(name: str, option: Any, annotation: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=option, annotation=annotation)


def _choices(choices: Sequence[str]) -> Any:
    """What the shell completes a parameter with."""

    def complete(incomplete: str) -> list[str]:
        return [each for each in choices if each.startswith(incomplete)]

    return complete


def _described(parameter: Parameter) -> str:
    default = parameter.default
    if default is None or default in ("", [], {}):
        return parameter.help
    text = default if isinstance(default, str) else events.dumps(default, compact=True)
    return f"{parameter.help} [default: {text if len(text) <= _SHOWN else text[:_SHOWN] + '…'}]"


def _key(name: str) -> str:
    return "parameter_" + name.replace("-", "_").lower()


def _common(template: Template) -> list[inspect.Parameter]:
    """The options that every event has."""
    count = typer.Option(None, "--count", metavar="N", help="How many records.", hidden=not template.batch)
    setting = typer.Option(None, "--set", metavar="NAME=VALUE", help="A parameter by name.", show_default=False)
    fresh = typer.Option(False, "--fresh", help="New ids and the current time.", show_default=False)
    target = typer.Option(None, "-o", "--output", metavar="FILE", help="Write the event to a file.", show_default=False)
    compact = typer.Option(False, "--compact", help="On one line.", show_default=False)
    return [
        _keyword("count", count, int | None),
        _keyword("set", setting, list[str] | None),
        _keyword("fresh", fresh, bool),
        _keyword("output", target, str | None),
        _keyword("compact", compact, bool),
        _keyword("manifest", typer.Option(None, *MANIFEST_NAMES, **MANIFEST_OPTION), str | None),
    ]


def _parameters(template: Template, options: dict[str, Any]) -> dict[str, Any]:
    """The parameters that were given, as options or with --set."""
    found: dict[str, Any] = {}
    for name in template.params:
        value = options[_key(name)]
        if not value and value not in ("", False):
            continue
        found[name] = _several(value) if isinstance(value, (list, tuple)) else value
    return found | _from_set(options["set"] or ())


def _several(values: Sequence[str]) -> Any:
    return values[0] if len(values) == 1 else list(values)


def _from_set(pairs: Sequence[str]) -> dict[str, Any]:
    found: dict[str, list[str]] = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not separator or not name:
            raise UsageError(f"--set {pair}: expected NAME=VALUE")
        found.setdefault(name, []).append(value)
    return {name: _several(values) for name, values in found.items()}


def _whole(count: Any) -> int | None:
    try:
        return None if count is None else int(count)
    except (ValueError, TypeError):
        raise EventError(f"count: expected an integer, not {count!r}") from None


def _unknown_option(command: EventCommand, name: str) -> EventError:
    options = [each for option in command.params for each in option.opts]
    hint = nearest(name, options, f"see `lambdacli generate-event {command.name} --help`")
    return EventError(f"event {command.name} has no parameter {name}", hint=hint)
