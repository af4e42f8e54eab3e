"""What a command line says before it is parsed: its options depend on the event that it names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdacli import events
from lambdacli.errors import ManifestError, UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

MANIFEST_NAMES = ("-m", "--manifest")
MANIFEST_OPTION: dict[str, Any] = {
    "metavar": "FILE",
    "help": "The manifest beside which your own templates lie; found upward unless given.",
    "show_default": False,
}
_FLAGS = frozenset(("--list", "--json", "--schema", "--fresh", "--compact", "-h", "--help"))
_VALUED = frozenset(
    (*MANIFEST_NAMES, "--search", "--count", "--set", "--merge", "--wrap", "-o", "--output", "--trigger", "--stage")
)
FROM_HELP = "Check an event that you have: which one it is, and where it departs."


class Part(NamedTuple):
    """A piece of a command line."""

    name: str  # of an option, as `--bucket` or `-m`; "" of a word
    value: str | None  # of an option, where it has one; the word
    given: list[str]  # as it stands in the line


def parts(args: Sequence[str], values: Collection[str] = ()) -> Iterator[Part]:
    """A line's options and words, one after another.

    Args:
        args: the line.
        values: options that are known to take a value, besides those of every event. One that is not known at all takes
            what follows, unless that is an option.
    """
    position = 0
    while position < len(args):
        begin, each = position, args[position]
        position += 1
        if each == "--":
            yield from (Part("", word, [each, word][n > 0 :]) for n, word in enumerate(args[position:]))
            return
        if each == "-" or not each.startswith("-"):
            yield Part("", each, [each])
            continue
        name, value = _divided(each)
        if value is None and position < len(args) and _takes(name, args[position], values):
            value = args[position]
            position += 1
        yield Part(name, value, list(args[begin:position]))


def _divided(option: str) -> tuple[str, str | None]:
    """`--manifest=x` and `-mx`, its name and its value."""
    if option.startswith("--"):
        name, equals, value = option.partition("=")
        return name, value if equals else None
    return option[:2], option[2:] or None


def _takes(name: str, following: str, values: Collection[str]) -> bool:
    if name in values or name in _VALUED:
        return True
    return name not in _FLAGS and (following == "-" or not following.startswith("-"))


def is_unknown(option: str) -> bool:
    """Whether it is an option of some events at most: whether it takes a value is not known."""
    return option not in _VALUED and option not in _FLAGS


def values_of(args: Sequence[str], *options: str) -> list[str]:
    """What an option is given, by any of its names."""
    return [each.value for each in parts(args) if each.name in options and each.value is not None]


def refuse(command: Any, args: Sequence[str], elsewhere: Mapping[str, tuple[str, str]]) -> None:
    """Options that have their place elsewhere, if this command has none of that name.

    Raises:
        UsageError: there is one; its message and its hint.
    """
    own = {name for each in command.params for name in (*each.opts, *each.secondary_opts)}
    for each in parts(args, _valued_by(command)):
        if each.name in elsewhere and each.name not in own:
            message, hint = elsewhere[each.name]
            raise UsageError(message, hint=hint)


def with_files(command: Any, args: Sequence[str]) -> list[str]:
    """The line with `--from` before each of the files that a shell makes of `--from *.json`."""
    if not any(each.name == "from_file" for each in command.params):
        return list(args)
    found: list[str] = []
    checks = False
    for each in parts(args, _valued_by(command)):
        checks = each.name == "--from" or (checks and not each.name)
        found += [f"--from={each.value}"] if checks and not each.name else each.given
    return found


def _valued_by(command: Any) -> set[str]:
    return {name for each in command.params if not getattr(each, "is_flag", False) for name in each.opts}


def folders(manifest: str | None) -> tuple[Path, ...]:
    """The folders of the user's own templates."""
    from lambdacli.events.own import folders as own

    return own(Path(manifest) if manifest else None)


def folders_of(ctx: Any, args: Sequence[str] = ()) -> tuple[Path, ...]:
    """Those of a command line's manifest; a shell that completes gets no error."""
    try:
        return folders(ctx.params.get("manifest") or manifest_among(args))
    except ManifestError:
        if ctx.resilient_parsing:
            return ()
        raise


def manifest_among(args: Sequence[str]) -> str | None:
    """The manifest that the line names, wherever: it may hold the very template."""
    return next(iter(values_of(args, *MANIFEST_NAMES)), None)


def event_name(args: list[str], folders: Sequence[Path]) -> tuple[str, list[str]]:
    """The event's name, in whatever case, and what is left: two words are joined where that makes an event."""
    first = args[0].lower()
    if len(args) > 1 and not args[1].startswith("-") and not events.exists(first, folders):
        joined = f"{first}-{args[1].lower()}"
        if events.exists(joined, folders) or first in services(folders):
            return joined, args[2:]
    return first, args[1:]


def services(folders: Sequence[Path]) -> dict[str, list[str]]:
    """Names by their service."""
    found: dict[str, list[str]] = {}
    for service, name in events.by_service(folders):
        found.setdefault(service, []).append(name)
    return dict(sorted(found.items()))
