"""Values that a parameter of each type may be given, awkward ones above all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lambdacli.events.parameters import Parameter

TEXTS = (
    "",
    'it\'s "quoted"',
    "two\nlines\ttab",
    "ünïcødé 日本 🚀",
    "${bucket}",
    "$${x",
    "{not json",
    "x" * 20_000,
    "a b/c+d%20&=?#",
)
_VALUES: dict[str, tuple[Any, ...]] = {
    "str": TEXTS,
    "bytes": (*TEXTS, b"\x00\xff"),
    "int": ("0", "-1", "18446744073709551616"),
    "digits": ("0", "00000000000000000009", "9" * 128),
    "float": ("0.5", "-1e9"),
    "bool": ("true", "no"),
    "json": ("null", "[]", '{"a": ["${region}"]}', json.dumps("x" * 20_000)),
    "object": ("{}", *(f"one-more={text}" for text in TEXTS), json.dumps(dict.fromkeys(TEXTS[1:6], "1"))),
    "list": ("[]", *TEXTS),
    "time": ("0", "1999-12-31T23:59:59Z", "2026-02-03", "1767323045.678", "9000-12-31T00:00:00+02:00"),
}
MOST = max(map(len, _VALUES.values()))


def values_for(parameter: Parameter) -> Sequence[Any]:
    """The choices, where there are some."""
    return parameter.choices or _VALUES[parameter.type]


def value_for(parameter: Parameter, round_: int) -> Any:
    """Another value in every round, of which there are MOST."""
    values = values_for(parameter)
    return values[round_ % len(values)]
