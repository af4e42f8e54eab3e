"""`lambdacli generate-event NAME`: a sample event on stdout. Each template is a command with its own options."""

from __future__ import annotations

import inspect
import os
import stat
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from lambdacli import events
from lambdacli.errors import EventError, ManifestError, UsageError
from lambdacli.events.parameters import GATHERING, GLOBALS
from lambdacli.suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lambdacli.events.parameters import Parameter
    from lambdacli.events.template import Template

_LIST = "list of events"  # stands for --list: no event is called so
_LISTING = ("--list", "--json", "-m", "--manifest", "-h", "--help")
_MANIFEST = ("-m", "--manifest")
_MANIFEST_HELP: dict[str, Any] = {
    "metavar": "FILE",
    "help": "The manifest beside which your own templates lie; found upward unless given.",
    "show_default": False,
}
Manifest = Annotated[str | None, typer.Option(*_MANIFEST, **_MANIFEST_HELP)]
_SHOWN = 60  # characters of a default in the help
_METAVARS = {"str": "TEXT", "list": "TEXT", "object": "NAME=VALUE|JSON"}


class Generate(TyperGroup):
    """The templates as commands: found by name, opened only when asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Every template's name; opens none."""
        return list(events.names(_folders_of(ctx)))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of a template."""
        return _event_command(events.load(cmd_name, _folders_of(ctx)))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """With --list the rest is a filter, wherever the flag stands."""
        if "--list" in args and not _is_event_with_options(args):
            args = [_LIST, *(each for each in args if each != "--list")]
        elif not args and not ctx.resilient_parsing:
            raise UsageError("which event?", hint="`lambdacli generate-event --list` shows all")
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The event's command; a shell that completes half a line gets no error."""
        try:
            return self._resolved(ctx, args)
        except (EventError, ManifestError, UsageError):
            if ctx.resilient_parsing:
                return None, None, []
            raise

    def _resolved(self, ctx: Any, args: list[str]) -> Any:
        """`s3-put`, or as SAM CLI has it `s3 put`; a service alone with --help lists its events."""
        folders = _folders(ctx.params.get("manifest") or _manifest_among(args))
        if args[0] == _LIST:
            return _LIST, _listing(folders), args[1:]
        if ctx.params.get("as_json"):
            raise UsageError("--json goes with --list: an event is JSON by itself")
        name, rest = _event_name(args, folders)
        if not events.exists(name, folders) and (names := _services(folders).get(name)):
            if any(each in rest for each in ("-h", "--help")):
                return _LIST, _listing(folders), [name]
            raise UsageError(f"which event of {name}?", hint=f"one of {', '.join(names)}")
        return name, _event_command(events.load(name, folders)), rest

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Names only, by service: to open every file for its summary is left to --list."""
        services = _services(_folders_of(ctx))
        with formatter.section("Events"):
            formatter.write_dl([(service, ", ".join(names)) for service, names in services.items()])


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


def _event_command(template: Template) -> Any:
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
    """Render the event and put it on stdout or into a file."""
    parameters = _parameters(template, options)
    count = parameters.pop("count", None)
    if count is None:
        count = options["count"]
    event = events.render(template, parameters, count=_whole(count), fresh=options["fresh"])
    if options["output"] in {None, "-"}:
        from lambdacli import console

        console.data(events.dumps(event, compact=options["compact"], encoding=sys.stdout.encoding))
    else:
        _write(options["output"], events.dumps(event, compact=options["compact"]) + "\n")


def _is_event_with_options(args: list[str]) -> bool:
    """Whether `--list` may be a parameter's value, as in `--body --list`."""
    return any(each.startswith("-") and each.partition("=")[0] not in _LISTING for each in args)


def _event_name(args: list[str], folders: Sequence[Path]) -> tuple[str, list[str]]:
    """The event's name and what is left: two words are joined where that makes an event."""
    if len(args) > 1 and not args[1].startswith("-") and not events.exists(args[0], folders):
        joined = f"{args[0]}-{args[1]}"
        if events.exists(joined, folders) or args[0] in _services(folders):
            return joined, args[2:]
    return args[0], args[1:]


def _services(folders: Sequence[Path]) -> dict[str, list[str]]:
    """Names by their service."""
    found: dict[str, list[str]] = {}
    for service, name in events.by_service(folders):
        found.setdefault(service, []).append(name)
    return dict(sorted(found.items()))


