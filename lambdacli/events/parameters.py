"""The parameters of templates: their types, and how a value from a command line or a manifest becomes one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lambdacli.errors import EventError
from lambdacli.events import moments, strict
from lambdacli.suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_MOST_DIGITS = 128


@dataclass(frozen=True, slots=True)
class Parameter:
    """One thing about an event that may be chosen. A default may hold expressions over the parameters before it."""

    name: str
    type: str = "str"
    default: Any = None
    help: str = ""
    many: bool = False  # given several times it makes several records
    choices: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()  # spellings of SAM CLI
    origins: tuple[str, ...] = ()  # the templates it was inherited from
    inside: str = ""  # the event within this one that it is handed on to, and whose default it has


def convert(parameter: Parameter, value: Any) -> Any:
    """One value in the parameter's type. Text is read the way a command line writes it; None stays None.

    Raises:
        EventError: the value does not fit; says what was expected.
    """
    if value is None:
        return None
    try:
        converted = TYPES[parameter.type](value)
    except (ValueError, TypeError) as error:
        raise EventError(f"parameter {parameter.name}: {error}, not {_shown(value)}") from None
    if parameter.choices and converted not in parameter.choices:
        raise EventError(
            f"parameter {parameter.name}: expected one of {', '.join(parameter.choices)}, not {_shown(value)}",
            hint=nearest(str(value), parameter.choices),
        )
    return converted


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"  # noqa: PLR2004 - a line on a terminal


def _str(value: Any) -> str:
    if isinstance(value, str):
        if not value.isascii():
            value.encode()  # lone surrogates: the bytes of the command line were no UTF-8
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    raise ValueError("expected a string")


def _bytes(value: Any) -> str | bytes:
    """Text, which stands for its UTF-8, or the bytes that another event makes."""
    return value if isinstance(value, bytes) else _str(value)


def _int(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise ValueError("expected an integer")  # noqa: TRY004 - one kind of error for every misfit
    try:
        return int(value)
    except ValueError:
        raise ValueError("expected an integer") from None


def _digits(value: Any) -> str:
    """A number longer than machines count, kept as text: sequence numbers."""
    text = _str(value)
    if not (text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS):
        raise ValueError(f"expected up to {_MOST_DIGITS} digits")
    return text


def _float(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError("expected a number")  # noqa: TRY004 - as above
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise ValueError("expected a number") from None
    if not math.isfinite(number):  # there is no such thing in JSON
        raise ValueError("expected a finite number")
    return number


_BOOLEANS = {"true": True, "yes": True, "1": True, "on": True, "false": False, "no": False, "0": False, "off": False}


def _bool(value: Any) -> bool:
    found = _BOOLEANS.get(str(value).lower()) if isinstance(value, (bool, int, str)) else None
    if found is None:
        raise ValueError("expected true or false")
    return found


def _json(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return strict.loads(value)
    except strict.TooDeepError:
        raise ValueError("expected JSON that is not nested too deeply") from None
    except ValueError:
        raise ValueError("expected JSON") from None


def _object(value: Any) -> dict[str, Any]:
    """An object: as JSON, or as `name=value`. Several make one object; a name given again gathers a list."""
    if isinstance(value, (list, tuple)):
        return _gathered(value)
    if isinstance(value, str) and not value.lstrip().startswith("{"):
        name, separator, text = value.partition("=")
        if not separator or not name:
            raise ValueError("expected a JSON object or name=value")
        return {_str(name): _str(text)}
    found = _json(value)
    if not isinstance(found, dict):
        raise ValueError("expected a JSON object or name=value")  # noqa: TRY004 - as above
    return found


def _gathered(values: Sequence[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for each in values:
        for name, value in _object(each).items():
            before = found.get(name)
            if isinstance(each, str) and name in found:
                found[name] = [*before, value] if isinstance(before, list) else [before, value]
            else:
                found[name] = value
    return found


def _list(value: Any) -> list[Any]:
    """A list of strings: several values, a JSON array, or a single value."""
    if isinstance(value, (list, tuple)):
        return [item for each in value for item in (_list(each) if isinstance(each, str) else [each])]
    if isinstance(value, str) and value.lstrip().startswith("["):
        found = _json(value)
        return found if isinstance(found, list) else [found]
    return [_str(value)]


TYPES: dict[str, Callable[[Any], Any]] = {
    "str": _str,
    "bytes": _bytes,
    "int": _int,
    "digits": _digits,
    "float": _float,
    "bool": _bool,
    "json": _json,  # any JSON value
    "object": _object,
    "list": _list,
    "time": moments.parse,  # kept as epoch milliseconds
}

GATHERING = frozenset({"object", "list"})  # several values of these types make one value

GLOBALS: dict[str, Parameter] = {
    each.name: each
    for each in (
        Parameter("region", default="us-east-1", help="AWS region"),
        Parameter("account-id", default="123456789012", help="AWS account"),
        Parameter("partition", default="${region|partition}", help="partition in ARNs; follows from the region"),
        Parameter(
            "dns-suffix", default="${partition|dns_suffix}", help="end of host names; follows from the partition"
        ),
        Parameter("time", "time", "2026-01-02T03:04:05.678Z", help="when it happens: ISO 8601 or epoch, `now`"),
        Parameter("seed", default="0", help="another seed, other ids"),
    )
}

RESERVED = frozenset({"i", "count", "uuid", "rand", "null", "true", "false"})  # in expressions