def _folders(manifest: str | None) -> tuple[Path, ...]:
    from lambdacli.events.own import folders

    return folders(Path(manifest) if manifest else None)


def _folders_of(ctx: Any) -> tuple[Path, ...]:
    try:
        return _folders(ctx.params.get("manifest"))
    except ManifestError:
        if ctx.resilient_parsing:  # a shell completes
            return ()
        raise


def _manifest_among(args: list[str]) -> str | None:
    """The manifest named after the event: it may hold the very template."""
    for position, each in enumerate(args):
        if each in {"-m", "--manifest"} and position + 1 < len(args):
            return args[position + 1]
        if each.startswith("--manifest="):
            return each.partition("=")[2]
    return None


def _listing(folders: Sequence[Path]) -> Any:
    """The command behind --list: an optional service or part of a name filters."""

    def show(
        part: Annotated[str, typer.Argument(help="A service or a part of a name.")] = "",
        as_json: Annotated[bool, typer.Option("--json", help="As one JSON array.")] = False,
        manifest: Manifest = None,  # noqa: ARG001 - acted on already
    ) -> None:
        _show_list(part, folders, as_json=as_json)

    single = typer.Typer(rich_markup_mode=None, add_completion=False)
    single.command("--list")(show)
    return get_command(single)


def _show_list(part: str, folders: Sequence[Path], *, as_json: bool) -> None:
    from lambdacli import console

    known = events.by_service(folders)
    chosen = [name for service, name in known if service == part] or [name for _, name in known if part in name]
    if not chosen:
        hint = nearest(part, sorted({service for service, _ in known}), "`--list` alone shows all")
        raise EventError(f"no event matches {part!r}", hint=hint)
    found = [each for name in sorted(chosen) if (each := _summary(name, folders))]
    if as_json:
        console.data(events.dumps(found))
    else:
        console.table(("EVENT", "WHAT IT IS"), [(each["name"], each["summary"]) for each in found])


def _summary(name: str, folders: Sequence[Path]) -> dict[str, Any] | None:
    """A broken template of the user's own does not hide the others."""
    from lambdacli import console

    try:
        return events.summary(name, folders)
    except EventError as error:
        console.warning(error.message, error.hint)
        return None


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
    output = typer.Option(None, "-o", "--output", metavar="FILE", help="Write the event to a file.", show_default=False)
    compact = typer.Option(False, "--compact", help="On one line.", show_default=False)
    return [
        _keyword("count", count, int | None),
        _keyword("set", setting, list[str] | None),
        _keyword("fresh", fresh, bool),
        _keyword("output", output, str | None),
        _keyword("compact", compact, bool),
        _keyword("manifest", typer.Option(None, *_MANIFEST, **_MANIFEST_HELP), str | None),
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


def _write(path: str, text: str) -> None:
    """A file whole or not at all; a link, a pipe or a device is written to and not replaced."""
    fresh = f"{path}.{os.getpid()}.tmp" if _may_be_replaced(path) else path
    try:
        with open(fresh, "w", encoding="utf-8", newline="\n") as stream:  # noqa: PTH123 - start-up path
            stream.write(text)
        if fresh != path:
            Path(fresh).replace(path)
    except OSError as error:
        if fresh != path:
            with suppress(OSError):
                Path(fresh).unlink()
        raise UsageError(f"cannot write {path}: {error.strerror}") from None


def _may_be_replaced(path: str) -> bool:
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:  # nothing is there
        return True


app = typer.Typer(cls=Generate, rich_markup_mode=None, add_completion=False)


@app.callback(subcommand_metavar="EVENT [PARAMETERS]...", short_help="Print a sample event of a trigger.")
def generate_event(
    list_events: Annotated[
        bool, typer.Option("--list", help="List the events, all or those of a service: --list s3.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --list: as JSON.")] = False,
    manifest: Manifest = None,
) -> None:
    """Print a sample event of a trigger: `lambdacli generate-event s3-put --bucket photos`.

    `EVENT --help` shows an event's parameters; SAM CLI's spelling `s3 put` is understood too.
    """


COMMAND = get_command(app)
COMMAND.name = "generate-event"
